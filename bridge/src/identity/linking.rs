//! Whether a person lets themselves be taken for the member with their e-mail address.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use tocsin_entity::{
    id::UserId,
    slack::user::{Column, Entity},
};
use tocsin_queue::JobError;

use super::IdentityService;

/// Notes whether a person who is on record wants to be matched.
pub(crate) async fn set_linked(
    identity: &IdentityService,
    team_id: &str,
    slack_user_id: &str,
    linked: bool,
) -> Result<(), JobError> {
    let mut update = Entity::update_many().col_expr(Column::Unlinked, Expr::value(!linked));
    if !linked {
        update = update.col_expr(Column::UserId, Expr::value(None::<UserId>));
    }
    update
        .filter(Column::TeamId.eq(team_id))
        .filter(Column::SlackUserId.eq(slack_user_id))
        .exec(identity.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok(())
}
