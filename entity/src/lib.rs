//! Tocsin's entities: typed ids, the enums of the domain, and the tables. Data and nothing else.
//!
//! Each table is written by one crate alone: see [`OWNERS`].

pub mod id;
pub mod kinds;
mod owners;
pub mod slack;

pub mod api_key;
pub mod audit_entry;
pub mod authority;
pub mod comment_revision;
pub mod connector;
pub mod connector_rule;
pub mod event;
pub mod idempotency;
pub mod incident;
pub mod incident_assignee;
pub mod membership;
pub mod oidc_identity;
pub mod oidc_state;
pub mod organization;
pub mod postmortem;
pub mod service;
pub mod service_manager;
pub mod session;
pub mod sign_in_link;

pub mod slack_app;
pub mod slack_link;
pub mod slack_operation;
pub mod slack_template;
pub mod slack_workspace;
pub mod timeline_entry;
pub mod timer;
pub mod user;

pub use self::owners::OWNERS;
