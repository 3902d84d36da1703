//! Who manages which connectors: administrators all, the managers of a service those of that service alone.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{connector, connector_rule, id::ServiceId, kinds::Role, service_manager};

use crate::{
    error::{MutationError, UserError, UserErrorCode},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// What somebody may manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConnectorScope {
    /// Everything: an administrator.
    All,
    /// What is for these services alone.
    Services(BTreeSet<ServiceId>),
}

/// What is said to whom it does not reach.
const REFUSAL: &str = "This needs the role ADMIN or OWNER, or to be a RESPONDER who manages all services that the connector is for.";

/// What is said to whom it does reach, and who shows a key that may not administer.
const LACKS_SCOPE: &str = "You manage services, and this API key lacks the scope ADMIN: with one that has it you may change what is for these services alone.";

impl ConnectorScope {
    /// How far the viewer's goes.
    ///
    /// # Errors
    /// A refusal that names the role needed, where it goes nowhere.
    pub(crate) async fn of_viewer(request: &Request<'_>) -> Result<Self, MutationError> {
        let viewer = request.viewer;
        let Err(refused) = viewer.may_change(Permission::Manage) else {
            return Ok(Self::All);
        };
        let (Some(member), Some(organization_id)) = (viewer.member(), viewer.organization_id()) else {
            return Err(refused);
        };
        if matches!(member.role, Role::Owner | Role::Admin) || viewer.is_bridge() {
            // What is missing is not the member's to have.
            return Err(refused);
        }
        let rows = Tenant::of(organization_id)
            .find::<service_manager::Entity>()
            .filter(service_manager::Column::UserId.eq(member.user_id))
            .all(request.domain.database().read())
            .await?;
        if rows.is_empty() || member.role == Role::Stakeholder {
            let why = format!("Your role is {}. {REFUSAL}", member.role);
            return Err(UserError::new(UserErrorCode::Forbidden, why).into());
        }
        if !viewer.may_administer() {
            return Err(UserError::new(UserErrorCode::Forbidden, LACKS_SCOPE).into());
        }
        viewer.may_change(Permission::Respond)?;
        Ok(Self::Services(
            rows.into_iter().map(|row| row.service_id).collect(),
        ))
    }

    /// Whether these services are within.
    pub(super) fn holds(&self, services: impl IntoIterator<Item = Option<ServiceId>>) -> bool {
        match self {
            Self::All => true,
            Self::Services(own) => {
                let mut services = services.into_iter().peekable();
                services.peek().is_some()
                    && services.all(|service| service.is_some_and(|service| own.contains(&service)))
            }
        }
    }

    /// Refuses what is not within.
    pub(super) fn need(
        &self,
        services: impl IntoIterator<Item = Option<ServiceId>>,
    ) -> Result<(), UserError> {
        if self.holds(services) {
            Ok(())
        } else {
            Err(UserError::new(UserErrorCode::Forbidden, REFUSAL))
        }
    }

    /// Refuses what is an administrator's alone.
    pub(super) fn need_all(&self) -> Result<(), UserError> {
        match self {
            Self::All => Ok(()),
            Self::Services(_) => Err(UserError::new(
                UserErrorCode::Forbidden,
                "This needs the role ADMIN or OWNER: it is about more than the services that you manage.",
            )),
        }
    }

    /// Refuses a connector that is not within: one that is a default, or that is for other services too.
    pub(crate) fn need_connector(
        &self,
        connector: &connector::Model,
        rules: &[connector_rule::Model],
    ) -> Result<(), UserError> {
        if connector.is_default {
            return self.need_all();
        }
        let own = rules.iter().filter(|rule| rule.connector_id == connector.id);
        self.need(own.map(|rule| rule.service_id))
    }
}
