//! Databases for tests: one on SQLite, and one on the PostgreSQL server that `./test` starts.

use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;
use tocsin_database::Database;
use uuid::Uuid;

/// A database of a test's own.
pub(crate) struct Own {
    pub(crate) database: Database,
    _directory: Option<TempDir>,
}

/// A SQLite file.
pub(crate) async fn sqlite() -> Own {
    let directory = TempDir::new().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
    let database = Database::open(&url, 4).await.expect("a database");
    tocsin_migration::Migrator::up(database.write(), None)
        .await
        .expect("migrations");
    Own {
        database,
        _directory: Some(directory),
    }
}

/// A schema of its own on the test server.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
pub(crate) async fn postgres() -> Own {
    let url = std::env::var("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests: run ./test, which starts one");
    let server = Database::open(&url, 1).await.expect("the test server");
    let schema = format!("bridge_{}", Uuid::now_v7().simple());
    let create = format!("CREATE SCHEMA {schema}");
    server
        .write()
        .execute_unprepared(&create)
        .await
        .expect("a schema");
    let mut own = url::Url::parse(&url).expect("a URL");
    own.query_pairs_mut()
        .append_pair("options", &format!("-csearch_path={schema}"));
    let database = Database::open(own.as_str(), 8).await.expect("the schema");
    tocsin_migration::Migrator::up(database.write(), None)
        .await
        .expect("migrations");
    Own {
        database,
        _directory: None,
    }
}

/// The same test on both databases.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn holds($database: Database) $body

            #[tokio::test(flavor = "multi_thread")]
            $(#[$meta])*
            async fn on_sqlite() {
                let own = crate::store::testing::sqlite().await;
                holds(own.database.clone()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            $(#[$meta])*
            async fn on_postgresql() {
                let own = crate::store::testing::postgres().await;
                holds(own.database.clone()).await;
            }
        }
    )*};
}
pub(crate) use on_both;
