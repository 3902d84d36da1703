//! Incidents' messages that somebody deleted in Slack: each is posted again with the next change, and says why.
//!
//! People act on an incident by its message, so that one that was deleted by mistake must come back. A reply or a preview that was deleted stays
//! away.

use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_slack::message::Message;

use crate::texts::incident as texts;

/// Whether a post comes back when it was deleted.
pub(super) fn can_return(record: &post::Model) -> bool {
    record.kind == PostKind::Root && record.ts.is_some()
}

/// Puts on record that a post is no longer in Slack.
pub(super) fn forget(record: &mut post::Model) {
    tracing::warn!(
        post.key = %record.key, slack.channel = %record.channel_id,
        "{} was deleted in Slack and is posted again", record.key
    );
    record.ts = None;
    record.state = PostState::Retrying;
    record.attempts = 0;
    record.content_hash = None;
    record.last_error = Some("deleted in Slack".to_owned());
    record.not_before = None;
}

/// The message, which says that it takes the place of one that was deleted, where it does: it was posted, and has no place any more.
pub(super) fn explained(record: &post::Model, mut message: Message) -> Message {
    if record.posted_at.is_some() {
        message
            .blocks
            .push(blocks::context(Mrkdwn::own(texts::POSTED_AGAIN)));
    }
    message
}
