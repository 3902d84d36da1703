//! A process that is killed while it migrates: the next one goes on, at whatever statement it was.

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus},
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, sqlx::sqlite::SqliteSynchronous};
use sea_orm_migration::MigratorTrait;
use tocsin_migration::Migrator;

/// The file, and after how many statements to die: set for the process that is to die.
const FILE: &str = "TOCSIN_TEST_MIGRATED_FILE";
const DIES_AFTER: &str = "TOCSIN_TEST_DIES_AFTER";

async fn open(file: &Path) -> DatabaseConnection {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options
        .max_connections(1)
        .sqlx_logging(false)
        // What a process leaves when it dies is the same; a machine that dies is SQLite's own concern.
        .map_sqlx_sqlite_opts(|sqlite| sqlite.synchronous(SqliteSynchronous::Off));
    Database::connect(options).await.expect("a database")
}

/// Runs the next migration, and dies after so many statements.
async fn die(file: &Path, after: u32) {
    let mut db = open(file).await;
    let done = AtomicU32::new(0);
    db.set_metric_callback(move |_| {
        if done.fetch_add(1, Ordering::Relaxed) + 1 == after {
            std::process::abort();
        }
    });
    Migrator::up(&db, Some(1)).await.expect("it can be migrated");
}

fn run_one_that_dies(file: &Path, after: u32) -> ExitStatus {
    Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "kills::a_migration_that_is_killed_at_any_statement_goes_on_at_the_next_start",
        ])
        .env(FILE, file)
        .env(DIES_AFTER, after.to_string())
        .stdout(std::process::Stdio::null())
        .status()
        .expect("a process")
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the process that dies is told by its environment"
)]
async fn a_migration_that_is_killed_at_any_statement_goes_on_at_the_next_start() {
    if let (Ok(file), Ok(after)) = (std::env::var(FILE), std::env::var(DIES_AFTER)) {
        return die(Path::new(&file), after.parse().expect("a number")).await;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("tocsin.db");
    let (mut after, mut deaths) = (1, 0);
    loop {
        let status = run_one_that_dies(&file, after);
        if status.signal().is_some() {
            (after, deaths) = (after + 1, deaths + 1);
            continue;
        }
        assert!(
            status.success(),
            "after {deaths} deaths, the last at statement {}",
            after - 1
        );
        after = 1;
        let db = open(&file).await;
        let pending = Migrator::get_pending_migrations_read_only(&db)
            .await
            .expect("readable");
        db.close().await.expect("closed");
        if pending.is_empty() {
            break;
        }
    }
    assert!(
        deaths > 100,
        "only {deaths} processes died: the statements were not counted"
    );
}
