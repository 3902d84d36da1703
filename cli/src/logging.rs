//! Logs: to standard error, for people in a terminal and as JSON elsewhere.

use std::{
    fmt::Debug,
    io::{self, IsTerminal, Write},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer, fmt,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// What is logged where nothing was said.
pub(crate) const DEFAULT_FILTER: &str = "info,sea_orm_migration=warn";

/// The same for someone who looks on: what happens to incidents, and what goes wrong.
pub(crate) const TERMINAL_FILTER: &str = "warn,tocsin_api=info,tocsin_domain=info,tocsin_bridge::inbound=info,tocsin_bridge::mirror=info,tocsin_bridge::mirror::digest=warn,\
     tocsin_bridge::workspace::channels=info,tocsin_slack_client::socket=info";

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: a JSON object a line.
    Json,
}

/// Starts logging with this filter; call it once. Without a format, people in a terminal get lines, and all others JSON.
pub(crate) fn start(filter: &str, format: Option<LogFormat>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let colours = io::stderr().is_terminal();
    let format = format.unwrap_or(if colours {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    });
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Pretty => registry.with(Lines { colours }).try_init()?,
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .with_writer(io::stderr)
                    .json()
                    .flatten_event(true)
                    // The last of the spans is the current one.
                    .with_current_span(false),
            )
            .try_init()?,
    }
    Ok(())
}

/// Logs for people: a line has the time, the level and the message. Messages read alone; what belongs to them as fields
/// is for machines, but for the reason of an error.
struct Lines {
    colours: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let (colour, level) = match *metadata.level() {
            Level::ERROR => ("31;1", "ERROR"),
            Level::WARN => ("33", "WARN "),
            Level::INFO => ("32", "INFO "),
            Level::DEBUG => ("34", "DEBUG"),
            Level::TRACE => ("35", "TRACE"),
        };
        let level = if self.colours {
            format!("\x1b[{colour}m{level}\x1b[0m")
        } else {
            level.to_owned()
        };
        let detailed = *metadata.level() >= Level::DEBUG;
        let origin = if detailed {
            format!("{}: ", metadata.target())
        } else {
            String::new()
        };
        let mut words = Words {
            detailed,
            message: String::new(),
            fields: String::new(),
        };
        event.record(&mut words);
        let time = tocsin_clock::machine_now().time();
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let Words { message, fields, .. } = words;
        let line = format!("{hour:02}:{minute:02}:{second:02}Z {level} {origin}{message}{fields}\n");
        // There is nowhere left to say that standard error is closed.
        drop(io::stderr().lock().write_all(line.as_bytes()));
    }
}

/// An event's message, and beside it why something failed unless the message says so; everything where details are wanted.
struct Words {
    detailed: bool,
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            name if self.detailed => self.fields = format!("{} {name}={value}", self.fields),
            "error" if !self.message.contains(&value) => self.fields = format!(" ({value})"),
            _ => {}
        }
    }
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
