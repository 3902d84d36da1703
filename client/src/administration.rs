//! What the commands of `tocsin` do for administrators, with the key of one.
//!
//! Lists are of the documents' own types: the commands print them as JSON, in the shape of the schema.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_entity::kinds::{Scope, Severity, Urgency};

use crate::{
    api::{ApiClient, PAGE},
    change::{ChangeError, accept},
    documents::{
        AddApiKey, AddConnector, AddConnectorRule, AddMember, AddSlackChannel, ChangeConnector,
        ConnectWorkspace, DateTime, FindServices, ListConnectors, ListMembers, ListWorkspaces,
        ReadInstallLink, ReadOperation, RemoveConnector, ReplaceBotToken, SendTestMessage, TestConnection,
        add_api_key, add_connector, add_connector_rule, add_member, add_slack_channel, change_connector,
        connect_workspace, find_services, list_connectors, list_members, list_workspaces, read_install_link,
        read_operation, remove_connector, replace_bot_token, send_test_message, test_connection,
    },
    error::ApiError,
    known::Known,
    scenario::MemberDraft,
    transport::As,
};

/// A member, as a list shows them.
pub type ListedMember = list_members::ListMembersUsersNodes;
/// A connector, as a list shows it.
pub type ListedConnector = list_connectors::ListConnectorsConnectors;
/// A Slack workspace, as a list shows it.
pub type ListedWorkspace = list_workspaces::ListWorkspacesSlackWorkspaces;
/// How far an operation in Slack is, and what came of it.
pub type OperationReport = read_operation::ReadOperationSlackOperation;

/// An API key to be made.
#[derive(Clone, Copy, Debug)]
pub struct ApiKeyDraft<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What it may be used for.
    pub scopes: &'a [Scope],
    /// The id of the member that it acts as; none for a key of the organisation itself.
    pub user_id: Option<&'a str>,
    /// When it expires.
    pub expires_at: Option<OffsetDateTime>,
}

/// An API key that was made.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// Its description.
    pub description: add_api_key::AddApiKeyCreateApiKeyApiKey,
    /// The key itself.
    pub secret: SecretString,
}

/// A Slack workspace to be connected.
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceDraft<'a> {
    /// What administrators call it.
    pub name: &'a str,
    /// The bot token of the app that is installed there.
    pub bot_token: &'a SecretString,
    /// The id of the organisation's own Slack app; the server's where there is none.
    pub app_id: Option<&'a str>,
}

/// A connector to be made.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorDraft<'a> {
    /// What people call it.
    pub name: &'a str,
    /// An id (`C…`) or a name with its hash.
    pub channel: &'a str,
    /// The id of the Slack workspace; the API chooses where there is none.
    pub workspace_id: Option<&'a str>,
    /// Whether incidents go there that no rule sends elsewhere; the API chooses where it is not said.
    pub is_default: Option<bool>,
}

/// What is to be changed of a connector; what is left out stays.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorChange<'a> {
    /// What people call it.
    pub name: Option<&'a str>,
    /// An id (`C…`) or a name with its hash.
    pub channel: Option<&'a str>,
    /// The id of the Slack workspace.
    pub workspace_id: Option<&'a str>,
    /// Whether incidents go there that no rule sends elsewhere.
    pub is_default: Option<bool>,
}

/// A connector that was made or changed.
#[derive(Clone, Debug)]
pub struct SavedConnector {
    /// Its id.
    pub id: String,
    /// What is to be done about its channel, as far as that is known.
    pub hint: Option<String>,
}

/// A rule to be made: incidents that meet all of its conditions go to its connector.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorRuleDraft<'a> {
    /// The id of the connector.
    pub connector_id: &'a str,
    /// The id of the service.
    pub service_id: Option<&'a str>,
    /// The severity.
    pub severity: Option<Severity>,
    /// The urgency.
    pub urgency: Option<Urgency>,
    /// The key of a tag.
    pub tag_key: Option<&'a str>,
    /// The tag's value; any where there is none.
    pub tag_value: Option<&'a str>,
}

impl ApiClient {
    /// Makes somebody a member.
    pub async fn add_member(
        &self,
        member: MemberDraft<'_>,
        key: String,
    ) -> Result<add_member::AddMemberCreateUserUser, ChangeError> {
        let variables = add_member::Variables {
            name: member.name.to_owned(),
            email: member.email.to_owned(),
            role: Known::Value(member.role),
            key,
        };
        let payload = self
            .execute::<AddMember>(As::default(), variables)
            .await?
            .create_user;
        accept!("createUser", payload.user_errors);
        payload.user.ok_or(ChangeError::Empty("createUser"))
    }

