//! Files are their owner's alone.

use std::{os::unix::fs::PermissionsExt, path::Path};

use sea_orm::ConnectionTrait;
use tocsin_database::{Database, create_private};

fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path).expect("the file is there");
    metadata.permissions().mode() & 0o777
}

#[tokio::test]
async fn the_file_and_those_beside_it_are_made_for_their_owner_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("tocsin.db");
    let database = Database::open(&format!("sqlite://{}", file.display()), 2)
        .await
        .expect("a database");
    database
        .write()
        .execute_unprepared("CREATE TABLE note (text TEXT NOT NULL)")
        .await
        .expect("a table");
    for name in ["tocsin.db", "tocsin.db-wal", "tocsin.db-shm"] {
        assert_eq!(mode(&directory.path().join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_file_that_is_there_keeps_its_content_and_its_mode() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("tocsin.db");
    std::fs::write(&file, "content").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("changed");
    create_private(&file).expect("it is there");
    assert_eq!(std::fs::read(&file).expect("readable"), b"content");
    assert_eq!(mode(&file), 0o640);
}
