//! Incidents as they are seen in a channel.

use tocsin_simulator::{ChannelSnapshot, MessageSnapshot};

/// The app's messages in a channel that are an incident's own.
pub fn roots(channel: &ChannelSnapshot) -> Vec<&MessageSnapshot> {
    let messages = channel.app_messages().into_iter();
    messages.filter(|message| message.text.starts_with('#')).collect()
}

/// Those of one incident; in a healthy world there is one.
pub fn roots_of(channel: &ChannelSnapshot, number: i64) -> Vec<&MessageSnapshot> {
    let prefix = format!("#{number} ");
    let mut found = roots(channel);
    found.retain(|message| message.text.starts_with(&prefix));
    found
}

/// The digests of a storm in a channel.
pub fn digests(channel: &ChannelSnapshot) -> Vec<&MessageSnapshot> {
    let messages = channel.app_messages().into_iter();
    messages
        .filter(|message| message.text.contains("incidents in a short time"))
        .collect()
}

/// The status that an incident's message shows, in the API's words. The summary ends with it:
/// `#1 Title (Triggered, High urgency, Service)`.
pub fn shown_status(root: &MessageSnapshot) -> Option<&'static str> {
    let (_, facts) = root.text.rsplit_once(" (")?;
    ["Triggered", "Acknowledged", "Resolved"]
        .into_iter()
        .zip(["TRIGGERED", "ACKNOWLEDGED", "RESOLVED"])
        .find_map(|(shown, status)| facts.starts_with(shown).then_some(status))
}
