//! What ought to be in Slack about an incident. Pure.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tocsin_client::{Appearance, Connector, Entry, Incident, Known, Postmortem};
use tocsin_entity::{
    id::{ConnectorId, DigestId, IncidentId, OrganizationId, WorkspaceId},
    kinds::{ConnectorEvent, EntryKind, IncidentStatus, PostKind, PostState},
    slack::post,
};
use tocsin_message::template::{RenderedTemplate, TemplateProblem};
use tocsin_slack::message::Message;

use super::{
    content::{self, Controls},
    direct::DirectMessage,
    preview, template,
};
use crate::{
    connector::Lead,
    sharing::is_hidden,
    store::{post_key::is_of_postmortem, posts},
    workspace::Bot,
};

/// A channel that shows the incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) connector_id: ConnectorId,
    pub(crate) connector_name: String,
    /// The workspace; none for that of the environment's token.
    pub(crate) workspace: Option<WorkspaceId>,
    /// What Slack calls the workspace.
    pub(crate) team_id: String,
    /// Whether posts may appear under other names there.
    pub(crate) customize: bool,
    /// The channel, once it is known which one is meant.
    pub(crate) channel_id: String,
    /// As people know it.
    pub(crate) channel_name: String,
    /// Whether the incident has a line in a digest there, and so no message of its own.
    pub(crate) in_digest: bool,
    /// Whether each later change is a message of its own there.
    pub(crate) tells_apart: bool,
    /// The message in whose thread the incident's message stands, where it was made of one.
    pub(crate) thread_ts: Option<String>,
    /// What is told there, and how it looks.
    pub(crate) presentation: Presentation,
}

/// What a connector tells, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presentation {
    /// Where the connector leads that stands behind it; none for a place where an incident was created, or where the connector is gone.
    pub(crate) lead: Option<Lead>,
    /// None for all there is.
    pub(crate) events: Option<BTreeSet<ConnectorEvent>>,
    pub(crate) two_way_sync: bool,
    pub(crate) appearance: Appearance,
    /// The incident in the words of its template, or why that could not be.
    pub(crate) words: Option<Result<RenderedTemplate, TemplateProblem>>,
}

impl Default for Presentation {
    fn default() -> Self {
        Self {
            lead: None,
            events: None,
            two_way_sync: true,
            appearance: Appearance::default(),
            words: None,
        }
    }
}

impl Presentation {
    pub(crate) fn of(connector: &Connector, incident: &Incident) -> Self {
        Self {
            lead: Some(connector.lead()),
            events: connector.events.clone(),
            two_way_sync: connector.two_way_sync,
            appearance: connector.appearance.clone(),
            words: connector
                .words
                .as_ref()
                .map(|text| template::render(text, incident)),
        }
    }

    fn has(&self, event: ConnectorEvent) -> bool {
        self.events.as_ref().is_none_or(|events| events.contains(&event))
    }

    /// Whether an incident's message appears: with the first event that is told.
    fn begins(&self, entries: &[Entry]) -> bool {
        let mut events = entries.iter().filter_map(|entry| event_of(&entry.kind));
        self.has(ConnectorEvent::Triggered) || events.any(|event| self.has(event))
    }

    /// Whether an entry is told. What is no event of its own is; notes are what two-way sync is about.
    fn tells(&self, entry: &Entry) -> bool {
        match event_of(&entry.kind) {
            None => true,
            Some(ConnectorEvent::NoteAdded) => self.two_way_sync || self.has(ConnectorEvent::NoteAdded),
            Some(event) => self.has(event),
        }
    }
}

/// The event that an entry of the timeline is to connectors.
fn event_of(kind: &Known<EntryKind>) -> Option<ConnectorEvent> {
    let Known::Value(kind) = kind else { return None };
    match kind {
        EntryKind::Triggered | EntryKind::Reopened | EntryKind::SnoozeEnded => {
            Some(ConnectorEvent::Triggered)
        }
        EntryKind::Acknowledged => Some(ConnectorEvent::Acknowledged),
        EntryKind::Resolved => Some(ConnectorEvent::Resolved),
        EntryKind::Reassigned => Some(ConnectorEvent::Reassigned),
        EntryKind::Comment => Some(ConnectorEvent::NoteAdded),
        EntryKind::Snoozed | EntryKind::Updated | EntryKind::SyncMuted | EntryKind::SyncUnmuted => None,
    }
}

