//! The `tocsin` command as its users meet it: what it prints, how it ends, and what it keeps.

mod administration;
mod backup;
mod configuration;
mod docs;
mod doctor;
mod exhaustion;
mod manifest;
mod operations;
mod process;
mod roles;
mod start;
mod states;
