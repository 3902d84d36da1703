//! What a failed call means for a post.

use std::time::Duration;

use tocsin_slack::{error::SlackError, refusal_scope::refusal_scope};

/// What is to be done after a call has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureResponse {
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

/// Whether Slack says that a message, or the one in whose thread another was to stand, was deleted there.
pub(crate) fn is_deleted(error: &SlackError) -> bool {
    error
        .code()
        .is_some_and(|code| ["message_not_found", "thread_not_found"].contains(&code))
}

/// Refusals that are none after a while: Slack takes no preview before it has seen its event acknowledged, and sends the event again after
/// a minute where it has not.
const PASSING: [&str; 2] = ["cannot_unfurl_url", "update_failed"];

/// How old a post is when such a refusal is final. Slack takes a preview for half an hour after the link was pasted.
const PASSES_WITHIN: Duration = Duration::from_secs(1_800);

/// What a failure means for a post of this age after so many attempts.
pub(crate) fn verdict(error: &SlackError, attempts: i32, age: Duration) -> FailureResponse {
    match error {
        SlackError::RateLimited { retry_after, .. } => FailureResponse::Later(*retry_after),
        SlackError::Unknown { .. } => FailureResponse::Unknown,
        SlackError::NotSent { .. } => FailureResponse::Passing,
        SlackError::Broken { .. } => FailureResponse::PersonNeeded,
        SlackError::Refused { refusal, .. } => match refusal.code.as_str() {
            code if GONE.contains(&code) => FailureResponse::Gone,
            code if HOPELESS.contains(&code) => FailureResponse::Hopeless,
            code if PASSING.contains(&code) && age < PASSES_WITHIN => FailureResponse::Passing,
            code if PASSING.contains(&code) => FailureResponse::Hopeless,
            code if refusal_scope(code).is_some() || attempts < PATIENCE => FailureResponse::PersonNeeded,
            _ => FailureResponse::Hopeless,
        },
    }
}

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

/// Whether Slack refused one of a message's previews, so that it may take the others.
pub(crate) fn is_of_one_preview(error: &SlackError) -> bool {
    is_of_content(error) || error.code() == Some("cannot_unfurl_url")
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

#[cfg(test)]
mod tests {
    use tocsin_slack::error::SlackRefusal;
    use tocsin_slack_app::fallback::has_fallback;

    use super::*;

    fn after_long(code: &str) -> FailureResponse {
        let refusal = SlackRefusal {
            code: code.to_owned(),
            needed: None,
            provided: None,
            messages: Vec::new(),
        };
        verdict(
            &SlackError::of("chat.postMessage", refusal, None),
            PATIENCE,
            Duration::ZERO,
        )
    }

    #[test]
    fn what_a_person_can_repair_is_waited_for_and_what_is_of_the_channel_has_fallbacks() {
        for (code, is_stood_in_for) in [
            ("access_denied", true),
            ("channel_is_limited_access", true),
            ("ekm_access_denied", true),
            ("is_archived", true),
            ("no_permission", true),
            ("not_in_channel", true),
            ("restricted_action", true),
            ("restricted_action_read_only_channel", true),
            ("restricted_action_thread_only_channel", true),
            ("restricted_action_of_a_new_kind", true),
            // The incident's message is there.
            ("restricted_action_non_threadable_channel", false),
            ("restricted_action_thread_locked", false),
            // No channel of the workspace does better.
            ("accesslimited", false),
            ("missing_scope", false),
        ] {
            assert_eq!(after_long(code), FailureResponse::PersonNeeded, "{code}");
            assert_eq!(has_fallback(code), is_stood_in_for, "{code}");
        }
        assert_eq!(after_long("something_new"), FailureResponse::Hopeless);
        assert!(!has_fallback("something_new"));
    }

    #[test]
    fn a_preview_that_slack_does_not_take_yet_is_tried_for_half_an_hour() {
        let after = |minutes: u64| {
            let refusal = SlackRefusal {
                code: "cannot_unfurl_url".to_owned(),
                needed: None,
                provided: None,
                messages: Vec::new(),
            };
            let error = SlackError::of("chat.unfurl", refusal, None);
            verdict(&error, 1_000, Duration::from_secs(60 * minutes))
        };
        assert_eq!(after(0), FailureResponse::Passing);
        assert_eq!(after(29), FailureResponse::Passing);
        assert_eq!(after(30), FailureResponse::Hopeless);
    }
}
