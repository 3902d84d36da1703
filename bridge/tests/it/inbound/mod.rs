//! What comes from Slack.

mod endpoints;
mod samples;
