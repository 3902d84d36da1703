//! Connectors: the Slack channels that an organisation's incidents go to.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, SqlErr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{ConnectorId, OrganizationId, WorkspaceId},
    kinds::ReplyMode,
    slack_workspace,
};

use crate::{
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency::{self, KeyUse},
    limits, loaders,
    node::{domain, load_owned},
    slack::SlackWorkspace,
    viewer::{Need, Viewer},
};

/// A Slack destination.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) connector::Model);

/// A Slack channel that the organisation's incidents go to.
#[Object]
impl Connector {
    /// The connector's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation's id.
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The Slack workspace it is in; null for that of the server's configuration.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<SlackWorkspace>> {
        let Some(id) = self.0.workspace_id else {
            return Ok(None);
        };
        let found: Option<slack_workspace::Model> = loaders::of(ctx).load_one(id).await?;
        Ok(found.map(SlackWorkspace))
    }

    /// How an incident's later changes are told there.
    async fn reply_mode(&self) -> ReplyMode {
        self.0.reply_mode
    }
}

/// A connector that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Connector>> {
    Ok(load_owned::<ConnectorId, connector::Model>(ctx, Need::Read, id)
        .await?
        .map(Connector))
}

/// The queries for connectors.
#[derive(Default)]
pub(crate) struct ConnectorQuery;

#[Object]
impl ConnectorQuery {
    /// The organisation's connectors, oldest first. For the bridge without an organisation, everybody's.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let viewer = ctx.data_unchecked::<Viewer>();
        let mut find = connector::Entity::find().order_by_asc(connector::Column::Id);
        if !(viewer.is_bridge() && viewer.organization_id().is_none()) {
            find = find.filter(connector::Column::OrganizationId.eq(viewer.may(Need::Read)?));
        }
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(rows.into_iter().map(Connector).collect())
    }
}

/// A new connector.
#[derive(Debug, InputObject)]
pub(crate) struct CreateConnectorInput {
    /// What people call it; at most 100 characters, unique in the organisation.
    name: String,
    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    channel: String,
    /// The Slack workspace it is in; that of the server's configuration by default.
    workspace_id: Option<ID>,
    /// How an incident's later changes are told there; `THREAD` by default.
    reply_mode: Option<ReplyMode>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// New values for a connector; what is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateConnectorInput {
    /// The connector's id.
    id: ID,
    /// What people call it; at most 100 characters, unique in the organisation.
    name: Option<String>,
    /// The channel that incidents go to from now on; those that are in the one before stay there.
    channel: Option<String>,
    /// The Slack workspace that incidents go to from now on.
    workspace_id: Option<ID>,
    /// How an incident's later changes are told there.
    reply_mode: Option<ReplyMode>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of a change of a connector.
#[derive(SimpleObject)]
pub(crate) struct ConnectorPayload {
    /// The connector as it is now; none where the change was refused.
    connector: Option<Connector>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of connectors.
#[derive(Default)]
pub(crate) struct ConnectorMutation;

#[Object]
impl ConnectorMutation {
    /// Adds a Slack channel that the organisation's incidents go to. Needs the role ADMIN or OWNER.
    async fn create_connector(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectorInput,
    ) -> Result<ConnectorPayload> {
        payload(create(ctx, input).await)
    }

    /// Changes where incidents go and how they are told there. Needs the role ADMIN or OWNER.
    async fn update_connector(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorInput,
    ) -> Result<ConnectorPayload> {
        payload(update(ctx, input).await)
    }
}

fn payload(result: Result<Connector, Trouble>) -> Result<ConnectorPayload> {
    let (connector, user_errors) = told(result)?;
    Ok(ConnectorPayload {
        connector,
        user_errors,
    })
}

/// Longest channel, in characters: Slack's names have 80.
const CHANNEL_MAX: usize = 100;

/// A channel by its id, or by its name with the hash.
fn channel(text: &str) -> Result<String, UserError> {
    let text = limits::line("channel", text, CHANNEL_MAX)?;
    let is_name = text
        .strip_prefix('#')
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| !c.is_whitespace() && c != '#'));
    let is_id =
        text.starts_with(['C', 'G']) && text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_name || is_id {
        Ok(text)
    } else {
        Err(UserError::invalid(
            "channel",
            "Name the channel by its id (`C…`), or by its name with the hash: `#incidents`.",
        ))
    }
}

