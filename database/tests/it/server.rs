//! On PostgreSQL each wait has an end.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use tocsin_database::{Database, DatabaseFault};
use uuid::Uuid;

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
pub(crate) fn url() -> String {
    std::env::var("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests: run ./test, which starts one")
}

/// A database with a table of one row, which goes when the test does not fail.
async fn with_a_row() -> (Database, String) {
    let database = Database::open(&url(), 4).await.expect("the test server");
    let table = format!("row_{}", Uuid::now_v7().simple());
    database
        .write()
        .execute_unprepared(&format!(
            "CREATE TABLE {table} (id INT PRIMARY KEY, value INT NOT NULL); INSERT INTO {table} VALUES (1, 0)"
        ))
        .await
        .expect("a table");
    (database, table)
}

async fn change(database: &Database, table: &str) -> Result<(), DbErr> {
    let tx = database.begin_write().await?;
    tx.execute_unprepared(&format!("UPDATE {table} SET value = value + 1"))
        .await?;
    tx.commit().await
}

#[tokio::test]
async fn whoever_hangs_inside_a_transaction_loses_it_and_holds_up_no_other() {
    let (database, table) = with_a_row().await;
    let hung = database.begin_write().await.expect("a transaction");
    hung.execute_unprepared(&format!("UPDATE {table} SET value = 100"))
        .await
        .expect("the row is free");
    let began = Instant::now();
    change(&database, &table).await.expect("the lock is given up");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let lost = hung.commit().await.expect_err("its transaction is over");
    assert!(
        matches!(
            DatabaseFault::of(&lost),
            DatabaseFault::Interrupted | DatabaseFault::Unreachable
        ),
        "{lost}"
    );
    change(&database, &table)
        .await
        .expect("the pool has a sound connection");
    let drop = format!("DROP TABLE {table}");
    database.write().execute_unprepared(&drop).await.expect("dropped");
}

#[tokio::test]
async fn whoever_waits_for_the_lock_of_somebody_busy_is_told_so_in_time() {
    let (database, table) = with_a_row().await;
    let busy = database.begin_write().await.expect("a transaction");
    busy.execute_unprepared(&format!(
        "SET LOCAL idle_in_transaction_session_timeout = 0; UPDATE {table} SET value = 100"
    ))
    .await
    .expect("the row is free");
    let began = Instant::now();
    let error = change(&database, &table).await.expect_err("the row is not free");
    assert_eq!(DatabaseFault::of(&error), DatabaseFault::Locked, "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    busy.rollback().await.expect("rolled back");
    let drop = format!("DROP TABLE {table}");
    database.write().execute_unprepared(&drop).await.expect("dropped");
}

#[tokio::test]
async fn a_deadlock_is_told_from_other_failures() {
    let (database, table) = with_a_row().await;
    let run = |tx: DatabaseTransaction, sql: String| async move {
        let outcome = tx.execute_unprepared(&sql).await.map(|_| ());
        (tx, outcome)
    };
    let both = format!("INSERT INTO {table} VALUES (2, 0)");
    database
        .write()
        .execute_unprepared(&both)
        .await
        .expect("inserted");
    let change = |id: u8| format!("UPDATE {table} SET value = 100 WHERE id = {id}");
    let (one, two) = (
        database.begin_write().await.expect("a transaction"),
        database.begin_write().await.expect("a transaction"),
    );
    let ((one, first), (two, second)) = tokio::join!(run(one, change(1)), run(two, change(2)));
    first.and(second).expect("the rows are free");
    let ((one, first), (two, second)) = tokio::join!(run(one, change(2)), run(two, change(1)));
    let refused = first.and(second).expect_err("each waits for the other");
    assert_eq!(DatabaseFault::of(&refused), DatabaseFault::Deadlock, "{refused}");
    drop((one, two));
    let drop = format!("DROP TABLE {table}");
    database.write().execute_unprepared(&drop).await.expect("dropped");
}

#[tokio::test]
async fn a_refused_connection_says_why() {
    let mut wrong = url::Url::parse(&url()).expect("a URL");
    wrong.set_path("no_such_database");
    let error = Database::open(wrong.as_str(), 1)
        .await
        .expect_err("there is none");
    assert_eq!(
        DatabaseFault::of(&error),
        DatabaseFault::NoSuchDatabase,
        "{error}"
    );
}
