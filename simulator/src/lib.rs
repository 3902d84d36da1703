//! A strict simulated Slack workspace, for tests and for trying Tocsin without Slack.
