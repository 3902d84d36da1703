//! The people of an incident: who is to work it, and who did what made it what it is.

use std::sync::Arc;

use time::OffsetDateTime;
use tocsin_entity::{incident, kinds::EntryKind};

use crate::{
    author::{self, Author},
    error::RequestError,
    loaders::{ActsOf, AssigneesOf, MemberRow},
    request::Request,
};

/// What was done to an incident, of which its row keeps the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentMilestone {
    /// It was triggered.
    Triggered,
    /// It was acknowledged or snoozed.
    Acknowledged,
    /// It was resolved.
    Resolved,
}

impl IncidentMilestone {
    /// The entries of the timeline that tell of it.
    fn kinds(self) -> &'static [EntryKind] {
        match self {
            Self::Triggered => &[EntryKind::Triggered],
            Self::Acknowledged => &[EntryKind::Acknowledged, EntryKind::Snoozed],
            Self::Resolved => &[EntryKind::Resolved],
        }
    }

    /// When it was done; none where it was not, or no longer holds.
    fn at(self, incident: &incident::Model) -> Option<OffsetDateTime> {
        match self {
            Self::Triggered => Some(incident.triggered_at),
            Self::Acknowledged => incident.acknowledged_at,
            Self::Resolved => incident.resolved_at,
        }
    }
}

/// Who is to work an incident.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn assignees(
    request: &Request<'_>,
    incident: &incident::Model,
) -> Result<Vec<Arc<MemberRow>>, RequestError> {
    request.viewer.may_look_around()?;
    let assigned = request.loaders().load_one(AssigneesOf(incident.id)).await?;
    Ok(request
        .members(incident.organization_id, assigned.unwrap_or_default())
        .await?)
}

/// Who did what made an incident what it is: a member, or the holder of an API key.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn author_of(
    request: &Request<'_>,
    incident: &incident::Model,
    milestone: IncidentMilestone,
) -> Result<Option<Author>, RequestError> {
    request.viewer.may_look_around()?;
    let Some(at) = milestone.at(incident) else {
        return Ok(None);
    };
    let acts = request.loaders().load_one(ActsOf(incident.id)).await?;
    let mut acts = acts.unwrap_or_default().into_iter();
    match acts.find(|entry| entry.created_at == at && milestone.kinds().contains(&entry.kind)) {
        Some(entry) => Ok(author::of_entry(request.loaders(), &entry).await?),
        None => Ok(None),
    }
}
