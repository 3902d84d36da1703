//! End-to-end tests over real processes and real servers, and the harness they stand on.
//!
//! A [`World`] is a database of its own, the `tocsin` processes that work on it, a Redis where they need one, and a
//! simulated Slack. Everything in it is private to one test and gone with it; a test that fails shows the end of each
//! process's log. A new test is a function that takes a [`Stack`], named once in [`on_each_stack`]:
//!
//! ```no_run
//! use tocsin_tests::{Stack, World, on_each_stack};
//!
//! on_each_stack!(an_incident_is_told_in_slack);
//! async fn an_incident_is_told_in_slack(stack: Stack) -> anyhow::Result<()> {
//!     let world = World::on(stack).start().await?;
//!     let incident = world.admin().trigger("Payments are failing").await?;
//!     let root = world.root(incident.number, |root| root.text.contains("Triggered")).await?;
//!     world.slack().person("alice").reply("incidents", &root.ts, "On it")?;
//!     world.admin().until(incident.number, |now| now.comments() == ["On it"]).await?;
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! Wait for what a user sees ([`World::root`], [`Client::until`], the simulator's `wait_until`), never for time.

mod binary;
mod client;
mod command;
mod emitted;
mod incident;
mod log;
mod outcome;
mod ports;
mod process;
mod redis;
mod root;
mod socket;
mod stack;
mod store;
mod wait;
mod world;

pub use client::{Answer, Client};
pub use incident::{Entry, Incident, Triggered};
pub use log::LogLine;
pub use outcome::shown;
pub use process::Process;
pub use redis::{Redis, RedisFailure};
pub use root::{digests, roots, roots_of, shown_status};
pub use socket::{Event, Subscription};
pub use stack::Stack;
pub use wait::{PATIENCE, until};
pub use world::{CHANNEL, Plan, World};