    /// The members of the organisation, deactivated ones too: all, or the one with this e-mail address.
    pub async fn list_members(&self, email: Option<&str>) -> Result<Vec<ListedMember>, ApiError> {
        let mut members = Vec::new();
        let mut after = None;
        loop {
            let variables = list_members::Variables {
                first: PAGE,
                after,
                email: email.map(str::to_owned),
            };
            let page = self.execute::<ListMembers>(As::default(), variables).await?.users;
            members.extend(page.nodes);
            if !page.page_info.has_next_page {
                return Ok(members);
            }
            after = page.page_info.end_cursor;
        }
    }

    /// Makes an API key.
    ///
    /// # Errors
    /// [`ChangeError::Empty`] also where the key was made and the answer with its secret was lost.
    pub async fn add_api_key(
        &self,
        draft: ApiKeyDraft<'_>,
        key: String,
    ) -> Result<CreatedApiKey, ChangeError> {
        let variables = add_api_key::Variables {
            name: draft.name.to_owned(),
            scopes: draft.scopes.iter().copied().map(Known::Value).collect(),
            user_id: draft.user_id.map(str::to_owned),
            expires_at: draft.expires_at.map(DateTime),
            key,
        };
        let payload = self
            .execute::<AddApiKey>(As::default(), variables)
            .await?
            .create_api_key;
        accept!("createApiKey", payload.user_errors);
        let (Some(description), Some(secret)) = (payload.api_key, payload.secret) else {
            return Err(ChangeError::Empty("createApiKey"));
        };
        Ok(CreatedApiKey {
            description,
            secret: secret.into(),
        })
    }

    /// A link by which an administrator installs a Slack app: the organisation's own, or the server's; in a workspace that is connected, again.
    pub async fn slack_install_link(
        &self,
        app_id: Option<&str>,
        workspace_id: Option<&str>,
    ) -> Result<read_install_link::ReadInstallLinkSlackInstallUrl, ChangeError> {
        let variables = read_install_link::Variables {
            app_id: app_id.map(str::to_owned),
            workspace_id: workspace_id.map(str::to_owned),
        };
        let mut link = self
            .execute::<ReadInstallLink>(As::default(), variables)
            .await?
            .slack_install_url;
        accept!("slackInstallUrl", link.user_errors.drain(..));
        Ok(link)
    }

    /// Connects a Slack workspace, and gives its id.
    pub async fn connect_workspace(
        &self,
        draft: WorkspaceDraft<'_>,
        key: String,
    ) -> Result<String, ChangeError> {
        let variables = connect_workspace::Variables {
            name: draft.name.to_owned(),
            bot_token: draft.bot_token.expose_secret().to_owned(),
            app_id: draft.app_id.map(str::to_owned),
            key,
        };
        let payload = self
            .execute::<ConnectWorkspace>(As::default(), variables)
            .await?
            .connect_slack_workspace;
        accept!("connectSlackWorkspace", payload.user_errors);
        let workspace = payload
            .workspace
            .ok_or(ChangeError::Empty("connectSlackWorkspace"))?;
        Ok(workspace.id)
    }

    /// Gives a workspace another bot token, which also connects it again.
    pub async fn replace_bot_token(
        &self,
        workspace_id: &str,
        bot_token: &SecretString,
        key: String,
    ) -> Result<(), ChangeError> {
        let variables = replace_bot_token::Variables {
            id: workspace_id.to_owned(),
            bot_token: bot_token.expose_secret().to_owned(),
            key,
        };
        let payload = self
            .execute::<ReplaceBotToken>(As::default(), variables)
            .await?
            .update_slack_workspace;
        accept!("updateSlackWorkspace", payload.user_errors);
        Ok(())
    }

    /// The Slack workspaces of the organisation, and that of the server's environment.
    pub async fn list_workspaces(&self) -> Result<Vec<ListedWorkspace>, ApiError> {
        let variables = list_workspaces::Variables {};
        let read = self.execute::<ListWorkspaces>(As::default(), variables).await?;
        Ok(read.slack_workspaces)
    }

    /// The organisation's connectors.
    pub async fn list_connectors(&self) -> Result<Vec<ListedConnector>, ApiError> {
        let variables = list_connectors::Variables {};
        let read = self.execute::<ListConnectors>(As::default(), variables).await?;
        Ok(read.connectors)
    }

    /// Makes a connector.
    pub async fn add_connector(
        &self,
        draft: ConnectorDraft<'_>,
        key: String,
    ) -> Result<SavedConnector, ChangeError> {
        let variables = add_connector::Variables {
            name: draft.name.to_owned(),
            channel: draft.channel.to_owned(),
            workspace_id: draft.workspace_id.map(str::to_owned),
            is_default: draft.is_default,
            key,
        };
        let payload = self
            .execute::<AddConnector>(As::default(), variables)
            .await?
            .create_connector;
        accept!("createConnector", payload.user_errors);
        let connector = payload.connector.ok_or(ChangeError::Empty("createConnector"))?;
        Ok(SavedConnector {
            id: connector.id,
            hint: payload.channel_hint.map(|hint| hint.message),
        })
    }

