//! The workspace of `SLACK_BOT_TOKEN`: the server's environment sets it, every organisation sees it, and no mutation changes it.
//!
//! It has no row in `slack_workspace`: here it is made of what the bridge has found, under an id that is made of the organisation's.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{OrganizationId, WorkspaceId},
    slack::{
        connector as found,
        installation::{self, SERVERS},
    },
    slack_workspace,
};
use tocsin_slack_app::feature::{self, of_granted};
use uuid::Uuid;

use crate::{
    error::{InternalError, UserError, UserErrorCode},
    loaders::InstallationOf,
    request::Request,
    tenant::{Tenant, everywhere},
};

/// Tells the ids of this workspace from those of organisations, of which they are made.
const OTHER: u128 = 0x7345_7276_6572_5f73_5f77_6f72_6b73_7061;

/// Under which id an organisation sees it. Each has its own: another's id is nobody's here either.
pub(crate) fn id_of(organization_id: OrganizationId) -> WorkspaceId {
    WorkspaceId(Uuid::from_u128(organization_id.0.as_u128() ^ OTHER))
}

/// What administrators read in place of a name.
const NAME: &str = "Server's workspace (SLACK_BOT_TOKEN)";

/// The workspace as an organisation sees it; none where the server has no bot token.
pub(crate) async fn of(
    request: &Request<'_>,
    organization_id: OrganizationId,
) -> Result<Option<slack_workspace::Model>, InternalError> {
    let found = request.loaders().load_one(InstallationOf(SERVERS)).await?;
    if found.is_none() && !request.domain.config().slack.has_own_workspace {
        return Ok(None);
    }
    Ok(Some(row(organization_id, found.as_ref(), request.now())))
}

/// In place of a row of `slack_workspace`.
fn row(
    organization_id: OrganizationId,
    found: Option<&installation::Model>,
    now: OffsetDateTime,
) -> slack_workspace::Model {
    let since = found.map_or(now, |found| found.status_since);
    let scopes = found.map(|found| found.scopes.as_str()).unwrap_or_default();
    slack_workspace::Model {
        id: id_of(organization_id),
        organization_id,
        name: NAME.to_owned(),
        sealed_bot_token: None,
        app_id: None,
        // Nobody has said what is wanted: it is what the app was granted scopes for.
        features: feature::write(&of_granted(scopes.split(','))),
        team_id: None,
        sealed_refresh_token: None,
        token_expires_at: None,
        manifest_version: 0,
        token_version: 0,
        disconnected_at: None,
        created_by: None,
        created_at: since,
        updated_at: since,
    }
}

/// When Slack last took a message there through a connector of this organisation: when it took others' is theirs to know.
pub async fn last_delivered_at(
    request: &Request<'_>,
    organization_id: OrganizationId,
) -> Result<Option<OffsetDateTime>, InternalError> {
    let db = request.domain.database().read();
    let own = Tenant::of(organization_id)
        .find::<connector::Entity>()
        .filter(connector::Column::WorkspaceId.is_null())
        .all(db)
        .await?;
    let last = everywhere::<found::Entity>("the connectors were found in the organisation")
        .filter(found::Column::ConnectorId.is_in(own.iter().map(|own| own.id)))
        .filter(found::Column::LastDeliveredAt.is_not_null())
        .order_by_desc(found::Column::LastDeliveredAt)
        .one(db)
        .await?;
    Ok(last.and_then(|last| last.last_delivered_at))
}

/// Refuses to change the workspace of the server's environment; any other is passed on.
///
/// # Errors
/// A refusal that says where it is set instead.
pub(crate) fn need_other(
    id: WorkspaceId,
    organization_id: OrganizationId,
    field: &str,
) -> Result<WorkspaceId, UserError> {
    if id != id_of(organization_id) {
        return Ok(id);
    }
    let why = "This Slack workspace is set by the server's environment: change SLACK_BOT_TOKEN there and start the API and the bridge again. To \
               give the app more scopes, add them on its page OAuth & Permissions and install it again.";
    Err(UserError::new(UserErrorCode::SetByEnvironment, why).at(field))
}
