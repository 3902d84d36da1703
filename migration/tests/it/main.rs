//! The schema holds every entity, and every entity's columns, on SQLite and on PostgreSQL.

use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait};
use sea_orm_migration::MigratorTrait;
use tocsin_entity::{self as entity, database::Database};
use tocsin_migration::Migrator;

async fn holds_every_entity(db: &DatabaseConnection) {
    macro_rules! readable {
        ($($module:path),* $(,)?) => {$({
            use $module as table;
            let rows = table::Entity::find().all(db).await;
            assert!(rows.is_ok(), "{}: {:?}", stringify!($module), rows.err());
        })*};
    }
    readable!(
        entity::organization,
        entity::user,
        entity::membership,
        entity::api_key,
        entity::service,
        entity::connector,
        entity::incident,
        entity::incident_assignee,
        entity::timeline_entry,
        entity::event,
        entity::timer,
        entity::idempotency,
        entity::postmortem,
        entity::slack::inbox,
        entity::slack::incident,
        entity::slack::origin,
        entity::slack::post,
        entity::slack::pace,
        entity::slack::user,
        entity::slack::channel,
        entity::slack::digest,
        entity::slack::digest_line,
        entity::slack::cursor,
    );
}

async fn goes_up_and_down(db: &DatabaseConnection) {
    Migrator::up(db, None).await.expect("up");
    holds_every_entity(db).await;
    Migrator::down(db, None).await.expect("down");
    Migrator::up(db, None).await.expect("up again");
    holds_every_entity(db).await;
}

#[tokio::test]
async fn the_schema_holds_every_entity_on_sqlite() {
    let db = Database::open("sqlite::memory:", 1)
        .await
        .expect("a database in memory");
    goes_up_and_down(db.write()).await;
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
async fn the_schema_holds_every_entity_on_postgresql() {
    let url = std::env::var("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests: run ./test, which starts one");
    let server = Database::open(&url, 1).await.expect("the test server");
    let name = format!("migration_{}", uuid::Uuid::now_v7().simple());
    server
        .write()
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("a database");
    let mut own = url::Url::parse(&url).expect("a URL");
    own.set_path(&name);
    let db = Database::open(own.as_str(), 1).await.expect("the new database");
    goes_up_and_down(db.write()).await;
    db.close().await.expect("closed");
    server
        .write()
        .execute_unprepared(&format!("DROP DATABASE {name}"))
        .await
        .expect("dropped");
}
