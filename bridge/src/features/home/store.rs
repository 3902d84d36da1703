//! The Home tabs on record.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    id::OrganizationId,
    slack::home::{ActiveModel, Column, Entity, Model},
};
use tocsin_queue::JobError;

use super::HomeTabs;
use crate::{installation::AppInstallation, store::home::CLAIM};

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::minutes(30);

/// A tab is published again no sooner, unless it is opened: what changes meanwhile is shown together.
const GAP: Duration = Duration::seconds(5);

/// Longest error kept.
const ERROR_MAX: usize = 500;

/// Somebody has opened their tab: it is due at once. `is_empty` says that Slack has nothing to show there, whatever is on record.
pub(super) async fn open(
    tabs: &HomeTabs,
    installation: &AppInstallation,
    user: &str,
    is_empty: bool,
) -> Result<(), JobError> {
    let now = tabs.clock.now();
    let row = ActiveModel {
        team_id: Set(installation.team_id().to_owned()),
        slack_user_id: Set(user.to_owned()),
        app_id: Set(installation.app()),
        organizations: Set(String::new()),
        opened_at: Set(now),
        wanted_version: Set(1),
        shown_version: Set(0),
        due_at: Set(now),
        attempts: Set(0),
        last_error: Set(None),
        content_hash: Set(None),
        published_at: Set(None),
        claimed_until: Set(None),
        claim: Set(0),
        in_doubt: Set(false),
    };
    let mut known = OnConflict::columns([Column::TeamId, Column::SlackUserId]);
    known
        .update_columns([Column::AppId, Column::OpenedAt, Column::DueAt, Column::Attempts])
        .value(
            Column::WantedVersion,
            Expr::col((Entity, Column::WantedVersion)).add(1),
        );
    if is_empty {
        known.update_column(Column::ContentHash);
    }
    Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tabs.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok(())
}

fn is_behind() -> Condition {
    Condition::all().add(Expr::col(Column::ShownVersion).lt(Expr::col(Column::WantedVersion)))
}

fn is_due(now: OffsetDateTime) -> Condition {
    let free = Condition::any()
        .add(Column::ClaimedUntil.is_null())
        .add(Column::ClaimedUntil.lt(now));
    is_behind().add(Column::DueAt.lte(now)).add(free)
}

/// The tabs that are due, by workspace and person.
pub(super) async fn due(tabs: &HomeTabs, most: u64) -> Result<Vec<(String, String)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::TeamId)
        .column(Column::SlackUserId)
        .filter(is_due(tabs.clock.now()))
        .order_by_asc(Column::DueAt)
        .limit(most)
        .into_tuple()
        .all(tabs.database.read())
        .await
}

/// Takes a tab that is due, as it is on record. Where whoever took it before never let go, nobody knows what it shows.
pub(super) async fn claim(tabs: &HomeTabs, team: &str, user: &str) -> Result<Option<Model>, DbErr> {
    let (key, now) = ((team.to_owned(), user.to_owned()), tabs.clock.now());
    let found = Entity::find_by_id(key).one(tabs.database.read()).await?;
    let Some(mut found) = found else { return Ok(None) };
    let taken = Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(Some(now + CLAIM)))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Claim, Expr::value(found.claim + 1))
        .col_expr(Column::InDoubt, Expr::value(false))
        .filter(Column::Claim.eq(found.claim))
        .filter(Column::TeamId.eq(team))
        .filter(Column::SlackUserId.eq(user))
        .filter(Column::WantedVersion.eq(found.wanted_version))
        .filter(is_due(now))
        .exec(tabs.database.write())
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    if found.claimed_until.is_some() || found.in_doubt {
        found.content_hash = None;
    }
    found.attempts += 1;
    found.claim += 1;
    Ok(Some(found))
}

/// How work on a tab ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HomeOutcome {
    /// It shows what it should, which has this hash.
    Shown {
        hash: String,
        organizations: Vec<OrganizationId>,
    },
    /// To be tried again.
    Later {
        pause: Duration,
        error: String,
        is_unknown: bool,
    },
    /// Slack takes it not at all: until it is opened again.
    Refused { error: String },
}

/// Writes down how the work ended, and lets go of the tab. Where another worker has claimed it meanwhile, theirs counts; and since nobody knows
/// whose call Slack took last, the tab is published once more.
pub(super) async fn settle(tabs: &HomeTabs, claimed: &Model, end: HomeOutcome) -> Result<(), DbErr> {
    let now = tabs.clock.now();
    let update = Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(None::<OffsetDateTime>))
        .filter(Column::TeamId.eq(&claimed.team_id))
        .filter(Column::SlackUserId.eq(&claimed.slack_user_id))
        .filter(Column::Claim.eq(claimed.claim));
    let update = match end {
        HomeOutcome::Shown { hash, organizations } => {
            let organizations: Vec<String> = organizations.iter().map(ToString::to_string).collect();
            let published_at = if claimed.content_hash.as_ref() == Some(&hash) {
                claimed.published_at
            } else {
                Some(now)
            };
            update
                .col_expr(Column::ShownVersion, Expr::value(claimed.wanted_version))
                .col_expr(Column::Organizations, Expr::value(organizations.join(" ")))
                .col_expr(Column::ContentHash, Expr::value(Some(hash)))
                .col_expr(Column::PublishedAt, Expr::value(published_at))
                .col_expr(Column::DueAt, Expr::value(now + GAP))
                .col_expr(Column::Attempts, Expr::value(0))
                .col_expr(Column::LastError, Expr::value(None::<String>))
        }
        HomeOutcome::Later {
            pause,
            error,
            is_unknown,
        } => {
            let update = update
                .col_expr(Column::DueAt, Expr::value(now + pause.min(LONGEST_PAUSE)))
                .col_expr(Column::LastError, Expr::value(Some(shortened(&error))));
            if is_unknown {
                update.col_expr(Column::ContentHash, Expr::value(None::<String>))
            } else {
                update
            }
        }
        HomeOutcome::Refused { error } => update
            .col_expr(Column::ShownVersion, Expr::value(claimed.wanted_version))
            .col_expr(Column::ContentHash, Expr::value(None::<String>))
            .col_expr(Column::LastError, Expr::value(Some(shortened(&error)))),
    };
    let settled = update.exec(tabs.database.write()).await?;
    if settled.rows_affected == 0 {
        doubt(tabs, claimed, now).await?;
    }
    Ok(())
}

/// Has a tab published anew, whatever it is known to show by then.
async fn doubt(tabs: &HomeTabs, claimed: &Model, now: OffsetDateTime) -> Result<(), DbErr> {
    tracing::warn!(
        slack.user = claimed.slack_user_id,
        "the Home tab was published by two workers, and is published once more"
    );
    Entity::update_many()
        .col_expr(Column::InDoubt, Expr::value(true))
        .col_expr(Column::WantedVersion, Expr::col(Column::WantedVersion).add(1))
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(Column::TeamId.eq(&claimed.team_id))
        .filter(Column::SlackUserId.eq(&claimed.slack_user_id))
        .exec(tabs.database.write())
        .await?;
    Ok(())
}

fn shortened(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect()
}
