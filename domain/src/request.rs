//! What a use case is called with: the domain, who asks, and by which operation.

use std::{hash::Hash, str::FromStr, sync::Arc};

use sea_orm::{DatabaseConnection, Select};
use time::OffsetDateTime;
use tocsin_entity::id::{OrganizationId, UserId};

use crate::{
    Domain,
    data_loader::Loader,
    error::{InternalError, RequestError},
    loaders::{BatchLoader, MemberKey, MemberRow, RequestLoader},
    tenant::{Tenant, TenantRow, TenantTable, everywhere},
    viewer::{Permission, Viewer},
};

/// One request of a viewer.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What it is about.
    pub domain: &'a Arc<Domain>,
    /// Who asks.
    pub viewer: &'a Viewer,
    /// The operation by its public name, such as `createConnector`. The audit log shows it, and an idempotency key holds for it alone.
    pub operation: &'a str,
}

impl<'a> Request<'a> {
    /// Reads rows by their keys, many requests' together.
    pub fn loaders(&self) -> &'a RequestLoader {
        self.domain.loaders()
    }

    /// What time it is, for whatever is written.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.domain.clock().now()
    }

    /// The database, for reading.
    pub(crate) fn read(&self) -> &'a DatabaseConnection {
        self.domain.database().read()
    }

    /// The viewer's organisation, if they may do this in it.
    pub(crate) fn tenant(&self, need: Permission) -> Result<Tenant, RequestError> {
        self.viewer.may(need).map(Tenant::of)
    }

    /// Begins a read of the rows that the viewer is shown: their organisation's, or, for the bridge without one, everybody's.
    pub(crate) fn find_shown<E: TenantTable>(&self, need: Permission) -> Result<Select<E>, RequestError> {
        Ok(match self.viewer.may_list(need)? {
            Some(own) => Tenant::of(own).find(),
            None => everywhere("the bridge without an organisation is shown everybody's"),
        })
    }

    /// Members of an organisation, in the order in which they are asked for. Those who have left it are left out.
    pub(crate) async fn members(
        &self,
        organization_id: OrganizationId,
        ids: Vec<UserId>,
    ) -> Result<Vec<Arc<MemberRow>>, InternalError> {
        let keys: Vec<_> = ids.into_iter().map(|id| MemberKey(organization_id, id)).collect();
        let mut found = self.loaders().load_many(keys.iter().copied()).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// Loads an object that the viewer may read: of their organisation, or, for the bridge without one, of any.
    /// Another organisation's object is as one that is not there.
    ///
    /// # Errors
    /// A refusal, where the viewer may read none.
    pub async fn load_owned<Id, Row>(&self, need: Permission, id: &str) -> Result<Option<Row>, RequestError>
    where
        Id: FromStr + Send + Sync + Hash + Eq + Clone + 'static,
        Row: TenantRow + Send + Sync + Clone + 'static,
        BatchLoader: Loader<Id, Value = Row, Error = InternalError>,
    {
        let organization_id = self.viewer.may_list(need)?;
        let Ok(id) = id.parse::<Id>() else { return Ok(None) };
        let row = self.loaders().load_one(id).await?;
        Ok(row.filter(|row| organization_id.is_none_or(|own| own == row.organization_id())))
    }
}
