//! Commands on the database itself: `migrate`, `org create`, `key create`, `login-link`.

use std::path::Path;

use anyhow::{Context, ensure};
use secrecy::ExposeSecret;
use tocsin_api::bootstrap::{self, DefaultChannel, NewKey};
use tocsin_clock::Clock;
use tocsin_entity::kinds::Scope;

use crate::{
    administration,
    arguments::{CreateKeyArguments, KeyCommand, KeyScope, LoginLinkArguments, OrgCommand},
    config::{GivenSettings, Settings},
    database,
    terminal::{self, Terminal},
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
    terminal.key(&key);
    Ok(())
}

/// `tocsin key …`.
pub(crate) async fn key(
    given: &GivenSettings,
    settings: &Settings,
    command: KeyCommand,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let KeyCommand::Create(arguments) = command;
    let CreateKeyArguments {
        name,
        user,
        org,
        scopes,
        api,
    } = arguments;
    let scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
    if administration::has_key(&api, given)? {
        ensure!(
            org.is_none(),
            "--org is for the database: the key in TOCSIN_KEY or --key-file says which organisation it is"
        );
        return administration::key(&name, user.as_deref(), &scopes, &api, given, settings, terminal).await;
    }
    let database = database::open_current(&settings.database).await?;
    let draft = NewKey {
        organization: org.as_deref(),
        email: user.as_deref(),
        name: &name,
        scopes: &scopes,
    };
    let key = bootstrap::create_key(&database, &Clock::new(), draft).await?;
    database.close().await?;
    if api.json {
        let json = serde_json::json!({ "secret": key.expose_secret() });
        return terminal::print(&format!("{json:#}\n")).context("the key could not be printed");
    }
    terminal.line(format!("Made the key {name}.\n"));
    terminal.key(&key);
    Ok(())
}

/// `tocsin login-link …`.
pub(crate) async fn login_link(
    settings: &Settings,
    whom: LoginLinkArguments,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let LoginLinkArguments { email, org, .. } = whom;
    let public = settings.public_url(settings.listen);
    let (public, org) = (public.as_str(), org.as_deref());
    let database = database::open_current(&settings.database).await?;
    let clock = Clock::new();
    let (link, note) = match email {
        Some(email) => (
            bootstrap::create_login_link(&database, &clock, public, org, &email).await?,
            format!(
                "Signs {email} in, once, within five minutes. Whoever opens it is signed in: give it to nobody else.\n"
            ),
        ),
        None => (
            bootstrap::create_first_owner_link(&database, &clock, public, org).await?,
            "Whoever opens it within 24 hours becomes the organisation's owner. It works once.\n".to_owned(),
        ),
    };
    database.close().await?;
    terminal.line(note);
    terminal.row("link", terminal.strong(link.expose_secret()));
    Ok(())
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
