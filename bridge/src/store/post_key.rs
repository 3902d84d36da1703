//! Under which keys posts are on record.

/// How the keys of previews of incidents begin.
pub(crate) const OF_INCIDENT: &str = "unfurl:";
/// How the keys of previews of post-mortems begin.
pub(crate) const OF_POSTMORTEM: &str = "unfurl-postmortem:";

/// Whether a post, by its key, is the preview of a post-mortem.
pub(crate) fn is_of_postmortem(key: &str) -> bool {
    key.starts_with(OF_POSTMORTEM)
}
