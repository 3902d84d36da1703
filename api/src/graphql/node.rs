//! Any object by its global id.

use async_graphql::{Context, ID, Interface, Object};
use tocsin_domain::viewer::{Permission, Viewer};
use tocsin_entity::id::{
    ApiKeyId, AuditEntryId, ConnectorId, IncidentId, OperationId, OrganizationId, PostId, PostmortemId,
    RuleId, ServiceId, SessionId, SlackAppId, SlackTemplateId, TimelineEntryId, UserId, WorkspaceId,
};

use crate::graphql::{
    api_key::ApiKey,
    audit::AuditEntry,
    connector::{Connector, ConnectorRule},
    delivery::Delivery,
    failure::Result,
    incident::Incident,
    organization::Organization,
    postmortem::Postmortem,
    service::Service,
    session::Session,
    slack::{SlackApp, SlackWorkspace, operation::SlackOperation},
    template::SlackTemplate,
    timeline::TimelineEntry,
    user::{User, load_member},
};

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id of the object."))]
pub(crate) enum Node {
    /// A key to the API.
    ApiKey(ApiKey),
    /// An entry of the audit log.
    AuditEntry(AuditEntry),
    /// A Slack destination.
    Connector(Connector),
    /// A rule that leads incidents to a connector.
    ConnectorRule(ConnectorRule),
    /// A message in Slack that shows an incident.
    Delivery(Delivery),
    /// An incident.
    Incident(Incident),
    /// An organisation.
    Organization(Organization),
    /// A post-mortem.
    Postmortem(Postmortem),
    /// A service.
    Service(Service),
    /// A place where a member is signed in.
    Session(Session),
    /// A Slack app of the organisation's own.
    SlackApp(SlackApp),
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
    /// The object with this global id in the viewer's organisation; null if no such object exists or the viewer can't read it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the object.")] id: ID,
    ) -> Result<Option<Node>> {
        let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
        let found = match prefix {
            IncidentId::PREFIX => super::incident::find(ctx, &id).await?.map(Node::Incident),
            TimelineEntryId::PREFIX => super::timeline::find(ctx, &id).await?.map(Node::TimelineEntry),
            UserId::PREFIX => find_user(ctx, &id).await?.map(Node::User),
            ServiceId::PREFIX => super::service::find(ctx, &id).await?.map(Node::Service),
            AuditEntryId::PREFIX => super::audit::find(ctx, &id).await?.map(Node::AuditEntry),
            ApiKeyId::PREFIX => super::api_key::find(ctx, &id).await?.map(Node::ApiKey),
            PostmortemId::PREFIX => super::postmortem::find(ctx, &id).await?.map(Node::Postmortem),
            WorkspaceId::PREFIX => super::slack::find(ctx, &id).await?.map(Node::SlackWorkspace),
            OperationId::PREFIX => super::slack::operation::find(ctx, &id)
                .await?
                .map(Node::SlackOperation),
            SlackTemplateId::PREFIX => super::template::find(ctx, &id).await?.map(Node::SlackTemplate),
            ConnectorId::PREFIX => super::connector::find(ctx, &id).await?.map(Node::Connector),
            RuleId::PREFIX => super::connector::find_rule(ctx, &id)
                .await?
                .map(Node::ConnectorRule),
            PostId::PREFIX => super::delivery::find(ctx, &id).await?.map(Node::Delivery),
            SessionId::PREFIX => super::session::find(ctx, &id).await?.map(Node::Session),
            SlackAppId::PREFIX => super::slack::find_app(ctx, &id).await?.map(Node::SlackApp),
            OrganizationId::PREFIX => super::organization::find(ctx, &id).await?.map(Node::Organization),
            _ => None,
        };
        Ok(found)
    }
}

async fn find_user(ctx: &Context<'_>, id: &str) -> Result<Option<User>> {
    let organization_id = ctx.data_unchecked::<Viewer>().may(Permission::Read)?;
    Ok(match id.parse() {
        Ok(user_id) => load_member(ctx, organization_id, Some(user_id)).await?,
        Err(_) => None,
    })
}
