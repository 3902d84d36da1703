//! What people see in Slack of what the crate writes.

mod documents;
mod examples;
mod markdown;
mod reader;
