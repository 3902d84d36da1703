//! Who is to work the incident from now on.

use futures::FutureExt;
use tocsin_client::documents::{ReassignIncident, reassign_incident};
use tocsin_entity::id::UserId;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_slack::{
    inputs::{input, multi_external_select, with_hint},
    view::View,
};

use super::{
    assignee::{Assignee, assignees, members},
    dialog::{ActionDialogMetadata, Dialog, DialogContext, DialogData, DialogValues, InputError, form},
    incident_action::{ActionTrigger, Element, IncidentAction},
    people::{ASSIGNEES, option_of},
};
use crate::{
    acting::{
        ActionMutation, ActionService, mutation,
        typed_action::{Confirmation, Requester, TypedAction, TypedEffect, TypedMutation, TypedResult},
    },
    grammar::usage::Usage,
};

/// Gives the incident to somebody.
pub(crate) const REASSIGN: IncidentAction = IncidentAction {
    verb: "reassign",
    triggers: &[ActionTrigger::opens(Element::Choice("reassign"))],
    dialog: Some(DIALOG),
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["assign", "reassign"],
            form: "assign N @user",
            about: "assigns an incident to someone: `@user`, an email address, or `me`",
            deed: "reassign",
            of_incident: true,
        },
        is_comment: false,
        check: |rest| {
            if assignees(rest).is_empty() {
                Err("it needs someone to assign the incident to")
            } else {
                Ok(())
            }
        },
        read: |acting, requester, rest| typed(acting, requester, assignees(rest)).boxed(),
        confirmation: Confirmation::Thread,
    }),
};

const DIALOG: &Dialog = &Dialog {
    callback_id: "reassign",
    title: "Reassign incident",
    done: Some("You reassigned "),
    data: DialogData::Assignees,
    is_for_open: false,
    view: |subject, meta, _| view(subject, meta),
    read: Some(|values, _, _| read(values)),
};

/// Assignees of an incident, as the API allows.
const ASSIGNEES_MAX: usize = 50;

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata) -> View {
    let now: Vec<_> = subject.assignees.iter().map(option_of).collect();
    let menu = multi_external_select(ASSIGNEES, "Type a name or an email address", 0, &now);
    let assignees = input("Assigned to", ASSIGNEES, menu, true);
    form(DIALOG, subject.incident, meta)
        .submit("Reassign")
        .block(with_hint(
            assignees,
            "Replaces the current assignees. Leave it empty to assign nobody.",
        ))
}

fn read(values: DialogValues<'_>) -> Result<Box<dyn ActionMutation>, Vec<InputError>> {
    let chosen = values.of(ASSIGNEES)["selected_options"].as_array();
    let chosen = chosen.map_or(&[][..], Vec::as_slice);
    if chosen.len() > ASSIGNEES_MAX {
        return Err(vec![(ASSIGNEES, "Choose 50 people at most.")]);
    }
    let ids = chosen
        .iter()
        .map(|option| option["value"].as_str()?.parse::<UserId>().ok());
    match ids.collect::<Option<Vec<_>>>() {
        Some(assignees) => Ok(Box::new(Reassign { assignees })),
        None => Err(vec![(ASSIGNEES, "Choose people from the list.")]),
    }
}

async fn typed(acting: &ActionService, requester: &Requester<'_>, to: Vec<Assignee>) -> TypedResult {
    let found = match members(acting, requester, &to).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
    let names = Mrkdwn::text(&names.join(", ")).cut(300);
    let assignees = found.into_iter().map(|(id, _)| id).collect();
    Ok(Ok(TypedEffect::Change(TypedMutation {
        mutation: Box::new(Reassign { assignees }),
        before: "You assigned ",
        after: Mrkdwn::own(" to ").and(&names),
    })))
}

/// In place of those before.
#[derive(Debug)]
struct Reassign {
    assignees: Vec<UserId>,
}

impl ActionMutation for Reassign {
    mutation!(self, incident, key: ReassignIncident, reassign_incident, ReassignIncidentInput {
        id: incident.to_string(),
        assignee_ids: self.assignees.iter().map(ToString::to_string).collect(),
        idempotency_key: Some(key),
    });
}
