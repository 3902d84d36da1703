//! What can be done to one incident from Slack: how people ask for it, and what it does. Each is one value in a file of its own, and
//! one line in [`crate::routes`].

use time::OffsetDateTime;

use super::dialog::Dialog;
use crate::acting::{ActionMutation, typed_action::TypedAction};

/// Something that can be done to one incident.
pub(crate) struct IncidentAction {
    /// What is done, between "You can't" and "this incident"; also what it is counted as.
    pub(crate) verb: &'static str,
    /// The buttons and the options of the menu that ask for it.
    pub(crate) triggers: &'static [ActionTrigger],
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
pub(crate) struct ActionTrigger {
    pub(crate) element: Element,
    pub(crate) asks: TriggerEffect,
}

/// An element of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// By its action id.
    Button(&'static str),
    /// An option of the menu, by its value.
    Choice(&'static str),
}

/// Makes the mutation that is asked for at a time.
pub(crate) type MutationAt = fn(OffsetDateTime) -> Box<dyn ActionMutation>;

/// What an element asks for.
#[derive(Clone, Copy)]
pub(crate) enum TriggerEffect {
    /// To be done at once, and how the sentence begins that confirms it; the time is when it was asked for.
    Now(MutationAt, &'static str),
    /// To be asked more in the action's dialog.
    Dialog,
}

impl ActionTrigger {
    /// A button for what is done at once.
    pub(crate) const fn button(action_id: &'static str, done: &'static str, now: MutationAt) -> Self {
        Self {
            element: Element::Button(action_id),
            asks: TriggerEffect::Now(now, done),
        }
    }

    /// An option for what is done at once.
    pub(crate) const fn choice(value: &'static str, done: &'static str, now: MutationAt) -> Self {
        Self {
            element: Element::Choice(value),
            asks: TriggerEffect::Now(now, done),
        }
    }

    /// An element that opens the action's dialog.
    pub(crate) const fn opens(element: Element) -> Self {
        Self {
            element,
            asks: TriggerEffect::Dialog,
        }
    }
}

/// The action that an element asks for, and how.
pub(super) fn asked_by(
    actions: &'static [&'static IncidentAction],
    is_asked: impl Fn(Element) -> bool,
) -> Option<(&'static IncidentAction, TriggerEffect)> {
    actions.iter().find_map(|action| {
        let mut triggers = action.triggers.iter();
        let trigger = triggers.find(|trigger| is_asked(trigger.element))?;
        Some((*action, trigger.asks))
    })
}
