//! Whether the process can do its work: each part is asked to do a little of it, and says what is wrong and what to do.
//!
//! A part that fails makes the process not ready. What works go on without makes it degraded: it is ready, and says what is missing.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long a part has to say whether it is ready.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// For how long an answer is good for others who ask: asking costs a write, and may not be a way to cause many.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What an operator should know, if anything.
type Look = Box<dyn Fn() -> Option<String> + Send + Sync>;

type Check = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What is told beside the parts.
struct Note {
    name: &'static str,
    look: Look,
    /// Whether work goes on without what it tells of, and less well.
    degrades: bool,
}

/// The parts of a process, and what it should tell beside them.
pub(crate) struct Readiness {
    parts: Vec<(&'static str, Check)>,
    notes: Vec<Note>,
    stop: CancellationToken,
    /// The newest answer. Held while another is made, so that many who ask cost one.
    newest: Mutex<Option<(Instant, ReadinessReport)>>,
}

/// How the process is.
#[derive(Debug, Clone)]
pub(crate) struct ReadinessReport {
    /// Whether requests may be sent here.
    pub(crate) is_ready: bool,
    /// The parts, as JSON.
    pub(crate) body: Value,
}

impl Readiness {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            parts: Vec::new(),
            notes: Vec::new(),
            stop,
            newest: Mutex::default(),
        }
    }

    /// Adds a part that must be ready.
    pub(crate) fn part<F, R>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.parts.push((name, Box::new(move || Box::pin(check()))));
    }

    /// Adds what is told beside the parts, and makes none of them less ready; `degrades` says whether work goes on less well.
    pub(crate) fn note<F>(&mut self, name: &'static str, degrades: bool, look: F)
    where
        F: Fn() -> Option<String> + Send + Sync + 'static,
    {
        let look = Box::new(look);
        self.notes.push(Note { name, look, degrades });
    }

    /// How the process is, as of this moment or the second before.
    pub(crate) async fn report(&self) -> ReadinessReport {
        let mut newest = self.newest.lock().await;
        if let Some((asked, report)) = &*newest
            && asked.elapsed() < GOOD_FOR
            && !self.stop.is_cancelled()
        {
            return report.clone();
        }
        let report = self.ask().await;
        *newest = Some((Instant::now(), report.clone()));
        report
    }

    /// Asks all parts at the same time, so that one that hangs delays none.
    async fn ask(&self) -> ReadinessReport {
        let checks = self.parts.iter().map(|(name, check)| async move {
            let answer = tokio::time::timeout(CHECK_WITHIN, check()).await;
            let late = || {
                let seconds = CHECK_WITHIN.as_secs();
                format!(
                    "no answer within {seconds} s: see what the database waits for, and whether this machine is overloaded"
                )
            };
            (*name, answer.unwrap_or_else(|_| Err(late())))
        });
        let answers = join_all(checks).await;
        let is_stopping = self.stop.is_cancelled();
        let is_ready = !is_stopping && answers.iter().all(|(_, answer)| answer.is_ok());
        let mut parts: Map<String, Value> = answers
            .into_iter()
            .map(|(name, answer)| (name.to_owned(), answer.map_or_else(Value::from, |()| "ok".into())))
            .collect();
        if is_stopping {
            parts.insert("process".to_owned(), "stopping".into());
        }
        let mut is_degraded = false;
        let mut notes = Map::new();
        for note in &self.notes {
            if let Some(text) = (note.look)() {
                is_degraded |= note.degrades;
                notes.insert(note.name.to_owned(), text.into());
            }
        }
        let mut body = json!({ "ready": is_ready, "parts": parts });
        if is_degraded {
            body["degraded"] = true.into();
        }
        if !notes.is_empty() {
            body["notes"] = notes.into();
        }
        ReadinessReport { is_ready, body }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_cost_one_answer() {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut readiness = Readiness::new(CancellationToken::new());
        let counted = Arc::clone(&asked);
        readiness.part("database", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
        let reports = join_all((0..50).map(|_| readiness.report())).await;
        assert!(reports.iter().all(|report| report.is_ready));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_told_in_time_and_what_is_missed_degrades_alone() {
        let mut readiness = Readiness::new(CancellationToken::new());
        readiness.note("queue", true, || {
            Some("Redis does not answer: start it".to_owned())
        });
        readiness.note("clock", false, || None);
        let report = readiness.report().await;
        assert!(report.is_ready);
        assert_eq!(report.body["degraded"], true);
        readiness.part("api", std::future::pending);
        tokio::time::advance(GOOD_FOR).await;
        let report = readiness.report().await;
        assert!(!report.is_ready);
        let told = report.body["parts"]["api"].as_str().unwrap_or_default();
        assert!(told.starts_with("no answer within 2 s"), "{told}");
    }

    #[tokio::test]
    async fn a_process_that_stops_is_not_ready_at_once() {
        let stop = CancellationToken::new();
        let readiness = Readiness::new(stop.clone());
        assert!(readiness.report().await.is_ready);
        stop.cancel();
        assert!(
            !readiness.report().await.is_ready,
            "the answer of before is not good any more"
        );
    }
}
