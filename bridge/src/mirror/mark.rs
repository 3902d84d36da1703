//! What a message of ours says of itself in its metadata, so that a restored database can be compared with what Slack shows.

use time::OffsetDateTime;
use tocsin_entity::slack::post;
use tocsin_slack::metadata::Metadata;

use super::desired::PostSubject;

/// The metadata of a post's message. Everybody in the workspace can read it: it holds ids and numbers.
pub(crate) fn mark(record: &post::Model, subject: &PostSubject, now: OffsetDateTime) -> Metadata {
    let mut metadata = Metadata::of_post(&record.id.to_string())
        .with("key", record.key.clone())
        .with("organization", record.organization_id.to_string())
        .with("version", subject.version)
        .with("at", now.unix_timestamp());
    if let Some(incident) = subject.incident_id {
        metadata = metadata.with("incident", incident.to_string());
    }
    if let Some(number) = subject.number {
        metadata = metadata.with("number", number);
    }
    metadata
}
