//! What belongs to one organisation, and is there for no other.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PrimaryKeyTrait};
use tocsin_entity::id::OrganizationId;

/// Something that belongs to one organisation.
pub trait Owned {
    /// The organisation it belongs to.
    fn organization_id(&self) -> OrganizationId;
}

macro_rules! owned {
    ($($row:path),*) => {$(
        impl Owned for $row {
            fn organization_id(&self) -> OrganizationId {
                self.organization_id
            }
        }
        impl Owned for Arc<$row> {
            fn organization_id(&self) -> OrganizationId {
                self.organization_id
            }
        }
    )*};
}

owned!(
    tocsin_entity::incident::Model,
    tocsin_entity::timeline_entry::Model,
    tocsin_entity::service::Model,
    tocsin_entity::api_key::Model,
    tocsin_entity::audit_entry::Model,
    tocsin_entity::postmortem::Model,
    tocsin_entity::connector::Model,
    tocsin_entity::connector_rule::Model,
    tocsin_entity::slack_app::Model,
    tocsin_entity::slack_operation::Model,
    tocsin_entity::slack_template::Model,
    tocsin_entity::slack_workspace::Model
);

/// The organisation's row of this id. Another organisation's is as one that is not there.
pub(crate) async fn own<E: EntityTrait>(
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    id: impl Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
) -> Result<Option<E::Model>, DbErr>
where
    E::Model: Owned,
{
    let found = E::find_by_id(id).one(db).await?;
    Ok(found.filter(|row| row.organization_id() == organization_id))
}
