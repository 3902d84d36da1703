//! What administrators ask the bridge to do in Slack, in GraphQL.

mod mutation;
mod report;
mod result;
mod types;
mod watch;

pub(in crate::graphql) use self::{
    mutation::SlackOperationMutation,
    report::{SlackReportMutation, SlackReportQuery},
    types::{SlackOperation, SlackOperationQuery, find},
    watch::SlackOperationSubscription,
};
