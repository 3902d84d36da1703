//! Home tabs that are to be shown anew, as whoever changes what they tell of says.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::{
    id::OrganizationId,
    slack::home::{Column, Entity},
};

/// How long after it was opened a tab is kept fresh.
const LOOKED_AT: Duration = Duration::days(3);

/// How long a worker has a tab.
pub(crate) const CLAIM: std::time::Duration = std::time::Duration::from_secs(40);

/// Makes a person's tab due at once, if they have one: they did something there and look at it. If that fails, the tab follows a little
/// later, as all do.
pub(crate) async fn mark_home_of(database: &Database, team_id: &str, user: &str, now: OffsetDateTime) {
    let update = Entity::update_many()
        .col_expr(Column::WantedVersion, Expr::col(Column::WantedVersion).add(1))
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(Column::TeamId.eq(team_id))
        .filter(Column::SlackUserId.eq(user));
    if let Err(error) = update.exec(database.write()).await {
        tracing::warn!(
            slack.user = user,
            "the Home tab of {user} follows a little later: {error}"
        );
    }
}

/// Marks the tabs that tell of an organisation, whose incidents have changed, as far as anybody looks at them.
pub(crate) async fn mark_home(
    tx: &impl ConnectionTrait,
    organization: OrganizationId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::WantedVersion, Expr::col(Column::WantedVersion).add(1))
        .filter(Column::OpenedAt.gt(now - LOOKED_AT))
        .filter(Column::Organizations.contains(organization.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks all tabs that tell of an organisation, where Slack may show something else than is on record.
pub(crate) async fn mark_home_anew(
    tx: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ContentHash, Expr::value(None::<String>))
        .col_expr(Column::WantedVersion, Expr::col(Column::WantedVersion).add(1))
        .filter(Column::Organizations.contains(organization.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}
