//! What administrators ask to be done in Slack, and how what came of it is reported.

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ConnectorId, OperationId, OrganizationId, WorkspaceId},
    kinds::{OperationKind, OperationState, SlackMatch},
};

use crate::{
    api::ApiClient,
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
pub struct SlackOperation {
    /// Its id.
    pub id: OperationId,
    /// Who asks.
    pub organization: OrganizationId,
    /// What is to be done.
    pub kind: Known<OperationKind>,
    /// Whether it is still waited for.
    pub is_pending: bool,
    /// None for that of the environment's token.
    pub workspace: Option<WorkspaceId>,
    /// The connector to be tested.
    pub connector: Option<TestedConnector>,
    /// The member to be looked for.
    pub member: Option<SoughtMember>,
    /// What the channel is to be called.
    pub channel_name: Option<String>,
    /// Whether the channel is to be private.
    pub channel_is_private: bool,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// Until when somebody waits for it.
    pub expires_at: OffsetDateTime,
}

/// A connector that a test message goes through.
#[derive(Clone, Debug)]
pub struct TestedConnector {
    /// Its id.
    pub id: ConnectorId,
    /// What administrators call it.
    pub name: String,
    /// An id (`C…`) or a name with its hash.
    pub channel: String,
    /// Whether its channel is another organisation's.
    pub is_taken: bool,
    /// How its messages look.
    pub appearance: Appearance,
}

/// A member who is looked for in Slack.
#[derive(Clone, Debug)]
pub struct SoughtMember {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// By their own word: who they are, and how they have said so.
    pub link: Option<(String, SlackMatch)>,
}

/// What came of an operation that could be done.
#[derive(Clone, Debug)]
pub enum OperationOutcome {
    /// The workspace's token works.
    Connection(WorkspaceConnection),
    /// The test message was posted.
    Message {
        /// Slack's id of the channel that it is in.
        channel_id: String,
        /// What the connector calls the channel.
        channel: String,
        /// Slack's name for the message.
        ts: String,
        /// Where to read it.
        permalink: Option<String>,
    },
    /// Who the member is in Slack.
    Identity {
        /// Slack's id of them.
        slack_user_id: String,
        /// What Slack calls them.
        slack_name: String,
        /// How that is known.
        known_by: SlackMatch,
    },
    /// How many channels there are.
    Channels(usize),
    /// The channel was created.
    Channel {
        /// Slack's id of it.
        id: String,
        /// Its name, without the hash.
        name: String,
        /// Whether only its members see it.
        is_private: bool,
    },
}

/// What Slack says of a bot token that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceConnection {
    /// Slack's id of the workspace.
    pub team_id: String,
    /// What Slack calls the workspace.
    pub team_name: String,
    /// Slack's id of the bot.
    pub bot_user_id: String,
    /// Slack's id of the app, where it says so.
    pub app_id: Option<String>,
    /// What the app may do.
    pub scopes: Vec<String>,
}

/// Why an operation can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationFailure {
    /// Slack's code, or one of ours.
    pub code: String,
    /// For people, with what to do.
    pub message: String,
}

impl ApiClient {
    /// What is still to be done, for all organisations.
    pub async fn pending_operations(&self) -> Result<Vec<OperationId>, ApiError> {
        let read = self
            .execute::<PendingOperations>(As::default(), pending_operations::Variables {})
            .await?;
        let ids = read.pending_slack_operations.into_iter();
        Ok(ids.map(|pending| pending.id.parse()).collect::<Result<_, _>>()?)
    }

    /// What is to be done; none where it is not known any more.
    pub async fn find_operation(&self, id: OperationId) -> Result<Option<SlackOperation>, ApiError> {
        let variables = operation_by_id::Variables { id: id.to_string() };
        let read = self.execute::<OperationById>(As::default(), variables).await?;
        read.slack_operation.map(SlackOperation::read).transpose()
    }

    /// Reports what came of it. Where somebody else has done so before, or it is waited for no more, nothing changes.
    pub async fn finish_operation(
        &self,
        operation: &SlackOperation,
        came: Result<OperationOutcome, OperationFailure>,
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

impl SlackOperation {
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
            member: read.user.map(|user| SoughtMember {
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

fn report(
    id: OperationId,
    came: Result<OperationOutcome, OperationFailure>,
) -> finish_operation::FinishSlackOperationInput {
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
        Err(OperationFailure { code, message }) => {
            input.code = Some(code);
            input.message = Some(message);
        }
        Ok(OperationOutcome::Connection(connection)) => {
            input.connection = Some(finish_operation::SlackConnectionReport {
                team_id: connection.team_id,
                team_name: connection.team_name,
                bot_user_id: connection.bot_user_id,
                app_id: connection.app_id,
                scopes: connection.scopes,
            });
        }
        Ok(OperationOutcome::Message {
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
        Ok(OperationOutcome::Identity {
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
        Ok(OperationOutcome::Channels(count)) => {
            input.channel_count = Some(i64::try_from(count).unwrap_or(i64::MAX));
        }
        Ok(OperationOutcome::Channel { id, name, is_private }) => {
            input.channel = Some(finish_operation::CreatedSlackChannelReport { id, is_private, name });
        }
    }
    input
}
