//! Escalating: there is nobody to escalate to yet.

use futures::{FutureExt, future::BoxFuture};
use tocsin_client::{ApiClient, As, Member};
use tocsin_entity::{id::IncidentId, kinds::Role};
use tocsin_queue::JobError;

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::{
    acting::{ActionMutation, MutationAnswer},
    notice::{Help, Notice},
    texts::actions as texts,
};

/// Escalates.
pub(crate) const ESCALATE: IncidentAction = IncidentAction {
    verb: "escalate",
    triggers: &[ActionTrigger::choice("escalate", texts::ESCALATED, |_| {
        Box::new(Escalate)
    })],
    dialog: None,
    typed: None,
};

#[derive(Debug)]
struct Escalate;

impl ActionMutation for Escalate {
    fn make<'a>(
        &'a self,
        _api: &'a ApiClient,
        _who: As<'a>,
        _incident: IncidentId,
        _key: String,
    ) -> BoxFuture<'a, Result<MutationAnswer, JobError>> {
        async { Err(JobError::fail("the API has no mutation that escalates")) }.boxed()
    }

    fn refusal(&self, member: &Member) -> Option<Notice> {
        Some(if member.role == Role::Stakeholder {
            Notice::ReadOnly {
                help: Help::default(),
            }
        } else {
            Notice::NoEscalationPolicy
        })
    }
}
