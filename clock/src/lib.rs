//! What time it is, for everything that is written down and read by others.
//!
//! Claims, leases, pauses and timers are times in the database that several processes compare with "now". If each process asked its own
//! machine, a machine whose clock is wrong could stop all the others, or take their work away. So [`Clock`] tells the *database's* time: on
//! PostgreSQL that of the server, on SQLite that of this machine.
//!
//! Between two looks at the database a clock runs by this machine's uptime, which nobody can set. A look that disagrees by more than
//! [`STEP`] is not believed at once: whoever sets a clock by mistake often sets it back. It is believed once it has held for [`PROOF`].
//! A process that starts goes on from what the last one knew, where that is of the same boot of this machine.
//!
//! Take a [`Clock`] as a parameter in place of `OffsetDateTime::now_utc()`, which clippy shuts, and run [`Clock::keep`] once in each process. Use
//! `std::time::Instant` for time that only this process measures.

mod boot;
mod steady;
mod uptime;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use self::steady::Steady;

/// By how much a look at the database may disagree before it is doubted.
pub const STEP: Duration = Duration::from_secs(2);

/// For how long a step must hold before it is believed.
pub const PROOF: Duration = Duration::from_secs(30);

/// How often the database is asked.
const LOOK: Duration = Duration::from_secs(5);

/// How exactly the time is left to the next process.
const KEPT_WITHIN: Duration = Duration::from_millis(500);

/// How long the database may take to say what time it is; a later answer says too little.
const ANSWER: Duration = Duration::from_secs(2);

/// How long this machine has been up: time that nobody can set.
pub fn uptime() -> Duration {
    uptime::now()
}

/// What this machine's clock says, right or wrong: for logs, for the names of files, and to say that it is wrong. What is written down for others to
/// compare is told by a [`Clock`].
#[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
pub fn machine_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What time it is, as everybody who uses the same database sees it. Cheap to clone; clones are one clock.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    /// The database's time, measured and kept steady.
    Measured {
        machine: Reader,
        /// The boot of this machine, where its clock is left to the next process.
        boot: Option<String>,
        steady: Mutex<Steady>,
    },
    /// Exactly what this says.
    Told(Reader),
}

type Reader = Box<dyn Fn() -> OffsetDateTime + Send + Sync>;

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// Starts from this machine's time, until the database has been asked for the first time.
    pub fn new() -> Self {
        Self::over(machine_now)
    }

    /// The same over another reading of this machine's clock: a test sets it as an administrator would.
    pub fn over(machine: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        let steady = Mutex::new(Steady::starting_at(machine()));
        Self(Arc::new(Source::Measured {
            machine: Box::new(machine),
            boot: boot::id(),
            steady,
        }))
    }

    /// A clock that tells exactly what it is told, steps included: a test makes time stand still, or pass.
    pub fn told_by(reader: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(Source::Told(Box::new(reader))))
    }

    /// What time it is, in whole microseconds: both databases keep no more, so what is read back equals what was written.
    pub fn now(&self) -> OffsetDateTime {
        let now = match &*self.0 {
            Source::Measured { steady, .. } => locked(steady).now(),
            Source::Told(reader) => reader(),
        };
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }

    /// By how much this machine's clock is ahead of the time that is used; none before the database has been asked, and where a test
    /// tells the time.
    pub fn machine_ahead(&self) -> Option<time::Duration> {
        match &*self.0 {
            Source::Measured { machine, steady, .. } => {
                let steady = locked(steady);
                steady.is_measured().then(|| machine() - steady.now())
            }
            Source::Told(_) => None,
        }
    }

    /// Asks the database what time it is, once, through a connection that may write.
    ///
    /// # Errors
    /// The database's own, or that it took too long; the clock goes on as it was.
    pub async fn look(&self, database: &impl ConnectionTrait) -> Result<(), DbErr> {
        let Source::Measured {
            machine,
            boot,
            steady,
        } = &*self.0
        else {
            return Ok(());
        };
        if database.get_database_backend() == DbBackend::Postgres {
            return ask_server(database, steady).await;
        }
        let Some(boot) = boot else {
            locked(steady).seen(machine(), uptime::now(), Duration::ZERO);
            return Ok(());
        };
        let zero = boot::read(database, boot).await;
        let went_on = {
            let mut steady = locked(steady);
            if let Ok(Some(zero)) = zero {
                steady.go_on(zero);
            }
            steady.seen(machine(), uptime::now(), Duration::ZERO);
            steady.zero()
        };
        let is_known = |known: OffsetDateTime| (went_on - known).unsigned_abs() < KEPT_WITHIN;
        if !zero?.is_some_and(is_known) {
            boot::keep(database, boot, went_on).await?;
        }
        Ok(())
    }

    /// Asks the database again and again, until the shutdown.
    pub async fn keep(&self, database: &impl ConnectionTrait, shutdown: CancellationToken) {
        let mut silent = false;
        loop {
            match self.look(database).await {
                Ok(()) => silent = false,
                Err(error) if silent => tracing::debug!("the database's clock cannot be read: {error}"),
                Err(error) => {
                    tracing::warn!(
                        "the database's clock cannot be read, and time goes on by this machine's uptime: {error}"
                    );
                    silent = true;
                }
            }
            let pause = tokio::time::sleep(LOOK);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }
}

