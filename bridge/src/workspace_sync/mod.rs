//! Keeps the workspaces as administrators want them: follows which are connected, renews their tokens, and writes down how each is.

mod follow;
mod forget;
mod record;
pub(crate) mod rotate;
mod run;
mod state;

pub(crate) use self::{
    follow::{follow, look, look_first, look_for, refresh},
    run::run,
};
