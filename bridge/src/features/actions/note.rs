//! A note, which becomes a comment on the incident.

use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_client::documents::{AddComment, DateTime, add_comment};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_slack::{
    inputs::{TEXT_INPUT_MAX, input, text_input, with_hint},
    timestamp,
    view::View,
};

use super::{
    dialog::{ActionDialogMetadata, Dialog, DialogContext, DialogData, DialogValues, InputError, form},
    incident_action::{ActionTrigger, Element, IncidentAction},
};
use crate::{
    acting::{
        ActionMutation, ActionService, mutation,
        typed_action::{
            Confirmation, Requester, TypedAction, TypedEffect, TypedMutation, TypedResult, markdown,
        },
    },
    grammar::{usage::Usage, words::unquoted},
    rich_text::typed_markdown,
    texts::{actions as texts, commands},
};

/// Adds a note.
pub(crate) const NOTE: IncidentAction = IncidentAction {
    verb: "comment on",
    triggers: &[ActionTrigger::opens(Element::Choice("note"))],
    dialog: Some(DIALOG),
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["note", "comment"],
            form: "note N text",
            about: commands::NOTE,
            deed: "comment on",
            of_incident: true,
        },
        is_comment: true,
        check: |rest| match unquoted(rest) {
            "" => Err(commands::NOTE_EMPTY),
            _ => Ok(()),
        },
        read: |acting, requester, rest| typed(acting, requester, rest).boxed(),
        confirmation: Confirmation::Reaction("white_check_mark"),
    }),
};

const DIALOG: &Dialog = &Dialog {
    callback_id: "note",
    title: texts::NOTE_TITLE,
    done: Some(texts::NOTED),
    data: DialogData::Incident,
    is_for_open: false,
    view: |subject, meta, _| view(subject, meta),
    read: Some(|values, _, _| read(values)),
};

const TEXT: &str = "note";

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata) -> View {
    let note = input(
        texts::NOTE_LABEL,
        TEXT,
        text_input(TEXT, true, TEXT_INPUT_MAX, None),
        false,
    );
    form(DIALOG, subject.incident, meta)
        .submit(texts::ADD)
        .block(with_hint(note, texts::NOTE_HINT))
}

fn read(values: DialogValues<'_>) -> Result<Box<dyn ActionMutation>, Vec<InputError>> {
    let note = values.text(TEXT).map(typed_markdown);
    match note.filter(|note| !note.is_empty()) {
        Some(markdown) => Ok(Box::new(Comment {
            markdown,
            external_ref: None,
        })),
        None => Err(vec![(TEXT, texts::NOTE_MISSING)]),
    }
}

async fn typed(acting: &ActionService, requester: &Requester<'_>, rest: &str) -> TypedResult {
    let comment = Comment {
        markdown: markdown(acting, requester, unquoted(rest)).await?,
        external_ref: requester.external_ref.clone(),
    };
    Ok(Ok(TypedEffect::Change(TypedMutation {
        mutation: Box::new(comment),
        before: texts::NOTED,
        after: Mrkdwn::default(),
    })))
}

/// `external_ref` names the message that it was, as `slack:T…/C…/ts`: from there it comes once.
#[derive(Debug)]
struct Comment {
    markdown: String,
    external_ref: Option<String>,
}

impl ActionMutation for Comment {
    mutation!(self, incident, key: AddComment, add_comment, AddCommentInput {
        incident_id: incident.to_string(),
        body_markdown: self.markdown.clone(),
        external_ref: self.external_ref.clone(),
        slack_author: None,
        said_at: self.external_ref.as_deref().and_then(said_at).map(DateTime),
        connector_id: None,
        idempotency_key: Some(key),
    });
}

/// When a comment was said that was a message, by its reference `slack:T…/C…/ts`.
fn said_at(external_ref: &str) -> Option<OffsetDateTime> {
    timestamp::said_at(external_ref.rsplit('/').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_as_it_is_but_for_quotes_around_it() {
        let typed = NOTE.typed.expect("it can be typed");
        assert_eq!(unquoted("“it's  back”"), "it's  back");
        assert_eq!(unquoted("say \"hi\" to \"them\""), "say \"hi\" to \"them\"");
        assert_eq!(unquoted("a\nb"), "a\nb");
        assert_eq!((typed.check)("“”"), Err("the note is empty"));
        assert_eq!((typed.check)("it is back"), Ok(()));
    }
}
