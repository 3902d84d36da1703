//! Under which keys posts are on record.

/// How the keys of previews of incidents begin.
pub(crate) const OF_INCIDENT: &str = "unfurl:";
/// How the keys of previews of post-mortems begin.
pub(crate) const OF_POSTMORTEM: &str = "unfurl-postmortem:";

/// The message in which a link stands, by the key of its preview: all between what the key begins with and the link's fingerprint.
pub(super) fn message_of_preview(key: &str) -> &str {
    let begun = [OF_INCIDENT, OF_POSTMORTEM]
        .into_iter()
        .find_map(|prefix| key.strip_prefix(prefix));
    let rest = begun.unwrap_or(key);
    rest.rsplit_once(':').map_or(rest, |(message, _)| message)
}

/// Whether a post, by its key, is the preview of a post-mortem.
pub(crate) fn is_of_postmortem(key: &str) -> bool {
    key.starts_with(OF_POSTMORTEM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previews_of_a_message_name_the_same_message() {
        assert_eq!(message_of_preview("unfurl:T1:C1:3.3:0a1b"), "T1:C1:3.3");
        assert_eq!(
            message_of_preview("unfurl-postmortem:T1:C1:3.3:ff00"),
            "T1:C1:3.3"
        );
        assert_ne!(message_of_preview("unfurl:T1:C1:3.4:0a1b"), "T1:C1:3.3");
    }
}
