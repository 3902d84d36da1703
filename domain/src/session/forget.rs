//! Sessions and links that are over are kept for a day, in which whoever comes by one is told what became of it.

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};
use tocsin_entity::{session, sign_in_link};
use tokio_util::sync::CancellationToken;

use crate::{Domain, limits};

/// For how long what is over is kept.
const KEPT_FOR: time::Duration = time::Duration::DAY;
/// How often what is older is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// Forgets what was over a day ago, until `shutdown`.
pub(crate) async fn run(domain: &Arc<Domain>, shutdown: CancellationToken) {
    while shutdown
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        if let Err(error) = forget(domain).await {
            tracing::warn!("sessions that are over could not be forgotten: {error}");
        }
    }
}

async fn forget(domain: &Domain) -> Result<(), DbErr> {
    let old = limits::time(domain.clock().now() - KEPT_FOR);
    let over = Condition::any()
        .add(session::Column::ExpiresAt.lt(old))
        .add(session::Column::RevokedAt.lt(old));
    session::Entity::delete_many()
        .filter(over)
        .exec(domain.database().write())
        .await?;
    sign_in_link::Entity::delete_many()
        .filter(sign_in_link::Column::ExpiresAt.lt(old))
        .exec(domain.database().write())
        .await?;
    Ok(())
}
