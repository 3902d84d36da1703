use std::io::Cursor;

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sea_query::{Alias, Query, SimpleExpr},
};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value as Json, json};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_migration::Migrator;
use uuid::Uuid;

use crate::{
    Backup, BackupError, DatabaseSchema, Header, applied_migrations, load, move_aside, read, schema::Table,
    value::ColumnKind, write,
};

async fn schema(database: &Database) -> DatabaseSchema {
    let applied = applied_migrations(database.read()).await.expect("its migrations");
    DatabaseSchema::after(&applied, "1.0.0").await.expect("a schema")
}

/// A value that is hard to carry over; all ids in a row are the same, so that the row they refer to is there.
fn value(kind: ColumnKind, id: Uuid, number: i64) -> Json {
    match kind {
        ColumnKind::Uuid => json!(id.to_string()),
        ColumnKind::Text => json!("é🔥 '\"\\\n\t%_"),
        ColumnKind::Integer => json!(number),
        ColumnKind::Boolean => json!(true),
        ColumnKind::Time => json!("2026-11-29T17:00:00.123456Z"),
        ColumnKind::Json => json!(r#"{"a":[1,null,"é"],"b":1.5}"#),
    }
}

/// One row in each table with all there can be, and one with as little.
async fn fill(database: &Database, schema: &DatabaseSchema) {
    let db = database.write();
    for table in schema.tables.iter().rev() {
        let delete = format!("DELETE FROM \"{}\"", table.name);
        db.execute_unprepared(&delete).await.expect("emptied");
    }
    for (number, with_all) in [(2_000_000_000, true), (1, false)] {
        let id = Uuid::now_v7();
        for table in &schema.tables {
            let mut insert = Query::insert();
            insert.into_table(Alias::new(&table.name));
            let columns = if with_all {
                table.columns.clone()
            } else {
                needed(database, table).await
            };
            insert.columns(columns.iter().map(|(name, _)| Alias::new(name)));
            let values = columns.iter().map(|(_, kind)| {
                let value = if with_all || !matches!(kind, ColumnKind::Json | ColumnKind::Text) {
                    value(*kind, id, number)
                } else if *kind == ColumnKind::Json {
                    json!("null")
                } else {
                    json!(id.simple().to_string())
                };
                SimpleExpr::from(kind.bind(&value).expect("a value"))
            });
            insert.values_panic(values);
            db.execute(&insert)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", table.name));
        }
    }
}

/// The columns that may not be empty.
async fn needed(database: &Database, table: &Table) -> Vec<(String, ColumnKind)> {
    let sql = format!(
        "SELECT name FROM pragma_table_info('{}') WHERE \"notnull\" = 1 OR pk > 0",
        table.name
    );
    let rows = database
        .read()
        .query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let rows = rows.await.expect("its columns");
    let names: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect();
    table
        .columns
        .iter()
        .filter(|(name, _)| names.contains(name))
        .cloned()
        .collect()
}

async fn backup(database: &Database) -> Vec<u8> {
    let schema = schema(database).await;
    let made_at = OffsetDateTime::UNIX_EPOCH;
    let header = Header::new(
        "1.0.0",
        made_at,
        "SQLite",
        &schema.migrations,
        vec!["0a1b2c3d".to_owned()],
    );
    let mut file = Vec::new();
    write(database, &schema, &header, &mut file)
        .await
        .expect("a backup");
    file
}

/// Its rows, in no order.
fn lines(file: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(file).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.pop();
    lines.sort_unstable();
    lines
}

async fn restore(database: &Database, file: &[u8]) -> Result<(), BackupError> {
    let mut backup = Backup::open(Cursor::new(file))?;
    let schema = DatabaseSchema::after(&backup.header.migrations, &backup.header.version).await?;
    let tx = database.begin_write().await?;
    load(&tx, &schema, &mut backup).await?;
    tx.commit().await?;
    Ok(())
}

async fn sqlite(directory: &tempfile::TempDir, name: &str) -> Database {
    let file = directory.path().join(name);
    Database::open(&format!("sqlite://{}", file.display()), 2)
        .await
        .expect("a file")
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
async fn postgres() -> Database {
    let server = std::env::var("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests: run ./test, which starts one");
    let name = format!("tocsin_backup_{}", Uuid::now_v7().simple());
    let made = Database::open(&server, 1).await.expect("the test server");
    made.write()
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("made");
    made.close().await.expect("closed");
    let mut url: url::Url = server.parse().expect("a URL");
    url.set_path(&name);
    Database::open(url.as_str(), 2).await.expect("the new database")
}

/// A database with rows in every table.
async fn filled(directory: &tempfile::TempDir) -> (Database, DatabaseSchema) {
    let database = sqlite(directory, "first.db").await;
    Migrator::up(database.write(), None).await.expect("migrated");
    let schema = schema(&database).await;
    fill(&database, &schema).await;
    (database, schema)
}

#[tokio::test]
async fn every_row_of_every_table_goes_from_sqlite_to_postgresql_and_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let (first, schema) = filled(&directory).await;
    assert!(schema.tables.len() > 30, "only {} tables", schema.tables.len());
    let original = backup(&first).await;
    let summary = read(Cursor::new(&original)).expect("it is whole");
    assert_eq!(
        (summary.rows, summary.tables),
        (schema.tables.len() as u64 * 2, schema.tables.len())
    );

    let server = postgres().await;
    restore(&server, &original)
        .await
        .expect("restored into PostgreSQL");
    let carried = backup(&server).await;
    assert_eq!(lines(&carried), lines(&original));

    let back = sqlite(&directory, "back.db").await;
    restore(&back, &carried).await.expect("restored into SQLite");
    assert_eq!(lines(&backup(&back).await), lines(&original));
}

#[tokio::test]
async fn what_was_in_postgresql_moves_aside_whole_and_the_backup_takes_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let (first, schema) = filled(&directory).await;
    let file = backup(&first).await;
    let server = postgres().await;
    restore(&server, &file).await.expect("restored");

    let tx = server.begin_write().await.expect("a transaction");
    move_aside(&tx, &schema, "before").await.expect("moved");
    let mut again = Backup::open(Cursor::new(&file)).expect("a backup");
    load(&tx, &schema, &mut again).await.expect("restored again");
    tx.commit().await.expect("committed");
    assert_eq!(lines(&backup(&server).await), lines(&file));
    for table in ["organization", "before.organization"] {
        let sql = format!("SELECT COUNT(*) AS many FROM {table}");
        let row = server
            .read()
            .query_one_raw(Statement::from_string(DbBackend::Postgres, sql));
        let row = row.await.expect("the table").expect("a row");
        assert_eq!(row.try_get::<i64>("", "many"), Ok(2), "{table}");
    }
    // The triggers came along, on both sides.
    for table in ["audit_entry", "before.audit_entry"] {
        let refused = server
            .write()
            .execute_unprepared(&format!("DELETE FROM {table}"))
            .await;
        assert!(
            refused.is_err_and(|error| error.to_string().contains("append-only")),
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_backup_of_an_earlier_version_is_brought_to_this_ones_schema() {
    let directory = tempfile::tempdir().expect("a directory");
    let early = sqlite(&directory, "early.db").await;
    let steps = u32::try_from(Migrator::migrations().len() - 3).expect("a number");
    Migrator::up(early.write(), Some(steps)).await.expect("migrated");
    let schema = schema(&early).await;
    fill(&early, &schema).await;
    let file = backup(&early).await;
    let late = sqlite(&directory, "late.db").await;
    restore(&late, &file).await.expect("restored");
    assert!(
        Migrator::get_pending_migrations(late.write())
            .await
            .expect("asked")
            .is_empty()
    );
    let rows = late.read().query_all_raw(Statement::from_string(
        DbBackend::Sqlite,
        "SELECT id FROM organization",
    ));
    assert_eq!(rows.await.expect("the organisations").len(), 2);
}

#[tokio::test]
async fn a_backup_that_is_cut_or_altered_anywhere_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (first, _) = filled(&directory).await;
    let file = backup(&first).await;
    read(Cursor::new(&file)).expect("it is whole");
    for end in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        let refused = read(Cursor::new(&file[..end]));
        assert!(
            matches!(refused, Err(BackupError::Cut | BackupError::NotABackup)),
            "{end}: {refused:?}"
        );
    }
    for place in (0..file.len()).step_by(89) {
        let mut altered = file.clone();
        altered[place] ^= 1;
        assert!(read(Cursor::new(&altered)).is_err(), "byte {place}");
    }
    let mut longer = file.clone();
    longer.extend_from_slice(b"{}\n");
    assert!(matches!(read(Cursor::new(&longer)), Err(BackupError::Altered(_))));

    let second = sqlite(&directory, "second.db").await;
    let without_its_end = &file[..file.len() - 1];
    assert!(matches!(
        restore(&second, without_its_end).await,
        Err(BackupError::Cut)
    ));
    assert_eq!(applied_migrations(second.read()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_backup_of_a_newer_version_names_that_version() {
    let refused = DatabaseSchema::after(&["m20991231_000001_more".to_owned()], "9.9.9").await;
    let told = refused.expect_err("it is not known").to_string();
    assert!(
        told.contains("m20991231_000001_more") && told.contains("Tocsin 9.9.9"),
        "{told}"
    );
}