/// Asks a database that has a clock of its own.
async fn ask_server(database: &impl ConnectionTrait, steady: &Mutex<Steady>) -> Result<(), DbErr> {
    let began = uptime::now();
    let asked = Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp() AS now");
    let answer = tokio::time::timeout(ANSWER, database.query_one_raw(asked));
    let late = |_| DbErr::Custom("the database took too long to say what time it is".to_owned());
    let row = answer.await.map_err(late)??;
    let row = row.ok_or_else(|| DbErr::Custom("the database does not say what time it is".to_owned()))?;
    let now: OffsetDateTime = row.try_get("", "now")?;
    // The answer was given somewhere between question and answer.
    let half = uptime::now().saturating_sub(began) / 2;
    locked(steady).seen(now, began + half, half);
    Ok(())
}

fn locked(steady: &Mutex<Steady>) -> MutexGuard<'_, Steady> {
    steady.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sea_orm::{Database, DatabaseConnection};
    use sea_orm_migration::MigratorTrait;
    use tocsin_migration::Migrator;

    use super::*;

    /// This machine's clock, as somebody sets it.
    fn set_by_hand() -> (Clock, Arc<Mutex<time::Duration>>) {
        let ahead = Arc::new(Mutex::new(time::Duration::ZERO));
        let hand = Arc::clone(&ahead);
        let clock = Clock::over(move || machine_now() + *ahead.lock().expect("no panic"));
        (clock, hand)
    }

    async fn database() -> DatabaseConnection {
        let database = Database::connect("sqlite::memory:").await.expect("a database");
        Migrator::up(&database, None).await.expect("the tables");
        database
    }

    #[tokio::test]
    async fn a_process_that_starts_while_the_clock_is_wrong_goes_on_from_the_one_before() {
        let database = database().await;
        let (before, _) = set_by_hand();
        before.look(&database).await.expect("a look");
        for hours in [1, -1] {
            let (clock, hand) = set_by_hand();
            *hand.lock().expect("no panic") = time::Duration::hours(hours);
            clock.look(&database).await.expect("a look");
            let off = clock.now() - machine_now();
            assert!(off.abs() < time::Duration::MINUTE, "{off}");
        }
    }

    #[tokio::test]
    async fn what_was_left_by_another_boot_says_nothing() {
        let database = database().await;
        let long_ago = OffsetDateTime::UNIX_EPOCH;
        boot::keep(&database, "another boot", long_ago)
            .await
            .expect("kept");
        let clock = Clock::new();
        clock.look(&database).await.expect("a look");
        let off = clock.now() - machine_now();
        assert!(off.abs() < time::Duration::MINUTE, "{off}");
        let boot = boot::id().expect("a boot");
        assert!(boot::read(&database, &boot).await.expect("readable").is_some());
    }

    #[tokio::test]
    async fn a_machine_whose_clock_is_set_does_not_move_time() {
        let database = database().await;
        let (clock, hand) = set_by_hand();
        clock.look(&database).await.expect("a look");
        for hours in [1, -1] {
            *hand.lock().expect("no panic") = time::Duration::hours(hours);
            clock.look(&database).await.expect("a look");
            let off = clock.now() - machine_now();
            assert!(off.abs() < time::Duration::MINUTE, "{off}");
            let ahead = clock.machine_ahead().expect("a measure");
            assert!(
                (ahead - time::Duration::hours(hours)).abs() < time::Duration::MINUTE,
                "{ahead}"
            );
        }
    }

    #[test]
    fn nothing_is_said_of_a_machine_that_has_not_been_compared() {
        assert_eq!(Clock::new().machine_ahead(), None);
    }

    #[test]
    fn what_a_test_tells_is_what_time_it_is() {
        let clock = Clock::told_by(|| OffsetDateTime::UNIX_EPOCH + Duration::from_nanos(1_999));
        assert_eq!(clock.now(), OffsetDateTime::UNIX_EPOCH + Duration::from_micros(1));
    }
}
