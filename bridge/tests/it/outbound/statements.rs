//! What the bridge sends to its database while it works on incidents and digests, statement by statement.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// Where statements are told of.
const TARGET: &str = "tocsin_database::statement";

/// The work that is counted. What is done at regular times is nobody's.
const WORK: [&str; 2] = ["reconcile", "refresh_digest"];

/// Statements of one thread's work. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Notes from now on what this thread's work sends: of a test whose runtime has one thread, all of it.
    pub(super) fn watch() -> (Self, DefaultGuard) {
        let statements = Self::default();
        let subscriber = Registry::default().with(statements.clone());
        (statements, tracing::subscriber::set_default(subscriber))
    }

    /// All so far, a transaction's beginning among them; and forgets them.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no test has panicked with it"))
    }
}

/// How often each was sent, for whoever reads why a bound was passed.
pub(super) fn tally(statements: &[String]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for statement in statements {
        let words: String = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let start: String = words.chars().take(90).collect();
        *tally.entry(start).or_default() += 1;
    }
    tally
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut around = context.event_scope(event).into_iter().flatten();
        if around.any(|span| WORK.contains(&span.name())) {
            let mut text = Text::default();
            event.record(&mut text);
            self.0.lock().expect("no test has panicked with it").push(text.0);
        }
    }
}

/// The message of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
