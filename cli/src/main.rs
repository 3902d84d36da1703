//! The `tocsin` command: arguments, configuration, wiring. What it wires is in the other crates.

// What the optimiser makes of a GraphQL answer's futures is nested deeper than the compiler's 128.
#![recursion_limit = "256"]

mod admin;
mod administration;
mod arguments;
mod backup;
mod config;
mod database;
mod demo;
mod doctor;
mod graphql;
mod logging;
mod manifest;
mod memory;
mod ops;
mod people;
mod public_path;
mod readiness;
mod roles;
mod secret;
mod serve;
mod simulate;
mod stack;
mod terminal;
mod up;

use std::{io::IsTerminal, process::ExitCode, time::Instant};

use anyhow::{Context, anyhow};

use arguments::{Arguments, CliCommand};
use config::{GivenSettings, Settings};
use terminal::Terminal;

fn main() -> ExitCode {
    let started = Instant::now();
    let arguments = Arguments::read();
    match start(arguments, started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments, started: Instant) -> anyhow::Result<()> {
    // reqwest is built without a provider of its own, so that the binary holds one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("two TLS providers in one process"))?;
    let given = arguments.overrides.given();
    let command = arguments.command.unwrap_or(CliCommand::Up);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads to run on")?
        .block_on(run(command, &given, started))
}

async fn run(command: CliCommand, given: &GivenSettings, started: Instant) -> anyhow::Result<()> {
    let terminal = Terminal::new(&given.environment);
    // These work whatever the configuration, or with little of it.
    match &command {
        CliCommand::Schema { bridge } => {
            let schema = if *bridge {
                tocsin_api::bridge_sdl()
            } else {
                tocsin_api::sdl().await
            };
            return terminal::print(&schema).context("the schema could not be written");
        }
        CliCommand::Manifest(wishes) => return manifest::run(wishes, given),
        CliCommand::Doctor => return doctor::run(given, terminal).await,
        CliCommand::Up
        | CliCommand::Demo { .. }
        | CliCommand::Api
        | CliCommand::Bridge
        | CliCommand::Simulator { .. }
        | CliCommand::Migrate
        | CliCommand::Backup { .. }
        | CliCommand::Restore { .. }
        | CliCommand::Org(_)
        | CliCommand::Key(_)
        | CliCommand::LoginLink(_)
        | CliCommand::User(_)
        | CliCommand::Slack(_)
        | CliCommand::Connector(_) => {}
    }
    let settings = Settings::read(given).settings?;
    let filter = settings.log.as_deref().unwrap_or(default_filter(&command));
    logging::start(filter, settings.log_format)?;
    match command {
        CliCommand::Up => up::run(settings, terminal, started).await,
        CliCommand::Demo { keep } => demo::run(settings, keep, terminal).await,
        CliCommand::Api => roles::run_api(settings).await,
        CliCommand::Bridge => roles::run_bridge(settings).await,
        CliCommand::Simulator { callbacks } => simulate::run(settings, &callbacks, terminal).await,
        CliCommand::Migrate => admin::migrate(&settings, terminal).await,
        CliCommand::Backup { file, overwrite } => backup::make(&settings, &file, overwrite, terminal).await,
        CliCommand::Restore { file, replace } => backup::restore(&settings, &file, replace, terminal).await,
        CliCommand::Org(command) => admin::org(&settings, command, terminal).await,
        CliCommand::Key(command) => admin::key(given, &settings, command, terminal).await,
        CliCommand::User(command) => administration::user(command, given, &settings, terminal).await,
        CliCommand::Slack(command) => administration::slack(command, given, &settings, terminal).await,
        CliCommand::Connector(command) => {
            administration::connector(command, given, &settings, terminal).await
        }
        CliCommand::LoginLink(whom) => admin::login_link(&settings, whom, terminal).await,
        CliCommand::Schema { .. } | CliCommand::Manifest(_) | CliCommand::Doctor => Ok(()),
    }
}

/// What is logged where nothing was said: a narrated command speaks for itself until something is wrong.
fn default_filter(command: &CliCommand) -> &'static str {
    match command {
        CliCommand::Up if std::io::stderr().is_terminal() => logging::TERMINAL_FILTER,
        CliCommand::Api | CliCommand::Bridge | CliCommand::Up | CliCommand::Simulator { .. } => {
            logging::DEFAULT_FILTER
        }
        CliCommand::Demo { .. }
        | CliCommand::Migrate
        | CliCommand::Backup { .. }
        | CliCommand::Restore { .. }
        | CliCommand::Org(_)
        | CliCommand::Key(_)
        | CliCommand::LoginLink(_)
        | CliCommand::User(_)
        | CliCommand::Slack(_)
        | CliCommand::Connector(_)
        | CliCommand::Schema { .. }
        | CliCommand::Manifest(_)
        | CliCommand::Doctor => "error",
    }
}
