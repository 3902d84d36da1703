//! The schema: every noun's queries, mutations and subscriptions, and the limits of a request.

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions};

use crate::{
    Domain,
    api_key::{ApiKeyMutation, ApiKeyQuery},
    connector::ConnectorQuery,
    event::{EventQuery, EventSubscription},
    http::Phases,
    incident::{IncidentMutation, IncidentQuery},
    loaders,
    node::{Node, NodeQuery},
    organization::OrganizationQuery,
    postmortem::{PostmortemMutation, PostmortemQuery},
    service::{ServiceMutation, ServiceQuery},
    user::{UserMutation, UserQuery},
};

/// Deepest nesting of a query.
const DEPTH_MAX: usize = 15;
/// Most fields of a query, those in lists counted as often as the list may be long.
const COMPLEXITY_MAX: usize = 20_000;
/// Most directives on one field.
const DIRECTIVES_MAX: usize = 10;
/// Deepest recursion of the parser.
const RECURSION_MAX: usize = 32;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    OrganizationQuery,
    UserQuery,
    ApiKeyQuery,
    ServiceQuery,
    ConnectorQuery,
    IncidentQuery,
    EventQuery,
    PostmortemQuery,
);

/// Everything that can be changed. Each mutation takes one `input` and says in `userErrors` why it changed nothing.
#[derive(MergedObject, Default)]
pub struct Mutation(
    IncidentMutation,
    PostmortemMutation,
    ServiceMutation,
    UserMutation,
    ApiKeyMutation,
);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(EventSubscription);

/// The API's schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Node>()
        .limit_depth(DEPTH_MAX)
        .limit_complexity(COMPLEXITY_MAX)
        .limit_directives(DIRECTIVES_MAX)
        .limit_recursive_depth(RECURSION_MAX)
        .extension(Phases)
}

/// The schema over a domain.
pub(crate) fn build(domain: &Arc<Domain>) -> Schema {
    let builder = builder()
        .data(Arc::clone(domain))
        .data(loaders::loaders(domain.database().clone()));
    if domain.config().introspection {
        builder.finish()
    } else {
        builder.disable_introspection().finish()
    }
}

/// The schema as text, described and sorted: what `schema.graphql` holds.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(
        SDLExportOptions::new()
            .sorted_arguments()
            .sorted_enum_items()
            .sorted_fields()
            .include_specified_by(),
    )
}
