//! The way to the database, on files and on a server of the tests' own.

mod fault;
mod files;
mod reuse;
mod rows;
mod server;
