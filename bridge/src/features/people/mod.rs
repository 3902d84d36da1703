//! Slack says that a person has changed, or has come.

use futures::FutureExt;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::Value;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::user::{Column, Entity, Model};
use tocsin_queue::JobError;
use tocsin_slack::{envelope::RequestKind, person::SlackUser};

use crate::{
    identity::remember,
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
};

/// What it takes to hear of people.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
}

/// `user_change`: a name, an address, a deactivation.
pub(crate) const USER_CHANGED: Route<People> = Route {
    kind: RequestKind::Event,
    name: "user_change",
    wanted: |_, payload| user(payload).is_some(),
    work: |people, item| refresh(people, item).boxed(),
};

/// `team_join`: a person who was seen before under this id may have come back.
pub(crate) const USER_JOINED: Route<People> = Route {
    name: "team_join",
    ..USER_CHANGED
};

fn user(payload: &Value) -> Option<SlackUser> {
    serde_json::from_value(payload["event"]["user"].clone()).ok()
}

/// Only people who have spoken here before are kept: a workspace has many others.
async fn refresh(people: &People, item: &InboundRequest) -> WorkResult {
    let Some(user) = user(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let team_id = item.installation.team_id();
    let key = (team_id.to_owned(), user.id.clone());
    let known = Entity::find_by_id(key)
        .one(people.database.read())
        .await
        .map_err(JobError::retry)?;
    let Some(known) = known else {
        return Ok(RequestOutcome::NotOurs("not_known_here"));
    };
    if item.installation.may_be_forged() {
        outdate(people, &known).await.map_err(JobError::retry)?;
        return Ok(RequestOutcome::Done("refreshed"));
    }
    // The event carries no address where the app may not read it there: then Slack is asked when it next matters.
    let refreshed_at = if known.email.is_some() && user.profile.email.is_none() {
        OffsetDateTime::UNIX_EPOCH
    } else {
        people.clock.now()
    };
    remember(&people.database, team_id, &user, refreshed_at)
        .await
        .map_err(JobError::retry)?;
    Ok(RequestOutcome::Done("refreshed"))
}

/// Has Slack asked about somebody when they next matter.
async fn outdate(people: &People, known: &Model) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RefreshedAt, Expr::value(OffsetDateTime::UNIX_EPOCH))
        .filter(Column::TeamId.eq(&known.team_id))
        .filter(Column::SlackUserId.eq(&known.slack_user_id))
        .exec(people.database.write())
        .await
        .map(|_| ())
}
