//! What an entry of the timeline keeps of a change, and how people read it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::{
    id::{ServiceId, UserId},
    service, timeline_entry,
};

use crate::{
    error::{InternalError, RequestError},
    loaders::MemberRow,
    moment::of_micros,
    request::Request,
};

/// What an entry keeps beside who did what and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EntryDetails {
    /// What changed, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<String>,
    /// Who was to work the incident before, and who is from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assignees: Option<AssigneeChange>,
    /// Of which service it was, and is from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<ServiceChange>,
    /// Until when the incident rests, in microseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snoozed_until: Option<i64>,
}

/// A change of who is to work an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssigneeChange {
    /// Those before.
    pub(crate) before: Vec<UserId>,
    /// Those from then on.
    pub(crate) after: Vec<UserId>,
}

/// A change of the service that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceChange {
    /// The one before.
    pub(crate) before: ServiceId,
    /// The one from then on.
    pub(crate) after: ServiceId,
}

impl EntryDetails {
    /// As the row keeps it: nothing, where there is nothing to keep.
    pub(super) fn to_json(&self) -> Option<serde_json::Value> {
        (*self != Self::default()).then(|| serde_json::json!(self))
    }

    fn of(entry: &timeline_entry::Model) -> Result<Self, InternalError> {
        let Some(details) = &entry.details else {
            return Ok(Self::default());
        };
        Self::deserialize(details).map_err(|error| {
            InternalError::Broken(format!(
                "the details of timeline entry {} can't be read: {error}",
                entry.id
            ))
        })
    }
}

/// What changed with an entry of the timeline, for people: `urgency: Low → High`.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn entry_changes(
    request: &Request<'_>,
    entry: &timeline_entry::Model,
) -> Result<Vec<String>, RequestError> {
    let details = EntryDetails::of(entry)?;
    let mut changes = details.changes;
    if let Some(assignees) = details.assignees {
        request.viewer.may_look_around()?;
        let names = async |ids| {
            let members = request.members(entry.organization_id, ids).await?;
            let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
            Ok::<_, RequestError>(if names.is_empty() {
                "nobody".to_owned()
            } else {
                names.join(", ")
            })
        };
        let (before, after) = futures::try_join!(names(assignees.before), names(assignees.after))?;
        changes.push(format!("assignees: {before} → {after}"));
    }
    if let Some(service) = details.service {
        request.viewer.may_look_around()?;
        let name = async |id| {
            let found: Option<service::Model> = request.loaders().load_one(id).await?;
            Ok::<_, RequestError>(found.map_or_else(String::new, |found| found.name))
        };
        let (before, after) = futures::try_join!(name(service.before), name(service.after))?;
        changes.push(format!("service: {before} → {after}"));
    }
    if let Some(until) = details.snoozed_until.map(of_micros) {
        let until = until.format(&Rfc3339).map_err(|error| {
            InternalError::Broken(format!("the end of a snooze can't be written: {error}"))
        })?;
        changes.push(format!("snoozed until: {until}"));
    }
    Ok(changes)
}

/// Who is to work the incident since an entry of the timeline; none for an entry that tells of no such change.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn entry_assignees(
    request: &Request<'_>,
    entry: &timeline_entry::Model,
) -> Result<Option<Vec<Arc<MemberRow>>>, RequestError> {
    let Some(assignees) = EntryDetails::of(entry)?.assignees else {
        return Ok(None);
    };
    request.viewer.may_look_around()?;
    Ok(Some(
        request.members(entry.organization_id, assignees.after).await?,
    ))
}

/// Who is to work the incident since an entry of the timeline and was not before; nobody for an entry that tells of no such change.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn entry_new_assignees(
    request: &Request<'_>,
    entry: &timeline_entry::Model,
) -> Result<Vec<Arc<MemberRow>>, RequestError> {
    request.viewer.may_look_around()?;
    let Some(AssigneeChange { before, mut after }) = EntryDetails::of(entry)?.assignees else {
        return Ok(Vec::new());
    };
    after.retain(|id| !before.contains(id));
    Ok(request.members(entry.organization_id, after).await?)
}

/// Until when an entry of the timeline has the incident rest; none for an entry that tells of no snooze.
///
/// # Errors
/// A broken row.
pub fn entry_snoozed_until(entry: &timeline_entry::Model) -> Result<Option<OffsetDateTime>, InternalError> {
    Ok(EntryDetails::of(entry)?.snoozed_until.map(of_micros))
}
