//! `tocsin up`: everything in one process, and a few lines that say where it is and how to try it.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use crate::{
    config::{Settings, SimulatorSettings},
    roles, serve,
    stack::Stack,
    terminal::Terminal,
};

/// Runs until it is told to stop.
pub(crate) async fn run(settings: Settings, terminal: Terminal, started: Instant) -> anyhow::Result<()> {
    let stop = serve::stop_on_signal()?;
    let known_before = settings.database.file().is_none_or(std::path::Path::exists);
    let stack = Stack::start(&settings, stop).await?;
    welcome(&settings, &stack, terminal, started.elapsed(), known_before);
    stack.run().await
}

fn welcome(settings: &Settings, stack: &Stack, terminal: Terminal, took: Duration, known_before: bool) {
    let title = format!("Tocsin {} is ready", env!("CARGO_PKG_VERSION"));
    terminal.line(format!(
        "\n{} {}\n",
        terminal.strong(&title),
        terminal.dim(&format!("in {} ms", took.as_millis()))
    ));
    terminal.row("API", format!("{}graphql", stack.api));
    terminal.row("GraphiQL", format!("{}graphiql", stack.api));
    match &stack.simulator {
        Some(simulator) => terminal.row(
            "Slack",
            format!("{}  {}", simulator.url(), terminal.dim(&simulated(settings))),
        ),
        None if roles::has_app(settings) => terminal.row("Slack", "by the configured app"),
        None => terminal.row("Slack", "by the bot tokens and apps of the organisations"),
    }
    let state = if known_before {
        "found as it was left"
    } else {
        "new"
    };
    terminal.row(
        "data",
        format!("{}  {}", settings.database.shown(), terminal.dim(state)),
    );
    let made = stack.new_key.as_ref().filter(|_| settings.admin_key.is_none());
    let key = match made {
        Some(key) => {
            let note = terminal.dim("keep it: it is shown this once");
            terminal.row(
                "admin key",
                format!("{}  {note}", terminal.strong(key.expose_secret())),
            );
            key.expose_secret()
        }
        None => "$TOCSIN_KEY",
    };
    if let Some(link) = &stack.owner_link {
        let note = terminal.dim("becomes the owner: once, within 24 hours");
        terminal.row(
            "sign in",
            format!("{}  {note}", terminal.strong(link.expose_secret())),
        );
    }
    terminal.line("");
    if made.is_none() {
        terminal.line(terminal.dim("  Put the admin key into TOCSIN_KEY, and try:\n"));
    }
    let to_set_up = if stack.simulator.is_none() && !stack.progress.has_members {
        setup_commands(settings, stack)
    } else {
        Vec::new()
    };
    if !to_set_up.is_empty() && made.is_some() {
        terminal.line(terminal.dim("  Next, in another terminal, with the admin key in TOCSIN_KEY:\n"));
    }
    for (what, command) in to_set_up.into_iter().chain(commands(stack, key)) {
        terminal.line(format!("  {}\n  {command}\n", terminal.dim(&format!("# {what}"))));
    }
    terminal.line(terminal.dim("  Ctrl-C stops it."));
}

/// That the workspace is simulated, why, and how to have the real one.
fn simulated(settings: &Settings) -> String {
    let mode = if settings.slack.app_token.is_some() {
        ", in Socket Mode"
    } else {
        ""
    };
    match settings.simulator {
        SimulatorSettings::On => format!("simulated{mode}, as TOCSIN_SIMULATOR asks"),
        SimulatorSettings::Auto | SimulatorSettings::Off => format!(
            "simulated{mode}, since no Slack app is configured: nothing reaches the real Slack; TOCSIN_SIMULATOR=off runs without"
        ),
    }
}

/// Commands that lead from a new server with a real Slack app to a first message with buttons that work, in their order.
fn setup_commands(settings: &Settings, stack: &Stack) -> Vec<(&'static str, String)> {
    let mut commands = Vec::new();
    let is_connected = settings.slack.bot_token.is_some() || stack.progress.has_connected_workspace;
    if !is_connected && settings.slack.client_id.is_some() {
        commands.push((
            "install the app in your workspace: open the address that this prints",
            "tocsin slack install-url".to_owned(),
        ));
    } else if !is_connected {
        commands.push((
            "connect your workspace: paste the bot token of the app that you have installed there",
            "tocsin slack connect my-workspace".to_owned(),
        ));
    }
    commands.extend([
        ("see that Slack takes the token", "tocsin slack status".to_owned()),
        (
            "make yourself a member, with your e-mail address in Slack, so that the buttons work for you",
            "tocsin user add --name \"Your Name\" --email you@example.com --role owner".to_owned(),
        ),
        (
            "see that the channel takes messages",
            format!("tocsin slack test '{}'", settings.slack.channel),
        ),
    ]);
    commands
}

/// Commands to copy, in their order.
fn commands(stack: &Stack, key: &str) -> Vec<(&'static str, String)> {
    let graphql = |document: &str| {
        let document = document.replace('"', r#"\""#);
        format!(
            "curl -sS {}graphql -H \"Authorization: Bearer {key}\" --json '{{\"query\":\n    \"{document}\"}}'",
            stack.api
        )
    };
    let mut commands = vec![(
        "trigger an incident",
        graphql(
            r#"mutation { triggerIncident(input: {title: "Payments are failing", urgency: HIGH}) { incident { number url } userErrors { message } } }"#,
        ),
    )];
    if let Some(simulator) = &stack.simulator {
        commands.push((
            "have Alice reply in its Slack thread",
            format!(
                "curl -sS {}sim/messages --json \\\n    '{{\"as\":\"alice\",\"channel\":\"incidents\",\"thread\":\"latest\",\"text\":\"Looking at the gateway now.\"}}'",
                simulator.url()
            ),
        ));
    }
    let timeline = graphql(
        "{ incidents(first: 1) { nodes { number title status timeline(first: 20) { nodes { kind source bodyMarkdown author { name } } } } } }",
    );
    // Whoever pastes all three at once is faster than a reply travels.
    commands.push(("read its timeline", format!("sleep 1; {timeline}")));
    commands
}
