//! Counts what became of the requests that came to Slack's addresses, and writes it down for the doctor, which is another process.
//!
//! Anybody can send requests, and claim that they are of any app: what is counted is bounded in memory and in the database, and written every
//! few seconds, however many there are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::reception::{ActiveModel, Column, Entity, TAKEN};
use tokio_util::sync::CancellationToken;

use crate::polling::ends_within;
use crate::texts::health as texts;

/// How often is written what is new.
const WRITE: Duration = Duration::from_secs(2);

/// How long it is kept after the last request of its kind.
const KEPT: time::Duration = time::Duration::days(7);

/// Apps by which is counted; what claims to be of another one is counted as of none.
const APPS_MAX: usize = 20;

/// Longest id of a Slack app, in characters; Slack's have eleven.
const APP_ID_MAX: usize = 20;

/// How many, and when the first and the last came.
#[derive(Clone, Copy, Debug)]
struct Counted {
    count: i64,
    first_at: OffsetDateTime,
    last_at: OffsetDateTime,
}

/// Requests that were not signed as they should be, of late.
#[derive(Clone, Copy, Debug)]
struct Refusals {
    count: u64,
    code: &'static str,
    last: Instant,
}

/// How long after the last one it is told that requests are refused.
const TOLD_FOR: Duration = Duration::from_secs(300);

/// How the codes begin of requests whose signature is not good.
const OF_SIGNATURE: &str = "SIGNATURE_";

/// By code and app.
type Counts = BTreeMap<(&'static str, String), Counted>;

/// What has been counted and not written yet. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receptions {
    counts: Arc<Mutex<Counts>>,
    refusals: Arc<Mutex<Option<Refusals>>>,
    clock: Clock,
}

impl Receptions {
    /// Nothing has been counted yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// A request was verified.
    pub(crate) fn taken(&self, app: Option<&str>) {
        self.count(TAKEN, app);
    }

    /// A request was refused.
    pub(crate) fn refused(&self, code: &'static str, app: Option<&str>) {
        self.count(code, app);
        if !code.starts_with(OF_SIGNATURE) {
            return;
        }
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let before = refusals.filter(|refusals| refusals.last.elapsed() < TOLD_FOR);
        *refusals = Some(Refusals {
            count: before.map_or(0, |before| before.count) + 1,
            code,
            last: Instant::now(),
        });
    }

    /// For the operator: how many requests were refused of late for their signatures, and what to do.
    pub(crate) fn trouble(&self) -> Option<String> {
        let refusals = *self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let Refusals { count, code, .. } = refusals.filter(|refusals| refusals.last.elapsed() < TOLD_FOR)?;
        Some(texts::refused_requests(count, code))
    }

