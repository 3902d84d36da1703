//! What a failed call means for a post.

use std::time::Duration;

use crate::slack::SlackError;

/// What is to be done after a call has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Slack said when to come back.
    Later(Duration),
    /// It may have happened.
    Unknown,
    /// It did not happen, and may work soon.
    Passing,
    /// It works when a person has repaired something.
    PersonNeeded,
    /// It will never work.
    Hopeless,
    /// What it was about has been deleted in Slack.
    Gone,
}

/// After so many attempts a refusal that nobody knows is final.
const PATIENCE: i32 = 20;

/// Refusals of what the post says, or of the post as such.
const HOPELESS: [&str; 16] = [
    "block_mismatch",
    "cannot_unfurl_message",
    "cant_update_message",
    "edit_window_closed",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_source",
    "invalid_unfurl_id",
    "invalid_unfurls_format",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
    "cannot_parse_attachment",
];

/// What the post is about is gone.
const GONE: [&str; 5] = [
    "message_not_found",
    "thread_not_found",
    "cannot_reply_to_message",
    "cannot_find_message",
    "cannot_find_channel",
];

/// Refusals that a moment later are none: Slack takes no preview before it has seen its event acknowledged.
const PASSING: [&str; 2] = ["cannot_unfurl_url", "update_failed"];
const PASSING_PATIENCE: i32 = 5;

/// What a failure means after so many attempts.
pub(crate) fn verdict(error: &SlackError, attempts: i32) -> Verdict {
    match error {
        SlackError::RateLimited { retry_after, .. } => Verdict::Later(*retry_after),
        SlackError::Unknown { .. } => Verdict::Unknown,
        SlackError::NotSent { .. } => Verdict::Passing,
        SlackError::Broken { .. } => Verdict::PersonNeeded,
        SlackError::Refused { refusal, .. } => match refusal.code.as_str() {
            code if GONE.contains(&code) => Verdict::Gone,
            code if HOPELESS.contains(&code) => Verdict::Hopeless,
            code if PASSING.contains(&code) && attempts < PASSING_PATIENCE => Verdict::Passing,
            code if PASSING.contains(&code) => Verdict::Hopeless,
            code if REPAIRABLE.contains(&code) || attempts < PATIENCE => Verdict::PersonNeeded,
            _ => Verdict::Hopeless,
        },
    }
}

/// Refusals that last until a person acts, however long that takes.
const REPAIRABLE: [&str; 14] = [
    "access_denied",
    "accesslimited",
    "channel_not_found",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "is_archived",
    "is_inactive",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_in_channel",
    "posting_to_channel_denied",
    "restricted_action",
    "two_factor_setup_required",
];

/// Whether Slack refused what a post says, so that it may take other content.
pub(crate) fn is_of_content(error: &SlackError) -> bool {
    let codes = [
        "cannot_parse_attachment",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_unfurls_format",
        "msg_blocks_too_long",
    ];
    error.code().is_some_and(|code| codes.contains(&code))
}

/// Whether Slack refused the blocks, so that the same in plain text may pass.
pub(crate) fn is_of_blocks(error: &SlackError) -> bool {
    let codes = [
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "msg_blocks_too_long",
    ];
    error.code().is_some_and(|code| codes.contains(&code))
}
