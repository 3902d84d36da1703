//! A strict simulated Slack workspace, for tests and for trying Tocsin without Slack.
//!
//! It serves the Web API methods that a bridge uses, sends signed events and interactions as Slack does,
//! and has people who post, reply, press buttons and paste links. It refuses whatever Slack refuses: a
//! client that is content with this workspace should be content with the real one.
//!
//! * In a test: [`Simulator::start`], then [`TeamHandle::person`] to act and [`TeamHandle::wait_until`] to see.
//! * From another process: the JSON endpoints under `/sim/`, listed at `/sim`.
//! * By eye: the page at `/`, or [`render_text`] in a terminal.
//!
//! Facts about Slack are from its documentation (docs.slack.dev) and the test data of its own SDKs; a
//! number that Slack does not publish is marked so where it stands.

mod administer;
mod block_kit;
mod calls;
mod clock;
mod config;
mod control;
mod error;
mod faults;
mod guard;
mod limits;
mod method;
mod oauth;
mod outbound;
mod page;
mod people;
mod random;
mod render;
mod server;
mod simulator;
mod socket;
mod state;
mod team;
mod teams;
mod web_api;

pub use calls::Call;
pub use config::{
    ALL_SCOPES, ChannelSeed, DEFAULT_BOT_TOKEN, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET,
    DEFAULT_SIGNING_SECRET, FileSeed, FunctionParameter, FunctionSeed, GroupSeed, PersonSeed,
    SimulatorConfig,
};
pub use error::{ActError, SimulatorError, TimeoutError};
pub use faults::{Fault, FaultKind, When};
pub use limits::{CallLimits, PostLimit};
pub use outbound::answer::AppAnswer;
pub use outbound::sender::AppSender;
pub use outbound::signing::sign;
pub use people::PersonHandle;
pub use render::{render_channel, render_text};
pub use simulator::Simulator;
pub use state::delivery::DeliveryAttempt;
pub use state::workspace::function::{Execution, FunctionOutcome};
pub use state::workspace::installation::Farewell;
pub use state::workspace::snapshot::{
    Button, ChannelSnapshot, MessageSnapshot, PersonSnapshot, ReactionSnapshot, Snapshot, ViewSnapshot,
    VisibleError,
};
pub use team::TeamHandle;
pub use teams::{AppSeed, TeamSeed};