async fn create(ctx: &Context<'_>, input: CreateConnectorInput) -> Result<Connector, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(viewer, "createConnector", input.idempotency_key.clone(), &input)?;
    let row = connector::ActiveModel {
        id: Set(ConnectorId::new()),
        organization_id: Set(organization_id),
        name: Set(limits::name("name", &input.name)?),
        workspace_id: Set(workspace(ctx, organization_id, input.workspace_id.as_ref()).await?),
        channel: Set(channel(&input.channel)?),
        reply_mode: Set(input.reply_mode.unwrap_or(ReplyMode::Thread)),
        created_at: Set(OffsetDateTime::now_utc()),
    };
    write(ctx, organization_id, key, async |tx| {
        row.insert(tx).await.map_err(taken)
    })
    .await
}

async fn update(ctx: &Context<'_>, input: UpdateConnectorInput) -> Result<Connector, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(viewer, "updateConnector", input.idempotency_key.clone(), &input)?;
    let unknown = || UserError::not_found("connector").at("id");
    let id: ConnectorId = input.id.parse().map_err(|_| unknown())?;
    let name = input.name.map(|name| limits::name("name", &name)).transpose()?;
    let channel = input.channel.map(|text| channel(&text)).transpose()?;
    let workspace_id = workspace(ctx, organization_id, input.workspace_id.as_ref()).await?;
    write(ctx, organization_id, key, async |tx| {
        let found = connector::Entity::find_by_id(id)
            .filter(connector::Column::OrganizationId.eq(organization_id))
            .one(tx)
            .await?;
        let before = found.ok_or_else(unknown)?;
        let now = connector::Model {
            name: name.unwrap_or_else(|| before.name.clone()),
            channel: channel.unwrap_or_else(|| before.channel.clone()),
            workspace_id: workspace_id.or(before.workspace_id),
            reply_mode: input.reply_mode.unwrap_or(before.reply_mode),
            ..before
        };
        now.into_active_model()
            .reset_all()
            .update(tx)
            .await
            .map_err(taken)
    })
    .await
}

/// The workspace that is named; it must be the organisation's own.
async fn workspace(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    id: Option<&ID>,
) -> Result<Option<WorkspaceId>, Trouble> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || UserError::not_found("Slack workspace").at("workspaceId");
    let id: WorkspaceId = id.parse().map_err(|_| unknown())?;
    let found = slack_workspace::Entity::find_by_id(id)
        .filter(slack_workspace::Column::OrganizationId.eq(organization_id))
        .one(domain(ctx).database().read())
        .await?;
    match found {
        Some(found) => Ok(Some(found.id)),
        None => Err(unknown().into()),
    }
}

/// Writes a connector, once for each idempotency key.
async fn write(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    change: impl AsyncFnOnce(&DatabaseTransaction) -> Result<connector::Model, Trouble>,
) -> Result<Connector, Trouble> {
    let tx = domain(ctx).database().begin_write().await?;
    if let Some(id) = idempotency::before::<ConnectorId>(&tx, organization_id, key.as_ref()).await? {
        drop(tx);
        let row: Option<connector::Model> = loaders::of(ctx).load_one(id).await?;
        return row
            .map(Connector)
            .ok_or_else(|| UserError::not_found("connector").into());
    }
    let row = change(&tx).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok(Connector(row))
}

fn taken(error: DbErr) -> Trouble {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => UserError::new(
            UserErrorCode::AlreadyExists,
            "A connector with this name is there already.",
        )
        .at("name")
        .into(),
        _ => Trouble::from(error),
    }
}
