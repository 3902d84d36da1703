//! Any object by its global id.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object, Result};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PrimaryKeyTrait};
use tocsin_entity::id::{
    ApiKeyId, AuditEntryId, ConnectorId, IncidentId, OperationId, OrganizationId, PostmortemId, ServiceId,
    SlackTemplateId, TimelineEntryId, UserId, WorkspaceId,
};

use crate::{
    Domain,
    api_key::ApiKey,
    audit::AuditEntry,
    connector::Connector,
    incident::Incident,
    loaders,
    organization::Organization,
    postmortem::Postmortem,
    service::Service,
    slack::{SlackOperation, SlackWorkspace},
    template::SlackTemplate,
    timeline::TimelineEntry,
    user::{User, load_member},
    viewer::{Need, Viewer},
};

/// The domain, from a resolver.
pub(crate) fn domain<'a>(ctx: &Context<'a>) -> &'a Arc<Domain> {
    ctx.data_unchecked::<Arc<Domain>>()
}

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The object's global id."))]
pub(crate) enum Node {
    /// A key to the API.
    ApiKey(ApiKey),
    /// An entry of the audit log.
    AuditEntry(AuditEntry),
    /// A Slack destination.
    Connector(Connector),
    /// An incident.
    Incident(Incident),
    /// An organisation.
    Organization(Organization),
    /// A post-mortem.
    Postmortem(Postmortem),
    /// A service.
    Service(Service),
    /// Something that is done in Slack.
    SlackOperation(SlackOperation),
    /// A template of messages in Slack.
    SlackTemplate(SlackTemplate),
    /// A Slack workspace.
    SlackWorkspace(SlackWorkspace),
    /// An entry of a timeline.
    TimelineEntry(TimelineEntry),
    /// A member.
    User(User),
}

/// The query for any object.
#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any object of the viewer's organisation by its global id; null where there is none.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>> {
        let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
        let found = match prefix {
            IncidentId::PREFIX => crate::incident::find(ctx, &id).await?.map(Node::Incident),
            TimelineEntryId::PREFIX => crate::timeline::find(ctx, &id).await?.map(Node::TimelineEntry),
            UserId::PREFIX => find_user(ctx, &id).await?.map(Node::User),
            ServiceId::PREFIX => crate::service::find(ctx, &id).await?.map(Node::Service),
            AuditEntryId::PREFIX => crate::audit::find(ctx, &id).await?.map(Node::AuditEntry),
            ApiKeyId::PREFIX => crate::api_key::find(ctx, &id).await?.map(Node::ApiKey),
            PostmortemId::PREFIX => crate::postmortem::find(ctx, &id).await?.map(Node::Postmortem),
            WorkspaceId::PREFIX => crate::slack::find(ctx, &id).await?.map(Node::SlackWorkspace),
            OperationId::PREFIX => crate::slack::find_operation(ctx, &id)
                .await?
                .map(Node::SlackOperation),
            SlackTemplateId::PREFIX => crate::template::find(ctx, &id).await?.map(Node::SlackTemplate),
            ConnectorId::PREFIX => crate::connector::find(ctx, &id).await?.map(Node::Connector),
            OrganizationId::PREFIX => crate::organization::find(ctx, &id).await?.map(Node::Organization),
            _ => None,
        };
        Ok(found)
    }
}

async fn find_user(ctx: &Context<'_>, id: &str) -> Result<Option<User>> {
    let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
    Ok(match id.parse() {
        Ok(user_id) => load_member(ctx, organization_id, Some(user_id)).await?,
        Err(_) => None,
    })
}

/// Something that belongs to one organisation.
pub(crate) trait Owned {
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

/// Loads an object that the viewer may read: of its own organisation, or, for the bridge without one, of any.
/// Another organisation's object is as one that is not there.
pub(crate) async fn load_owned<Id, Row>(ctx: &Context<'_>, need: Need, id: &str) -> Result<Option<Row>>
where
    Id: std::str::FromStr + Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    Row: Owned + Send + Sync + Clone + 'static,
    loaders::Neighbours: crate::data_loader::Loader<Id, Value = Row, Error = crate::error::Fault>,
{
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_list(need)?;
    let Ok(id) = id.parse::<Id>() else { return Ok(None) };
    let row = loaders::of(ctx).load_one(id).await?;
    Ok(row.filter(|row| organization_id.is_none_or(|own| own == row.organization_id())))
}

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
