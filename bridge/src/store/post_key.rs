//! Under which keys posts are on record.

use tocsin_entity::id::{TimelineEntryId, UserId};

/// How the keys of previews of incidents begin.
pub(crate) const OF_INCIDENT: &str = "unfurl:";
/// How the keys of previews of post-mortems begin.
pub(crate) const OF_POSTMORTEM: &str = "unfurl-postmortem:";

/// How the keys of direct messages begin.
const DIRECT: &str = "direct:";

/// The key of the direct message that tells somebody of being assigned.
pub(crate) fn of_direct_message(entry: TimelineEntryId, to: UserId) -> String {
    format!("{DIRECT}{entry}:{to}")
}

/// Whom a direct message tells, by its key.
pub(crate) fn told_by(key: &str) -> Option<UserId> {
    let (_, user) = key.strip_prefix(DIRECT)?.split_once(':')?;
    user.parse().ok()
}

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
    fn the_key_of_a_direct_message_says_whom_it_tells() {
        let (entry, user) = (TimelineEntryId::new(), UserId::new());
        assert_eq!(told_by(&of_direct_message(entry, user)), Some(user));
        assert_eq!(told_by("root:inc_1:con_1"), None);
    }

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
