//! Commands on the database itself: `migrate`, `org create`, `key create`.

use std::path::Path;

use secrecy::ExposeSecret;
use tocsin_api::bootstrap;

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
    let OrgCommand::Create { name, slug } = command;
    let database = database::open_current(&settings.database).await?;
    let made =
        bootstrap::create_organization(&database, &name, slug.as_deref(), &settings.slack.channel).await?;
    database.close().await?;
    terminal.line(made.expose_secret());
    Ok(())
}

/// `tocsin key …`.
pub(crate) async fn key(settings: &Settings, command: KeyCommand, terminal: Terminal) -> anyhow::Result<()> {
    let KeyCommand::Create { name, org, scopes } = command;
    let database = database::open_current(&settings.database).await?;
    let made = bootstrap::create_key(
        &database,
        org.as_deref(),
        &name,
        scopes.iter().map(|s| format!("{s:?}")).collect(),
    )
    .await?;
    database.close().await?;
    terminal.line(made.expose_secret());
    Ok(())
}
