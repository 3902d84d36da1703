//! Why there is no backup, or why it is not restored.

use std::io;

use sea_orm::DbErr;

/// Why a backup is not written, or not read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file can't be read or written.
    #[error("the file can't be read or written: {0}")]
    File(#[from] io::Error),
    /// It is something else.
    #[error("this is no backup of Tocsin's: it does not begin as one")]
    NotABackup,
    /// It has another form.
    #[error(
        "Tocsin {version} wrote this backup in form {form}, which this version does not read: restore it with that version"
    )]
    OtherForm {
        /// Which form.
        form: u32,
        /// The version that wrote it.
        version: String,
    },
    /// It ends before its last line.
    #[error("the backup is cut short: it ends before its last line. Take another copy of it")]
    Cut,
    /// It does not say what it said when it was written.
    #[error("the backup is damaged or was altered: {0}. Take another copy of it")]
    Altered(String),
    /// It has tables that this version does not know.
    #[error(
        "the database was migrated by a newer version of Tocsin ({migration} is not known to this one): use Tocsin {version} or newer"
    )]
    Newer {
        /// A migration that this version does not know.
        migration: String,
        /// The version that wrote it, or this one.
        version: String,
    },
    /// Its migrations were run in another order than this version's.
    #[error(
        "the database has run {migration} without some of the migrations before it: run `tocsin migrate` with the version that wrote it, \
         and take a backup then"
    )]
    Gap {
        /// The migration after the gap.
        migration: String,
    },
    /// There are no tables.
    #[error("the database is empty: there is nothing to back up")]
    Empty,
    /// A value that the column's kind does not allow.
    #[error("a value of {table}.{column} can't be read: {reason}")]
    Value {
        /// Which table.
        table: String,
        /// Which column.
        column: String,
        /// Why.
        reason: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}
