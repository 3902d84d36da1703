//! Whether the files that hold incidents and secrets are their owner's alone.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::CheckContext;
use crate::{
    config::DatabaseSettings,
    doctor::{DoctorPage, Finding},
};

const SUBJECT: &str = "files";

/// What stands behind the name of the database's file: its own, what SQLite keeps beside it, and copies.
const DATABASE: &[&str] = &["", "-wal", "-shm", "-journal"];

/// What stands beside the database.
const BESIDE: &[&str] = &[
    "queue.db",
    "queue.db-wal",
    "queue.db-shm",
    "secret.key",
    "simulator.json",
];

/// Bits of a mode that let others in.
const OTHERS: u32 = 0o077;

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let database = &context.settings.database;
    let open: Vec<(PathBuf, u32)> = kept(database)
        .into_iter()
        .filter_map(|file| {
            let mode = fs::metadata(&file).ok()?.permissions().mode() & 0o777;
            (mode & OTHERS != 0).then_some((file, mode))
        })
        .collect();
    if open.is_empty() {
        return Vec::new();
    }
    let shown: Vec<String> = open
        .iter()
        .map(|(file, mode)| format!("{} ({mode:03o})", file.display()))
        .collect();
    let names: Vec<String> = open.iter().map(|(file, _)| file.display().to_string()).collect();
    let text = format!(
        "others on this machine may open {}, which hold incidents or secrets: chmod 600 {}",
        shown.join(", "),
        names.join(" ")
    );
    vec![Finding::doubtful(SUBJECT, DoctorPage::FilesOpen, text)]
}

/// The files of this installation that are known by name, and copies of them: what begins with such a name and a dot.
fn kept(database: &DatabaseSettings) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = BESIDE.iter().map(|name| database.beside(name)).collect();
    let mut roots = vec![database.beside("queue.db"), database.beside("secret.key")];
    if let Some(file) = database.file() {
        files.extend(DATABASE.iter().map(|suffix| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        }));
        roots.push(file.to_owned());
    }
    files.extend(roots.iter().flat_map(|root| copies(root)));
    files.sort();
    files.dedup();
    files
}

fn copies(root: &Path) -> Vec<PathBuf> {
    let directory = match root.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        Some(_) | None => Path::new("."),
    };
    let Some(name) = root.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let begins = format!("{name}.");
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&begins))
        .map(|entry| root.with_file_name(entry.file_name()))
        .collect()
}
