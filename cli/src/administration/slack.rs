//! `tocsin slack install-url | connect | status | test`.

use std::{
    fs,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use secrecy::SecretString;
use tocsin_client::{ListedWorkspace, WorkspaceDraft};
use tocsin_entity::kinds::SlackWorkspaceStatus;

use super::{
    connection::{ApiArguments, Connection, idempotency_key},
    connector,
    output::NOTHING,
    wait,
};
use crate::{
    config::{GivenSettings, Settings},
    terminal::{self, Terminal},
};

/// Longest bot token that is read, in bytes. Slack's have some 60 characters, rotated ones some 200.
const TOKEN_MAX: u64 = 4096;

/// What to do with Slack.
#[derive(Debug, Subcommand)]
pub(crate) enum SlackCommand {
    /// Print the address at which an administrator of a Slack workspace installs the app there
    InstallUrl {
        /// Install it again in this workspace: its name or its id in Slack (T…)
        #[arg(long)]
        workspace: Option<String>,
        /// The organisation's own Slack app, by its id; the server's where not given
        #[arg(long)]
        app: Option<String>,
        #[command(flatten)]
        api: ApiArguments,
    },
    /// Connect a workspace by a bot token, which is read from standard input; or give it a new one
    Connect(ConnectArguments),
    /// Show the workspaces, how they are, and what to do
    Status {
        #[command(flatten)]
        api: ApiArguments,
    },
    /// Send a test message through a connector; without one, see that the workspace answers
    Test {
        /// The connector: its name, its channel or its id
        connector: Option<String>,
        /// Without a connector: the workspace, by its name or its id in Slack (T…); may be left out where there is one
        #[arg(long, conflicts_with = "connector")]
        workspace: Option<String>,
        #[command(flatten)]
        api: ApiArguments,
    },
}

/// The workspace to be connected.
#[derive(Debug, Args)]
pub(crate) struct ConnectArguments {
    /// What administrators call the workspace; one that is there gets the new token
    name: String,
    /// A file that holds the bot token (xoxb-…); standard input where not given
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The organisation's own Slack app that is installed there, by its id; the server's where not given
    #[arg(long)]
    app: Option<String>,
    #[command(flatten)]
    api: ApiArguments,
}

/// `tocsin slack …`.
pub(crate) async fn run(
    command: SlackCommand,
    given: &GivenSettings,
    settings: &Settings,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let arguments = match &command {
        SlackCommand::InstallUrl { api, .. }
        | SlackCommand::Status { api }
        | SlackCommand::Test { api, .. } => api,
        SlackCommand::Connect(connect) => &connect.api,
    };
    let connection = Connection::open(arguments, given, settings, terminal)?;
    match command {
        SlackCommand::InstallUrl { workspace, app, .. } => {
            install_url(&connection, workspace.as_deref(), app.as_deref()).await
        }
        SlackCommand::Connect(arguments) => connect(&connection, &arguments).await,
        SlackCommand::Status { .. } => status(&connection).await,
        SlackCommand::Test {
            connector: Some(wanted),
            ..
        } => send_test_message(&connection, &wanted).await,
        SlackCommand::Test { workspace, .. } => test_connection(&connection, workspace.as_deref()).await,
    }
}

async fn install_url(
    connection: &Connection,
    workspace: Option<&str>,
    app: Option<&str>,
) -> anyhow::Result<()> {
    let workspace = match workspace {
        Some(wanted) => find_workspace(connection, wanted).await?,
        None => None,
    };
    let link = connection
        .api
        .slack_install_link(app, workspace.as_deref())
        .await
        .map_err(|error| connection.change_error(error))?;
    let url = link.url.clone().context("Tocsin has given no address")?;
    connection.output.object(&link, &[url])?;
    connection.output.remark(
        "Open it in the browser of somebody who may install apps in the workspace. It works once, and for ten minutes.",
    );
    Ok(())
}

async fn connect(connection: &Connection, arguments: &ConnectArguments) -> anyhow::Result<()> {
    let token = read_token(arguments.token_file.as_deref())?;
    let there = read(connection)
        .await?
        .into_iter()
        .find(|workspace| workspace.name == arguments.name && !workspace.set_by_environment);
    let outcome = if let Some(workspace) = there {
        connection
            .api
            .replace_bot_token(&workspace.id, &token, idempotency_key())
            .await
            .map(|()| workspace.id)
    } else {
        let draft = WorkspaceDraft {
            name: &arguments.name,
            bot_token: &token,
            app_id: arguments.app.as_deref(),
        };
        connection.api.connect_workspace(draft, idempotency_key()).await
    };
    let id = outcome.map_err(|error| connection.change_error(error))?;
    let look = async || {
        let workspaces = read(connection).await?;
        workspaces
            .into_iter()
            .find(|workspace| workspace.id == id)
            .ok_or_else(|| anyhow!("the workspace was disconnected meanwhile"))
    };
    let workspace = wait::until(look, |workspace| {
        workspace.status != SlackWorkspaceStatus::Pending
    })
    .await?;
    let said = if workspace.status == SlackWorkspaceStatus::Active {
        format!(
            "The workspace {} is connected. Next: tocsin connector add '#channel'",
            workspace.team_name.as_deref().unwrap_or(&workspace.name)
        )
    } else {
        let reason = workspace.reason.clone().unwrap_or_else(|| {
            "The Slack bridge has not tried the token yet. See that it runs, and what `tocsin doctor` says."
                .to_owned()
        });
        format!(
            "The workspace {} is kept, and does not work yet. {reason}",
            workspace.name
        )
    };
    let mut lines = vec![said];
    lines.extend(missing(&workspace));
    connection.output.object(&workspace, &lines)
}

/// The token from a file or from standard input, so that it stands in no list of processes and in no shell's history.
fn read_token(file: Option<&Path>) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    match file {
        Some(file) => {
            let opened = fs::File::open(file)
                .with_context(|| format!("the token file {} cannot be read", file.display()))?;
            opened
                .take(TOKEN_MAX)
                .read_to_string(&mut text)
                .with_context(|| format!("the token file {} cannot be read", file.display()))?;
        }
        None if io::stdin().is_terminal() => {
            terminal::note("paste the bot token (xoxb-…) and press Enter")?;
            io::stdin()
                .read_line(&mut text)
                .context("the token cannot be read")?;
        }
        None => {
            io::stdin()
                .lock()
                .take(TOKEN_MAX)
                .read_to_string(&mut text)
                .context("the token cannot be read from standard input")?;
        }
    }
    let token = text.trim();
    if token.is_empty() {
        bail!(
            "there is no token: give it by standard input, as in `tocsin slack connect NAME < token.txt`, or with --token-file"
        );
    }
    Ok(token.into())
}

