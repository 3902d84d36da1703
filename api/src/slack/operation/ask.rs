//! Asking for something to be done in Slack.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
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

use super::{graphql::SlackOperation, patience, result::Wish};
use crate::{
    audit::Trail,
    connector::{Reach, managed},
    error::{Trouble, UserError, UserErrorCode, told},
    idempotency::{self, KeyUse},
    node::domain,
    slack::default,
    viewer::{Need, Viewer},
};

/// Most operations of an organisation that are under way: each makes calls to Slack, of which there are few.
const UNDER_WAY_MAX: u64 = 20;

/// How long what came of an operation can be read.
const KEPT_FOR: Duration = Duration::days(30);

/// Longest name of a channel, in characters. Source: Slack, `conversations.create`.
const CHANNEL_NAME_MAX: usize = 80;

/// The Slack workspace to test.
#[derive(Debug, InputObject)]
pub(crate) struct TestSlackConnectionInput {
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The connector to send a test message through.
#[derive(Debug, InputObject)]
pub(crate) struct SendSlackTestMessageInput {
    /// The connector's id.
    connector_id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The member to look for in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct TestSlackIdentityInput {
    /// The member's id.
    user_id: ID,
    /// The Slack workspace to look in; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The Slack workspace whose channels are to be read.
#[derive(Debug, InputObject)]
pub(crate) struct RefreshSlackChannelsInput {
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// A new channel.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackChannelInput {
    /// The Slack workspace; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Its name, with or without a hash: at most 80 lowercase letters, digits, hyphens and underscores.
    name: String,
    /// Whether it is private; no by default.
    is_private: Option<bool>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What was asked to be done in Slack.
#[derive(SimpleObject)]
pub(crate) struct SlackOperationPayload {
    /// The operation: it is done a moment later. None where it was refused.
    operation: Option<SlackOperation>,
    /// Why nothing will be done.
    user_errors: Vec<UserError>,
}

/// The mutations that ask for something to be done in Slack.
#[derive(Default)]
pub(crate) struct SlackOperationMutation;

#[Object]
impl SlackOperationMutation {
    /// Tests whether a workspace's bot token works, and what the app may do there. Needs the role ADMIN or OWNER.
    async fn test_slack_connection(
        &self,
        ctx: &Context<'_>,
        input: TestSlackConnectionInput,
    ) -> Result<SlackOperationPayload> {
        payload(test_connection(ctx, input).await)
    }

    /// Posts a message to a connector's channel that says it is a test, and joins the channel where it is public. Needs the role ADMIN or OWNER, or to
    /// manage the services that the connector is for.
    async fn send_slack_test_message(
        &self,
        ctx: &Context<'_>,
        input: SendSlackTestMessageInput,
    ) -> Result<SlackOperationPayload> {
        payload(send_test_message(ctx, input).await)
    }

    /// Looks for a member in a Slack workspace: by their own word, else by their e-mail address. Needs the role ADMIN or OWNER.
    async fn test_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: TestSlackIdentityInput,
    ) -> Result<SlackOperationPayload> {
        payload(test_identity(ctx, input).await)
    }

    /// Reads all channels that the bot sees in a workspace, for `slackChannels`. It takes some seconds, or minutes where there are many thousands.
    /// Needs the role ADMIN or OWNER.
    async fn refresh_slack_channels(
        &self,
        ctx: &Context<'_>,
        input: RefreshSlackChannelsInput,
    ) -> Result<SlackOperationPayload> {
        payload(refresh_channels(ctx, input).await)
    }

    /// Creates a channel in a workspace; the bot is in it. Needs the role ADMIN or OWNER, and the feature `INCIDENT_CHANNELS` of the Slack app.
    async fn create_slack_channel(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackChannelInput,
    ) -> Result<SlackOperationPayload> {
        payload(create_channel(ctx, input).await)
    }
}

fn payload(result: Result<SlackOperation, Trouble>) -> Result<SlackOperationPayload> {
    let (operation, user_errors) = told(result)?;
    Ok(SlackOperationPayload {
        operation,
        user_errors,
    })
}

/// What is asked, before it is known whether it can be.
#[derive(Default)]
struct Asked {
    workspace_id: Option<ID>,
    user_id: Option<UserId>,
    wish: Wish,
}

async fn test_connection(
    ctx: &Context<'_>,
    input: TestSlackConnectionInput,
) -> Result<SlackOperation, Trouble> {
    let (organization_id, key) = allowed(ctx, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        ..Asked::default()
    };
    ask(ctx, organization_id, key, OperationKind::TestConnection, asked).await
}

async fn test_identity(ctx: &Context<'_>, input: TestSlackIdentityInput) -> Result<SlackOperation, Trouble> {
    let (organization_id, key) = allowed(ctx, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        user_id: Some(input.user_id.parse().map_err(|_| no_member())?),
        ..Asked::default()
    };
    ask(ctx, organization_id, key, OperationKind::TestIdentity, asked).await
}

async fn refresh_channels(
    ctx: &Context<'_>,
    input: RefreshSlackChannelsInput,
) -> Result<SlackOperation, Trouble> {
    let (organization_id, key) = allowed(ctx, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        ..Asked::default()
    };
    ask(ctx, organization_id, key, OperationKind::RefreshChannels, asked).await
}

async fn create_channel(
    ctx: &Context<'_>,
    input: CreateSlackChannelInput,
) -> Result<SlackOperation, Trouble> {
    let (organization_id, key) = allowed(ctx, input.idempotency_key.as_ref())?;
    let asked = Asked {
        workspace_id: input.workspace_id,
        wish: Wish {
            channel_name: Some(channel_name(&input.name)?),
            channel_is_private: Some(input.is_private.unwrap_or(false)),
        },
        ..Asked::default()
    };
    ask(ctx, organization_id, key, OperationKind::CreateChannel, asked).await
}

async fn send_test_message(
    ctx: &Context<'_>,
    input: SendSlackTestMessageInput,
) -> Result<SlackOperation, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let reach = Reach::of_viewer(ctx).await?;
    let organization_id = viewer.may_change(Need::Respond)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("connector").at("connectorId");
    let id: ConnectorId = input.connector_id.parse().map_err(|_| unknown())?;
    write(ctx, organization_id, key, async |tx| {
        let connector = managed(tx, organization_id, id, &reach)
            .await
            .map_err(|trouble| match trouble {
                Trouble::Told(error) if error.code == UserErrorCode::NotFound => unknown().into(),
                other @ (Trouble::Told(_) | Trouble::Refused(_)) => other,
            })?;
        let workspace_id = match connector.workspace_id {
            Some(led_to) => {
                let named = ID(led_to.to_string());
                workspace(ctx, tx, organization_id, Some(&named)).await?
            }
            // It waits for the first workspace that will be connected.
            None if !domain(ctx).config().slack.has_own_workspace => {
                return Err(default::none_yet().at("connectorId").into());
            }
            None => None,
        };
        let asked = Asked::default();
        Ok(Model {
            connector_id: Some(id),
            ..row(
                ctx,
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
fn allowed(ctx: &Context<'_>, key: Option<&String>) -> Result<(OrganizationId, Option<KeyUse>), Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, key)?;
    Ok((organization_id, key))
}

async fn ask(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    kind: OperationKind,
    asked: Asked,
) -> Result<SlackOperation, Trouble> {
    write(ctx, organization_id, key, async |tx| {
        let workspace_id = workspace(ctx, tx, organization_id, asked.workspace_id.as_ref()).await?;
        if let Some(user_id) = asked.user_id {
            let member = membership::Entity::find()
                .filter(membership::Column::OrganizationId.eq(organization_id))
                .filter(membership::Column::UserId.eq(user_id))
                .one(tx)
                .await?;
            member.ok_or_else(no_member)?;
        }
        Ok(row(ctx, organization_id, kind, workspace_id, &asked))
    })
    .await
}

/// Writes down what is asked, once for each idempotency key, and rings for it. A lost ring is harmless: the bridge also looks by itself.
async fn write(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    make: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Model, Trouble>,
) -> Result<SlackOperation, Trouble> {
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(ctx, organization_id, key, "Slack operation", id_of, async |tx| {
        let row = make(tx).await?;
        make_room(tx, organization_id, domain(ctx).clock().now()).await?;
        let row = row.into_active_model().insert(tx).await?;
        Trail::of(ctx, organization_id).made(tx, &row).await?;
        Ok(row)
    })
    .await?;
    let operation_id = row.id.to_string();
    let operation = SlackOperation::now(domain(ctx), row)?;
    if !operation.is_over() {
        domain(ctx).queue().ring(&RunSlackOperation { operation_id });
    }
    Ok(operation)
}

/// Forgets what is long over, and refuses more than can be under way.
async fn make_room(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    now: OffsetDateTime,
) -> Result<(), Trouble> {
    Entity::delete_many()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::CreatedAt.lt(now - KEPT_FOR))
        .exec(tx)
        .await?;
    let under_way = Entity::find()
        .filter(Column::OrganizationId.eq(organization_id))
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
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    kind: OperationKind,
    workspace_id: Option<WorkspaceId>,
    asked: &Asked,
) -> Model {
    let member = ctx.data_unchecked::<Viewer>().member();
    let now = domain(ctx).clock().now();
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
    ctx: &Context<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: Option<&ID>,
) -> Result<Option<WorkspaceId>, Trouble> {
    let Some(found) = default::workspace(ctx, tx, organization_id, id, "workspaceId").await? else {
        return Ok(None);
    };
    default::need_connected(&found, "workspaceId")?;
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
