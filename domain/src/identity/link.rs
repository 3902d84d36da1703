//! The one place where it is written which member somebody in Slack is by their own word.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    SqlErr,
};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    slack_link::{Column, Entity, Model},
};

use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError},
    tenant::Tenant,
};

/// Writes that somebody in Slack is a member. In a workspace a person is one member of an organisation and the other way round: what was said
/// before of either goes.
pub(crate) async fn link(
    tx: &DatabaseTransaction,
    row: Model,
    trail: &AuditTrail,
) -> Result<Model, MutationError> {
    let either = Condition::any()
        .add(Column::UserId.eq(row.user_id))
        .add(Column::SlackUserId.eq(&row.slack_user_id));
    let before = Tenant::of(row.organization_id)
        .find::<Entity>()
        .filter(Column::TeamId.eq(&row.team_id))
        .filter(either)
        .all(tx)
        .await?;
    for before in before {
        Entity::delete_by_id(before.id).exec(tx).await?;
        trail.gone(tx, &before).await?;
    }
    let row = row.into_active_model().insert(tx).await.map_err(|error| {
        // A code makes one link, and its id is the code's.
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            used().into()
        } else {
            MutationError::from(error)
        }
    })?;
    trail.made(tx, &row).await?;
    Ok(row)
}

/// What whoever shows a code is told that was used before.
pub(crate) fn used() -> UserError {
    UserError::invalid(
        "code",
        "This code was used before: get another one in Slack, by the slash command's `link`.",
    )
}

/// Ends what a member has said of themselves, in one workspace or in all.
pub(crate) async fn unlink(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    user_id: UserId,
    team_id: Option<&str>,
    trail: &AuditTrail,
) -> Result<(), MutationError> {
    let mut links = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(user_id));
    if let Some(team_id) = team_id {
        links = links.filter(Column::TeamId.eq(team_id));
    }
    let links = links.all(tx).await?;
    if links.is_empty() {
        return Err(UserError::not_found("link to Slack").into());
    }
    for link in links {
        Entity::delete_by_id(link.id).exec(tx).await?;
        trail.gone(tx, &link).await?;
    }
    Ok(())
}
