//! What the timeline says of a channel's threads: which messages are comments, and when the sync was muted.

use time::OffsetDateTime;
use tocsin_client::{ApiClient, As, Entry};
use tocsin_clock::Clock;
use tocsin_entity::{kinds::EntryKind, slack::post};
use tocsin_queue::JobError;

use crate::failure::of_api;

/// How long a comment must have been one before its message is missed: Slack may show a thread a moment late.
const SETTLED: time::Duration = time::Duration::minutes(1);

/// A comment that was a message.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) ts: String,
    pub(super) may_be_missed: bool,
}

/// What the timeline says.
#[derive(Debug, Default)]
pub(super) struct RecordedTimeline {
    pub(super) comments: Vec<Comment>,
    /// From when to when the sync was muted; to now where there is no end.
    muted: Vec<(OffsetDateTime, Option<OffsetDateTime>)>,
}

impl RecordedTimeline {
    /// Of the channel in which this message stands.
    pub(super) async fn read(api: &ApiClient, clock: &Clock, root: &post::Model) -> Result<Self, JobError> {
        let Some(incident) = root.incident_id else {
            return Ok(Self::default());
        };
        let who = As::bridge(root.organization_id, None);
        let Some(mut read) = api.find_mirrored(who, incident).await.map_err(of_api)? else {
            return Ok(Self::default());
        };
        api.complete(who, &mut read, 0).await.map_err(of_api)?;
        let here = format!("slack:{}/{}/", root.team_id, root.channel_id);
        Ok(Self::of(&read.entries, &here, clock.now() - SETTLED))
    }

    fn of(entries: &[Entry], here: &str, settled: OffsetDateTime) -> Self {
        let comments = entries.iter().filter_map(|entry| {
            Some(Comment {
                ts: entry.external_ref.as_deref()?.strip_prefix(here)?.to_owned(),
                may_be_missed: !entry.is_retracted && entry.created_at < settled,
            })
        });
        let mut muted: Vec<(OffsetDateTime, Option<OffsetDateTime>)> = Vec::new();
        for entry in entries {
            if entry.kind == EntryKind::SyncMuted {
                muted.push((entry.created_at, None));
            } else if entry.kind == EntryKind::SyncUnmuted
                && let Some((_, until @ None)) = muted.last_mut()
            {
                *until = Some(entry.created_at);
            }
        }
        Self {
            comments: comments.collect(),
            muted,
        }
    }

    pub(super) fn is_comment(&self, ts: &str) -> bool {
        self.comments.iter().any(|comment| comment.ts == ts)
    }

    /// Whether the sync was muted at that moment.
    pub(super) fn was_muted(&self, at: OffsetDateTime) -> bool {
        let mut muted = self.muted.iter();
        muted.any(|(from, until)| *from <= at && until.is_none_or(|until| at < until))
    }
}
