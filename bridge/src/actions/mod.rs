//! Buttons on an incident's message, or on its preview: pressed by a person, done with that person's own rights.
//!
//! What the button carries is not trusted: the incident and its organisation are those of the post on which it was pressed.

mod press;
mod work;

pub(crate) use work::ROUTE;
