//! Tocsin's job queue: typed doorbells on apalis, over Redis or an embedded SQLite file.
//!
//! The database is the truth, and a job only says where to look. So a job may be lost (whoever sweeps the database rings
//! again), may run twice, and may stand for many rings. What this crate holds in return:
//!
//! - **Callers never wait.** [`Queue::enqueue`] puts the job in a bounded buffer, from where it is stored in the background,
//!   together with others.
//! - **The backend is not the only path.** One failed or late call opens the breaker (`breaker`): until a probe that pushes and takes
//!   works again, nobody waits for the backend, and the workers of the same process (`local`) run what is rung there.
//! - **At least once.** A job that was stored is run, also when its worker is killed: another takes it over some 6 to 8 s later.
//!   A job that only runs long is left to its worker.
//! - **A ring is heard.** Rings of one name and key are one while the job *waits*; from the moment it is taken, and
//!   so before its handler reads anything, the next ring is a new job. It runs after the first, never beside it, within one process.
//! - **Failures stay small.** A handler may fail, panic, hang, or be given a job it can't decode: that job is tried again with
//!   growing pauses, and in the end dropped with an error in the log; no other notices. Each name has its own consumer and
//!   its own share of concurrency.
//! - **Workers don't die.** Losing Redis, having it restarted, or flushed, costs jobs and nothing else.
//!
//! # What is apalis' and what is ours
//!
//! apalis is the storage on both backends: its schema and its layout in Redis, its push, its fetch, and on SQLite its heartbeat and its
//! taking over from the dead. The loop around them is ours, as apalis' own can't be made to hold the above (1.0.0):
//!
//! - Its worker ends at the first error of the backend, a slow answer included, and acknowledges through a channel that
//!   is only emptied at the next poll. Here each call is repeated until it works, and a job stays *held* until its
//!   verdict has arrived. Whatever the backend believes to be with a worker, and the worker does not hold, was taken by
//!   a call whose answer was lost: it is handed back (`worker::consumer`).
//! - It polls. Here a wake-up reaches the consumer, within the process by a channel and between processes by Redis' pub/sub; looking
//!   every half second is for what can't be heard (`wakeups`). On SQLite that includes rings of other processes.
//! - On Redis each task, also one due now, goes through `:scheduled`, from where the fetch moves all that are due at once: beyond
//!   some 8,000 that is more than Lua can unpack, and each later fetch fails. Here `promote.lua` moves them first, at
//!   most 1,000 a call. Delays are whole seconds, rounded down: jobs carry their due time, and wait for the rest in
//!   the worker.
//! - Without a time to live its idempotency keys on Redis do nothing, and on SQLite they are kept as long as the finished row. Here
//!   they are released when the job is taken, and finished tasks are deleted at once, so that nothing piles up.
//! - Its retries come at once, or without end, or lose the job. Here a failed run stores a new task, and the old one ends.
//! - A task that apalis can't read fails the fetch of all that are fetched with it. Here the payload is decoded in the
//!   handler's consumer, and should apalis' own fields be broken, tasks are fetched one by one until the bad one is found.
//! - A worker that comes back under its old name is refused for a while, and a flushed Redis refuses it for good. Here each start has
//!   a new name, and each heartbeat registers anew.
//!
//! SQLite runs in WAL mode with `synchronous = NORMAL` (apalis would turn it off), in a file of its own, on one connection.

mod breaker;
mod config;
mod error;
mod explain;
mod job;
pub mod jobs;
mod local;
mod pusher;
mod queue;
mod store;
mod supervise;
mod task;
mod telemetry;
mod wakeups;
mod worker;

pub use config::QueueConfig;
pub use error::{BoxError, QueueError};
pub use job::{Job, JobContext, JobError};
pub use queue::Queue;
pub use worker::Worker;
