//! What an error means is the same on both databases.

use sea_orm::ConnectionTrait;
use tocsin_database::{Database, DatabaseFault};
use uuid::Uuid;

use crate::server::url;

#[tokio::test]
async fn what_is_there_already_is_told_from_other_errors() {
    for url in ["sqlite::memory:".to_owned(), url()] {
        let database = Database::open(&url, 1).await.expect("a database");
        let table = format!("there_{}", Uuid::now_v7().simple());
        let fault = async |statement: &str| {
            let made = database.write().execute_unprepared(statement).await;
            made.err().map(|error| DatabaseFault::of(&error))
        };
        let create = format!("CREATE TABLE {table} (id INT PRIMARY KEY)");
        assert_eq!(fault(&create).await, None, "{url}");
        assert_eq!(fault(&create).await, Some(DatabaseFault::AlreadyThere), "{url}");
        let add = format!("ALTER TABLE {table} ADD COLUMN id INT");
        assert_eq!(fault(&add).await, Some(DatabaseFault::AlreadyThere), "{url}");
        let index = format!("CREATE INDEX {table}_id ON {table} (id)");
        assert_eq!(fault(&index).await, None, "{url}");
        assert_eq!(fault(&index).await, Some(DatabaseFault::AlreadyThere), "{url}");
        let missing = format!("ALTER TABLE {table}_not ADD COLUMN id INT");
        assert_eq!(fault(&missing).await, Some(DatabaseFault::WrongSchema), "{url}");
        assert_eq!(fault(&format!("DROP TABLE {table}")).await, None, "{url}");
    }
}
