//! Logs: to standard error, for people in a terminal and as JSON elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, Settings};

/// What is logged where nothing was said.
pub(crate) const DEFAULT_FILTER: &str = "info,sea_orm_migration=warn";

/// Starts logging; call it once.
pub(crate) fn start(settings: &Settings, default_filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(settings.log.as_deref().unwrap_or(default_filter))?;
    let terminal = std::io::stderr().is_terminal();
    let format = settings.log_format.unwrap_or(if terminal {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    });
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Pretty => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(terminal)
                    .compact(),
            )
            .try_init()?,
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .json()
                    .flatten_event(true),
            )
            .try_init()?,
    }
    Ok(())
}

/// Checks a filter and gives it back.
pub(crate) fn parse_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| {
        "is not a log filter; write a level (error, warn, info, debug, trace), or levels by module such as \
         info,tocsin_bridge=debug"
            .to_owned()
    })
}

/// Reads a format's name.
pub(crate) fn parse_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("is no log format; write pretty or json".to_owned()),
    }
}
