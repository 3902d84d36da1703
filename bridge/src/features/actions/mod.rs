//! Acting from an incident's message, from its preview or from the Home tab: buttons, a menu, and the dialogs that they open.
//!
//! Everything is done with the rights of the person who asks. What a button carries is not trusted: the incident and its organisation are
//! those of the post on which it was pressed. What needs no question is done by [`PRESSED`]; [`OPEN`] asks what else there is to know in a
//! dialog, [`SUBMIT`] checks what it is answered, and [`SUBMITTED`] does it.
//!
//! What can be done is a list of [`IncidentAction`]s, each in a file of its own.

mod acknowledge;
mod age;
mod assignee;
mod details;
mod dialog;
mod escalate;
mod incident_action;
mod menu;
mod mute;
mod note;
mod open;
mod options;
mod people;
mod press;
mod reassign;
mod reopen;
mod resolve;
mod snooze;
mod status;
mod submit;
mod target;
mod tell;
#[cfg(test)]
mod tests;
mod update;
mod work;

use std::sync::Arc;

use tocsin_database::Database;

use crate::{acting::ActionService, links::IncidentLinks, request, restore_watch::RestoreWatch};

#[cfg(test)]
pub(crate) use self::press::ButtonPress;

pub(crate) use self::{
    acknowledge::ACKNOWLEDGE,
    details::DETAILS,
    escalate::ESCALATE,
    incident_action::IncidentAction,
    menu::ActionMenu,
    mute::{MUTE, UNMUTE},
    note::NOTE,
    open::OPEN,
    options::OPTIONS,
    reassign::REASSIGN,
    reopen::REOPEN,
    resolve::RESOLVE,
    snooze::SNOOZE,
    status::STATUS,
    submit::{SUBMIT, SUBMITTED},
    update::UPDATE,
    work::PRESSED,
};

/// What it takes to act on incidents.
#[derive(Debug)]
pub(crate) struct Actions {
    pub(crate) acting: ActionService,
    /// All that can be done to an incident.
    pub(crate) all: &'static [&'static IncidentAction],
    pub(crate) database: Database,
    pub(crate) links: IncidentLinks,
    pub(crate) menu: ActionMenu,
    /// Whether the database was restored from a backup.
    pub(crate) restore: Arc<RestoreWatch>,
}

type Route = request::Route<Actions>;
type Prompt = request::InteractiveRoute<Actions>;
