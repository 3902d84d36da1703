//! What may be asked of an incident.

use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, ServiceId, TimelineEntryId, UserId},
    incident::TagValue,
    kinds::{ReplyMode, Severity, Urgency},
};

use crate::{patch::Patch, timer::TimerAttempt};

/// A new incident.
#[derive(Debug, Clone)]
pub(crate) struct TriggerCommand {
    /// What is wrong, in a line.
    pub(crate) title: String,
    /// What is known, in Markdown.
    pub(crate) description_markdown: String,
    /// The service; the organisation's default one where none is named.
    pub(crate) service_id: Option<ServiceId>,
    /// How soon a person must look; the service's default where none is named.
    pub(crate) urgency: Option<Urgency>,
    /// How much is broken.
    pub(crate) severity: Option<Severity>,
    /// Labels.
    pub(crate) tags: Vec<TagValue>,
    /// Who is to work it.
    pub(crate) assignees: Vec<UserId>,
    /// While an incident with this key is open, the trigger is that incident again.
    pub(crate) dedup_key: Option<String>,
}

/// New values for an incident's properties; what is `None`, or to be kept, stays.
#[derive(Debug, Clone)]
pub(crate) struct IncidentUpdate {
    /// The title.
    pub(crate) title: Option<String>,
    /// The description.
    pub(crate) description_markdown: Option<String>,
    /// The urgency.
    pub(crate) urgency: Option<Urgency>,
    /// The severity.
    pub(crate) severity: Patch<Severity>,
    /// The tags.
    pub(crate) tags: Option<Vec<TagValue>>,
    /// The service.
    pub(crate) service_id: Option<ServiceId>,
    /// The version that the caller has seen: of a later one nothing is changed.
    pub(crate) version: Option<i64>,
}

/// How an incident's changes are to be told in Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyModeChoice {
    /// As they are told now.
    AsBefore,
    /// As each connector says.
    AsConnectorsSay,
    /// So, whatever the connectors say.
    So(ReplyMode),
}

/// A change of an incident that is there.
#[derive(Debug, Clone)]
pub(crate) enum ChangeCommand {
    /// Somebody has it.
    Acknowledge,
    /// It is over.
    Resolve {
        /// What was done.
        note: Option<String>,
    },
    /// It is not over.
    Reopen {
        /// Why.
        reason: Option<String>,
    },
    /// Somebody says something.
    Comment {
        /// What, in Markdown.
        body: String,
        /// Where it was said, outside; taken in once.
        external_ref: Option<String>,
        /// When it was said, where that was not now.
        said_at: Option<OffsetDateTime>,
    },
    /// It may rest.
    Snooze {
        /// Until when.
        until: OffsetDateTime,
    },
    /// It is to rest no longer.
    Unsnooze,
    /// The rest is over; asked for by the timer.
    EndSnooze {
        /// When the timer was due: a timer of a snooze that was changed since does nothing.
        due_at: OffsetDateTime,
    },
    /// Others are to work it.
    Reassign {
        /// Who.
        assignees: Vec<UserId>,
    },
    /// It is described otherwise.
    Update(IncidentUpdate),
    /// Slack is to show it otherwise.
    SlackSync {
        /// Whether Slack's threads and the timeline go separate ways.
        muted: Option<bool>,
        /// How its changes are told there.
        telling: ReplyModeChoice,
    },
}

/// A comment, by one of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommentRef {
    /// By its id.
    Id(TimelineEntryId),
    /// By where it was said, outside.
    External(String),
}

/// What becomes of a comment that is there.
#[derive(Debug, Clone)]
pub(crate) enum Revision {
    /// It says something else.
    Edit {
        /// What, in Markdown.
        body: String,
        /// What tells the edit from later ones outside; one that is no newer than the last is no edit.
        revision: Option<String>,
    },
    /// It is as if it had not been said.
    Retract {
        /// Whether the actor may retract what others have said.
        of_others: bool,
    },
}

/// One thing asked.
#[derive(Debug, Clone)]
pub(crate) enum IncidentCommand {
    /// A new incident.
    Trigger(TriggerCommand),
    /// A change of one that is there.
    Change(IncidentId, ChangeCommand),
    /// A change of a comment on one.
    Revise(CommentRef, Revision),
    /// A change that a timer asks for. It is made, and the timer deleted, only while the timer is as it was read.
    Fire(TimerAttempt, IncidentId, ChangeCommand),
}
