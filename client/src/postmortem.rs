//! A post-mortem as it is read.

use time::OffsetDateTime;
use tocsin_entity::{id::IncidentId, kinds::PostmortemStatus};

use crate::{
    api::ApiClient,
    documents::{PostmortemOfIncident, postmortem_of_incident},
    error::ApiError,
    known::Known,
    transport::As,
};

/// A post-mortem's present state.
#[derive(Clone, Debug, PartialEq)]
pub struct Postmortem {
    /// Its title.
    pub title: String,
    /// How far it is.
    pub status: Known<PostmortemStatus>,
    /// Its text, as Markdown.
    pub body_markdown: String,
    /// Who wrote it, where a member did.
    pub authors: Vec<String>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// When it was published.
    pub published_at: Option<OffsetDateTime>,
}

impl ApiClient {
    /// The post-mortem of an incident, as far as whoever asks may read it.
    pub async fn find_postmortem(
        &self,
        who: As<'_>,
        incident: IncidentId,
    ) -> Result<Option<Postmortem>, ApiError> {
        let variables = postmortem_of_incident::Variables {
            id: incident.to_string(),
        };
        let read = self.execute::<PostmortemOfIncident>(who, variables).await?;
        let found = read.incident.and_then(|incident| incident.postmortem);
        Ok(found.map(|read| Postmortem {
            title: read.title,
            status: read.status,
            body_markdown: read.body_markdown,
            authors: read.created_by.into_iter().map(|author| author.name).collect(),
            updated_at: read.updated_at.0,
            published_at: read.published_at.map(|at| at.0),
        }))
    }
}
