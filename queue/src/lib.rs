//! Tocsin's job queue: typed doorbells on apalis, over Redis or an embedded SQLite file.

mod bells;
mod config;
mod error;
mod job;
pub mod jobs;
mod pusher;
mod queue;
mod store;
mod supervise;
mod task;
mod telemetry;
mod worker;

pub use config::QueueConfig;
pub use error::{BoxError, QueueError};
pub use job::{Job, JobContext, JobError};
pub use queue::Queue;
pub use worker::Worker;
