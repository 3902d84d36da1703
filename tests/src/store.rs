//! The world's database.

use std::{fmt::Write, path::Path};

use anyhow::{Context, anyhow};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use url::Url;
use uuid::Uuid;

use crate::stack::Stack;

/// Tables whose rows tell that something was written: everything but the schema's own.
const TABLES: &[&str] = &[
    "api_key",
    "connector",
    "event",
    "idempotency",
    "incident",
    "incident_assignee",
    "membership",
    "organization",
    "postmortem",
    "service",
    "timeline_entry",
    "timer",
    "user_account",
    "slack_digest",
    "slack_digest_line",
    "slack_inbox",
    "slack_incident",
    "slack_post",
    "slack_user",
];

/// A database that belongs to one world.
#[derive(Debug)]
pub(crate) struct Store {
    url: String,
    /// The server, and the name of the database on it; none for SQLite.
    server: Option<(Url, String)>,
}

impl Store {
    /// An empty database.
    ///
    /// # Errors
    /// When there is no PostgreSQL to make it on.
    pub(crate) async fn create(stack: Stack, directory: &Path) -> anyhow::Result<Self> {
        match stack {
            Stack::Embedded => Ok(Self {
                url: format!("sqlite://{}", directory.join("tocsin.db").display()),
                server: None,
            }),
            Stack::Servers => {
                let server = postgres()?;
                let name = format!("tocsin_world_{}", Uuid::now_v7().simple());
                execute(server.as_str(), &format!("CREATE DATABASE {name}")).await?;
                let mut url = server.clone();
                url.set_path(&name);
                Ok(Self {
                    url: url.to_string(),
                    server: Some((server, name)),
                })
            }
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection of the caller's own.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn connect(&self) -> anyhow::Result<DatabaseConnection> {
        connect(&self.url).await
    }

    /// How many rows each table has.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn rows(&self) -> anyhow::Result<Vec<(&'static str, i64)>> {
        let database = connect(&self.url).await?;
        let mut rows = Vec::new();
        for table in TABLES {
            rows.push((*table, count(&database, table).await?));
        }
        database.close().await?;
        Ok(rows)
    }

    /// How many rows a table has under this condition.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn count(&self, table_and_condition: &str) -> anyhow::Result<i64> {
        let database = connect(&self.url).await?;
        let rows = count(&database, table_and_condition).await;
        database.close().await?;
        rows
    }

    /// The rows of every table, as text.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn every_row(&self) -> anyhow::Result<String> {
        let database = connect(&self.url).await?;
        let rows = every_row(&database).await;
        database.close().await?;
        rows
    }

    /// Executes a statement.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        execute(&self.url, statement).await
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else {
            return;
        };
        // A runtime of its own: the test's may be gone.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(execute(
                server.as_str(),
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            ))
        });
        // Should that fail, the server that ./test started for its tests goes soon, with everything on it.
        drop(dropping.join());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting, which cli does not know"
)]
fn postgres() -> anyhow::Result<Url> {
    let url = std::env::var("TOCSIN_TEST_POSTGRES_URL").map_err(|_| {
        anyhow!(
            "TOCSIN_TEST_POSTGRES_URL names no PostgreSQL server: run ./test, which starts one, or only the tests \
             that need none: cargo test -p tocsin-tests on_sqlite"
        )
    })?;
    Url::parse(&url).context("TOCSIN_TEST_POSTGRES_URL is no URL")
}

async fn connect(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options)
        .await
        .context("connecting to the world's database")
}

async fn execute(url: &str, statement: &str) -> anyhow::Result<()> {
    let database = connect(url).await?;
    database.execute_unprepared(statement).await?;
    database.close().await?;
    Ok(())
}

async fn every_row(database: &DatabaseConnection) -> anyhow::Result<String> {
    let backend = database.get_database_backend();
    let query = async |sql: &str| -> anyhow::Result<Vec<String>> {
        let rows = database
            .query_all_raw(Statement::from_string(backend, sql))
            .await?;
        let texts = rows.iter().map(|row| row.try_get::<String>("", "text"));
        Ok(texts.collect::<Result<_, _>>()?)
    };
    let is_sqlite = backend == DbBackend::Sqlite;
    let tables = if is_sqlite {
        "SELECT name AS text FROM sqlite_master WHERE type = 'table'"
    } else {
        "SELECT table_name::text AS text FROM information_schema.tables WHERE table_schema = 'public'"
    };
    let mut all = String::new();
    for table in query(tables).await? {
        let rows = if is_sqlite {
            let columns = query(&format!("SELECT name AS text FROM pragma_table_info('{table}')")).await?;
            let columns: Vec<_> = columns
                .iter()
                .map(|column| {
                    // Bytes in the form in which PostgreSQL writes them.
                    format!(
                        "COALESCE(CASE typeof(\"{column}\") WHEN 'blob' THEN lower(hex(\"{column}\")) ELSE CAST(\"{column}\" AS TEXT) END, '')"
                    )
                })
                .collect();
            let row = columns.join(" || ' | ' || ");
            query(&format!("SELECT {row} AS text FROM \"{table}\"")).await?
        } else {
            query(&format!("SELECT t::text AS text FROM \"{table}\" t")).await?
        };
        for row in rows {
            writeln!(all, "{table}: {row}")?;
        }
    }
    Ok(all)
}

async fn count(database: &DatabaseConnection, from: &str) -> anyhow::Result<i64> {
    let statement = Statement::from_string(
        database.get_database_backend(),
        format!("SELECT COUNT(*) AS many FROM {from}"),
    );
    let row = database.query_one_raw(statement).await?.context("a count")?;
    Ok(row.try_get("", "many")?)
}
