//! Channels, private channels and direct messages.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::Message;
use super::person::{SimulatedPerson, readable_id};
use super::{InstalledApp, SimulatedWorkspace, Team};
use crate::config::ChannelSeed;

/// What sort of conversation it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChannelKind {
    /// Anyone may join.
    Public,
    /// By invitation.
    Private,
    /// Between the bot and this user.
    Im(String),
}

impl ChannelKind {
    /// The first half of a scope's name: `channels` in `channels:history`.
    pub(crate) fn scope_family(&self) -> &'static str {
        match self {
            Self::Public => "channels",
            Self::Private => "groups",
            Self::Im(_) => "im",
        }
    }

    /// `channel_type` of a message event.
    pub(crate) fn event_type(&self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Im(_) => "im",
        }
    }

    /// The value of `types` in `conversations.list`.
    pub(crate) fn list_type(&self) -> &'static str {
        match self {
            Self::Public => "public_channel",
            Self::Private => "private_channel",
            Self::Im(_) => "im",
        }
    }
}

/// The topic or purpose of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Topic {
    pub(crate) value: String,
    pub(crate) creator: String,
    pub(crate) last_set: u64,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: ChannelKind,
    pub(crate) archived: bool,
    /// Administrators alone may post.
    #[serde(default)]
    pub(crate) restricted: bool,
    pub(crate) created: u64,
    pub(crate) creator: String,
    pub(crate) topic: Topic,
    pub(crate) purpose: Topic,
    pub(crate) members: BTreeSet<String>,
    /// By `ts`, replies among them.
    pub(crate) messages: BTreeMap<String, Message>,
    /// `ts` of a parent → `ts` of its replies, in order.
    pub(crate) threads: BTreeMap<String, Vec<String>>,
    /// Messages that one person alone sees.
    pub(crate) ephemeral: Vec<Message>,
    pub(crate) pins: Vec<String>,
    pub(crate) previous_names: Vec<String>,
}

impl Channel {
    pub(crate) fn new(id: String, name: String, kind: ChannelKind, creator: String, now: u64) -> Self {
        Self {
            id,
            name,
            kind,
            archived: false,
            restricted: false,
            created: now,
            creator,
            topic: Topic::default(),
            purpose: Topic::default(),
            members: BTreeSet::new(),
            messages: BTreeMap::new(),
            threads: BTreeMap::new(),
            ephemeral: Vec::new(),
            pins: Vec::new(),
            previous_names: Vec::new(),
        }
    }

    pub(crate) fn from_seed(
        seed: &ChannelSeed,
        mark: &str,
        people: &[SimulatedPerson],
        app: &InstalledApp,
        now: u64,
    ) -> Self {
        let kind = if seed.is_private {
            ChannelKind::Private
        } else {
            ChannelKind::Public
        };
        let creator = people.first().map(|p| p.id.clone()).unwrap_or_default();
        let mut channel = Self::new(
            readable_id('C', &format!("{}{mark}", seed.name)),
            seed.name.clone(),
            kind,
            creator,
            now,
        );
        channel.archived = seed.is_archived;
        for person in people.iter().filter(|p| !p.is_bot) {
            if seed
                .members
                .as_ref()
                .is_none_or(|names| names.contains(&person.name))
            {
                channel.members.insert(person.id.clone());
            }
        }
        if seed.bot_is_member {
            channel.members.insert(app.bot_user_id.clone());
        }
        channel
    }

    pub(crate) fn is_im(&self) -> bool {
        matches!(self.kind, ChannelKind::Im(_))
    }

    /// Whether a message is the parent of a thread, or could become one.
    pub(crate) fn replies(&self, parent: &str) -> impl Iterator<Item = &Message> {
        self.threads
            .get(parent)
            .into_iter()
            .flatten()
            .filter_map(|ts| self.messages.get(ts))
            .filter(|m| !m.deleted)
    }

    /// The channel object of `conversations.info`.
    pub(crate) fn json(&self, team: &Team, app: &InstalledApp, with_members: bool) -> Value {
        if let ChannelKind::Im(user) = &self.kind {
            return json!({
                "id": self.id,
                "created": self.created,
                "is_im": true,
                "is_org_shared": false,
                "is_archived": self.archived,
                "user": user,
                "is_user_deleted": false,
                "priority": 0,
            });
        }
        let private = self.kind == ChannelKind::Private;
        let mut channel = json!({
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": !private,
            "is_group": private,
            "is_im": false,
            "is_mpim": false,
            "is_private": private,
            "created": self.created,
            "creator": self.creator,
            "is_archived": self.archived,
            "is_general": self.name == "general",
            "unlinked": 0,
            "is_shared": false,
            "is_ext_shared": false,
            "is_org_shared": false,
            "is_pending_ext_shared": false,
            "pending_shared": [],
            "context_team_id": team.id,
            "is_member": self.members.contains(&app.bot_user_id),
            "topic": self.topic,
            "purpose": self.purpose,
            "previous_names": self.previous_names,
        });
        if with_members {
            channel["num_members"] = json!(self.members.len());
        }
        channel
    }
}

impl SimulatedWorkspace {
    /// The direct-message channel with this person, opened when there is none yet. The flag says whether
    /// there was one.
    pub(crate) fn open_im(&mut self, user: &str, now: u64) -> (String, bool) {
        let kind = ChannelKind::Im(user.to_owned());
        if let Some(channel) = self.channels.iter().find(|c| c.kind == kind) {
            return (channel.id.clone(), true);
        }
        let id = self.next_id("D");
        let bot = self.app.bot_user_id.clone();
        let mut channel = Channel::new(id.clone(), String::new(), kind, bot.clone(), now);
        channel.members.extend([bot, user.to_owned()]);
        self.channels.push(channel);
        self.touch(&id);
        (id, false)
    }
}
