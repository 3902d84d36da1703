//! Resolving, with what is to be remembered of it.

use futures::FutureExt;
use tocsin_client::{
    Member,
    documents::{ResolveIncident, resolve_incident},
};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_slack::{
    inputs::{TEXT_INPUT_MAX, input, text_input, with_hint},
    view::View,
};

use super::{
    dialog::{ActionDialogMetadata, Dialog, DialogContext, DialogData, form},
    incident_action::{ActionTrigger, Element, IncidentAction},
};
use crate::{
    acting::{
        ActionMutation, ActionOutcome, ActionService, done_before, mutation,
        typed_action::{
            Confirmation, Requester, TypedAction, TypedEffect, TypedMutation, TypedResult, markdown,
        },
    },
    grammar::{usage::Usage, words::unquoted},
    notice::Notice,
    rich_text::typed_markdown,
    texts::{actions as texts, commands},
};

/// Resolves.
pub(crate) const RESOLVE: IncidentAction = IncidentAction {
    verb: "resolve",
    triggers: &[ActionTrigger::opens(Element::Button("resolve"))],
    dialog: Some(DIALOG),
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["resolve"],
            form: "resolve N [note]",
            about: commands::RESOLVE,
            deed: "resolve",
            of_incident: true,
        },
        is_comment: false,
        check: |_| Ok(()),
        read: |acting, requester, rest| typed(acting, requester, rest).boxed(),
        confirmation: Confirmation::Thread,
    }),
};

const DIALOG: &Dialog = &Dialog {
    callback_id: "resolve",
    title: texts::RESOLVE_TITLE,
    done: Some(texts::RESOLVED),
    data: DialogData::Incident,
    is_for_open: true,
    view: |subject, meta, _| view(subject, meta),
    read: Some(|values, _, _| {
        Ok(Box::new(Resolve {
            note: values
                .text(NOTE)
                .map(typed_markdown)
                .filter(|note| !note.is_empty()),
        }))
    }),
};

const NOTE: &str = "note";

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata) -> View {
    let note = text_input(NOTE, true, TEXT_INPUT_MAX, None);
    let note = input(texts::RESOLUTION_LABEL, NOTE, note, true);
    form(DIALOG, subject.incident, meta)
        .submit(texts::RESOLVE)
        .block(with_hint(note, texts::RESOLUTION_HINT))
}

async fn typed(acting: &ActionService, requester: &Requester<'_>, rest: &str) -> TypedResult {
    let note = match unquoted(rest) {
        "" => None,
        note => Some(markdown(acting, requester, note).await?),
    };
    // Of what was typed nothing may be left, such as of the sign of a quote alone.
    let note = note.filter(|note| !note.is_empty());
    let after = note
        .as_ref()
        .map_or_else(Mrkdwn::default, |_| Mrkdwn::own(texts::WITH_NOTE));
    Ok(Ok(TypedEffect::Change(TypedMutation {
        mutation: Box::new(Resolve { note }),
        before: texts::RESOLVED,
        after,
    })))
}

/// With what is to be remembered of it, in Markdown.
#[derive(Debug)]
struct Resolve {
    note: Option<String>,
}

impl ActionMutation for Resolve {
    mutation!(self, incident, key: ResolveIncident, resolve_incident, ResolveIncidentInput {
        id: incident.to_string(),
        note_markdown: self.note.clone(),
        idempotency_key: Some(key),
    });

    fn overtaken(&self, member: &Member, outcome: &ActionOutcome) -> Option<Notice> {
        if self.note.is_some() && !outcome.is_changed {
            let by = outcome.resolved_by.as_ref().map(|(_, name)| name.clone());
            return Some(Notice::NoteNotSaved { by });
        }
        done_before(member, outcome.resolved_by.as_ref(), |by| {
            Notice::AlreadyResolved { by }
        })
    }
}
