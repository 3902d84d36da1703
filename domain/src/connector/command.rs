//! Connectors are made, changed and deleted here.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::Expr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector::{Column, Entity, Model},
    id::{ConnectorId, OrganizationId, RuleId, ServiceId, SlackTemplateId, WorkspaceId},
    kinds::{ConnectorEvent, ReplyMode, UrgencyFilter},
};
use tocsin_queue::jobs::CheckConnector;

use super::{event, input, place, rule, scope::ConnectorScope};
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrors},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    template, tenant,
    tenant::Tenant,
    validation::{Checks, each, new_value},
    viewer::Permission,
    workspace::{self, WorkspaceChoice},
};

/// Most connectors of an organisation: each incident is compared with all of them.
const CONNECTORS_MAX: usize = 500;

/// Most services that a connector is made for at once.
const SERVICES_MAX: usize = 100;

/// Longest way from one fallback to the next.
const FALLBACKS_MAX: usize = 5;

/// A new connector.
#[derive(Debug)]
pub struct CreateConnector {
    /// What people call it; at most 100 characters, unique in the organisation.
    pub name: String,
    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    pub channel: String,
    /// The Slack workspace it is in. By default that of the server's configuration; where there is none, the only one that is connected, or else the
    /// first that will be.
    pub workspace_id: Option<String>,
    /// How an incident's later changes are told there; `THREAD` by default.
    pub reply_mode: Option<ReplyMode>,
    /// The services whose incidents go there: a rule is made for each.
    pub service_ids: Option<Vec<String>>,
    /// Whether incidents go there to which no rule gives another place; by default where no services are named.
    pub is_default: Option<bool>,
    /// What it tells; all but `NOTE_ADDED` by default.
    pub events: Option<Vec<ConnectorEvent>>,
    /// Of how urgent incidents it tells; of all by default.
    pub urgency_filter: Option<UrgencyFilter>,
    /// Whether replies become comments, and comments replies; yes by default.
    pub two_way_sync: Option<bool>,
    /// The name under which it posts, where the app may choose one (`chat:write.customize`); at most 80 characters.
    pub appearance_name: Option<String>,
    /// The picture beside it: an emoji (`:fire:`) or an `https` address.
    pub appearance_icon: Option<String>,
    /// Through which other connector incidents go while its channel takes nothing.
    pub fallback_id: Option<String>,
    /// In whose words its messages are: a template's id; in the built-in ones by default.
    pub template_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a connector; what is left out stays.
#[derive(Debug)]
pub struct UpdateConnector {
    /// The connector's id.
    pub id: String,
    /// What people call it; at most 100 characters, unique in the organisation.
    pub name: Patch<String>,
    /// The channel that incidents go to from now on; those that are in the one before stay there.
    pub channel: Patch<String>,
    /// The Slack workspace that incidents go to from now on.
    pub workspace_id: Patch<String>,
    /// How an incident's later changes are told there.
    pub reply_mode: Patch<ReplyMode>,
    /// Whether incidents go there to which no rule gives another place.
    pub is_default: Patch<bool>,
    /// What it tells.
    pub events: Patch<Vec<ConnectorEvent>>,
    /// Of how urgent incidents it tells.
    pub urgency_filter: Patch<UrgencyFilter>,
    /// Whether replies become comments, and comments replies.
    pub two_way_sync: Patch<bool>,
    /// The name under which it posts; null for the app's own.
    pub appearance_name: Patch<String>,
    /// The picture beside it; null for the app's own.
    pub appearance_icon: Patch<String>,
    /// Through which other connector incidents go while its channel takes nothing; null for none.
    pub fallback_id: Patch<String>,
    /// In whose words its messages are; null for the built-in ones.
    pub template_id: Patch<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The connector to delete.
#[derive(Debug)]
pub struct DeleteConnector {
    /// The connector's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

pub(crate) fn unknown() -> UserError {
    UserError::not_found("connector")
}

/// The organisation in which the viewer may change something of connectors.
pub(crate) fn organization(request: &Request<'_>) -> Result<OrganizationId, MutationError> {
    // What exactly, the reach decides.
    request.viewer.may_change(Permission::Respond)
}

/// Makes a connector, and rules for the services that it is for.
pub async fn create(request: &Request<'_>, input: CreateConnector) -> Result<Model, MutationError> {
    let row = create_row(request, input).await?;
    have_checked(request, &row);
    Ok(row)
}

/// Has the bridge look whether the channel is there and takes messages. A lost ring is harmless: the bridge also looks by itself.
pub(super) fn have_checked(request: &Request<'_>, row: &Model) {
    let connector_id = row.id.to_string();
    request.domain.queue().enqueue(&CheckConnector { connector_id });
}

async fn create_row(request: &Request<'_>, input: CreateConnector) -> Result<Model, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (services, name, channel, appearance_name, appearance_icon, fallback_id, template_id) = (
        services(input.service_ids.as_deref().unwrap_or_default()),
        limits::name("name", &input.name),
        input::channel(&input.channel),
        input
            .appearance_name
            .as_deref()
            .map(input::appearance_name)
            .transpose(),
        input
            .appearance_icon
            .as_deref()
            .map(input::appearance_icon)
            .transpose(),
        input.fallback_id.as_deref().map(fallback_id).transpose(),
        input.template_id.as_deref().map(template_id).transpose(),
    )
        .all()?;
    let is_default = input.is_default.unwrap_or(services.is_empty());
    if is_default {
        connector_scope.need_all()?;
    }
    connector_scope.need(services.iter().copied().map(Some))?;
    let row = Model {
        id: ConnectorId::new(),
        organization_id,
        name,
        workspace_id: None,
        channel,
        reply_mode: input.reply_mode.unwrap_or(ReplyMode::Thread),
        is_default,
        events: event::write(input.events.unwrap_or_else(|| event::DEFAULT_EVENTS.to_vec())),
        urgency_filter: input.urgency_filter.unwrap_or(UrgencyFilter::All),
        two_way_sync: input.two_way_sync.unwrap_or(true),
        appearance_name,
        appearance_icon,
        fallback_id,
        template_id,
        created_at: request.now(),
    };
    let (workspace_id, given) = (input.workspace_id, input.service_ids.unwrap_or_default());
    idempotency::once(
        request,
        organization_id,
        key,
        "connector",
        |row: &Model| row.id,
        async |tx| {
            let known = all(tx, organization_id).await?;
            if known.len() >= CONNECTORS_MAX {
                return Err(UserError::invalid(
                    "name",
                    format!("An organisation has at most {CONNECTORS_MAX} connectors."),
                )
                .into());
            }
            let row = Model {
                workspace_id: workspace(request, tx, organization_id, workspace_id.as_deref()).await?,
                ..row
            };
            place::need_free(request, tx, &row).await?;
            check_fallback(&row, &known, &connector_scope, tx).await?;
            check_template(&row, tx).await?;
            let unknown = |id: ServiceId| {
                let place = given.iter().position(|own| *own == id.to_string());
                let part = ["serviceIds".to_owned(), place.unwrap_or_default().to_string()];
                UserError::not_found("service").under(&part)
            };
            rule::need_services(tx, organization_id, &services, unknown).await?;
            let row = row
                .into_active_model()
                .insert(tx)
                .await
                .map_err(MutationError::or_name_taken("connector"))?;
            let trail = AuditTrail::of(request, organization_id);
            trail.made(tx, &row).await?;
            for service_id in services {
                let rule = rule::for_service(RuleId::new(), &row, service_id);
                let rule = rule.into_active_model().insert(tx).await?;
                trail.made(tx, &rule).await?;
            }
            Ok(row)
        },
    )
    .await
}

/// Changes a connector.
pub async fn update(request: &Request<'_>, input: UpdateConnector) -> Result<Model, MutationError> {
    let row = update_row(request, input).await?;
    have_checked(request, &row);
    Ok(row)
}

async fn update_row(request: &Request<'_>, input: UpdateConnector) -> Result<Model, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = connector_id(&input.id)?;
    idempotency::once(
        request,
        organization_id,
        key,
        "connector",
        |row: &Model| row.id,
        async |tx| {
            let before = managed(tx, organization_id, id, &connector_scope).await?;
            let was = before.clone();
            let workspace_id = match input.workspace_id.clone().needed("workspaceId")? {
                Some(id) => workspace(request, tx, organization_id, Some(&id)).await?,
                None => None,
            };
            let spot = (before.workspace_id, before.channel.clone());
            let fallback_id = before.fallback_id;
            let after = changed(&input, before, workspace_id)?;
            if after.is_default {
                connector_scope.need_all()?;
            }
            let known = all(tx, organization_id).await?;
            if (after.workspace_id, &after.channel) != (spot.0, &spot.1) {
                place::need_free(request, tx, &after).await?;
            }
            if after.fallback_id != fallback_id {
                check_fallback(&after, &known, &connector_scope, tx).await?;
            }
            check_template(&after, tx).await?;
            let after = after
                .into_active_model()
                .reset_all()
                .update(tx)
                .await
                .map_err(MutationError::or_name_taken("connector"))?;
            AuditTrail::of(request, organization_id)
                .changed(tx, &was, &after)
                .await?;
            Ok(after)
        },
    )
    .await
}

/// The connector with what the input says.
fn changed(
    input: &UpdateConnector,
    before: Model,
    workspace_id: Option<WorkspaceId>,
) -> Result<Model, UserErrors> {
    let text = |text: &String| input::appearance_name(text);
    let icon = |text: &String| input::appearance_icon(text);
    let (name, channel, appearance_name, appearance_icon, fallback_id, template_id, events) = (
        new_value("name", input.name.clone(), |name| limits::name("name", &name)),
        new_value("channel", input.channel.clone(), |channel| {
            input::channel(&channel)
        }),
        input::changed(&input.appearance_name, before.appearance_name, text),
        input::changed(&input.appearance_icon, before.appearance_icon, icon),
        input::changed(&input.fallback_id, before.fallback_id, |id| fallback_id(id)),
        input::changed(&input.template_id, before.template_id, |id| template_id(id)),
        input.events.clone().needed("events"),
    )
        .all()?;
    let (urgency_filter, reply_mode, is_default, two_way_sync) = (
        input.urgency_filter.needed("urgencyFilter"),
        input.reply_mode.needed("replyMode"),
        input.is_default.needed("isDefault"),
        input.two_way_sync.needed("twoWaySync"),
    )
        .all()?;
    Ok(Model {
        name: name.unwrap_or(before.name),
        channel: channel.unwrap_or(before.channel),
        workspace_id: workspace_id.or(before.workspace_id),
        reply_mode: reply_mode.unwrap_or(before.reply_mode),
        is_default: is_default.unwrap_or(before.is_default),
        events: events.map_or(before.events, event::write),
        urgency_filter: urgency_filter.unwrap_or(before.urgency_filter),
        two_way_sync: two_way_sync.unwrap_or(before.two_way_sync),
        appearance_name,
        appearance_icon,
        fallback_id,
        template_id,
        ..before
    })
}

/// Deletes a connector and the rules that lead there.
pub async fn delete(request: &Request<'_>, input: DeleteConnector) -> Result<ConnectorId, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = connector_id(&input.id)?;
    idempotency::gone_once(request, organization_id, key, id, async |tx| {
        let connector = managed(tx, organization_id, id, &connector_scope).await?;
        let trail = AuditTrail::of(request, organization_id);
        for rule in rule::of_connector(tx, organization_id, id).await? {
            trail.gone(tx, &rule).await?;
        }
        trail.gone(tx, &connector).await?;
        Entity::update_many()
            .col_expr(Column::FallbackId, Expr::value(None::<ConnectorId>))
            .filter(Column::FallbackId.eq(id))
            .exec(tx)
            .await?;
        Entity::delete_by_id(id).exec(tx).await?;
        Ok(())
    })
    .await
}

/// The organisation's connector, if it may be managed.
pub(crate) async fn managed(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: ConnectorId,
    connector_scope: &ConnectorScope,
) -> Result<Model, MutationError> {
    let found = tenant::own::<Entity>(tx, organization_id, id).await?;
    let found = found.ok_or_else(|| unknown().at("id"))?;
    let rules = rule::of_connector(tx, organization_id, id).await?;
    connector_scope.need_connector(&found, &rules)?;
    Ok(found)
}

async fn all(tx: &DatabaseTransaction, organization_id: OrganizationId) -> Result<Vec<Model>, DbErr> {
    Tenant::of(organization_id).find::<Entity>().all(tx).await
}

pub(crate) fn connector_id(id: &str) -> Result<ConnectorId, UserError> {
    id.parse().map_err(|_| unknown().at("id"))
}

fn fallback_id(id: &str) -> Result<ConnectorId, UserError> {
    id.parse().map_err(|_| unknown().at("fallbackId"))
}

fn template_id(id: &str) -> Result<SlackTemplateId, UserError> {
    template::template_id("templateId", id)
}

/// The template must be the organisation's own.
async fn check_template(row: &Model, tx: &DatabaseTransaction) -> Result<(), MutationError> {
    match row.template_id {
        Some(id) => template::own(tx, row.organization_id, "templateId", id)
            .await
            .map(|_| ()),
        None => Ok(()),
    }
}

fn services(ids: &[String]) -> Result<Vec<ServiceId>, UserErrors> {
    if ids.len() > SERVICES_MAX {
        let why = format!("Name at most {SERVICES_MAX} services.");
        return Err(UserError::invalid("serviceIds", why).into());
    }
    let mut named = HashSet::new();
    let mut services = each("serviceIds", ids, |id| {
        id.parse().map_err(|_| UserError::not_found("service"))
    })?;
    services.retain(|id| named.insert(*id));
    Ok(services)
}

/// Follows the fallbacks: they must be the organisation's, end, and be the viewer's to use.
async fn check_fallback(
    row: &Model,
    known: &[Model],
    connector_scope: &ConnectorScope,
    tx: &DatabaseTransaction,
) -> Result<(), MutationError> {
    let Some(first) = row.fallback_id else {
        return Ok(());
    };
    let find = |id| known.iter().find(|other| other.id == id);
    let fallback = find(first).ok_or_else(|| unknown().at("fallbackId"))?;
    connector_scope.need_connector(
        fallback,
        &rule::of_connector(tx, row.organization_id, first).await?,
    )?;
    let mut next = Some(first);
    for _ in 0..FALLBACKS_MAX {
        match next {
            None => return Ok(()),
            Some(id) if id == row.id => break,
            Some(id) => next = find(id).and_then(|other| other.fallback_id),
        }
    }
    Err(UserError::invalid(
        "fallbackId",
        format!("The way from one fallback to the next must end, after {FALLBACKS_MAX} at most."),
    )
    .into())
}

/// The workspace that is meant, which must be connected; none for the server's own, or where the first that is connected will be it.
async fn workspace(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: Option<&str>,
) -> Result<Option<WorkspaceId>, MutationError> {
    match workspace::choose_workspace(request, tx, organization_id, id, "workspaceId").await? {
        WorkspaceChoice::Servers | WorkspaceChoice::NoneYet => Ok(None),
        WorkspaceChoice::Own(found) => {
            workspace::need_connected(&found, "workspaceId")?;
            Ok(Some(found.id))
        }
    }
}

/// A connector as an organisation's first one, or one made on the command line, is.
pub(crate) fn plain(
    organization_id: OrganizationId,
    name: &str,
    channel: &str,
    created_at: OffsetDateTime,
) -> Model {
    Model {
        id: ConnectorId::new(),
        organization_id,
        name: name.to_owned(),
        workspace_id: None,
        channel: channel.to_owned(),
        reply_mode: ReplyMode::Thread,
        is_default: true,
        events: event::write(event::DEFAULT_EVENTS),
        urgency_filter: UrgencyFilter::All,
        two_way_sync: true,
        appearance_name: None,
        appearance_icon: None,
        fallback_id: None,
        template_id: None,
        created_at,
    }
}
