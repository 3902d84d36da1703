//! `tocsin connector add | list | update | delete | route`.

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use tocsin_client::{ConnectorChange, ConnectorDraft, ConnectorRuleDraft, ListedConnector, SavedConnector};
use tocsin_entity::kinds::{ConnectorStatus, Severity, Urgency};

use super::{
    connection::{ApiArguments, Connection, idempotency_key},
    output::NOTHING,
    slack, wait,
};
use crate::{
    config::{GivenSettings, Settings, parse_channel},
    terminal::Terminal,
};

/// What to do with connectors: the channels that incidents go to.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorCommand {
    /// Send incidents to a channel, and see that it takes messages
    Add(AddArguments),
    /// Show the connectors, how they are, and their rules
    List {
        #[command(flatten)]
        api: ApiArguments,
    },
    /// Change a connector, and see that its channel takes messages
    Update(UpdateArguments),
    /// Delete a connector: what it has posted stays, and is kept up to date
    Delete {
        /// The connector: its name, its channel or its id
        connector: String,
        #[command(flatten)]
        api: ApiArguments,
    },
    /// Make a rule: incidents that meet all of its conditions go to a connector
    Route(RouteArguments),
}

/// The connector to be made.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// The channel: #name or an id
    #[arg(value_parser = parse_channel)]
    channel: String,
    /// What the connector is called; as its channel where not given
    #[arg(long)]
    name: Option<String>,
    /// The Slack workspace, by its name or its id in Slack (T…); may be left out where there is one
    #[arg(long)]
    workspace: Option<String>,
    /// Create the channel first
    #[arg(long)]
    create: bool,
    /// With --create: make the channel private
    #[arg(long, requires = "create")]
    private: bool,
    /// Use it for rules alone: incidents that no rule sends anywhere don't go there
    #[arg(long)]
    rules_only: bool,
    #[command(flatten)]
    api: ApiArguments,
}

/// What is to be changed of a connector.
#[derive(Debug, Args)]
pub(crate) struct UpdateArguments {
    /// The connector: its name, its channel or its id
    connector: String,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// Another channel: #name or an id
    #[arg(long, value_parser = parse_channel)]
    channel: Option<String>,
    /// Another Slack workspace, by its name or its id in Slack (T…)
    #[arg(long)]
    workspace: Option<String>,
    /// Whether incidents go there that no rule sends elsewhere
    #[arg(long, value_name = "TRUE|FALSE")]
    default: Option<bool>,
    #[command(flatten)]
    api: ApiArguments,
}

/// The rule to be made.
#[derive(Debug, Args)]
pub(crate) struct RouteArguments {
    /// The connector: its name, its channel or its id
    connector: String,
    /// Incidents of this service: its name or its id
    #[arg(long)]
    service: Option<String>,
    /// Incidents of this severity
    #[arg(long, value_enum)]
    severity: Option<RuleSeverity>,
    /// Incidents of this urgency
    #[arg(long, value_enum)]
    urgency: Option<RuleUrgency>,
    /// Incidents with this tag: KEY=VALUE, or KEY for any value
    #[arg(long, value_name = "KEY[=VALUE]")]
    tag: Option<String>,
    #[command(flatten)]
    api: ApiArguments,
}

/// The severity that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleSeverity {
    /// All users are affected
    Sev1,
    /// A main function is down
    Sev2,
    /// A function is impaired
    Sev3,
    /// An annoyance
    Sev4,
    /// Cosmetic
    Sev5,
}

/// The urgency that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleUrgency {
    /// Now: wake somebody
    High,
    /// Within working hours
    Medium,
    /// When there is time
    Low,
}

/// `tocsin connector …`.
pub(crate) async fn run(
    command: ConnectorCommand,
    given: &GivenSettings,
    settings: &Settings,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let arguments = match &command {
        ConnectorCommand::Add(add) => &add.api,
        ConnectorCommand::Update(update) => &update.api,
        ConnectorCommand::List { api } | ConnectorCommand::Delete { api, .. } => api,
        ConnectorCommand::Route(route) => &route.api,
    };
    let connection = Connection::open(arguments, given, settings, terminal)?;
    match command {
        ConnectorCommand::Add(arguments) => add(&connection, &arguments).await,
        ConnectorCommand::List { .. } => {
            let connectors = read(&connection).await?;
            let none = "There are no connectors yet: `tocsin connector add '#channel'` makes one.";
            let titles = ["NAME", "CHANNEL", "WORKSPACE", "STATUS", "GETS", "REASON"];
            connection.output.list(&connectors, titles, none, row)
        }
        ConnectorCommand::Update(arguments) => update(&connection, &arguments).await,
        ConnectorCommand::Delete { connector, .. } => delete(&connection, &connector).await,
        ConnectorCommand::Route(arguments) => route(&connection, &arguments).await,
    }
}

