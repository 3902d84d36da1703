//! Tocsin's way to a database: how SQLite and PostgreSQL are opened, how a write begins, and what an error means.
//!
//! It knows no table but its own `database_probe`. What holds here:
//!
//! - No connection is used again while it believes itself in a transaction that the caller has given up. The pool looks when a
//!   connection comes back, so that no caller can forget to.
//! - Each wait has an end on the server's side. A process that hangs inside a transaction loses it, and holds up no other.
//! - A file is created for its owner alone.

mod database;
mod fault;
mod postgres;
mod probe;
pub mod rows;
mod sqlite;
mod trace;

pub use self::{
    database::Database,
    fault::DatabaseFault,
    postgres::{LONG_WORK, PATIENT},
    sqlite::{create_private, is_reusable, take},
};
