//! Links to Slack that are good once: whoever comes back by one uses it up.

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde::de::DeserializeOwned;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::oauth_state::{ActiveModel, Column, Entity};
use tocsin_seal::{Sealer, StateError};

/// Why somebody who comes back from Slack is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The bridge has no key.
    #[error("TOCSIN_SECRET_KEY is unset for the bridge, so that the link can't be read")]
    NoKey,
    /// It is not ours, or too late.
    #[error(transparent)]
    State(#[from] StateError),
    /// Somebody has come by it before.
    #[error("the link was used before")]
    Used,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

impl LinkError {
    /// Its stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "SECRET_KEY_MISSING",
            Self::State(StateError::Expired) => "LINK_EXPIRED",
            Self::State(StateError::Forged) => "LINK_INVALID",
            Self::Used => "LINK_USED",
            Self::Database(_) => "UNAVAILABLE",
        }
    }
}

/// Opens links that are good once. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct OneTimeLinks {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    /// Opens the links; without it none can be read.
    pub(crate) sealer: Option<Sealer>,
}

impl OneTimeLinks {
    /// Reads a link without using it up.
    pub(crate) fn look<T: DeserializeOwned>(&self, purpose: &str, state: &str) -> Result<T, LinkError> {
        let sealer = self.sealer.as_ref().ok_or(LinkError::NoKey)?;
        Ok(sealer.open_state_at(purpose, state, self.clock.now())?.content)
    }

    /// Reads a link and uses it up.
    pub(crate) async fn redeem<T: DeserializeOwned>(
        &self,
        purpose: &str,
        state: &str,
    ) -> Result<T, LinkError> {
        let sealer = self.sealer.as_ref().ok_or(LinkError::NoKey)?;
        let (database, now) = (&self.database, self.clock.now());
        let opened = sealer.open_state_at(purpose, state, now)?;
        let row = ActiveModel {
            nonce: Set(opened.nonce),
            expires_at: Set(opened.expires_at),
        };
        let inserted = Entity::insert(row)
            .on_conflict(OnConflict::column(Column::Nonce).do_nothing().to_owned())
            .exec_without_returning(database.write())
            .await?;
        if inserted == 0 {
            return Err(LinkError::Used);
        }
        // Those before are of no use to anybody.
        Entity::delete_many()
            .filter(Column::ExpiresAt.lt(now - time::Duration::hours(1)))
            .exec(database.write())
            .await?;
        Ok(opened.content)
    }
}