/// What a post says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A message of its own, or a reply.
    Message(Message),
    /// The preview of a link.
    Preview(Value),
}

/// A post that ought to be in Slack.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DesiredPost {
    /// In words that never change.
    pub(crate) key: String,
    pub(crate) kind: PostKind,
    /// Through which workspace; none for that of the environment's token.
    pub(crate) workspace: Option<WorkspaceId>,
    /// Where to; none for a preview, whose address is on record.
    pub(crate) to: Option<Destination>,
    /// The key of the post in whose thread it stands.
    pub(crate) thread_of: Option<String>,
    pub(crate) content: Content,
    /// The same in the built-in words, where the content has those of a template: for what Slack refuses.
    pub(crate) built_in: Option<Message>,
    /// Of the content.
    pub(crate) hash: String,
    /// When what it shows came to be.
    pub(crate) since: OffsetDateTime,
    /// Whose words it brings, where it may appear with their face.
    pub(crate) author_email: Option<String>,
}

/// Previews that follow the incident, the newest ones: in old conversations nobody looks, and each costs a call for each change.
const PREVIEWS_MAX: usize = 50;

/// The key of an incident's own message.
pub(crate) fn root_key(incident: &Incident, connector: ConnectorId) -> String {
    format!("root:{}:{connector}", incident.id)
}

fn reply_key(entry: &Entry, connector: ConnectorId) -> String {
    format!("reply:{}:{connector}", entry.id)
}

/// All posts that ought to show the incident, each after those it depends on. Of the timeline only `entries` are looked at: the
/// replies of earlier ones are there, and are not wanted again.
pub(crate) fn desired(
    incident: &Incident,
    controls: Controls<'_>,
    entries: &[Entry],
    destinations: &[Destination],
    recorded: &[post::Model],
    postmortem: Option<&Postmortem>,
) -> Vec<DesiredPost> {
    let mut wanted: Vec<_> = recorded
        .iter()
        .rev()
        .filter(|post| post.kind == PostKind::Unfurl)
        .take(PREVIEWS_MAX)
        .filter_map(|post| preview_of(incident, postmortem, post))
        .collect();
    for destination in destinations.iter().filter(|destination| !destination.in_digest) {
        let of_key = |key: &str| recorded.iter().find(|post| post.key == key);
        let root = of_key(&root_key(incident, destination.connector_id));
        if root.is_none_or(|root| root.ts.is_none() && root.state != PostState::Sending)
            && !destination.presentation.begins(entries)
        {
            continue;
        }
        wanted.push(DesiredPost::root(incident, controls, destination));
        let told = entries.iter().filter(|entry| is_told(entry, destination));
        wanted.extend(told.filter_map(|entry| {
            let post = of_key(&reply_key(entry, destination.connector_id));
            // What was told is kept true, whatever is told by now.
            let is_wanted = post.is_some() || destination.presentation.tells(entry);
            is_wanted
                .then(|| reply(incident, entry, destination, post))
                .flatten()
        }));
    }
    wanted
}

/// Where the incident goes that has been posted to a connector that is gone since: its message there is kept true.
pub(crate) fn orphaned(recorded: &[post::Model], connectors: &BTreeSet<ConnectorId>) -> Vec<Destination> {
    recorded
        .iter()
        .filter(|post| post.kind == PostKind::Root && post.ts.is_some())
        .filter_map(|post| Some((post, post.connector_id?)))
        .filter(|(_, connector)| !connectors.contains(connector))
        .map(|(post, connector_id)| Destination::of_post(post, connector_id))
        .collect()
}

