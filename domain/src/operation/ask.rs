//! Asking for something to be done in Slack.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    id::{ConnectorId, OperationId, OrganizationId, UserId, WorkspaceId},
    kinds::{OperationKind, OperationState},
    membership,
    slack_operation::{Column, Entity, Model},
};
use tocsin_queue::jobs::RunSlackOperation;

use super::{patience, result::OperationParameters, state::Operation};
use crate::{
    audit::AuditTrail,
    connector::{ConnectorScope, managed},
    error::{MutationError, UserError, UserErrorCode},
    idempotency::{self, KeyUse, RequestKey},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
    workspace::{self, need_connected, none_yet},
};

/// Most operations of an organisation that are under way: each makes calls to Slack, of which there are few.
const UNDER_WAY_MAX: u64 = 20;

/// How long what came of an operation can be read.
const KEPT_FOR: Duration = Duration::days(30);

/// Longest name of a channel, in characters. Source: Slack, `conversations.create`.
const CHANNEL_NAME_MAX: usize = 80;

/// The Slack workspace to test.
#[derive(Debug)]
pub struct TestSlackConnection {
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The connector to send a test message through.
#[derive(Debug)]
pub struct SendSlackTestMessage {
    /// The connector's id.
    pub connector_id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The member to look for in Slack.
#[derive(Debug)]
pub struct TestSlackIdentity {
    /// The member's id.
    pub user_id: String,
    /// The Slack workspace to look in; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The Slack workspace whose channels are to be read.
#[derive(Debug)]
pub struct RefreshSlackChannels {
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// A new channel.
#[derive(Debug)]
pub struct CreateChannel {
    /// The Slack workspace; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Its name, with or without a hash: at most 80 lowercase letters, digits, hyphens and underscores.
    pub name: String,
    /// Whether it is private; no by default.
    pub is_private: Option<bool>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// What is asked, before it is known whether it can be.
#[derive(Default)]
struct Asked {
    workspace_id: Option<String>,
    user_id: Option<UserId>,
    wish: OperationParameters,
}

/// Asks for a test of a workspace.
pub async fn test_connection(
    request: &Request<'_>,
    input: TestSlackConnection,
) -> Result<Operation, MutationError> {
    let (organization_id, key) = allowed(request, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        ..Asked::default()
    };
    ask(
        request,
        organization_id,
        key,
        OperationKind::TestConnection,
        asked,
    )
    .await
}

/// Asks to look for a member in Slack.
pub async fn test_identity(
    request: &Request<'_>,
    input: TestSlackIdentity,
) -> Result<Operation, MutationError> {
    let (organization_id, key) = allowed(request, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        user_id: Some(input.user_id.parse().map_err(|_| no_member())?),
        ..Asked::default()
    };
    ask(request, organization_id, key, OperationKind::TestIdentity, asked).await
}

/// Asks to read a workspace's channels.
pub async fn refresh_channels(
    request: &Request<'_>,
    input: RefreshSlackChannels,
) -> Result<Operation, MutationError> {
    let (organization_id, key) = allowed(request, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        ..Asked::default()
    };
    ask(
        request,
        organization_id,
        key,
        OperationKind::RefreshChannels,
        asked,
    )
    .await
}

/// Asks for a new channel.
pub async fn create_channel(request: &Request<'_>, input: CreateChannel) -> Result<Operation, MutationError> {
    let (organization_id, key) = allowed(request, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        wish: OperationParameters {
            channel_name: Some(channel_name(&input.name)?),
            channel_is_private: Some(input.is_private.unwrap_or(false)),
        },
        ..Asked::default()
    };
    ask(request, organization_id, key, OperationKind::CreateChannel, asked).await
}

/// Asks for a test message through a connector.
pub async fn send_test_message(
    request: &Request<'_>,
    input: SendSlackTestMessage,
) -> Result<Operation, MutationError> {
    let viewer = request.viewer;
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = viewer.may_change(Permission::Respond)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("connector").at("connectorId");
    let id: ConnectorId = input.connector_id.parse().map_err(|_| unknown())?;
    write(request, organization_id, key, async |tx| {
        let connector = managed(tx, organization_id, id, &connector_scope)
            .await
            .map_err(|trouble| match trouble {
                MutationError::Told(errors) if errors.first().code == UserErrorCode::NotFound => {
                    unknown().into()
                }
                other @ (MutationError::Told(_) | MutationError::Refused(_)) => other,
            })?;
        let workspace_id = match connector.workspace_id {
            Some(led_to) => {
                let named = led_to.to_string();
                workspace(request, tx, organization_id, Some(&named)).await?
            }
            // It waits for the first workspace that will be connected.
            None if !request.domain.config().slack.has_own_workspace => {
                return Err(none_yet().at("connectorId").into());
            }
            None => None,
        };
        let asked = Asked::default();
        Ok(Model {
            connector_id: Some(id),
            ..row(
                request,
                organization_id,
                OperationKind::TestMessage,
                workspace_id,
                &asked,
            )
        })
    })
    .await
}

/// The organisation, where the viewer manages Slack there.
fn allowed(
    request: &Request<'_>,
    key: Option<&RequestKey>,
) -> Result<(OrganizationId, Option<KeyUse>), MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, key)?;
    Ok((organization_id, key))
}

async fn ask(
    request: &Request<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    kind: OperationKind,
    asked: Asked,
) -> Result<Operation, MutationError> {
    write(request, organization_id, key, async |tx| {
        let workspace_id = workspace(request, tx, organization_id, asked.workspace_id.as_deref()).await?;
        if let Some(user_id) = asked.user_id {
            let member = Tenant::of(organization_id)
                .find::<membership::Entity>()
                .filter(membership::Column::UserId.eq(user_id))
                .one(tx)
                .await?;
            member.ok_or_else(no_member)?;
        }
        Ok(row(request, organization_id, kind, workspace_id, &asked))
    })
    .await
}

/// Writes down what is asked, once for each idempotency key, and rings for it. A lost ring is harmless: the bridge also looks by itself.
async fn write(
    request: &Request<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    make: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Model, MutationError>,
) -> Result<Operation, MutationError> {
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(
        request,
        organization_id,
        key,
        "Slack operation",
        id_of,
        async |tx| {
            let row = make(tx).await?;
            make_room(tx, organization_id, request.domain.clock().now()).await?;
            let row = row.into_active_model().insert(tx).await?;
            AuditTrail::of(request, organization_id).made(tx, &row).await?;
            Ok(row)
        },
    )
    .await?;
    let operation_id = row.id.to_string();
    let operation = Operation::now(request.domain, row)?;
    if !operation.is_over() {
        request
            .domain
            .queue()
            .enqueue(&RunSlackOperation { operation_id });
    }
    Ok(operation)
}

/// Forgets what is long over, and refuses more than can be under way.
async fn make_room(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    now: OffsetDateTime,
) -> Result<(), MutationError> {
    Entity::delete_many()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::CreatedAt.lt(now - KEPT_FOR))
        .exec(tx)
        .await?;
    let under_way = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::State.eq(OperationState::Pending))
        .filter(Column::ExpiresAt.gt(now))
        .count(tx)
        .await?;
    if under_way < UNDER_WAY_MAX {
        return Ok(());
    }
    Err(UserError::new(
        UserErrorCode::WrongStatus,
        format!(
            "{UNDER_WAY_MAX} Slack operations are under way in your organisation: wait until one is over."
        ),
    )
    .into())
}

fn row(
    request: &Request<'_>,
    organization_id: OrganizationId,
    kind: OperationKind,
    workspace_id: Option<WorkspaceId>,
    asked: &Asked,
) -> Model {
    let member = request.viewer.member();
    let now = request.domain.clock().now();
    Model {
        id: OperationId::new(),
        organization_id,
        kind,
        workspace_id,
        connector_id: None,
        user_id: asked.user_id,
        input: json!(asked.wish),
        state: OperationState::Pending,
        code: None,
        message: None,
        result: None,
        requested_by: member.map(|member| member.user_id),
        created_at: now,
        expires_at: now + patience(kind),
        finished_at: None,
    }
}

fn no_member() -> UserError {
    UserError::not_found("user").at("userId")
}

/// The workspace that is meant, which must be connected. That of the server's configuration is everybody's.
async fn workspace(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: Option<&str>,
) -> Result<Option<WorkspaceId>, MutationError> {
    let Some(found) = workspace::meant_workspace(request, tx, organization_id, id, "workspaceId").await?
    else {
        return Ok(None);
    };
    need_connected(&found, "workspaceId")?;
    Ok(Some(found.id))
}

/// A channel's name as Slack takes it.
fn channel_name(text: &str) -> Result<String, UserError> {
    let name = text.trim();
    let name = name.strip_prefix('#').unwrap_or(name);
    let is_allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if (1..=CHANNEL_NAME_MAX).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(name.to_owned());
    }
    Err(UserError::invalid(
        "name",
        format!(
            "A channel's name has 1 to {CHANNEL_NAME_MAX} characters: lowercase letters (a to z), digits, hyphens and underscores."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::channel_name;

    #[test]
    fn a_channels_name_is_as_slack_takes_it() {
        assert_eq!(
            channel_name(" #inc-42_payments ").ok().as_deref(),
            Some("inc-42_payments")
        );
        for wrong in [
            "",
            "#",
            "Upper",
            "störung",
            "with space",
            "dots.",
            &"a".repeat(81),
        ] {
            assert!(channel_name(wrong).is_err(), "{wrong}");
        }
        assert!(channel_name(&"a".repeat(80)).is_ok());
    }
}