    /// Changes a connector.
    pub async fn change_connector(
        &self,
        id: &str,
        change: ConnectorChange<'_>,
        key: String,
    ) -> Result<SavedConnector, ChangeError> {
        let variables = change_connector::Variables {
            id: id.to_owned(),
            name: change.name.map(str::to_owned),
            channel: change.channel.map(str::to_owned),
            workspace_id: change.workspace_id.map(str::to_owned),
            is_default: change.is_default,
            key,
        };
        let payload = self
            .execute::<ChangeConnector>(As::default(), variables)
            .await?
            .update_connector;
        accept!("updateConnector", payload.user_errors);
        let connector = payload.connector.ok_or(ChangeError::Empty("updateConnector"))?;
        Ok(SavedConnector {
            id: connector.id,
            hint: payload.channel_hint.map(|hint| hint.message),
        })
    }

    /// Deletes a connector.
    pub async fn remove_connector(&self, id: &str, key: String) -> Result<(), ChangeError> {
        let variables = remove_connector::Variables {
            id: id.to_owned(),
            key,
        };
        let payload = self
            .execute::<RemoveConnector>(As::default(), variables)
            .await?
            .delete_connector;
        accept!("deleteConnector", payload.user_errors);
        Ok(())
    }

    /// Makes a rule that leads to a connector.
    pub async fn add_connector_rule(
        &self,
        draft: ConnectorRuleDraft<'_>,
        key: String,
    ) -> Result<add_connector_rule::AddConnectorRuleCreateConnectorRuleRule, ChangeError> {
        let variables = add_connector_rule::Variables {
            connector_id: draft.connector_id.to_owned(),
            service_id: draft.service_id.map(str::to_owned),
            severity: draft.severity.map(Known::Value),
            urgency: draft.urgency.map(Known::Value),
            tag_key: draft.tag_key.map(str::to_owned),
            tag_value: draft.tag_value.map(str::to_owned),
            key,
        };
        let payload = self
            .execute::<AddConnectorRule>(As::default(), variables)
            .await?
            .create_connector_rule;
        accept!("createConnectorRule", payload.user_errors);
        payload.rule.ok_or(ChangeError::Empty("createConnectorRule"))
    }

    /// The services whose name contains a text, each with its id and its name; a page of them.
    pub async fn find_services(&self, search: &str) -> Result<Vec<(String, String)>, ApiError> {
        let variables = find_services::Variables {
            search: search.to_owned(),
            first: PAGE,
        };
        let read = self.execute::<FindServices>(As::default(), variables).await?;
        let of = |service: find_services::FindServicesServicesNodes| (service.id, service.name);
        Ok(read.services.nodes.into_iter().map(of).collect())
    }

    /// Asks for a test of a workspace's connection; gives the operation's id.
    pub async fn test_connection(
        &self,
        workspace_id: Option<&str>,
        key: String,
    ) -> Result<String, ChangeError> {
        let variables = test_connection::Variables {
            workspace_id: workspace_id.map(str::to_owned),
            key,
        };
        let payload = self
            .execute::<TestConnection>(As::default(), variables)
            .await?
            .test_slack_connection;
        accept!("testSlackConnection", payload.user_errors);
        let operation = payload
            .operation
            .ok_or(ChangeError::Empty("testSlackConnection"))?;
        Ok(operation.id)
    }

    /// Asks for a test message through a connector; gives the operation's id.
    pub async fn send_test_message(&self, connector_id: &str, key: String) -> Result<String, ChangeError> {
        let variables = send_test_message::Variables {
            connector_id: connector_id.to_owned(),
            key,
        };
        let payload = self
            .execute::<SendTestMessage>(As::default(), variables)
            .await?
            .send_slack_test_message;
        accept!("sendSlackTestMessage", payload.user_errors);
        let operation = payload
            .operation
            .ok_or(ChangeError::Empty("sendSlackTestMessage"))?;
        Ok(operation.id)
    }

    /// Asks for a new channel in Slack; gives the operation's id.
    pub async fn add_slack_channel(
        &self,
        name: &str,
        is_private: bool,
        workspace_id: Option<&str>,
        key: String,
    ) -> Result<String, ChangeError> {
        let variables = add_slack_channel::Variables {
            name: name.to_owned(),
            is_private,
            workspace_id: workspace_id.map(str::to_owned),
            key,
        };
        let payload = self
            .execute::<AddSlackChannel>(As::default(), variables)
            .await?
            .create_slack_channel;
        accept!("createSlackChannel", payload.user_errors);
        let operation = payload
            .operation
            .ok_or(ChangeError::Empty("createSlackChannel"))?;
        Ok(operation.id)
    }

    /// How far an operation is; none where there is no such operation for this key.
    pub async fn operation_report(&self, id: &str) -> Result<Option<OperationReport>, ApiError> {
        let variables = read_operation::Variables { id: id.to_owned() };
        let read = self.execute::<ReadOperation>(As::default(), variables).await?;
        Ok(read.slack_operation)
    }
}
