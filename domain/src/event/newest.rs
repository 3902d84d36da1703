//! The cursor of each organisation's newest event, for many organisations at once.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, QueryFilter};
use tocsin_entity::{event, id::OrganizationId};

use super::cursor::Position;
use crate::{
    data_loader::Loader, error::InternalError, loaders::BatchLoader, paging::encode, tenant::everywhere,
};

/// An event by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventNumber(pub OrganizationId, pub i64);

impl Loader<EventNumber> for BatchLoader {
    /// Its cursor.
    type Value = String;
    type Error = InternalError;

    async fn load(&self, keys: &[EventNumber]) -> Result<HashMap<EventNumber, String>, InternalError> {
        let which = keys
            .iter()
            .fold(Condition::any(), |any, EventNumber(organization, seq)| {
                let one = Condition::all().add(event::Column::OrganizationId.eq(*organization));
                any.add(one.add(event::Column::Seq.eq(*seq)))
            });
        let rows = everywhere::<event::Entity>(
            "keys that several requests ask for at the same time: each keeps to its own rows",
        )
        .filter(which)
        .all(self.database().read())
        .await?;
        let cursors = rows.into_iter().map(|row| {
            let cursor = encode(&Position::of(&row).to_string());
            (EventNumber(row.organization_id, row.seq), cursor)
        });
        Ok(cursors.collect())
    }
}
