//! What administrators ask to be done in Slack, as the bridge reads it, and how it reports.

use std::sync::Arc;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ConnectorId, OperationId, OrganizationId, WorkspaceId},
    kinds::{OperationKind, OperationState, SlackMatch},
};
use tocsin_slack::installation::Installation;

use super::{
    api::Api,
    documents::{
        FinishOperation, OperationById, PendingOperations, finish_operation, operation_by_id,
        pending_operations,
    },
    error::ApiError,
    incident::Appearance,
    known::Known,
    transport::As,
};

/// Something to be done in Slack.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: OperationId,
    pub(crate) organization: OrganizationId,
    pub(crate) kind: Known<OperationKind>,
    pub(crate) is_pending: bool,
    /// None for that of the environment's token.
    pub(crate) workspace: Option<WorkspaceId>,
    /// The connector to be tested.
    pub(crate) connector: Option<TestedConnector>,
    /// The member to be looked for.
    pub(crate) member: Option<Sought>,
    /// What the channel is to be called.
    pub(crate) channel_name: Option<String>,
    pub(crate) channel_is_private: bool,
    pub(crate) created_at: OffsetDateTime,
    /// Until when somebody waits for it.
    pub(crate) expires_at: OffsetDateTime,
}

/// A connector that a test message goes through.
#[derive(Clone, Debug)]
pub(crate) struct TestedConnector {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    /// An id (`C…`) or a name with its hash.
    pub(crate) channel: String,
    /// Whether its channel is another organisation's.
    pub(crate) is_taken: bool,
    pub(crate) appearance: Appearance,
}

/// A member who is looked for in Slack.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    pub(crate) name: String,
    pub(crate) email: String,
    /// By their own word: who they are, and how they have said so.
    pub(crate) link: Option<(String, SlackMatch)>,
}

/// What came of an operation that could be done.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Connection(Arc<Installation>),
    Message {
        channel_id: String,
        channel: String,
        ts: String,
        permalink: Option<String>,
    },
    Identity {
        slack_user_id: String,
        slack_name: String,
        known_by: SlackMatch,
    },
    /// How many channels there are.
    Channels(usize),
    Channel {
        id: String,
        name: String,
        is_private: bool,
    },
}

/// Why an operation can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Slack's code, or one of ours.
    pub(crate) code: String,
    /// For people, with what to do.
    pub(crate) message: String,
}

impl Api {
    /// What is still to be done, for all organisations.
    pub(crate) async fn pending_operations(&self) -> Result<Vec<OperationId>, ApiError> {
        let read = self
            .execute::<PendingOperations>(As::default(), pending_operations::Variables {})
            .await?;
        let ids = read.pending_slack_operations.into_iter();
        Ok(ids.map(|pending| pending.id.parse()).collect::<Result<_, _>>()?)
    }

    /// What is to be done; none where it is not known any more.
    pub(crate) async fn find_operation(&self, id: OperationId) -> Result<Option<Operation>, ApiError> {
        let variables = operation_by_id::Variables { id: id.to_string() };
        let read = self.execute::<OperationById>(As::default(), variables).await?;
        read.slack_operation.map(Operation::read).transpose()
    }

    /// Reports what came of it. Where somebody else has done so before, or it is waited for no more, nothing changes.
    pub(crate) async fn finish_operation(
        &self,
        operation: &Operation,
        came: Result<Found, Reason>,
    ) -> Result<(), ApiError> {
        let variables = finish_operation::Variables {
            input: report(operation.id, came),
        };
        let told = self
            .execute::<FinishOperation>(As::bridge(operation.organization, None), variables)
            .await?;
        for refused in told.finish_slack_operation.user_errors {
            let (id, code) = (operation.id, refused.code);
            tracing::info!(operation.id = %id, "what came of {id} changes nothing ({code}): {}", refused.message);
        }
        Ok(())
    }
}

impl Operation {
    fn read(read: operation_by_id::OperationByIdSlackOperation) -> Result<Self, ApiError> {
        let link = read
            .linked_slack_user_id
            .zip(read.linked_by.and_then(Known::value));
        let connector = read.connector.map(|connector| {
            Ok::<_, ApiError>(TestedConnector {
                id: connector.id.parse()?,
                name: connector.name,
                channel: connector.channel,
                is_taken: connector.is_channel_taken,
                appearance: Appearance {
                    name: connector.appearance_name,
                    icon: connector.appearance_icon,
                },
            })
        });
        Ok(Self {
            id: read.id.parse()?,
            organization: read.organization_id.parse()?,
            kind: read.kind,
            is_pending: read.state == OperationState::Pending,
            workspace: read.workspace.map(|workspace| workspace.id.parse()).transpose()?,
            connector: connector.transpose()?,
            member: read.user.map(|user| Sought {
                name: user.name,
                email: user.email,
                link,
            }),
            channel_name: read.channel_name,
            channel_is_private: read.channel_is_private.unwrap_or(false),
            created_at: read.created_at.0,
            expires_at: read.expires_at.0,
        })
    }
}

fn report(id: OperationId, came: Result<Found, Reason>) -> finish_operation::FinishSlackOperationInput {
    let mut input = finish_operation::FinishSlackOperationInput {
        id: id.to_string(),
        code: None,
        message: None,
        connection: None,
        test_message: None,
        identity: None,
        channel_count: None,
        channel: None,
        idempotency_key: None,
    };
    match came {
        Err(Reason { code, message }) => {
            input.code = Some(code);
            input.message = Some(message);
        }
        Ok(Found::Connection(installation)) => {
            input.connection = Some(finish_operation::SlackConnectionReport {
                team_id: installation.team_id.clone(),
                team_name: installation.team_name.clone(),
                bot_user_id: installation.bot_user_id.clone(),
                app_id: installation.app_id.clone(),
                scopes: installation.scopes.iter().cloned().collect(),
            });
        }
        Ok(Found::Message {
            channel_id,
            channel,
            ts,
            permalink,
        }) => {
            input.test_message = Some(finish_operation::SlackTestMessageReport {
                channel,
                channel_id,
                permalink,
                ts,
            });
        }
        Ok(Found::Identity {
            slack_user_id,
            slack_name,
            known_by,
        }) => {
            input.identity = Some(finish_operation::SlackIdentityReport {
                slack_user_id,
                slack_name,
                match_: Known::Value(known_by),
            });
        }
        Ok(Found::Channels(count)) => input.channel_count = Some(i64::try_from(count).unwrap_or(i64::MAX)),
        Ok(Found::Channel { id, name, is_private }) => {
            input.channel = Some(finish_operation::CreatedSlackChannelReport { id, is_private, name });
        }
    }
    input
}
