//! What is sealed under an earlier key is sealed anew under the present one, so that the earlier key can go.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, UpdateMany, sea_query::Expr,
};
use tocsin_entity::{slack_app, slack_workspace};
use tocsin_seal::Sealer;
use tocsin_slack_app::sealing::{app_place, refresh_place, token_place};
use tokio_util::sync::CancellationToken;

use crate::{Domain, tenant::everywhere};

/// How soon it is tried again after the database has failed.
const AGAIN: Duration = Duration::from_secs(30);

/// Seals anew what has to be, once: keys change with a restart alone.
pub(crate) async fn run(domain: &Arc<Domain>, shutdown: CancellationToken) {
    let Some(sealer) = &domain.config().sealer else {
        return;
    };
    let resealing = Resealing {
        sealer,
        db: domain.database().write(),
    };
    while let Err(error) = resealing.all().await {
        tracing::warn!("secrets could not be sealed under the present key: {error}");
        let pause = tokio::time::sleep(AGAIN);
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

struct Resealing<'a> {
    sealer: &'a Sealer,
    db: &'a DatabaseConnection,
}

impl Resealing<'_> {
    async fn all(&self) -> Result<(), DbErr> {
        let mut done = 0;
        for row in everywhere::<slack_workspace::Entity>(
            "what is sealed under an earlier key is sealed anew, whosever it is",
        )
        .all(self.db)
        .await?
        {
            use slack_workspace::{Column, Entity};
            for (column, place, text) in [
                (Column::SealedBotToken, token_place(row.id), row.sealed_bot_token),
                (
                    Column::SealedRefreshToken,
                    refresh_place(row.id),
                    row.sealed_refresh_token,
                ),
            ] {
                let update = Entity::update_many().filter(Column::Id.eq(row.id));
                done += self.one(update, column, &place, text).await?;
            }
        }
        for row in everywhere::<slack_app::Entity>(
            "what is sealed under an earlier key is sealed anew, whosever it is",
        )
        .all(self.db)
        .await?
        {
            use slack_app::{Column, Entity};
            for (column, name, text) in [
                (
                    Column::SealedClientSecret,
                    "client_secret",
                    row.sealed_client_secret,
                ),
                (
                    Column::SealedSigningSecret,
                    "signing_secret",
                    row.sealed_signing_secret,
                ),
                (Column::SealedAppToken, "app_token", row.sealed_app_token),
            ] {
                let update = Entity::update_many().filter(Column::Id.eq(row.id));
                done += self.one(update, column, &app_place(row.id, name), text).await?;
            }
        }
        if done > 0 {
            tracing::info!("{done} secrets were sealed anew under the present TOCSIN_SECRET_KEY");
        }
        Ok(())
    }

    /// Seals one anew, unless somebody has changed it meanwhile; how many that were.
    async fn one<E: EntityTrait>(
        &self,
        update: UpdateMany<E>,
        column: E::Column,
        place: &str,
        text: Option<String>,
    ) -> Result<u64, DbErr> {
        let Some(text) = text.filter(|text| !self.sealer.is_current(text)) else {
            return Ok(0);
        };
        let secret = match self.sealer.open(place, &text) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!("{place} can't be opened: {error}");
                return Ok(0);
            }
        };
        let done = update
            .col_expr(column, Expr::value(self.sealer.seal(place, &secret)))
            .filter(column.eq(text))
            .exec(self.db)
            .await?;
        Ok(done.rows_affected)
    }
}