impl Destination {
    /// Where a post already is.
    pub(crate) fn of_post(post: &post::Model, connector_id: ConnectorId) -> Self {
        Self {
            connector_id,
            connector_name: post.connector_name.clone(),
            workspace: post.workspace_id,
            team_id: post.team_id.clone(),
            customize: false,
            channel_id: post.channel_id.clone(),
            channel_name: post.channel_name.clone(),
            in_digest: false,
            tells_apart: false,
            thread_ts: post.thread_ts.clone(),
            presentation: Presentation::default(),
        }
    }

    /// Where its connector leads, if it is here: a message may stand where it led before, and what becomes of that says nothing of it.
    pub(crate) fn lead(&self, bot: &Bot) -> Option<&Lead> {
        let channels = &bot.workspace.channels;
        let is_here = |lead: &&Lead| {
            lead.workspace == self.workspace
                && channels.mean(&lead.channel, &self.channel_id, &self.channel_name)
        };
        self.presentation.lead.as_ref().filter(is_here)
    }

    /// The message as what is the bot's own looks there.
    fn dressed(&self, message: Message) -> Message {
        if self.customize && message.username.is_none() {
            content::dress(&self.presentation.appearance, message)
        } else {
            message
        }
    }
}

/// The first entry is what the message itself tells, and what was said in the thread stands there already.
fn is_told(entry: &Entry, destination: &Destination) -> bool {
    let here = format!("slack:{}/{}/", destination.team_id, destination.channel_id);
    let said_here = entry
        .external_ref
        .as_ref()
        .is_some_and(|from| from.starts_with(&here));
    entry.kind != EntryKind::Triggered && !said_here && !entry.slack_muted
}

/// The post that tells an entry: in the thread, or by itself. One that is there stays where it is, however changes are told by now; what
/// was retracted before it was told is not told.
fn reply(
    incident: &Incident,
    entry: &Entry,
    destination: &Destination,
    post: Option<&post::Model>,
) -> Option<DesiredPost> {
    if entry.is_retracted && post.is_none() {
        return None;
    }
    let placed = post.filter(|post| post.ts.is_some() || post.state == PostState::Sending);
    let apart = destination.thread_ts.is_none()
        && placed.map_or(destination.tells_apart, |post| post.thread_ts.is_none());
    let message = content::reply(incident, entry, destination.customize, apart);
    let author = entry.author.as_ref().filter(|_| message.username.is_some());
    let content = Content::Message(destination.dressed(message));
    Some(DesiredPost {
        key: reply_key(entry, destination.connector_id),
        kind: PostKind::Reply,
        workspace: destination.workspace,
        to: Some(destination.clone()),
        thread_of: (!apart).then(|| root_key(incident, destination.connector_id)),
        hash: content.hash(),
        content,
        built_in: None,
        since: entry.created_at,
        author_email: author.and_then(|author| author.email.clone()),
    })
}

/// What a preview shows, which its key says. Of a post-mortem that is gone there is nothing to show.
fn preview_of(
    incident: &Incident,
    postmortem: Option<&Postmortem>,
    post: &post::Model,
) -> Option<DesiredPost> {
    let (preview, since) = if is_hidden(post) {
        (preview::hidden(), incident.updated_at)
    } else if is_of_postmortem(&post.key) {
        let postmortem = postmortem?;
        (preview::postmortem(incident, postmortem), postmortem.updated_at)
    } else {
        (preview::incident(incident), incident.updated_at)
    };
    let content = Content::Preview(preview);
    Some(DesiredPost {
        key: post.key.clone(),
        kind: PostKind::Unfurl,
        workspace: post.workspace_id,
        to: None,
        thread_of: None,
        hash: content.hash(),
        content,
        built_in: None,
        since,
        author_email: None,
    })
}

impl Content {
    /// SHA-256, in hex. The name of the author is no part of it: Slack takes it once, when the message is posted.
    pub(crate) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        match self {
            Self::Message(Message {
                text,
                blocks,
                attachments,
                username: _,
                icon_url: _,
                icon_emoji: _,
            }) => {
                hash.update(text);
                // The lengths keep apart what would else run into one another.
                for part in [blocks, attachments] {
                    hash.update(part.len().to_le_bytes());
                    for block in part {
                        hash.update(block.to_string());
                    }
                }
            }
            Self::Preview(preview) => hash.update(preview.to_string()),
        }
        hex::encode(hash.finalize())
    }
}

