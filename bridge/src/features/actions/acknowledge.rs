//! Acknowledging: somebody has the incident.

use futures::FutureExt;
use tocsin_client::{
    Member,
    documents::{AcknowledgeIncident, acknowledge_incident},
};
use tocsin_message::mrkdwn::Mrkdwn;

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::{
    acting::{
        ActionMutation, ActionOutcome, done_before, mutation,
        typed_action::{Confirmation, TypedAction, TypedEffect, TypedMutation},
    },
    grammar::usage::Usage,
    notice::Notice,
    texts::{actions as texts, commands},
};

/// Acknowledges.
pub(crate) const ACKNOWLEDGE: IncidentAction = IncidentAction {
    verb: "acknowledge",
    triggers: &[ActionTrigger::button("acknowledge", texts::ACKNOWLEDGED, |_| {
        Box::new(Acknowledge)
    })],
    dialog: None,
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["ack", "acknowledge"],
            form: "ack N",
            about: commands::ACKNOWLEDGE,
            deed: "acknowledge",
            of_incident: true,
        },
        is_comment: false,
        check: |_| Ok(()),
        read: |_, _, _| {
            async {
                Ok(Ok(TypedEffect::Change(TypedMutation {
                    mutation: Box::new(Acknowledge),
                    before: texts::ACKNOWLEDGED,
                    after: Mrkdwn::default(),
                })))
            }
            .boxed()
        },
        confirmation: Confirmation::Thread,
    }),
};

#[derive(Debug)]
struct Acknowledge;

impl ActionMutation for Acknowledge {
    mutation!(self, incident, key: AcknowledgeIncident, acknowledge_incident, AcknowledgeIncidentInput {
        id: incident.to_string(),
        idempotency_key: Some(key),
    });

    fn overtaken(&self, member: &Member, outcome: &ActionOutcome) -> Option<Notice> {
        done_before(member, outcome.acknowledged_by.as_ref(), |by| {
            Notice::AlreadyAcknowledged { by }
        })
    }
}
