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
    /// The role of a user: what the user can do in an organisation.
    Role {
        /// Can do everything, including appointing other owners.
        Owner = "OWNER",
        /// Manages users, API keys, services and integrations, and works on incidents.
        Admin = "ADMIN",
        /// Works on incidents and post-mortems.
        Responder = "RESPONDER",
        /// Can read, but not change anything; sees only published post-mortems.
        Stakeholder = "STAKEHOLDER",
    }

    /// A scope of an API key: what the key can be used for. `ADMIN` contains all other scopes; `WRITE` contains `READ` and `INCIDENTS_TRIGGER`.
    Scope {
        /// Triggers incidents and does nothing else: for monitoring systems.
        Trigger = "INCIDENTS_TRIGGER",
        /// Reads everything that the role of the user can see.
        Read = "READ",
        /// Reads and changes incidents and post-mortems.
        Write = "WRITE",
        /// Reads and changes everything, including users, services and API keys.
        Admin = "ADMIN",
    }

    /// The status of an incident.
    IncidentStatus {
        /// Nobody has acknowledged the incident yet.
        Triggered = "TRIGGERED",
        /// A responder works on the incident, or the incident is snoozed.
        Acknowledged = "ACKNOWLEDGED",
        /// The incident is over.
        Resolved = "RESOLVED",
    }

    /// The urgency of an incident: how soon a person must look at the incident.
    Urgency {
        /// A person must look now, even at night.
        High = "HIGH",
        /// A person must look within working hours.
        Medium = "MEDIUM",
        /// A person can look when there is time.
        Low = "LOW",
    }

    /// The severity of an incident: how much is broken, from `SEV1` (worst) to `SEV5`.
    Severity {
        /// All users are affected.
        Sev1 = "SEV1",
        /// A main function is down.
        Sev2 = "SEV2",
        /// A function is impaired, but works.
        Sev3 = "SEV3",
        /// The problem is an annoyance.
        Sev4 = "SEV4",
        /// The problem is cosmetic only.
        Sev5 = "SEV5",
    }

    /// The kind of a timeline entry: what happened to the incident.
    EntryKind {
        /// The incident was triggered.
        Triggered = "TRIGGERED",
        /// A responder acknowledged the incident.
        Acknowledged = "ACKNOWLEDGED",
        /// The incident was resolved; the body is the resolution note, if any.
        Resolved = "RESOLVED",
        /// The incident was reopened; the body is the reason, if any.
        Reopened = "REOPENED",
        /// A person added a comment; the body is the text.
        Comment = "COMMENT",
        /// The incident was snoozed until a set time.
        Snoozed = "SNOOZED",
        /// The snooze ended: the incident is triggered again.
        SnoozeEnded = "SNOOZE_ENDED",
        /// The assignees of the incident changed.
        Reassigned = "REASSIGNED",
        /// The title, description, urgency, severity, tags or service of the incident changed, or how Slack shows the incident.
        Updated = "UPDATED",
        /// The sync between the timeline and the Slack threads was muted.
        SyncMuted = "SYNC_MUTED",
        /// The sync between the timeline and the Slack threads was unmuted.
        SyncUnmuted = "SYNC_UNMUTED",
    }

    /// The channel through which a change was made.
    Source {
        /// A client of the GraphQL API made the change.
        Api = "API",
        /// A person in Slack made the change.
        Slack = "SLACK",
        /// A timer of Tocsin made the change.
        Timer = "TIMER",
        /// A monitoring system made the change.
        Integration = "INTEGRATION",
    }

    /// The status of a post-mortem.
    PostmortemStatus {
        /// The post-mortem is being written.
        Draft = "DRAFT",
        /// The post-mortem waits for the reviewers.
        InReview = "IN_REVIEW",
        /// The post-mortem is done, and every user of the organisation can read it.
        Published = "PUBLISHED",
    }

    /// The kind of an event in the event log: what changed.
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
        /// A snooze ended: the incident is triggered again.
        IncidentSnoozeEnded = "INCIDENT_SNOOZE_ENDED",
        /// An incident was reassigned.
        IncidentReassigned = "INCIDENT_REASSIGNED",
        /// The title, description, urgency, severity, tags or service of an incident changed.
        IncidentUpdated = "INCIDENT_UPDATED",
        /// A comment was edited.
        CommentEdited = "COMMENT_EDITED",
        /// A comment was retracted.
        CommentRetracted = "COMMENT_RETRACTED",
        /// An incident's sync with Slack was muted or unmuted.
        SlackSyncChanged = "SLACK_SYNC_CHANGED",
    }

    /// The status of a connection to a Slack workspace.
    SlackWorkspaceStatus {
        /// The bridge hasn't tried the connection yet.
        Pending = "PENDING",
        /// The connection works as intended.
        Active = "ACTIVE",
        /// The connection doesn't work: the reason says why, and what to do.
        Failing = "FAILING",
        /// An administrator has disconnected the workspace.
        Disconnected = "DISCONNECTED",
    }

    /// A feature that an organisation uses in Slack. Each feature needs certain scopes in Slack.
    SlackFeature {
        /// Messages that follow an incident's state, with buttons. This feature is always on.
        Notifications = "NOTIFICATIONS",
        /// Replies in an incident's thread become comments, and comments become replies.
        TwoWaySync = "TWO_WAY_SYNC",
        /// Links to incidents that people paste in Slack get a preview.
        Previews = "PREVIEWS",
        /// A separate Slack channel for an incident.
        IncidentChannels = "INCIDENT_CHANNELS",
        /// People in Slack are matched with users by e-mail address.
        Identity = "IDENTITY",
        /// The slash command, the shortcuts, the workflow step, and mentions of the bot.
        Commands = "COMMANDS",
        /// A record of who opened which channel, for audits.
        AccessLogs = "ACCESS_LOGS",
    }

    /// The place where Slack shows later changes of an incident.
    ReplyMode {
        /// In the thread of the incident's message.
        Thread = "THREAD",
        /// In the channel, each change as a separate message.
        Channel = "CHANNEL",
    }

    /// An event that a connector can post to Slack.
    ConnectorEvent {
        /// An incident is triggered, or triggered again.
        Triggered = "TRIGGERED",
        /// A responder acknowledges the incident.
        Acknowledged = "ACKNOWLEDGED",
        /// The incident is resolved.
        Resolved = "RESOLVED",
        /// Nobody acknowledged the incident in time, and other responders are asked.
        Escalated = "ESCALATED",
        /// The assignees of the incident change.
        Reassigned = "REASSIGNED",
        /// The incident takes longer than the service level agreement allows.
        SlaBreached = "SLA_BREACHED",
        /// Somebody adds a note to the incident.
        NoteAdded = "NOTE_ADDED",
    }

    /// The urgencies of the incidents that a connector posts.
    UrgencyFilter {
        /// Incidents of every urgency.
        All = "ALL",
        /// Incidents of high urgency only.
        High = "HIGH",
        /// Incidents of high or medium urgency.
        HighAndMedium = "HIGH_AND_MEDIUM",
    }

    /// The status of a connector, as the bridge last found it.
    ConnectorStatus {
        /// The bridge hasn't checked the connector yet.
        Pending = "PENDING",
        /// The connector works as intended.
        Active = "ACTIVE",
        /// The channel of the connector accepts no messages: the reason says why, and what to do.
        Failing = "FAILING",
    }

    /// The policy for replies in Slack of people who aren't matched with a user.
    UnmatchedPolicy {
        /// The reply doesn't become a comment, and the bot tells the person how to link a Slack account to a user.
        Refuse = "REFUSE",
        /// The reply becomes a comment under the person's name in Slack, marked as written there. The person can do nothing else.
        Attribute = "ATTRIBUTE",
    }

    /// The people who get a preview in Slack for links to incidents and post-mortems that they paste. People of other companies, guests, bots and
    /// deactivated accounts get no preview, and nobody does in a channel that is shared with another company.
    PreviewPolicy {
        /// Only users of the organisation get previews.
        Members = "MEMBERS",
        /// Everybody with a full account in a Slack workspace that only this organisation uses, and users of the organisation elsewhere.
        Workspace = "WORKSPACE",
    }

    /// The evidence from which Tocsin knows which user a person in Slack is.
    SlackMatch {
        /// The person and the user have the same e-mail address.
        Email = "EMAIL",
        /// The person signed in with Slack.
        OpenId = "OPENID",
        /// The person got a code in Slack and confirmed the code in Tocsin.
        Code = "CODE",
        /// An administrator linked the person to the user.
        Administrator = "ADMINISTRATOR",
    }

    /// The channel through which a change in the audit log was made.
    AuditChannel {
        /// GraphQL or a web page of the server, with an API key or a session.
        Api = "API",
        /// The Slack bridge, which reports what happened in Slack or acts for a user.
        Bridge = "BRIDGE",
        /// A command on the server, or the first start of the server.
        CommandLine = "COMMAND_LINE",
    }

    /// The method with which a user signed in.
    SignInMethod {
        /// A single-use link that the server's command line printed.
        Link = "LINK",
        /// Signing in with a Slack account.
        Slack = "SLACK",
        /// A single-use link that the bot gave in Slack.
        SlackLink = "SLACK_LINK",
        /// The link that makes a person the first owner of an organisation.
        FirstOwner = "FIRST_OWNER",
        /// With the OpenID issuer of the server's configuration.
        Oidc = "OIDC",
    }

    /// The kind of an operation that an administrator asks the bridge to do.
    OperationKind {
        /// Checks whether the token of a workspace works, and what the token allows.
        TestConnection = "TEST_CONNECTION",
        /// Sends a test message to the channel of a connector.
        TestMessage = "TEST_MESSAGE",
        /// Looks up which person in Slack a user is.
        TestIdentity = "TEST_IDENTITY",
        /// Reads the list of channels from Slack.
        RefreshChannels = "REFRESH_CHANNELS",
        /// Creates a new channel in Slack.
        CreateChannel = "CREATE_CHANNEL",
    }

    /// The state of an operation in Slack.
    OperationState {
        /// The operation isn't finished yet.
        Pending = "PENDING",
        /// The operation finished without errors.
        Succeeded = "SUCCEEDED",
        /// The operation failed: the code and the message say why.
        Failed = "FAILED",
    }

    /// The kind of a timer: what happens when the timer is due.
    TimerKind {
        /// Ends the snooze of an incident.
        SnoozeEnd = "SNOOZE_END",
    }

    /// The kind of a Slack message: what the message shows of an incident.
    PostKind {
        /// The main message of the incident.
        Root = "ROOT",
        /// A change or a comment, in the message's thread.
        Reply = "REPLY",
        /// The preview of a link that somebody pasted.
        Unfurl = "UNFURL",
        /// A single message for many incidents that come at once.
        Digest = "DIGEST",
        /// A direct message to a user who was assigned.
        Direct = "DIRECT",
    }

    /// The state of a delivery to Slack.
    PostState {
        /// The message is queued and not yet sent.
        Queued = "QUEUED",
        /// The message was sent, and the answer isn't known yet: before another attempt, the bridge looks for the message in Slack.
        Sending = "SENDING",
        /// The message is in Slack.
        Posted = "POSTED",
        /// The message is in Slack and has changed there since.
        Updated = "UPDATED",
        /// Slack refused the message for now; the bridge will try again.
        Retrying = "RETRYING",
        /// The bridge gave up; the error says why.
        Failed = "FAILED",
    }

    /// The state of a request from Slack.
    InboxState {
        /// The request is stored and answered, but not processed yet.
        Pending = "PENDING",
        /// The request has been processed.
        Done = "DONE",
        /// The bridge gave up; the error says why.
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
