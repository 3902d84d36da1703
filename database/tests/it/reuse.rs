//! No connection is used again that counts a transaction which is over.

use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionSession};
use tempfile::TempDir;
use tocsin_database::{Database, DatabaseFault};

/// A database whose writing connection may grow by a few pages more, so that what is large fails as on a full disk.
async fn nearly_full(directory: &TempDir) -> Database {
    let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
    let database = Database::open(&url, 2).await.expect("a database");
    database
        .write()
        .execute_unprepared("CREATE TABLE note (text TEXT NOT NULL); PRAGMA max_page_count = 10")
        .await
        .expect("a table");
    database
}

async fn notes(database: &Database) -> Vec<String> {
    let all = Statement::from_string(DbBackend::Sqlite, "SELECT text FROM note ORDER BY text");
    let rows = database.read().query_all_raw(all).await.expect("the notes");
    rows.iter()
        .map(|row| row.try_get("", "text").expect("a text"))
        .collect()
}

async fn fill(tx: &sea_orm::DatabaseTransaction) {
    let full = tx
        .execute_unprepared("INSERT INTO note VALUES (hex(zeroblob(1000000)))")
        .await
        .expect_err("the disk is full");
    assert_eq!(DatabaseFault::of(&full), DatabaseFault::DiskFull, "{full}");
}

#[tokio::test]
async fn what_is_committed_after_a_full_disk_is_seen_by_readers_and_by_the_next_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = nearly_full(&directory).await;
    for (number, is_dropped) in [true, false, true, false].into_iter().enumerate() {
        database
            .write()
            .execute_unprepared("PRAGMA max_page_count = 10")
            .await
            .expect("a limit");
        let tx = database.begin_write().await.expect("a transaction");
        fill(&tx).await;
        if is_dropped {
            drop(tx);
        } else {
            tx.rollback().await.expect_err("SQLite has rolled back by itself");
        }
        let tx = database.begin_write().await.expect("a transaction");
        tx.execute_unprepared(&format!("INSERT INTO note VALUES ('{number}')"))
            .await
            .expect("there is room");
        tx.commit().await.expect("committed");
        assert_eq!(notes(&database).await.len(), number + 1, "dropped: {is_dropped}");
    }
    database.close().await.expect("closed");
    let again = nearly_full_again(&directory).await;
    assert_eq!(notes(&again).await, ["0", "1", "2", "3"]);
}

async fn nearly_full_again(directory: &TempDir) -> Database {
    let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
    Database::open(&url, 2).await.expect("a database")
}

#[tokio::test]
async fn a_commit_after_a_full_disk_that_nobody_looked_at_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = nearly_full(&directory).await;
    let tx = database.begin_write().await.expect("a transaction");
    tx.execute_unprepared("INSERT INTO note VALUES ('before')")
        .await
        .expect("there is room");
    fill(&tx).await;
    TransactionSession::commit(tx)
        .await
        .expect_err("the transaction is over");
    assert!(notes(&database).await.is_empty());
    let tx = database.begin_write().await.expect("a transaction");
    tx.execute_unprepared("INSERT INTO note VALUES ('after')")
        .await
        .expect("there is room");
    tx.commit().await.expect("committed");
    assert_eq!(notes(&database).await, ["after"]);
}

#[tokio::test]
async fn a_transaction_whose_owner_is_cancelled_leaves_no_trace() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = nearly_full(&directory).await;
    for _ in 0..50 {
        let cancelled = async {
            let tx = database.begin_write().await.expect("a transaction");
            tx.execute_unprepared("INSERT INTO note VALUES ('cancelled')")
                .await
                .expect("there is room");
            std::future::pending::<()>().await;
            drop(tx);
        };
        tokio::select! {
            biased;
            () = cancelled => {}
            () = async { for _ in 0..20 { tokio::task::yield_now().await; } } => {}
        }
        let tx = database.begin_write().await.expect("a transaction");
        tx.commit().await.expect("committed");
    }
    assert!(notes(&database).await.is_empty());
}
