//! Tocsin from the outside: the real binary, on SQLite and on PostgreSQL with Redis, with a simulated Slack.

mod actors;
mod channel_ids;
mod clock;
mod clocks;
mod crash;
mod disk;
mod health;
mod hung;
mod install;
mod operations;
mod outages;
mod own_apps;
mod path;
mod paused;
mod people;
mod refusals;
mod replicas;
mod restore;
mod secrets;
mod shared_team;
mod slack_alone;
mod slack_elsewhere;
mod storm;
mod templates;
mod without_redis;
mod workspaces;
