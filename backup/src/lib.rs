//! Backups: all rows of Tocsin's database in one file, which SQLite and PostgreSQL both take.
//!
//! - [`write()`] reads one snapshot of a database in use, and [`load`] writes it into an empty schema.
//! - The file is lines of JSON. The first says what it is, the last has the number of rows and a checksum of everything before it, so
//!   that a file that was cut or altered is seen ([`read`]).
//! - The [`DatabaseSchema`] is that of the migrations which the database has run, not that of this version. So you can back up before you
//!   upgrade, and restore what an earlier version wrote.

mod dump;
mod error;
mod file;
mod load;
mod schema;
mod value;

pub use self::{
    dump::write,
    error::BackupError,
    file::{Backup, Header, Summary, read},
    load::{load, move_aside},
    schema::{DatabaseSchema, applied_migrations},
};

#[cfg(test)]
mod tests;
