//! Commands on the database itself: `migrate`, `org create`, `key create`.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tocsin_api::bootstrap::{self, DefaultChannel};
use tocsin_clock::Clock;
use tocsin_entity::kinds::Scope;

use crate::{
    arguments::{KeyCommand, KeyScope, OrgCommand},
    config::Settings,
    database,
    terminal::Terminal,
};

/// `tocsin migrate`.
pub(crate) async fn migrate(settings: &Settings, terminal: Terminal) -> anyhow::Result<()> {
    let new = settings.database.file().is_some_and(|file| !Path::exists(file));
    let database = database::open(&settings.database).await?;
    let run = database::migrate(&database).await?;
    database.close().await?;
    let shown = settings.database.shown();
    terminal.line(match run.len() {
        0 => format!("{shown} is current: there was nothing to migrate."),
        many if new => format!("Made {shown} with {many} migrations."),
        many => format!("Ran {many} migrations on {shown}: {}.", run.join(", ")),
    });
    Ok(())
}

/// `tocsin org …`.
pub(crate) async fn org(settings: &Settings, command: OrgCommand, terminal: Terminal) -> anyhow::Result<()> {
    let OrgCommand::Create { name, channel } = command;
    let channel = channel.unwrap_or_else(|| settings.slack.channel.clone());
    let database = database::open_current(&settings.database).await?;
    let first = DefaultChannel {
        channel: &channel,
        has_own_workspace: settings.slack.bot_token.is_some(),
    };
    let (id, key) = bootstrap::create_organization(&database, &Clock::new(), &name, Some(first)).await?;
    database.close().await?;
    terminal.line(format!("Made the organisation {name}.\n"));
    terminal.row("id", id);
    terminal.row("channel", &channel);
    show(&key, terminal);
    Ok(())
}

/// `tocsin key …`.
pub(crate) async fn key(settings: &Settings, command: KeyCommand, terminal: Terminal) -> anyhow::Result<()> {
    let KeyCommand::Create { name, org, scopes } = command;
    let database = database::open_current(&settings.database).await?;
    let scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
    let key = bootstrap::create_key(&database, &Clock::new(), org.as_deref(), &name, &scopes).await?;
    database.close().await?;
    terminal.line(format!("Made the key {name}.\n"));
    show(&key, terminal);
    Ok(())
}

/// Shows a key this once; it stands last, so that a script finds it.
fn show(key: &SecretString, terminal: Terminal) {
    terminal.line(terminal.dim("  keep it: it is shown this once"));
    terminal.row("key", terminal.strong(key.expose_secret()));
}

impl From<KeyScope> for Scope {
    fn from(scope: KeyScope) -> Self {
        match scope {
            KeyScope::IncidentsTrigger => Self::Trigger,
            KeyScope::Read => Self::Read,
            KeyScope::Write => Self::Write,
            KeyScope::Admin => Self::Admin,
        }
    }
}
