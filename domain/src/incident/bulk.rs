//! The same change of several incidents, each of which is made or refused by itself.

use tocsin_entity::id::OrganizationId;

use super::{
    apply::CommandOutcome,
    command::{ChangeCommand, IncidentCommand},
    input::{assignees, incident_id},
    submit::{check, give},
};
use crate::{
    error::{MutationError, UserError, UserErrors},
    idempotency::{self, KeyUse, RequestKey},
    limits,
    request::Request,
    viewer::Permission,
};

/// Most incidents that are changed together: a page of them.
const INCIDENTS_MAX: usize = 100;

/// Which incidents are to be acknowledged.
#[derive(Debug)]
pub struct AcknowledgeIncidents {
    /// Their ids; at most 100.
    pub ids: Vec<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incidents are resolved, and how.
#[derive(Debug)]
pub struct ResolveIncidents {
    /// Their ids; at most 100.
    pub ids: Vec<String>,
    /// What was done; at most 200,000 characters.
    pub note_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incidents are to be worked by others.
#[derive(Debug)]
pub struct ReassignIncidents {
    /// Their ids; at most 100.
    pub ids: Vec<String>,
    /// Who is to work them from now on; at most 50, and nobody where the list is empty.
    pub assignee_ids: Vec<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// What a change came to for one of several incidents.
#[derive(Debug)]
pub struct BulkOutcome {
    /// The incident's id, as it was given.
    pub id: String,
    /// What the change came to, or why it was refused.
    pub result: Result<CommandOutcome, MutationError>,
}

/// Acknowledges several incidents.
pub async fn acknowledge_all(
    request: &Request<'_>,
    input: AcknowledgeIncidents,
) -> Result<Vec<BulkOutcome>, MutationError> {
    let key = input.idempotency_key.as_ref();
    change_all(request, input.ids, key, || Ok(ChangeCommand::Acknowledge)).await
}

/// Resolves several incidents.
pub async fn resolve_all(
    request: &Request<'_>,
    input: ResolveIncidents,
) -> Result<Vec<BulkOutcome>, MutationError> {
    let key = input.idempotency_key.as_ref();
    let note = input.note_markdown;
    let wanted = || {
        Ok(ChangeCommand::Resolve {
            note: limits::note("noteMarkdown", note)?,
        })
    };
    change_all(request, input.ids, key, wanted).await
}

/// Gives several incidents to others.
pub async fn reassign_all(
    request: &Request<'_>,
    input: ReassignIncidents,
) -> Result<Vec<BulkOutcome>, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::Reassign {
            assignees: assignees(&input.assignee_ids)?,
        })
    };
    change_all(request, input.ids, key, wanted).await
}

/// The incidents' ids, each once, in the order in which they were given.
fn distinct(ids: Vec<String>) -> Result<Vec<String>, UserError> {
    if ids.is_empty() || ids.len() > INCIDENTS_MAX {
        let why = format!("Name from 1 to {INCIDENTS_MAX} incidents.");
        return Err(UserError::invalid("ids", why));
    }
    let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    Ok(distinct)
}

async fn change_all(
    request: &Request<'_>,
    ids: Vec<String>,
    key: Option<&RequestKey>,
    change: impl FnOnce() -> Result<ChangeCommand, UserErrors>,
) -> Result<Vec<BulkOutcome>, MutationError> {
    check(request, Permission::Respond)?;
    let key = idempotency::key_use(request, key)?;
    let ids = distinct(ids)?;
    let change = change()?;
    let each = async |(place, id): (usize, String)| {
        let key = key.as_ref().map(|key| key_at(key, place));
        let at_place = |unknown: UserError| unknown.under(&["ids".to_owned(), place.to_string()]);
        let result = match incident_id("ids", &id).map_err(at_place) {
            Ok(incident) => {
                let command = IncidentCommand::Change(incident, change.clone());
                give(request, Permission::Respond, key, command).await
            }
            Err(unknown) => Err(unknown.into()),
        };
        BulkOutcome { id, result }
    };
    if let Some(key) = &key {
        claim(request, key).await?;
    }
    let ids = ids.into_iter().enumerate();
    Ok(futures::future::join_all(ids.map(each)).await)
}

/// Keeps the key of the request as a whole, so that it is refused with another input before anything is changed.
async fn claim(request: &Request<'_>, key: &KeyUse) -> Result<(), MutationError> {
    let organization_id = request.viewer.may_change(Permission::Respond)?;
    let tx = request.domain.database().begin_write().await?;
    if idempotency::before::<OrganizationId>(&tx, organization_id, Some(key))
        .await?
        .is_none()
    {
        idempotency::keep(&tx, organization_id, Some(key), organization_id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The key of one of the changes.
fn key_at(key: &KeyUse, place: usize) -> KeyUse {
    KeyUse {
        key: format!("{}#{place}", key.key),
        ..key.clone()
    }
}
