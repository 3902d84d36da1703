//! Acting from an incident's message, from its preview or from the Home tab: buttons, a menu, and the dialogs that they open.
//!
//! Everything is done with the rights of the person who asks. What a button carries is not trusted: the incident and its organisation are
//! those of the post on which it was pressed. What needs no question is done by [`PRESSED`]; [`OPEN`] asks what else there is to know in a
//! dialog, [`SUBMIT`] checks what it is answered, and [`SUBMITTED`] does it.

mod action;
mod age;
mod dialogs;
mod menu;
mod open;
mod options;
mod press;
mod submit;
mod target;
mod tell;
mod work;

pub(crate) use open::OPEN;
pub(crate) use options::OPTIONS;
pub(crate) use submit::{SUBMIT, SUBMITTED};
pub(crate) use work::PRESSED;
