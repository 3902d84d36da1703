//! A person in Slack, read once and remembered.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    id::UserId,
    slack::user::{ActiveModel, Column, Entity, Model},
};
use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    failure::of_slack,
    slack::{SlackError, web_api::User},
};

/// How long what Slack said of a person is believed without an event saying otherwise: events may be lost.
const FRESH: Duration = Duration::hours(1);

/// A person in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) team_id: String,
    pub(crate) slack_user_id: String,
    /// What people see.
    pub(crate) name: String,
    /// In lowercase, where Slack gives it.
    pub(crate) email: Option<String>,
    pub(crate) is_bot: bool,
    /// The user they were found to be when that was last asked.
    pub(super) user_id: Option<UserId>,
}

/// What is known of a person: from the table while it is fresh, else from Slack. If Slack does not know them any more, or
/// does not say, what was known before is used; none where nothing ever was.
pub(crate) async fn person(
    parts: &Parts,
    team_id: &str,
    slack_user_id: &str,
) -> Result<Option<Person>, JobError> {
    let key = (team_id.to_owned(), slack_user_id.to_owned());
    let known = Entity::find_by_id(key)
        .one(parts.database.read())
        .await
        .map_err(JobError::retry)?;
    let now = OffsetDateTime::now_utc();
    if let Some(known) = known.as_ref().filter(|known| now - known.refreshed_at < FRESH) {
        return Ok(Some(known.clone().into()));
    }
    match parts.slack.user(slack_user_id).await {
        Ok(user) => remember(parts, team_id, &user, now)
            .await
            .map(Some)
            .map_err(JobError::retry),
        Err(error @ SlackError::Refused { .. }) => {
            tracing::warn!(
                slack.user = slack_user_id,
                "Slack does not say who {slack_user_id} is: {error}"
            );
            Ok(known.map(Person::from))
        }
        Err(error) => match known {
            Some(known) => Ok(Some(known.into())),
            None => Err(of_slack(parts, error)),
        },
    }
}

/// Writes down what Slack says of a person.
pub(super) async fn remember(
    parts: &Parts,
    team_id: &str,
    user: &User,
    now: OffsetDateTime,
) -> Result<Person, DbErr> {
    let row = ActiveModel {
        team_id: Set(team_id.to_owned()),
        slack_user_id: Set(user.id.clone()),
        email: Set(user
            .profile
            .email
            .as_deref()
            .map(normal)
            .filter(|email| !email.is_empty())),
        display_name: Set(name(user)),
        is_bot: Set(user.is_bot),
        deleted: Set(user.deleted),
        user_id: Set(None),
        refreshed_at: Set(now),
    };
    let told = [
        Column::Email,
        Column::DisplayName,
        Column::IsBot,
        Column::Deleted,
        Column::RefreshedAt,
    ];
    let key = OnConflict::columns([Column::TeamId, Column::SlackUserId])
        .update_columns(told)
        .to_owned();
    let saved = Entity::insert(row)
        .on_conflict(key)
        .exec_with_returning(parts.database.write())
        .await?;
    Ok(saved.into())
}

/// Notes which user a person is.
pub(super) async fn link(parts: &Parts, person: &Person, user: UserId) -> Result<(), JobError> {
    Entity::update_many()
        .col_expr(Column::UserId, Expr::value(Some(user)))
        .filter(Column::TeamId.eq(&person.team_id))
        .filter(Column::SlackUserId.eq(&person.slack_user_id))
        .exec(parts.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok(())
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The name that people see in Slack.
fn name(user: &User) -> String {
    let names = [
        user.profile.display_name.as_str(),
        user.profile.real_name.as_str(),
        user.real_name.as_deref().unwrap_or_default(),
        user.name.as_str(),
        user.id.as_str(),
    ];
    names
        .into_iter()
        .map(str::trim)
        .find(|name| !name.is_empty())
        .unwrap_or_default()
        .to_owned()
}

impl Person {
    /// Somebody of whom Slack says nothing: their id stands for their name.
    pub(crate) fn unknown(team_id: &str, slack_user_id: &str) -> Self {
        Self {
            team_id: team_id.to_owned(),
            slack_user_id: slack_user_id.to_owned(),
            name: slack_user_id.to_owned(),
            email: None,
            is_bot: false,
            user_id: None,
        }
    }
}

impl From<Model> for Person {
    fn from(row: Model) -> Self {
        Self {
            team_id: row.team_id,
            slack_user_id: row.slack_user_id,
            name: row.display_name,
            email: row.email,
            is_bot: row.is_bot,
            user_id: row.user_id,
        }
    }
}