/// What a post shows: an incident or a digest.
#[derive(Clone, Debug)]
pub(crate) struct PostSubject {
    pub(crate) organization_id: OrganizationId,
    pub(crate) incident_id: Option<IncidentId>,
    pub(crate) digest_id: Option<DigestId>,
    /// The version of it that is to be shown.
    pub(crate) version: i64,
    /// What people call it.
    pub(crate) name: String,
    /// An incident's number.
    pub(crate) number: Option<i64>,
    /// When it came to be.
    pub(crate) began: OffsetDateTime,
    /// Whether an incident is open.
    pub(crate) is_open: Option<bool>,
}

impl PostSubject {
    pub(crate) fn incident(incident: &Incident) -> Self {
        Self {
            organization_id: incident.organization_id,
            incident_id: Some(incident.id),
            digest_id: None,
            version: incident.version,
            name: format!("#{}", incident.number),
            number: Some(incident.number),
            began: incident.triggered_at,
            is_open: Some(incident.status != IncidentStatus::Resolved),
        }
    }
}

impl DesiredPost {
    /// The incident's own message.
    pub(crate) fn root(incident: &Incident, controls: Controls<'_>, destination: &Destination) -> Self {
        let words = destination.presentation.words.as_ref();
        let words = words.and_then(|words| words.as_ref().ok());
        let root = |words| destination.dressed(content::root(incident, controls, words));
        let content = Content::Message(root(words));
        Self {
            key: root_key(incident, destination.connector_id),
            kind: PostKind::Root,
            workspace: destination.workspace,
            to: Some(destination.clone()),
            thread_of: None,
            hash: content.hash(),
            content,
            built_in: words.map(|_| root(None)),
            since: incident.updated_at,
            author_email: None,
        }
    }

    /// The incident's own message, as it is wanted in a channel that is not known yet.
    pub(crate) fn root_without_channel(incident: &Incident, connector: &Connector) -> Self {
        let destination = Destination {
            connector_id: connector.id,
            connector_name: connector.name.clone(),
            workspace: connector.workspace,
            team_id: String::new(),
            customize: false,
            channel_id: String::new(),
            channel_name: connector.channel.clone(),
            in_digest: false,
            tells_apart: false,
            thread_ts: None,
            presentation: Presentation::default(),
        };
        Self::root(incident, Controls::default(), &destination)
    }

    /// The direct message to somebody who was assigned.
    pub(crate) fn direct(incident: &Incident, controls: Controls<'_>, message: &DirectMessage) -> Self {
        let is_theirs = incident.assignee_ids.contains(&message.user_id);
        let content = Content::Message(content::direct(incident, controls, is_theirs));
        Self {
            key: message.key.clone(),
            kind: PostKind::Direct,
            workspace: message.to.workspace,
            to: Some(message.to.clone()),
            thread_of: None,
            hash: content.hash(),
            content,
            built_in: None,
            since: message.since,
            author_email: None,
        }
    }

    /// A record of this post, before anything has been done about it.
    pub(crate) fn record(&self, subject: &PostSubject, now: OffsetDateTime) -> post::Model {
        let to = self.to.as_ref();
        post::Model {
            incident_id: subject.incident_id,
            digest_id: subject.digest_id,
            connector_id: to.map(|to| to.connector_id),
            connector_name: to.map(|to| to.connector_name.clone()).unwrap_or_default(),
            workspace_id: self.workspace,
            team_id: to.map(|to| to.team_id.clone()).unwrap_or_default(),
            channel_id: to.map(|to| to.channel_id.clone()).unwrap_or_default(),
            channel_name: to.map(|to| to.channel_name.clone()).unwrap_or_default(),
            ..posts::queued(subject.organization_id, self.key.clone(), self.kind, now)
        }
    }
}
