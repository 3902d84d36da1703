//! What the commands of `tocsin` do that prepare or play a scenario, with the key of a member.
//!
//! Each change is made under a key of its own: a request that is made again after an answer was lost changes nothing more.

use tocsin_entity::{
    id::IncidentId,
    kinds::{EntryKind, IncidentStatus, Role, Severity, Source, Urgency},
};

use crate::{
    api::ApiClient,
    change::{ChangeError, accept},
    documents::{
        CommentOnIncident, IncidentProgress, ResolveWithNote, TriggerIncident, comment_on_incident,
        incident_progress, resolve_with_note, trigger_incident,
    },
    error::ApiError,
    known::Known,
    transport::As,
};

/// Entries of a timeline that are read.
const ENTRIES: i64 = 50;

/// A member to be made.
#[derive(Clone, Copy, Debug)]
pub struct MemberDraft<'a> {
    /// The name people read.
    pub name: &'a str,
    /// The e-mail address, by which they are known in Slack as well.
    pub email: &'a str,
    /// What they may do.
    pub role: Role,
}

/// An incident to be triggered.
#[derive(Clone, Copy, Debug)]
pub struct NewIncident<'a> {
    /// What is wrong, in a line.
    pub title: &'a str,
    /// What is known, as Markdown.
    pub description_markdown: &'a str,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// How much is broken.
    pub severity: Severity,
    /// Its tags: key and value.
    pub tags: &'a [(&'a str, &'a str)],
}

/// An incident that was triggered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggeredIncident {
    /// Its id.
    pub id: IncidentId,
    /// Where people read it.
    pub url: String,
}

/// How far an incident is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentWithTimeline {
    /// Where it stands.
    pub status: Known<IncidentStatus>,
    /// The name of whoever has it.
    pub acknowledged_by: Option<String>,
    /// Its timeline, from the beginning.
    pub entries: Vec<TimelineLine>,
}

/// An entry of a timeline, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineLine {
    /// What happened.
    pub kind: Known<EntryKind>,
    /// Through what it came.
    pub source: Known<Source>,
    /// What was said, as Markdown.
    pub body_markdown: Option<String>,
    /// The name of whoever did it.
    pub author: Option<String>,
}

impl ApiClient {
    /// Triggers an incident.
    pub async fn trigger_incident(
        &self,
        incident: NewIncident<'_>,
        key: String,
    ) -> Result<TriggeredIncident, ChangeError> {
        let tag = |(key, value): &(&str, &str)| trigger_incident::TagInput {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        let variables = trigger_incident::Variables {
            title: incident.title.to_owned(),
            description: incident.description_markdown.to_owned(),
            urgency: Known::Value(incident.urgency),
            severity: Known::Value(incident.severity),
            tags: incident.tags.iter().map(tag).collect(),
            key,
        };
        let read = self.execute::<TriggerIncident>(As::default(), variables).await?;
        let payload = read.trigger_incident;
        accept!("triggerIncident", payload.user_errors);
        let made = payload.incident.ok_or(ChangeError::Empty("triggerIncident"))?;
        Ok(TriggeredIncident {
            id: made.id.parse().map_err(ApiError::from)?,
            url: made.url,
        })
    }

    /// Adds a comment to an incident.
    pub async fn comment_on_incident(
        &self,
        id: IncidentId,
        body_markdown: &str,
        key: String,
    ) -> Result<(), ChangeError> {
        let variables = comment_on_incident::Variables {
            id: id.to_string(),
            body: body_markdown.to_owned(),
            key,
        };
        let read = self
            .execute::<CommentOnIncident>(As::default(), variables)
            .await?;
        accept!("addComment", read.add_comment.user_errors);
        Ok(())
    }

    /// Resolves an incident, with a note on what was done.
    pub async fn resolve_with_note(
        &self,
        id: IncidentId,
        note_markdown: &str,
        key: String,
    ) -> Result<(), ChangeError> {
        let variables = resolve_with_note::Variables {
            id: id.to_string(),
            note: note_markdown.to_owned(),
            key,
        };
        let read = self.execute::<ResolveWithNote>(As::default(), variables).await?;
        accept!("resolveIncident", read.resolve_incident.user_errors);
        Ok(())
    }

    /// How far an incident is; none when there is no such incident.
    pub async fn find_progress(&self, id: IncidentId) -> Result<Option<IncidentWithTimeline>, ApiError> {
        let variables = incident_progress::Variables {
            id: id.to_string(),
            first: ENTRIES,
        };
        let read = self.execute::<IncidentProgress>(As::default(), variables).await?;
        Ok(read.incident.map(|incident| IncidentWithTimeline {
            status: incident.status,
            acknowledged_by: incident.acknowledged_by.map(|user| user.name),
            entries: incident
                .timeline
                .nodes
                .into_iter()
                .map(|entry| TimelineLine {
                    kind: entry.kind,
                    source: entry.source,
                    body_markdown: entry.body_markdown,
                    author: entry.author.map(|author| author.name),
                })
                .collect(),
        }))
    }
}
