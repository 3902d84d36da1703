//! Comments that are edited and retracted: the entry stays where it is, and the change is an event.

use sea_orm::ActiveValue::Set;
use time::OffsetDateTime;
use tocsin_entity::{
    comment_revision,
    kinds::{EntryKind, EventKind, Source},
    timeline_entry,
};

use super::{Answer, BatchState};
use crate::{
    actor::Actor,
    incident::{
        CommandOutcome,
        command::{CommentRef, Revision},
        comment_rights::{may_edit, may_retract},
        error::IncidentError,
    },
};

impl BatchState {
    /// Edits or retracts a comment.
    pub(super) fn revise(
        &mut self,
        actor: &Actor,
        comment: &CommentRef,
        revision: &Revision,
        now: OffsetDateTime,
    ) -> Answer {
        let entry = match comment {
            CommentRef::Id(id) => self.entries.get(id),
            CommentRef::External(reference) => {
                self.entry_by_ref.get(&(actor.organization_id, reference.clone()))
            }
        };
        let entry = entry
            .filter(|entry| {
                entry.organization_id == actor.organization_id && entry.kind == EntryKind::Comment
            })
            .ok_or(IncidentError::NotFound("comment"))?;
        let incident = self
            .incidents
            .get(&entry.incident_id)
            .ok_or(IncidentError::NotFound("incident"))?;
        let mut revised = entry.clone();
        let kind = match revision {
            Revision::Edit { body, revision } => {
                may_edit(entry, actor)?;
                edit(&mut revised, actor, body, revision.as_deref(), now)?
            }
            Revision::Retract { of_others } => {
                may_retract(entry, actor, *of_others)?;
                retract(&mut revised, actor, now)
            }
        };
        let Some(kind) = kind else {
            let incident = incident.clone();
            if revised.revision != entry.revision {
                self.keep_revised(&revised);
            }
            return Ok(CommandOutcome {
                incident,
                entry: Some(revised),
                changed: false,
                timer_due_at: None,
            });
        };
        let (before, mut incident) = (entry.body_markdown.clone(), incident.clone());
        incident.version += 1;
        incident.updated_at = now;
        revised.changed_version = incident.version;
        if let (EventKind::CommentEdited, Some(before)) = (kind, before) {
            self.write.earlier_texts.push(comment_revision::ActiveModel {
                entry_id: Set(revised.id),
                version: Set(incident.version),
                organization_id: Set(revised.organization_id),
                body_markdown: Set(before),
                replaced_at: Set(now),
            });
        }
        let seq = self.next_event(actor, now)?;
        self.write.event(actor, &incident, &revised, seq, kind, now);
        self.keep_revised(&revised);
        self.keep(incident.clone());
        Ok(CommandOutcome {
            incident,
            entry: Some(revised),
            changed: true,
            timer_due_at: None,
        })
    }

    /// Keeps a comment as it is now, for the commands after and for the writing.
    fn keep_revised(&mut self, revised: &timeline_entry::Model) {
        if let Some(reference) = &revised.external_ref {
            self.entry_by_ref
                .insert((revised.organization_id, reference.clone()), revised.clone());
        }
        self.entries.insert(revised.id, revised.clone());
        self.write.revised.insert(revised.id, revised.clone());
    }
}

/// Gives a comment another text; none where it says so already.
fn edit(
    entry: &mut timeline_entry::Model,
    actor: &Actor,
    body: &str,
    revision: Option<&str>,
    now: OffsetDateTime,
) -> Result<Option<EventKind>, IncidentError> {
    if entry.retracted_at.is_some() {
        // In Slack a late edit of what was deleted since is nobody's fault.
        return if actor.source == Source::Slack {
            Ok(None)
        } else {
            Err(IncidentError::Retracted)
        };
    }
    let late = revision
        .zip(entry.revision.as_deref())
        .is_some_and(|(new, last)| moment(new) <= moment(last));
    if late {
        return Ok(None);
    }
    // Also where the text is the same: an edit before this one may come after it.
    if let Some(revision) = revision {
        entry.revision = Some(revision.to_owned());
    }
    if entry.body_markdown.as_deref() == Some(body) {
        return Ok(None);
    }
    entry.body_markdown = Some(body.to_owned());
    entry.edited_at = Some(now);
    Ok(Some(EventKind::CommentEdited))
}

/// Takes back what a comment says; none where that was done before.
fn retract(entry: &mut timeline_entry::Model, actor: &Actor, now: OffsetDateTime) -> Option<EventKind> {
    if entry.retracted_at.is_some() {
        return None;
    }
    entry.body_markdown = None;
    entry.retracted_at = Some(now);
    entry.retracted_by = actor.user_id;
    Some(EventKind::CommentRetracted)
}

/// Slack's `1531420618.000200`, to be compared; text of another kind comes first.
fn moment(revision: &str) -> (u64, u64) {
    let (seconds, micros) = revision.split_once('.').unwrap_or((revision, "0"));
    (seconds.parse().unwrap_or(0), micros.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_are_compared_by_number() {
        assert!(moment("1531420618.000200") > moment("1531420618.000100"));
        assert!(moment("1531420618.000200") > moment("999999999.9"));
        assert!(moment("x") < moment("1.0"));
    }
}
