//! The schema: every noun's queries, mutations and subscriptions, and the limits of a request.

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, connection::Connection};
use tocsin_domain::Domain;

use crate::{
    graphql::{
        api_key::{ApiKey, ApiKeyMutation, ApiKeyQuery},
        audit::{AuditEntry, AuditQuery},
        bridge_only::BridgeOnly,
        connector::{
            ConnectorMutation, ConnectorQuery, MovingMutation, RenumberMutation, RoutingQuery, RuleMutation,
        },
        event::{EventQuery, EventSubscription, IncidentEvent},
        incident::{BulkIncidentMutation, Incident, IncidentMutation, IncidentQuery},
        node::{Node, NodeQuery},
        organization::{OrganizationMutation, OrganizationQuery},
        personal_api_key::PersonalApiKeyMutation,
        postmortem::{Postmortem, PostmortemMutation, PostmortemQuery},
        service::{Service, ServiceManagerMutation, ServiceMutation, ServiceQuery},
        session::SessionMutation,
        slack::{
            SlackAppMutation, SlackAppQuery, SlackChannelQuery, SlackChannels, SlackInstallMutation,
            SlackInstallQuery, SlackPreviewQuery, SlackSettingsMutation, SlackWorkspaceMutation,
            SlackWorkspaceQuery,
            identity::{
                SlackIdentity, SlackIdentityMutation, SlackIdentityQuery, SlackMemberQuery,
                SlackSignInMutation,
            },
            operation::{
                SlackOperationMutation, SlackOperationQuery, SlackOperationSubscription, SlackReportMutation,
                SlackReportQuery,
            },
        },
        template::{TemplateMutation, TemplateQuery},
        timeline::TimelineEntry,
        user::{User, UserMutation, UserQuery},
    },
    http::{Introspection, PhaseExtension},
};

/// Deepest nesting of a query.
const DEPTH_MAX: usize = 15;

/// Most directives on one field.
const DIRECTIVES_MAX: usize = 10;

/// Deepest recursion of the parser.
const RECURSION_MAX: usize = 32;

/// Everything that you can read.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    OrganizationQuery,
    UserQuery,
    ApiKeyQuery,
    AuditQuery,
    ServiceQuery,
    ConnectorQuery,
    RoutingQuery,
    TemplateQuery,
    SlackWorkspaceQuery,
    SlackOperationQuery,
    SlackReportQuery,
    SlackChannelQuery,
    SlackInstallQuery,
    SlackAppQuery,
    SlackIdentityQuery,
    SlackMemberQuery,
    SlackPreviewQuery,
    IncidentQuery,
    EventQuery,
    PostmortemQuery,
);

/// Everything that you can change. Each mutation takes a single `input`; if a mutation changes nothing, `userErrors` says why.
#[derive(MergedObject, Default)]
pub struct Mutation(
    IncidentMutation,
    BulkIncidentMutation,
    PostmortemMutation,
    ServiceMutation,
    ServiceManagerMutation,
    ConnectorMutation,
    RuleMutation,
    MovingMutation,
    RenumberMutation,
    TemplateMutation,
    SlackWorkspaceMutation,
    SlackSettingsMutation,
    SlackOperationMutation,
    SlackReportMutation,
    SlackSignInMutation,
    SlackInstallMutation,
    SlackAppMutation,
    SlackIdentityMutation,
    OrganizationMutation,
    UserMutation,
    ApiKeyMutation,
    PersonalApiKeyMutation,
    SessionMutation,
);

/// Everything that you can follow live.
#[derive(MergedSubscription, Default)]
pub struct Subscription(EventSubscription, SlackOperationSubscription);

/// The API's schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

type Builder = async_graphql::SchemaBuilder<Query, Mutation, Subscription>;

fn types() -> Builder {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription::default());
    describe_pages(builder).register_output_type::<Node>()
}

/// The schema without a domain or limits, to be written down.
pub(crate) fn unlimited() -> Schema {
    types().finish()
}

fn builder() -> Builder {
    types()
        .limit_depth(DEPTH_MAX)
        .limit_directives(DIRECTIVES_MAX)
        .limit_recursive_depth(RECURSION_MAX)
        .extension(PhaseExtension::default())
        .extension(BridgeOnly)
}

/// async-graphql makes these types, and describes none of them.
fn describe_pages(builder: Builder) -> Builder {
    builder
        .override_output_type_description::<Connection<String, ApiKey>>("A page of API keys.")
        .override_output_type_description::<Connection<String, AuditEntry>>(
            "A page of entries of the audit log.",
        )
        .override_output_type_description::<Connection<String, Incident>>("A page of incidents.")
        .override_output_type_description::<Connection<String, IncidentEvent>>(
            "A page of events of the event log.",
        )
        .override_output_type_description::<Connection<String, Postmortem>>("A page of post-mortems.")
        .override_output_type_description::<Connection<String, Service>>("A page of services.")
        .override_output_type_description::<SlackChannels>("A page of channels in Slack.")
        .override_output_type_description::<Connection<String, SlackIdentity>>(
            "A page of links between users and people in Slack.",
        )
        .override_output_type_description::<Connection<String, TimelineEntry>>(
            "A page of entries of a timeline.",
        )
        .override_output_type_description::<Connection<String, User>>("A page of users.")
}

/// The schema over a domain.
pub(crate) fn build(domain: &Arc<Domain>, introspection: Introspection) -> Schema {
    let builder = builder().data(Arc::clone(domain));
    match introspection {
        Introspection::Public | Introspection::Authenticated => builder.finish(),
        Introspection::Off => builder.disable_introspection().finish(),
    }
}
