//! Who is to work the incident from now on.

use futures::FutureExt;
use tocsin_client::documents::{ReassignIncident, reassign_incident};
use tocsin_entity::id::UserId;
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
    texts::{actions as texts, commands},
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
            about: commands::ASSIGN,
            deed: "reassign",
            of_incident: true,
        },
        is_comment: false,
        check: |rest| {
            if assignees(rest).is_empty() {
                Err(commands::ASSIGNEE_MISSING)
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
    title: texts::REASSIGN_TITLE,
    done: Some(texts::REASSIGNED),
    data: DialogData::Assignees,
    is_for_open: false,
    view: |subject, meta, _| view(subject, meta),
    read: Some(|values, _, _| read(values)),
};

/// Assignees of an incident, as the API allows.
const ASSIGNEES_MAX: usize = 50;

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata) -> View {
    let now: Vec<_> = subject.assignees.iter().map(option_of).collect();
    let menu = multi_external_select(ASSIGNEES, texts::ASSIGNEES_PLACEHOLDER, 0, &now);
    let assignees = input(texts::ASSIGNEES_LABEL, ASSIGNEES, menu, true);
    form(DIALOG, subject.incident, meta)
        .submit(texts::REASSIGN)
        .block(with_hint(assignees, texts::ASSIGNEES_HINT))
}

fn read(values: DialogValues<'_>) -> Result<Box<dyn ActionMutation>, Vec<InputError>> {
    let chosen = values.of(ASSIGNEES)["selected_options"].as_array();
    let chosen = chosen.map_or(&[][..], Vec::as_slice);
    if chosen.len() > ASSIGNEES_MAX {
        return Err(vec![(ASSIGNEES, texts::ASSIGNEES_TOO_MANY)]);
    }
    let ids = chosen
        .iter()
        .map(|option| option["value"].as_str()?.parse::<UserId>().ok());
    match ids.collect::<Option<Vec<_>>>() {
        Some(assignees) => Ok(Box::new(Reassign { assignees })),
        None => Err(vec![(ASSIGNEES, texts::ASSIGNEES_UNKNOWN)]),
    }
}

async fn typed(acting: &ActionService, requester: &Requester<'_>, to: Vec<Assignee>) -> TypedResult {
    let found = match members(acting, requester, &to).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
    let after = texts::to(&names);
    let assignees = found.into_iter().map(|(id, _)| id).collect();
    Ok(Ok(TypedEffect::Change(TypedMutation {
        mutation: Box::new(Reassign { assignees }),
        before: texts::ASSIGNED,
        after,
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