    fn count(&self, code: &'static str, app: Option<&str>) {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let app = app.unwrap_or_default();
        let is_known = counts.keys().any(|(_, known)| known == app);
        let app = if is_known || counts.len() < APPS_MAX {
            app
        } else {
            ""
        };
        let counted = counts.entry((code, app.to_owned())).or_insert(Counted {
            count: 0,
            first_at: now,
            last_at: now,
        });
        counted.count += 1;
        counted.last_at = now;
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What could not be written is written with what comes next.
    fn put_back(&self, key: (&'static str, String), before: Counted) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counts.entry(key).or_insert(Counted { count: 0, ..before });
        counted.count += before.count;
        counted.first_at = before.first_at;
    }

    /// Writes what is new, until the shutdown.
    pub(crate) async fn run(&self, database: &Database, shutdown: CancellationToken) {
        loop {
            let is_over = ends_within(&shutdown, WRITE).await;
            if let Err(error) = self.write(database).await {
                tracing::warn!("what became of Slack's requests could not be written down: {error}");
            }
            if is_over {
                return;
            }
        }
    }

    async fn write(&self, database: &Database) -> Result<(), DbErr> {
        let counts = self.take();
        if counts.is_empty() {
            return Ok(());
        }
        let known = Entity::find().all(database.read()).await;
        let known: Vec<_> = match known {
            Ok(known) => known.into_iter().map(|row| row.app_id).collect(),
            Err(error) => {
                for (key, counted) in counts {
                    self.put_back(key, counted);
                }
                return Err(error);
            }
        };
        let mut outcome = Ok(());
        for ((code, app), counted) in counts {
            let is_counted = known.contains(&app) || known.len() < 4 * APPS_MAX;
            let app_id = if is_counted { app.clone() } else { String::new() };
            if let Err(error) = add(database, code, app_id, counted).await {
                self.put_back((code, app), counted);
                outcome = Err(error);
            }
        }
        outcome?;
        Entity::delete_many()
            .filter(Column::LastAt.lt(self.clock.now() - KEPT))
            .exec(database.write())
            .await
            .map(|_| ())
    }
}

/// Adds to what this worker and others have written.
async fn add(database: &Database, code: &str, app_id: String, counted: Counted) -> Result<(), DbErr> {
    let row = ActiveModel {
        code: Set(code.to_owned()),
        app_id: Set(app_id),
        count: Set(counted.count),
        first_at: Set(counted.first_at),
        last_at: Set(counted.last_at),
    };
    let more = Expr::col((Entity, Column::Count)).add(counted.count);
    let key = OnConflict::columns([Column::Code, Column::AppId])
        .update_column(Column::LastAt)
        .value(Column::Count, more)
        .to_owned();
    Entity::insert(row)
        .on_conflict(key)
        .exec_without_returning(database.write())
        .await
        .map(|_| ())
}

/// The app that a body claims to be of, whatever its form; nothing that it says is believed.
pub(crate) fn claimed_app(body: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"api_app_id";
    let at = body.windows(NAME.len()).position(|part| part == NAME)?;
    let mut rest = &body[at + NAME.len()..];
    // In JSON, in a form, and in JSON that is in a form.
    while let Some(left) = [&b"\""[..], b":", b"=", b" ", b"%22", b"%3A", b"%3a", b"%20", b"+"]
        .iter()
        .find_map(|between| rest.strip_prefix(*between))
    {
        rest = left;
    }
    let letters = rest
        .iter()
        .take_while(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    let id: String = letters.map(|letter| char::from(*letter)).collect();
    (id.starts_with('A') && (2..=APP_ID_MAX).contains(&id.len())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_that_a_body_claims_is_read_in_each_form() {
        for (body, app) in [
            (
                r#"{"api_app_id": "A0TOCSIN", "type": "event_callback"}"#,
                Some("A0TOCSIN"),
            ),
            (
                "token=x&api_app_id=A0TOCSIN&command=%2Fincident",
                Some("A0TOCSIN"),
            ),
            (
                "payload=%7B%22api_app_id%22%3A%22A0TOCSIN%22%7D",
                Some("A0TOCSIN"),
            ),
            (r#"{"api_app_id": null}"#, None),
            (r#"{"api_app_id": "<script>"}"#, None),
            (r#"{"api_app_id": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, None),
            ("api_app_id", None),
            ("", None),
        ] {
            assert_eq!(claimed_app(body.as_bytes()).as_deref(), app, "{body}");
        }
    }

    #[test]
    fn refused_signatures_are_told_and_nothing_else() {
        let receptions = Receptions::default();
        receptions.taken(Some("A1"));
        receptions.refused("FOREIGN_WORKSPACE", Some("A1"));
        assert_eq!(receptions.trouble(), None);
        receptions.refused("SIGNATURE_STALE", None);
        receptions.refused("SIGNATURE_MISMATCH", Some("A1"));
        let told = receptions.trouble().expect("a note");
        assert!(
            told.starts_with("2 requests") && told.contains("SIGNATURE_MISMATCH"),
            "{told}"
        );
    }

    #[test]
    fn strangers_cannot_have_more_counted_than_is_bounded() {
        let receptions = Receptions::default();
        for number in 0..10_000 {
            receptions.refused("SIGNATURE_MISMATCH", Some(&format!("A{number}")));
        }
        let counts = receptions.take();
        assert!(counts.len() <= APPS_MAX + 1, "{}", counts.len());
        assert_eq!(counts.values().map(|counted| counted.count).sum::<i64>(), 10_000);
    }
}
