//! The enums of the domain, one for database and GraphQL alike.

use sea_orm::entity::prelude::StringLen;

macro_rules! kind {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            sea_orm::EnumIter, sea_orm::DeriveActiveEnum, async_graphql::Enum,
            serde::Serialize, serde::Deserialize,
        )]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
        pub enum $name {
            $(
                $(#[$vdoc])*
                #[sea_orm(string_value = $text)]
                #[graphql(name = $text)]
                #[serde(rename = $text)]
                $variant,
            )*
        }

        impl $name {
            /// The name in the database and in GraphQL.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

kind! {
    /// What a member may do in an organisation.
    Role {
        /// Everything, and appoints other owners.
        Owner = "OWNER",
        /// Manages users, keys, services and integrations.
        Admin = "ADMIN",
        /// Works incidents and post-mortems.
        Responder = "RESPONDER",
        /// Reads only.
        Stakeholder = "STAKEHOLDER",
    }

    /// What an API key may be used for. `ADMIN` contains all others; `WRITE` contains `READ`.
    Scope {
        /// Triggers incidents, and nothing else: for monitoring systems.
        Trigger = "INCIDENTS_TRIGGER",
        /// Reads everything its role may see.
        Read = "READ",
        /// Reads and changes incidents and post-mortems.
        Write = "WRITE",
        /// Also manages users, services and keys.
        Admin = "ADMIN",
    }

    /// Where an incident stands.
    IncidentStatus {
        /// Nobody has it yet.
        Triggered = "TRIGGERED",
        /// A responder has it.
        Acknowledged = "ACKNOWLEDGED",
        /// It is over.
        Resolved = "RESOLVED",
    }

    /// How soon a person must look.
    Urgency {
        /// Now: wake somebody.
        High = "HIGH",
        /// Within working hours.
        Medium = "MEDIUM",
        /// When there is time.
        Low = "LOW",
    }

    /// How much is broken, from `SEV1` (worst) to `SEV5`.
    Severity {
        /// All users are affected.
        Sev1 = "SEV1",
        /// A main function is down.
        Sev2 = "SEV2",
        /// A function is impaired.
        Sev3 = "SEV3",
        /// An annoyance.
        Sev4 = "SEV4",
        /// Cosmetic.
        Sev5 = "SEV5",
    }

    /// What an entry of the timeline tells.
    EntryKind {
        /// The incident began.
        Triggered = "TRIGGERED",
        /// A responder took it.
        Acknowledged = "ACKNOWLEDGED",
        /// It was resolved; the body is the resolution note, if any.
        Resolved = "RESOLVED",
        /// It was opened again; the body is the reason, if any.
        Reopened = "REOPENED",
        /// A person said something.
        Comment = "COMMENT",
        /// It was put to rest until a set time.
        Snoozed = "SNOOZED",
        /// The rest is over: it is triggered again.
        SnoozeEnded = "SNOOZE_ENDED",
        /// Its assignees changed.
        Reassigned = "REASSIGNED",
        /// Its title, description, urgency, severity or tags changed, or how Slack shows it.
        Updated = "UPDATED",
        /// Slack's threads and the timeline go separate ways from here on.
        SyncMuted = "SYNC_MUTED",
        /// Slack's threads and the timeline say the same again.
        SyncUnmuted = "SYNC_UNMUTED",
    }

    /// Through what a change came.
    Source {
        /// A caller of the GraphQL API.
        Api = "API",
        /// A person in Slack.
        Slack = "SLACK",
        /// A timer of Tocsin's own.
        Timer = "TIMER",
        /// A monitoring system.
        Integration = "INTEGRATION",
    }

    /// Where a post-mortem stands.
    PostmortemStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Waiting for its reviewers.
        InReview = "IN_REVIEW",
        /// Done, and readable by every member.
        Published = "PUBLISHED",
    }

    /// What the event log records: each is one change that subscribers hear of.
    EventKind {
        /// An incident was triggered.
        IncidentTriggered = "INCIDENT_TRIGGERED",
        /// An incident was acknowledged.
        IncidentAcknowledged = "INCIDENT_ACKNOWLEDGED",
        /// An incident was resolved.
        IncidentResolved = "INCIDENT_RESOLVED",
        /// An incident was reopened.
        IncidentReopened = "INCIDENT_REOPENED",
        /// A comment was added.
        CommentAdded = "COMMENT_ADDED",
        /// An incident was snoozed.
        IncidentSnoozed = "INCIDENT_SNOOZED",
        /// A snooze ended and the incident is triggered again.
        IncidentSnoozeEnded = "INCIDENT_SNOOZE_ENDED",
        /// An incident was reassigned.
        IncidentReassigned = "INCIDENT_REASSIGNED",
        /// An incident's title, description, urgency, severity or tags were changed.
        IncidentUpdated = "INCIDENT_UPDATED",
        /// A comment was edited.
        CommentEdited = "COMMENT_EDITED",
        /// A comment was retracted.
        CommentRetracted = "COMMENT_RETRACTED",
        /// An incident's sync with Slack was muted or unmuted.
        SlackSyncChanged = "SLACK_SYNC_CHANGED",
    }

    /// How a connection to a Slack workspace is.
    SlackWorkspaceStatus {
        /// Not tried yet.
        Pending = "PENDING",
        /// It works.
        Active = "ACTIVE",
        /// It does not: the reason says why, and what to do.
        Failing = "FAILING",
        /// An administrator has disconnected it.
        Disconnected = "DISCONNECTED",
    }

    /// What an organisation wants of Slack; each asks for scopes of its own.
    SlackFeature {
        /// Messages that follow an incident's state, with their buttons. Always there.
        Notifications = "NOTIFICATIONS",
        /// Replies in an incident's thread become comments, and comments become replies.
        TwoWaySync = "TWO_WAY_SYNC",
        /// Addresses of incidents that people paste get a preview.
        Previews = "PREVIEWS",
        /// A channel for an incident.
        IncidentChannels = "INCIDENT_CHANNELS",
        /// People in Slack are matched with members by their e-mail addresses.
        Identity = "IDENTITY",
        /// The slash command, the shortcuts, the workflow step, and mentions of the bot.
        Commands = "COMMANDS",
        /// Who has opened which channel, for audits.
        AccessLogs = "ACCESS_LOGS",
    }

    /// How an incident's later changes are told in Slack.
    ReplyMode {
        /// In the thread of the incident's message.
        Thread = "THREAD",
        /// Each as a message of its own in the channel.
        Channel = "CHANNEL",
    }

    /// What a connector tells.
    ConnectorEvent {
        /// An incident is triggered, or triggered again.
        Triggered = "TRIGGERED",
        /// A responder takes it.
        Acknowledged = "ACKNOWLEDGED",
        /// It is resolved.
        Resolved = "RESOLVED",
        /// Nobody took it in time, and others are asked.
        Escalated = "ESCALATED",
        /// Its assignees change.
        Reassigned = "REASSIGNED",
        /// It takes longer than was promised.
        SlaBreached = "SLA_BREACHED",
        /// Somebody adds a note.
        NoteAdded = "NOTE_ADDED",
    }

    /// Of how urgent incidents a connector tells.
    UrgencyFilter {
        /// Of all.
        All = "ALL",
        /// Of those that must be looked at now.
        High = "HIGH",
        /// Of all but those for which there is time.
        HighAndMedium = "HIGH_AND_MEDIUM",
    }

    /// How a connector is, as the bridge has found it.
    ConnectorStatus {
        /// The bridge has not looked yet.
        Pending = "PENDING",
        /// It works.
        Active = "ACTIVE",
        /// Its channel takes nothing: the reason says why, and what to do.
        Failing = "FAILING",
    }

    /// What becomes of what people say in Slack who are no members.
    UnmatchedPolicy {
        /// It is no comment, and they are told how to link themselves.
        Refuse = "REFUSE",
        /// It becomes a comment under their name in Slack, marked as said there. They can do nothing else.
        Attribute = "ATTRIBUTE",
    }

    /// Whose pasted links to incidents and post-mortems get a preview in Slack. People of other companies, guests, bots and deactivated accounts get
    /// none, and nobody does in a channel that is shared with another company.
    PreviewPolicy {
        /// Members of the organisation alone.
        Members = "MEMBERS",
        /// Everybody with a full account in a Slack workspace that is the organisation's alone, and its members elsewhere.
        Workspace = "WORKSPACE",
    }

    /// How it is known which member a person in Slack is.
    SlackMatch {
        /// By the e-mail address that both have.
        Email = "EMAIL",
        /// They have signed in with Slack.
        OpenId = "OPENID",
        /// They have confirmed in Tocsin a code that they were given in Slack.
        Code = "CODE",
        /// An administrator has said so.
        Administrator = "ADMINISTRATOR",
    }

    /// By which way a change came that the audit log tells of.
    AuditChannel {
        /// By GraphQL or a page of the server's, with an API key or a session.
        Api = "API",
        /// By the Slack bridge, which reports what happened in Slack or acts for a member.
        Bridge = "BRIDGE",
        /// By a command on the server, or by its first start.
        CommandLine = "COMMAND_LINE",
    }

    /// How a member signed in.
    SignInMethod {
        /// By a one-time link that the server's command line printed.
        Link = "LINK",
        /// With Slack.
        Slack = "SLACK",
        /// By a one-time link that the bot gave in Slack.
        SlackLink = "SLACK_LINK",
        /// By the link that makes an organisation's first owner.
        FirstOwner = "FIRST_OWNER",
        /// With the OpenID issuer of the server's configuration.
        Oidc = "OIDC",
    }

    /// What an administrator asks the bridge to do.
    OperationKind {
        /// Whether a workspace's token works, and what it may do.
        TestConnection = "TEST_CONNECTION",
        /// A message to a connector's channel.
        TestMessage = "TEST_MESSAGE",
        /// Who a member is in Slack.
        TestIdentity = "TEST_IDENTITY",
        /// Which channels there are.
        RefreshChannels = "REFRESH_CHANNELS",
        /// A new channel.
        CreateChannel = "CREATE_CHANNEL",
    }

    /// How far that has come.
    OperationState {
        /// Asked for.
        Pending = "PENDING",
        /// Done.
        Succeeded = "SUCCEEDED",
        /// It can't be done: the code and the message say why.
        Failed = "FAILED",
    }

    /// What a timer does when it is due.
    TimerKind {
        /// Ends a snooze.
        SnoozeEnd = "SNOOZE_END",
    }

    /// What a message in Slack is to an incident.
    PostKind {
        /// The incident's own message.
        Root = "ROOT",
        /// A change or a comment, in the message's thread.
        Reply = "REPLY",
        /// The preview of a link that somebody pasted.
        Unfurl = "UNFURL",
        /// A storm's one message for many incidents.
        Digest = "DIGEST",
        /// A direct message to somebody who was assigned.
        Direct = "DIRECT",
    }

    /// How far a delivery to Slack has come.
    PostState {
        /// Wanted, and not yet sent.
        Queued = "QUEUED",
        /// Sent, and the answer not yet known: looked up in Slack before it is sent again.
        Sending = "SENDING",
        /// In Slack.
        Posted = "POSTED",
        /// In Slack, and changed there since.
        Updated = "UPDATED",
        /// Slack refused it for now; it will be tried again.
        Retrying = "RETRYING",
        /// Given up; the error says why.
        Failed = "FAILED",
    }

    /// How far a request from Slack has been worked.
    InboxState {
        /// Stored and answered, to be worked.
        Pending = "PENDING",
        /// Worked.
        Done = "DONE",
        /// Given up; the error says why.
        Failed = "FAILED",
    }
}

impl SlackFeature {
    /// All of them, in the order in which people are shown them.
    pub const ALL: [Self; 7] = [
        Self::Notifications,
        Self::TwoWaySync,
        Self::Previews,
        Self::IncidentChannels,
        Self::Identity,
        Self::Commands,
        Self::AccessLogs,
    ];
}
