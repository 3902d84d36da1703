//! What a message of ours says of itself in its metadata.

use time::OffsetDateTime;
use tocsin_entity::id::{IncidentId, OrganizationId, PostId};
use tocsin_slack_client::web_api::ReadMessage;

/// A message of ours, as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) ts: String,
    pub(crate) thread_ts: Option<String>,
    pub(crate) text: String,
    pub(crate) post: PostId,
    pub(crate) key: String,
    pub(crate) organization: OrganizationId,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) number: i64,
    pub(crate) version: i64,
    pub(crate) written_at: OffsetDateTime,
}

impl Sighting {
    /// What it says; none where it is somebody else's, or of a version that did not say so much. Everybody can give a message such metadata: where
    /// it is not known which bot is ours, nothing is.
    pub(crate) fn of(message: &ReadMessage, bot_id: Option<&str>) -> Option<Self> {
        if message.bot_id.as_deref() != Some(bot_id?) {
            return None;
        }
        let metadata = message.metadata.as_ref()?;
        let incident = match metadata.text("incident") {
            Some(incident) => Some(incident.parse().ok()?),
            None => None,
        };
        let is_reply = message
            .thread_ts
            .as_ref()
            .is_some_and(|thread| *thread != message.ts);
        Some(Self {
            ts: message.ts.clone(),
            thread_ts: message.thread_ts.clone().filter(|_| is_reply),
            text: message.text.clone(),
            post: metadata.post()?.parse().ok()?,
            key: metadata.text("key")?.to_owned(),
            organization: metadata.text("organization")?.parse().ok()?,
            incident,
            number: metadata.number("number").unwrap_or(0),
            version: metadata.number("version")?,
            written_at: OffsetDateTime::from_unix_timestamp(metadata.number("at")?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_that_it_is_ours_is_believed_of_our_own_bot_alone() {
        let payload = json!({"op": PostId::new(), "key": "root:a:b", "organization": OrganizationId::new(), "version": 3, "at": 1_700_000_000});
        let message = json!({"ts": "1.1", "text": "", "bot_id": "BOURS", "metadata": {"event_type": "tocsin_post", "event_payload": payload}});
        let message: ReadMessage = serde_json::from_value(message).expect("a message");
        let ours = Sighting::of(&message, Some("BOURS")).expect("it is ours");
        assert_eq!((ours.version, ours.number), (3, 0));
        assert!(Sighting::of(&message, Some("BOTHER")).is_none());
        assert!(Sighting::of(&message, None).is_none(), "nobody knows whose it is");
    }
}
