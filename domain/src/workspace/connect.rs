//! Connecting Slack workspaces, changing and disconnecting them.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, DatabaseTransaction, IntoActiveModel};
use secrecy::{ExposeSecret, SecretString};
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, WorkspaceId},
    kinds::SlackFeature,
    slack_app,
    slack_workspace::{Entity, Model},
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;
use tocsin_slack_app::feature;

use super::{default, seal::sealed, servers};
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError},
    idempotency::{self, KeyUse, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    tenant,
    validation::{Checks, new_value},
    viewer::Permission,
};

/// Longest token or secret, in characters; Slack's have fewer than 200.
const SECRET_MAX: usize = 500;

/// A Slack workspace in which the Slack app of the server's configuration is installed.
#[derive(Debug)]
pub struct ConnectSlackWorkspace {
    /// What administrators call it; at most 100 characters, unique in the organisation.
    pub name: String,
    /// The bot token of the app (`xoxb-…`). It is kept sealed, and can't be read again.
    pub bot_token: SecretString,
    /// The organisation's own Slack app that is installed there; the server's by default.
    pub app_id: Option<String>,
    /// What is wanted of it: what the app lacks scopes for is told in `missingScopes`. All but incident channels and access logs by default.
    pub features: Option<Vec<SlackFeature>>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a Slack workspace; what is left out stays.
#[derive(Debug)]
pub struct UpdateSlackWorkspace {
    /// The workspace's id.
    pub id: String,
    /// What administrators call it; at most 100 characters, unique in the organisation.
    pub name: Patch<String>,
    /// Another bot token; it also connects the workspace again.
    pub bot_token: Patch<SecretString>,
    /// What is wanted of it.
    pub features: Patch<Vec<SlackFeature>>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The Slack workspace to disconnect.
#[derive(Debug)]
pub struct DisconnectSlackWorkspace {
    /// The workspace's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// What is wanted: notifications always.
pub(crate) fn wanted(named: Option<&[SlackFeature]>) -> BTreeSet<SlackFeature> {
    let named = named.unwrap_or(&feature::USUAL);
    let always = std::iter::once(SlackFeature::Notifications);
    named.iter().copied().chain(always).collect()
}

fn bot_token(text: &SecretString) -> Result<String, UserError> {
    let token = limits::line("botToken", text.expose_secret(), SECRET_MAX)?;
    if token.starts_with("xoxb-") || token.starts_with("xoxe.xoxb-") {
        Ok(token)
    } else {
        Err(UserError::invalid(
            "botToken",
            "A bot token begins with `xoxb-`: copy it from the Slack app's page OAuth & Permissions.",
        ))
    }
}

/// Connects a workspace by its bot token.
pub async fn connect(request: &Request<'_>, input: ConnectSlackWorkspace) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (id, now) = (WorkspaceId::new(), request.now());
    let sealer = request.domain.config().sealer.as_ref();
    let (bot_token, name) = (bot_token(&input.bot_token), limits::name("name", &input.name)).all()?;
    let bot_token = sealed(sealer, id, bot_token)?;
    let row = Model {
        id,
        organization_id,
        name,
        sealed_bot_token: Some(bot_token),
        app_id: app_id(request, organization_id, input.app_id.as_deref()).await?,
        features: feature::write(&wanted(input.features.as_deref())),
        team_id: None,
        sealed_refresh_token: None,
        token_expires_at: None,
        manifest_version: 0,
        token_version: 1,
        disconnected_at: None,
        created_by: viewer.member().map(|member| member.user_id),
        created_at: now,
        updated_at: now,
    };
    write(request, organization_id, key, async |tx| {
        let row = row
            .into_active_model()
            .insert(tx)
            .await
            .map_err(MutationError::or_name_taken("Slack workspace"))?;
        AuditTrail::of(request, organization_id).made(tx, &row).await?;
        default::adopt_waiting(request, tx, &row).await?;
        Ok(row)
    })
    .await
}

/// Changes how Tocsin is connected to a workspace.
pub async fn update(request: &Request<'_>, input: UpdateSlackWorkspace) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = workspace_id(&input.id, organization_id)?;
    let sealer = request.domain.config().sealer.as_ref();
    let (name, bot_token, features) = (
        new_value("name", input.name, |name| limits::name("name", &name)),
        new_value("botToken", input.bot_token, |text| bot_token(&text)),
        input.features.needed("features"),
    )
        .all()?;
    let bot_token = bot_token.map(|token| sealed(sealer, id, token)).transpose()?;
    let features = features
        .as_deref()
        .map(|named| feature::write(&wanted(Some(named))));
    write(request, organization_id, key, async |tx| {
        let before = own(tx, organization_id, id).await?;
        let was = before.clone();
        let is_token_given = bot_token.is_some();
        let now = Model {
            name: name.unwrap_or_else(|| before.name.clone()),
            disconnected_at: before.disconnected_at.filter(|_| bot_token.is_none()),
            token_version: before.token_version + i32::from(bot_token.is_some()),
            // These came with the token before. Of which team this one is, the bridge finds out.
            team_id: before.team_id.filter(|_| bot_token.is_none()),
            manifest_version: if bot_token.is_none() {
                before.manifest_version
            } else {
                0
            },
            sealed_refresh_token: before.sealed_refresh_token.filter(|_| bot_token.is_none()),
            token_expires_at: before.token_expires_at.filter(|_| bot_token.is_none()),
            features: features.unwrap_or(before.features),
            sealed_bot_token: bot_token.or_else(|| before.sealed_bot_token.clone()),
            updated_at: request.now(),
            ..before
        };
        let now = save(tx, now).await?;
        AuditTrail::of(request, organization_id)
            .changed(tx, &was, &now)
            .await?;
        if is_token_given {
            default::adopt_waiting(request, tx, &now).await?;
        }
        Ok(now)
    })
    .await
}

/// Stops all that Tocsin does in a workspace.
pub async fn disconnect(
    request: &Request<'_>,
    input: DisconnectSlackWorkspace,
) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = workspace_id(&input.id, organization_id)?;
    write(request, organization_id, key, async |tx| {
        let before = own(tx, organization_id, id).await?;
        let (was, now) = (before.clone(), request.now());
        let after = Model {
            // What is disconnected keeps no key to it.
            sealed_bot_token: None,
            sealed_refresh_token: None,
            token_expires_at: None,
            disconnected_at: before.disconnected_at.or(Some(now)),
            updated_at: now,
            ..before
        };
        let after = save(tx, after).await?;
        AuditTrail::of(request, organization_id)
            .changed(tx, &was, &after)
            .await?;
        Ok(after)
    })
    .await
}

/// The organisation's own app that is named.
async fn app_id(
    request: &Request<'_>,
    organization_id: OrganizationId,
    id: Option<&str>,
) -> Result<Option<SlackAppId>, MutationError> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || UserError::not_found("Slack app").at("appId");
    let id: SlackAppId = id.parse().map_err(|_| unknown())?;
    let found: Option<slack_app::Model> = request.loaders().load_one(id).await?;
    match found.filter(|found| found.organization_id == organization_id) {
        Some(found) => Ok(Some(found.id)),
        None => Err(unknown().into()),
    }
}

fn unknown() -> UserError {
    UserError::not_found("Slack workspace").at("id")
}

fn workspace_id(id: &str, organization_id: OrganizationId) -> Result<WorkspaceId, UserError> {
    servers::need_other(id.parse().map_err(|_| unknown())?, organization_id, "id")
}

async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: WorkspaceId,
) -> Result<Model, MutationError> {
    let found = tenant::own::<Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| unknown().into())
}

async fn save(tx: &DatabaseTransaction, row: Model) -> Result<Model, MutationError> {
    row.into_active_model()
        .reset_all()
        .update(tx)
        .await
        .map_err(MutationError::or_name_taken("Slack workspace"))
}

/// Writes a workspace, once for each idempotency key, and has the bridge look.
async fn write(
    request: &Request<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    change: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Model, MutationError>,
) -> Result<Model, MutationError> {
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(request, organization_id, key, "Slack workspace", id_of, change).await?;
    request.domain.queue().enqueue(&RefreshSlackWorkspaces {});
    Ok(row)
}
