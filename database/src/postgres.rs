//! PostgreSQL: the limits of every wait, and which connections may be used again.

use std::{fs, io::ErrorKind, process, time::Duration};

use futures::future::BoxFuture;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, Statement,
    sqlx::{
        self, Connection, Executor,
        pool::PoolConnectionMetadata,
        postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
    },
};

use crate::{fault::DatabaseFault, trace::traced};

/// How long a caller waits for a connection before it is told that the database is away or overloaded.
const SERVER_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection that comes back has to roll back what it was given up in.
const ROLLBACK_WITHIN: Duration = Duration::from_secs(3);

/// What the server puts up with from a connection of ours. Whoever hangs inside a transaction loses it after five seconds, so that
/// whoever waits for its locks, at most eight, gets them. A machine that is gone is noticed by TCP.
///
/// Set on the connection and not in the startup message, where `PgBouncer` refuses what it does not know.
const LIMITS: &str = "SET idle_in_transaction_session_timeout = '5s'; \
                      SET lock_timeout = '8s'; \
                      SET statement_timeout = '30s'; \
                      SET tcp_keepalives_idle = 5; \
                      SET tcp_keepalives_interval = 2; \
                      SET tcp_keepalives_count = 3; \
                      SET tcp_user_timeout = '10s'";

/// For a transaction whose statements take long, such as a migration: it still gives way to a hung holder of a lock, and is still
/// ended when its own process hangs between two statements.
pub const LONG_WORK: &str = "SET LOCAL statement_timeout = 0";

/// For a transaction between whose statements a file is read or written, on a disk that may be slow.
pub const PATIENT: &str = "SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// A pool of so many connections.
pub(crate) async fn open(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(SERVER_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(named)
        .map_sqlx_postgres_pool_opts(|pool| pool.after_connect(limit).after_release(is_reusable));
    match sea_orm::Database::connect(options).await {
        // The pool asks again while the server refuses for now, and then forgets why.
        Err(error) if is_timeout(&error) => Err(refusal(url).await.unwrap_or(error)),
        done => done.map(traced),
    }
}

/// One more connection to the same server, opened when it is first used.
pub(crate) fn one_more(pool: &DatabaseConnection) -> DatabaseConnection {
    let address = pool.get_postgres_connection_pool().connect_options();
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(SERVER_TIMEOUT)
        .after_connect(limit)
        .after_release(is_reusable)
        .connect_lazy_with(address.as_ref().clone());
    traced(SqlxPostgresConnector::from_sqlx_postgres_pool(own))
}

/// Why the server refuses a connection just now; none where it takes one.
async fn refusal(url: &str) -> Option<DbErr> {
    let options: PgConnectOptions = url.parse().ok()?;
    why_refused(&options).await
}

/// The same, for the server of a pool.
pub(crate) async fn refusal_of(pool: &DatabaseConnection) -> Option<DbErr> {
    let options = pool.get_postgres_connection_pool().connect_options();
    why_refused(options.as_ref()).await
}

async fn why_refused(options: &PgConnectOptions) -> Option<DbErr> {
    let refused = |error: sqlx::Error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()));
    match tokio::time::timeout(SERVER_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // Only asked: what the server says to the goodbye changes nothing.
            drop(connection.close().await);
            None
        }
        Ok(Err(error)) => Some(refused(error)),
        Err(_) => None,
    }
}

fn is_timeout(error: &DbErr) -> bool {
    DatabaseFault::of(error) == DatabaseFault::Busy
}

/// Gives the connection a name in `pg_stat_activity`, by which an operator finds the process; one in the address stands.
fn named(options: PgConnectOptions) -> PgConnectOptions {
    if options.get_application_name().is_some() {
        return options;
    }
    // Linux only; elsewhere the process's number must do.
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!("tocsin pid {} on {}", process::id(), host.trim());
    // The server cuts it after 63 bytes, and `lock_waits` compares it.
    options.application_name(&name.chars().take(63).collect::<String>())
}

fn limit(connection: &mut PgConnection, _: PoolConnectionMetadata) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(async move {
        connection.execute(LIMITS).await?;
        Ok(())
    })
}

/// Whether a connection that comes back to its pool may be used again: not while it is in a transaction, or can't say in time.
fn is_reusable(
    connection: &mut PgConnection,
    _: PoolConnectionMetadata,
) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        if connection.should_flush() {
            // A dropped transaction: its ROLLBACK waits to be sent. The server may be gone without a word.
            let ping = tokio::time::timeout(ROLLBACK_WITHIN, connection.ping()).await;
            ping.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))??;
        }
        Ok(!connection.is_in_transaction())
    })
}

/// A lock that a connection of this process waits for.
#[derive(Debug)]
pub(crate) struct LockWait {
    /// For how long it has waited, in seconds.
    pub(crate) seconds: f64,
    /// Who holds it.
    pub(crate) holder: String,
}

/// What this process waits for, and who has it.
pub(crate) async fn lock_waits(pool: &DatabaseConnection) -> Result<Vec<LockWait>, DbErr> {
    const WAITS: &str = "\
        SELECT EXTRACT(EPOCH FROM clock_timestamp() - waiting.query_start)::float8 AS seconds, \
               format('%s (server process %s, client %s, %s since %s s)', \
                      COALESCE(NULLIF(holder.application_name, ''), 'an unnamed program'), holder.pid, \
                      COALESCE(host(holder.client_addr), 'local'), holder.state, \
                      round(EXTRACT(EPOCH FROM clock_timestamp() - holder.state_change))) AS holder \
        FROM pg_stat_activity waiting \
        CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking(pid) \
        JOIN pg_stat_activity holder ON holder.pid = blocking.pid \
        WHERE waiting.application_name = current_setting('application_name') AND waiting.datname = current_database() \
          AND waiting.wait_event_type = 'Lock' AND waiting.query_start < clock_timestamp() - interval '1 second'";
    let rows = pool
        .query_all_raw(Statement::from_string(DbBackend::Postgres, WAITS))
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LockWait {
                seconds: row.try_get("", "seconds")?,
                holder: row.try_get("", "holder")?,
            })
        })
        .collect()
}
