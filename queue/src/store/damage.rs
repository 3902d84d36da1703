//! A queue's file that is damaged: it holds nothing that the database doesn't, so it is moved aside and a new one begins.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use tocsin_database::DatabaseFault;

use crate::{explain::sqlx_error, task::now_millis};

/// The files of one SQLite database, by what stands behind its name.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Whether the error says that the file is damaged, or no database.
pub(super) fn is_damage(error: &(dyn std::error::Error + 'static)) -> bool {
    sqlx_error(error).is_some_and(|error| {
        matches!(
            DatabaseFault::of_sqlx(error),
            DatabaseFault::Damaged | DatabaseFault::NotADatabase
        )
    })
}

/// Held while the file is looked at and moved, so that of two processes that find the damage one moves it, and none the new file.
pub(super) fn turn(path: &Path) -> io::Result<File> {
    let path = beside(path, ".lock");
    tocsin_database::create_private(&path)?;
    let lock = File::options().write(true).open(path)?;
    lock.lock()?;
    Ok(lock)
}

/// Moves the file and those beside it out of the way; gives its new name.
pub(super) fn move_aside(path: &Path) -> io::Result<PathBuf> {
    let stamp = now_millis();
    let aside = beside(path, &format!(".damaged-{stamp}"));
    for part in PARTS {
        match fs::rename(beside(path, part), beside(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(aside)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
