//! The API by GraphQL, on a real database: each test on SQLite, and on PostgreSQL where `TOCSIN_TEST_POSTGRES_URL` names one.

mod bridge;
mod caller;
mod connectors;
mod counting;
mod events;
mod faults;
mod idempotency;
mod identities;
mod incidents;
mod input;
mod installs;
mod lists;
mod operations;
mod people;
mod postmortems;
mod revisions;
mod rights;
mod state_machine;
mod templates;
mod tenants;
mod timers;
mod together;
mod wire;
mod workspaces;
mod world;
