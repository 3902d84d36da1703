//! Reopening: it is not over after all.

use futures::FutureExt;
use tocsin_client::{
    Member,
    documents::{ReopenIncident, reopen_incident},
};
use tocsin_message::mrkdwn::Mrkdwn;

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::{
    acting::{
        ActionMutation, ActionOutcome, ActionService, mutation,
        typed_action::{
            Confirmation, Requester, TypedAction, TypedEffect, TypedMutation, TypedResult, markdown,
        },
    },
    grammar::{usage::Usage, words::unquoted},
    notice::Notice,
    texts::{actions as texts, commands},
};

/// Reopens.
pub(crate) const REOPEN: IncidentAction = IncidentAction {
    verb: "reopen",
    triggers: &[ActionTrigger::button("reopen", texts::REOPENED, |_| {
        Box::new(Reopen { reason: None })
    })],
    dialog: None,
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["reopen"],
            form: "reopen N [reason]",
            about: commands::REOPEN,
            deed: "reopen",
            of_incident: true,
        },
        check: |_| Ok(()),
        is_comment: false,
        read: |acting, requester, rest| typed(acting, requester, rest).boxed(),
        confirmation: Confirmation::Thread,
    }),
};

async fn typed(acting: &ActionService, requester: &Requester<'_>, rest: &str) -> TypedResult {
    let reason = match unquoted(rest) {
        "" => None,
        reason => Some(markdown(acting, requester, reason).await?),
    };
    Ok(Ok(TypedEffect::Change(TypedMutation {
        mutation: Box::new(Reopen {
            reason: reason.filter(|reason| !reason.is_empty()),
        }),
        before: texts::REOPENED,
        after: Mrkdwn::default(),
    })))
}

/// With why, in Markdown.
#[derive(Debug)]
struct Reopen {
    reason: Option<String>,
}

impl ActionMutation for Reopen {
    mutation!(self, incident, key: ReopenIncident, reopen_incident, ReopenIncidentInput {
        id: incident.to_string(),
        reason_markdown: self.reason.clone(),
        idempotency_key: Some(key),
    });

    fn overtaken(&self, _member: &Member, outcome: &ActionOutcome) -> Option<Notice> {
        (!outcome.is_changed).then_some(Notice::NotResolved)
    }
}
