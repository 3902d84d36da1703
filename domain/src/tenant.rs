//! What belongs to one organisation, and is there for no other.
//!
//! `Tenant::find` begins a read of one organisation's rows. A read of everybody's begins with `everywhere`, which says why it may. Clippy shuts
//! sea-orm's own `find` in this crate.

use std::sync::Arc;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PrimaryKeyTrait, QueryFilter, Select};
use tocsin_entity::{id::OrganizationId, organization};

/// A row that belongs to one organisation.
pub trait TenantRow {
    /// The organisation it belongs to.
    fn organization_id(&self) -> OrganizationId;
}

/// A table whose rows each belong to one organisation.
pub(crate) trait TenantTable: EntityTrait {
    /// The column that names the organisation.
    fn organization_column() -> Self::Column;
}

macro_rules! owned {
    ($($($table:ident)::+),*) => {$(
        impl TenantRow for tocsin_entity::$($table)::+::Model {
            fn organization_id(&self) -> OrganizationId {
                self.organization_id
            }
        }
        impl TenantRow for Arc<tocsin_entity::$($table)::+::Model> {
            fn organization_id(&self) -> OrganizationId {
                self.organization_id
            }
        }
        impl TenantTable for tocsin_entity::$($table)::+::Entity {
            fn organization_column() -> Self::Column {
                tocsin_entity::$($table)::+::Column::OrganizationId
            }
        }
    )*};
}

owned!(
    api_key,
    audit_entry,
    connector,
    connector_rule,
    event,
    idempotency,
    incident,
    service_manager,
    membership,
    oidc_identity,
    postmortem,
    service,
    session,
    sign_in_link,
    slack_app,
    slack_link,
    slack_operation,
    slack_template,
    slack_workspace,
    timeline_entry
);

/// One organisation, as reads see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenant(OrganizationId);

impl Tenant {
    /// The organisation of this id.
    pub(crate) fn of(organization_id: OrganizationId) -> Self {
        Self(organization_id)
    }

    /// Begins a read of the organisation itself.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub(crate) fn organization(self) -> Select<organization::Entity> {
        organization::Entity::find_by_id(self.0)
    }

    /// Begins a read of the organisation's rows.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub(crate) fn find<E: TenantTable>(self) -> Select<E> {
        E::find().filter(E::organization_column().eq(self.0))
    }
}

/// The organisation's row of this id. Another organisation's is as one that is not there.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn own<E: EntityTrait>(
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    id: impl Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
) -> Result<Option<E::Model>, DbErr>
where
    E::Model: TenantRow,
{
    let found = E::find_by_id(id).one(db).await?;
    Ok(found.filter(|row| row.organization_id() == organization_id))
}

/// Begins a read of everybody's rows. `reason` says why it is none of one organisation's.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn everywhere<E: EntityTrait>(_reason: &'static str) -> Select<E> {
    E::find()
}
