//! Who may edit a comment, and who may take it back.

use tocsin_entity::{kinds::Source, timeline_entry};

use super::error::IncidentError;
use crate::actor::Actor;

/// Whether the actor said it.
fn is_author(entry: &timeline_entry::Model, actor: &Actor) -> bool {
    let by_member = entry.author_user_id.is_some() && entry.author_user_id == actor.user_id;
    let by_key =
        actor.user_id.is_none() && entry.author_key_id.is_some() && entry.author_key_id == actor.key_id;
    by_member || by_key
}

/// The bridge by itself: it tells what was done in Slack, where only an author may edit.
fn is_bridge(actor: &Actor) -> bool {
    actor.source == Source::Slack && actor.user_id.is_none() && actor.key_id.is_none()
}

/// Whether the actor may give an entry another text: their own, unless it was said in Slack.
pub(super) fn may_edit(entry: &timeline_entry::Model, actor: &Actor) -> Result<(), IncidentError> {
    if entry.external_ref.is_some() && actor.source != Source::Slack {
        return Err(IncidentError::EditInSlack);
    }
    let in_slack = entry.external_ref.is_some() && is_bridge(actor);
    if in_slack || is_author(entry, actor) {
        Ok(())
    } else {
        Err(IncidentError::NotYours("edit"))
    }
}

/// Whether the actor may take a comment back.
pub(super) fn may_retract(
    entry: &timeline_entry::Model,
    actor: &Actor,
    of_others: bool,
) -> Result<(), IncidentError> {
    let in_slack = entry.external_ref.is_some() && is_bridge(actor);
    if in_slack || of_others || is_author(entry, actor) {
        Ok(())
    } else {
        Err(IncidentError::NotYours("retract"))
    }
}