async fn status(connection: &Connection) -> anyhow::Result<()> {
    let workspaces = read(connection).await?;
    let none =
        "No Slack workspace is connected yet: `tocsin slack install-url` or `tocsin slack connect` begins.";
    let titles = ["NAME", "WORKSPACE", "STATUS", "CONNECTORS", "REASON"];
    connection.output.list(&workspaces, titles, none, |workspace| {
        [
            workspace.name.clone(),
            shown_team(workspace),
            workspace.status.to_string(),
            workspace.connector_count.to_string(),
            workspace.reason.clone().unwrap_or_default(),
        ]
    })?;
    for line in workspaces.iter().flat_map(missing) {
        connection.output.remark(&line);
    }
    Ok(())
}

fn shown_team(workspace: &ListedWorkspace) -> String {
    match (&workspace.team_name, &workspace.team_id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => id.clone(),
        (None, None) => NOTHING.to_owned(),
    }
}

/// What is wanted of a workspace and lacks scopes, a line for each feature.
fn missing(workspace: &ListedWorkspace) -> Vec<String> {
    let line =
        |missing: &tocsin_client::documents::list_workspaces::ListWorkspacesSlackWorkspacesMissingScopes| {
            format!(
                "{}: {} needs {}. Update the app by `tocsin manifest`, and install it again.",
                workspace.name,
                missing.feature,
                missing.scopes.join(", ")
            )
        };
    workspace.missing_scopes.iter().map(line).collect()
}

async fn test_connection(connection: &Connection, workspace: Option<&str>) -> anyhow::Result<()> {
    let workspace = match workspace {
        Some(wanted) => find_workspace(connection, wanted).await?,
        None => None,
    };
    let operation = connection
        .api
        .test_connection(workspace.as_deref(), idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    let report = wait::operation(connection, &operation).await?;
    let team = report.connection.as_ref().map_or_else(String::new, |found| {
        format!("{} ({})", found.team_name, found.team_id)
    });
    connection
        .output
        .object(&report, &[format!("{team} answers, and takes the bot token.")])
}

async fn send_test_message(connection: &Connection, wanted: &str) -> anyhow::Result<()> {
    let connector = connector::find(connection, wanted).await?;
    let operation = connection
        .api
        .send_test_message(&connector.id, idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    let report = wait::operation(connection, &operation).await?;
    let message = report.test_message.as_ref();
    let mut lines = vec![format!(
        "A test message is in {}.",
        message.map_or(connector.channel.as_str(), |message| message.channel.as_str())
    )];
    lines.extend(message.and_then(|message| message.permalink.clone()));
    connection.output.object(&report, &lines)
}

async fn read(connection: &Connection) -> anyhow::Result<Vec<ListedWorkspace>> {
    connection
        .api
        .list_workspaces()
        .await
        .map_err(|error| connection.read_error(error))
}

/// The id of a workspace by its id, its id in Slack or its name; none for that of the server's environment, which the API takes where none is named.
pub(super) async fn find_workspace(connection: &Connection, wanted: &str) -> anyhow::Result<Option<String>> {
    let workspaces = read(connection).await?;
    let mut meant = workspaces.iter().filter(|workspace| {
        workspace.disconnected_at.is_none()
            && (workspace.id == wanted
                || workspace.team_id.as_deref() == Some(wanted)
                || workspace.name == wanted
                || workspace.team_name.as_deref() == Some(wanted))
    });
    match (meant.next(), meant.next()) {
        (Some(workspace), None) => Ok((!workspace.set_by_environment).then(|| workspace.id.clone())),
        (Some(_), Some(_)) => {
            bail!("several workspaces are called {wanted}: give the id of one in Slack (T…)")
        }
        (None, _) => bail!("no workspace {wanted} is connected: `tocsin slack status` shows those that are"),
    }
}