async fn add(connection: &Connection, arguments: &AddArguments) -> anyhow::Result<()> {
    let workspace = match &arguments.workspace {
        Some(wanted) => slack::find_workspace(connection, wanted).await?,
        None => None,
    };
    let workspace_id = workspace.as_deref();
    let channel = if arguments.create {
        create_channel(connection, arguments, workspace_id).await?
    } else {
        arguments.channel.clone()
    };
    let shown_channel = arguments.channel.trim_start_matches('#');
    let draft = ConnectorDraft {
        name: arguments.name.as_deref().unwrap_or(shown_channel),
        channel: &channel,
        workspace_id,
        is_default: arguments.rules_only.then_some(false),
    };
    let added = connection
        .api
        .add_connector(draft, idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    tell_health(connection, added, Some(&arguments.channel)).await
}

async fn update(connection: &Connection, arguments: &UpdateArguments) -> anyhow::Result<()> {
    let connector = find(connection, &arguments.connector).await?;
    let workspace = match &arguments.workspace {
        Some(wanted) => slack::find_workspace(connection, wanted).await?,
        None => None,
    };
    let change = ConnectorChange {
        name: arguments.name.as_deref(),
        channel: arguments.channel.as_deref(),
        workspace_id: workspace.as_deref(),
        is_default: arguments.default,
    };
    let saved = connection
        .api
        .change_connector(&connector.id, change, idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    tell_health(connection, saved, None).await
}

async fn delete(connection: &Connection, wanted: &str) -> anyhow::Result<()> {
    let connector = find(connection, wanted).await?;
    connection
        .api
        .remove_connector(&connector.id, idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    let line = format!("The connector {} is deleted.", connector.name);
    connection.output.object(&connector, &[line])
}

/// Awaits that the bridge has looked at a connector, and says how it is; `called` is what its channel was called, where the connector knows its id alone.
async fn tell_health(
    connection: &Connection,
    saved: SavedConnector,
    called: Option<&str>,
) -> anyhow::Result<()> {
    let look = async || {
        let connectors = read(connection).await?;
        connectors
            .into_iter()
            .find(|connector| connector.id == saved.id)
            .ok_or_else(|| anyhow!("the connector was deleted meanwhile"))
    };
    let connector = wait::until(look, |connector| connector.status != ConnectorStatus::Pending).await?;
    let name = &connector.name;
    let said = if connector.status == ConnectorStatus::Active {
        let channel = called.unwrap_or(&connector.channel);
        format!("The connector {name} works: {channel} takes messages.")
    } else if connector.status == ConnectorStatus::Failing {
        let reason = connector.reason.as_deref().unwrap_or_default();
        format!("The connector {name} is saved, and delivers nothing yet: {reason}")
    } else {
        let hint = saved.hint.unwrap_or_else(|| {
            "The Slack bridge has not looked yet. See that it runs, and what `tocsin doctor` says.".to_owned()
        });
        format!("The connector {name} is saved. {hint}")
    };
    let mut lines = vec![said];
    if connector.reason_code.as_deref() == Some("channel_not_found") && connector.channel.starts_with('#') {
        lines.push(format!(
            "To have Tocsin create the channel: tocsin connector delete '{name}', and then tocsin connector add '{}' --create",
            connector.channel
        ));
    }
    connection.output.object(&connector, &lines)
}

/// Has the channel created, and gives its id.
async fn create_channel(
    connection: &Connection,
    arguments: &AddArguments,
    workspace_id: Option<&str>,
) -> anyhow::Result<String> {
    let operation = connection
        .api
        .add_slack_channel(
            &arguments.channel,
            arguments.private,
            workspace_id,
            idempotency_key(),
        )
        .await
        .map_err(|error| connection.change_error(error))?;
    let report = wait::operation(connection, &operation).await?;
    let Some(channel) = report.channel else {
        bail!("Slack has not said which channel it created")
    };
    connection
        .output
        .remark(&format!("The channel #{} is created.", channel.name));
    Ok(channel.id)
}

async fn route(connection: &Connection, arguments: &RouteArguments) -> anyhow::Result<()> {
    let connector = find(connection, &arguments.connector).await?;
    let service = match &arguments.service {
        Some(wanted) => Some(find_service(connection, wanted).await?),
        None => None,
    };
    let (tag_key, tag_value) = match arguments.tag.as_deref().map(|tag| tag.split_once('=')) {
        None => (None, None),
        Some(None) => (arguments.tag.as_deref(), None),
        Some(Some((key, value))) => (Some(key), Some(value)),
    };
    let draft = ConnectorRuleDraft {
        connector_id: &connector.id,
        service_id: service.as_deref(),
        severity: arguments.severity.map(Severity::from),
        urgency: arguments.urgency.map(Urgency::from),
        tag_key,
        tag_value,
    };
    let rule = connection
        .api
        .add_connector_rule(draft, idempotency_key())
        .await
        .map_err(|error| connection.change_error(error))?;
    let conditions = conditions(
        rule.service.as_ref().map(|service| service.name.as_str()),
        rule.severity.as_ref().map(ToString::to_string),
        rule.urgency.as_ref().map(ToString::to_string),
        rule.tag_key.as_deref(),
        rule.tag_value.as_deref(),
    );
    let line = format!("Incidents with {conditions} go to {}.", connector.channel);
    connection.output.object(&rule, &[line])
}

async fn read(connection: &Connection) -> anyhow::Result<Vec<ListedConnector>> {
    connection
        .api
        .list_connectors()
        .await
        .map_err(|error| connection.read_error(error))
}

/// A connector by its id, its name or its channel.
pub(super) async fn find(connection: &Connection, wanted: &str) -> anyhow::Result<ListedConnector> {
    let connectors = read(connection).await?;
    let channel = parse_channel(wanted).ok();
    let is_meant = |connector: &&ListedConnector| {
        connector.id == wanted
            || connector.name == wanted
            || channel.as_deref() == Some(connector.channel.as_str())
    };
    let mut meant = connectors.iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(connector), None) => Ok(connector.clone()),
        (Some(_), Some(_)) => bail!(
            "several connectors are called {wanted}, or lead there: give the id of one, as `tocsin connector list --json` shows it"
        ),
        (None, _) => bail!(
            "there is no connector {wanted}: `tocsin connector list` shows those that there are, and `tocsin connector add` makes one"
        ),
    }
}

async fn find_service(connection: &Connection, wanted: &str) -> anyhow::Result<String> {
    let services = connection
        .api
        .find_services(wanted)
        .await
        .map_err(|error| connection.read_error(error))?;
    let named = services
        .into_iter()
        .find(|(id, name)| id == wanted || name.eq_ignore_ascii_case(wanted));
    match named {
        Some((id, _)) => Ok(id),
        // An id is not found by name; the API says whether there is such a service.
        None if wanted.starts_with("svc_") => Ok(wanted.to_owned()),
        None => bail!("there is no service called {wanted}"),
    }
}

fn row(connector: &ListedConnector) -> [String; 6] {
    let workspace = connector.workspace.as_ref();
    let rules = connector.rules.iter().map(|rule| {
        conditions(
            rule.service.as_ref().map(|service| service.name.as_str()),
            rule.severity.as_ref().map(ToString::to_string),
            rule.urgency.as_ref().map(ToString::to_string),
            rule.tag_key.as_deref(),
            rule.tag_value.as_deref(),
        )
    });
    let mut gets: Vec<String> = rules.collect();
    if connector.is_default {
        gets.push("the rest".to_owned());
    }
    [
        connector.name.clone(),
        connector.channel.clone(),
        workspace.map_or_else(|| NOTHING.to_owned(), |workspace| workspace.name.clone()),
        connector.status.to_string(),
        if gets.is_empty() {
            NOTHING.to_owned()
        } else {
            gets.join("; ")
        },
        connector.reason.clone().unwrap_or_default(),
    ]
}

/// A rule's conditions, all of which an incident meets.
fn conditions(
    service: Option<&str>,
    severity: Option<String>,
    urgency: Option<String>,
    tag_key: Option<&str>,
    tag_value: Option<&str>,
) -> String {
    let tag = match (tag_key, tag_value) {
        (Some(key), Some(value)) => Some(format!("tag {key}={value}")),
        (Some(key), None) => Some(format!("tag {key}")),
        (None, _) => None,
    };
    let all = [
        service.map(|name| format!("service {name}")),
        severity.map(|severity| format!("severity {severity}")),
        urgency.map(|urgency| format!("urgency {}", urgency.to_lowercase())),
        tag,
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl From<RuleSeverity> for Severity {
    fn from(severity: RuleSeverity) -> Self {
        match severity {
            RuleSeverity::Sev1 => Self::Sev1,
            RuleSeverity::Sev2 => Self::Sev2,
            RuleSeverity::Sev3 => Self::Sev3,
            RuleSeverity::Sev4 => Self::Sev4,
            RuleSeverity::Sev5 => Self::Sev5,
        }
    }
}

impl From<RuleUrgency> for Urgency {
    fn from(urgency: RuleUrgency) -> Self {
        match urgency {
            RuleUrgency::High => Self::High,
            RuleUrgency::Medium => Self::Medium,
            RuleUrgency::Low => Self::Low,
        }
    }
}
