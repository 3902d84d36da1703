//! What can be done to one incident from Slack: how people ask for it, and what it does. Each is one value in a file of its own, and
//! one line in [`crate::routes`].

use time::OffsetDateTime;

use super::dialog::Dialog;
use crate::acting::{IncidentMutation, typed_action::TypedAction};

/// Something that can be done to one incident.
pub(crate) struct IncidentAction {
    /// What is done, between "You can't" and "this incident"; also what it is counted as.
    pub(crate) verb: &'static str,
    /// The buttons and the options of the menu that ask for it.
    pub(crate) triggers: &'static [Trigger],
    /// What asks more before it is done.
    pub(crate) dialog: Option<&'static Dialog>,
    /// How it is asked for in words.
    pub(crate) typed: Option<&'static TypedAction>,
}

impl std::fmt::Debug for IncidentAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.verb)
    }
}

/// A button or an option that asks for an action.
pub(crate) struct Trigger {
    pub(crate) element: Element,
    pub(crate) asks: Asks,
}

/// An element of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// By its action id.
    Button(&'static str),
    /// An option of the menu, by its value.
    Choice(&'static str),
}

/// What an element asks for.
#[derive(Clone, Copy)]
pub(crate) enum Asks {
    /// To be done at once; the time is when it was asked for.
    Now(fn(OffsetDateTime) -> Box<dyn IncidentMutation>),
    /// To be asked more in the action's dialog.
    Dialog(&'static Dialog),
}

impl Trigger {
    /// A button for what is done at once.
    pub(crate) const fn button(
        action_id: &'static str,
        now: fn(OffsetDateTime) -> Box<dyn IncidentMutation>,
    ) -> Self {
        Self {
            element: Element::Button(action_id),
            asks: Asks::Now(now),
        }
    }

    /// An option for what is done at once.
    pub(crate) const fn choice(
        value: &'static str,
        now: fn(OffsetDateTime) -> Box<dyn IncidentMutation>,
    ) -> Self {
        Self {
            element: Element::Choice(value),
            asks: Asks::Now(now),
        }
    }

    /// An element that opens a dialog.
    pub(crate) const fn opens(element: Element, dialog: &'static Dialog) -> Self {
        Self {
            element,
            asks: Asks::Dialog(dialog),
        }
    }
}

/// The action that an element asks for, and how.
pub(super) fn asked_by(
    actions: &'static [&'static IncidentAction],
    is_asked: impl Fn(Element) -> bool,
) -> Option<(&'static IncidentAction, Asks)> {
    actions.iter().find_map(|action| {
        let mut triggers = action.triggers.iter();
        let trigger = triggers.find(|trigger| is_asked(trigger.element))?;
        Some((*action, trigger.asks))
    })
}
