//! A post-mortem as the bridge reads it.

use time::OffsetDateTime;
use tocsin_entity::{id::IncidentId, kinds::PostmortemStatus};

use super::{
    api::Api,
    documents::{PostmortemOfIncident, postmortem_of_incident},
    error::ApiError,
    known::Known,
    transport::As,
};

/// A post-mortem's present state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Postmortem {
    pub(crate) title: String,
    pub(crate) status: Known<PostmortemStatus>,
    pub(crate) body_markdown: String,
    /// Who wrote it, where a member did.
    pub(crate) authors: Vec<String>,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) published_at: Option<OffsetDateTime>,
}

impl Api {
    /// The post-mortem of an incident, as far as whoever asks may read it.
    pub(crate) async fn find_postmortem(
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
