//! The workspace as tests, other processes and the page see it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{Message, MessageAuthor};
use super::{Channel, ChannelKind, Execution, SimulatedWorkspace};
use crate::state::text::plain;

/// The whole workspace at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows with every change.
    pub version: u64,
    /// Name of the workspace.
    pub team: String,
    /// The people, the app's bot user last.
    pub people: Vec<PersonSnapshot>,
    /// Channels, private channels and direct messages, in the order of their creation.
    pub channels: Vec<ChannelSnapshot>,
    /// Open modals and published Home tabs.
    pub views: Vec<ViewSnapshot>,
    /// The steps of workflows that came to the app.
    pub executions: Vec<Execution>,
    /// What people were told about requests that the app did not answer.
    pub errors: Vec<VisibleError>,
}

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSnapshot {
    /// `U…`
    pub id: String,
    /// Handle.
    pub name: String,
    /// Name shown beside messages.
    pub real_name: String,
    /// Address, where there is one.
    pub email: Option<String>,
    /// The app's bot user.
    pub is_bot: bool,
    /// Deactivated.
    pub deleted: bool,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as in Slack"
)]
pub struct ChannelSnapshot {
    /// `C…` or `D…`
    pub id: String,
    /// Without `#`; for direct messages `@` and the person's handle.
    pub name: String,
    /// Private channel.
    pub is_private: bool,
    /// Direct messages between the app and a person.
    pub is_im: bool,
    /// Archived.
    pub is_archived: bool,
    /// Whether the app is in it.
    pub bot_is_member: bool,
    /// User ids of the members.
    pub members: Vec<String>,
    /// Top-level messages in order, deleted ones among them, each with its replies.
    pub messages: Vec<MessageSnapshot>,
    /// Messages that one person alone sees, in order.
    pub ephemeral: Vec<MessageSnapshot>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as in Slack"
)]
pub struct MessageSnapshot {
    /// Its id within the channel.
    pub ts: String,
    /// `ts` of the parent, in a reply.
    pub thread_ts: Option<String>,
    /// User id of the author; none for a post under a customised name.
    pub user: Option<String>,
    /// Name shown beside it.
    pub author: String,
    /// Whether the app posted it.
    pub is_from_app: bool,
    /// The customised name, when there is one.
    pub username: Option<String>,
    /// The customised picture or emoji, when there is one.
    pub icon: Option<String>,
    /// `channel_join`, `thread_broadcast` and the like.
    pub subtype: Option<String>,
    /// The fallback text, in mrkdwn.
    pub text: String,
    /// Blocks.
    pub blocks: Vec<Value>,
    /// Attachments, link previews among them (`is_app_unfurl`).
    pub attachments: Vec<Value>,
    /// Metadata, whole.
    pub metadata: Option<Value>,
    /// Whether Slack shows "(edited)".
    pub edited: bool,
    /// How often the content was replaced.
    pub revisions: u32,
    /// Deleted: seen no more, unless as a placeholder over its replies.
    pub deleted: bool,
    /// Emoji.
    pub reactions: Vec<ReactionSnapshot>,
    /// Pinned to the channel.
    pub pinned: bool,
    /// User id of the only person who sees it.
    pub ephemeral_for: Option<String>,
    /// Replies in order, deleted ones among them.
    pub replies: Vec<MessageSnapshot>,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionSnapshot {
    /// Without colons.
    pub name: String,
    /// User ids.
    pub users: Vec<String>,
}

/// A modal or a Home tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewSnapshot {
    /// `V…`
    pub id: String,
    /// User id of who sees it.
    pub user: String,
    /// `modal` or `home`.
    pub kind: String,
    /// As the app sent it.
    pub content: Value,
}

/// A request of a person that the app did not answer in time or with success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibleError {
    /// Microseconds since the epoch.
    pub at_micros: u64,
    /// User id.
    pub person: String,
    /// Channel id.
    pub channel: Option<String>,
    /// What the person is told.
    pub text: String,
}

/// A button that can be pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Name of the action.
    pub action_id: String,
    /// What is written on it.
    pub label: String,
    /// Given to the app when pressed.
    pub value: Option<String>,
    /// Opened when pressed.
    pub url: Option<String>,
    /// `primary` or `danger`.
    pub style: Option<String>,
}

impl Snapshot {
    /// A channel by name or id.
    pub fn channel(&self, name: &str) -> Option<&ChannelSnapshot> {
        let wanted = name.trim_start_matches('#');
        self.channels.iter().find(|c| c.name == wanted || c.id == wanted)
    }

    /// A person by handle or id.
    pub fn person(&self, name: &str) -> Option<&PersonSnapshot> {
        self.people.iter().find(|p| p.name == name || p.id == name)
    }
}

impl ChannelSnapshot {
    /// The app's own top-level messages that are still there.
    pub fn app_messages(&self) -> Vec<&MessageSnapshot> {
        self.messages
            .iter()
            .filter(|m| m.is_from_app && !m.deleted)
            .collect()
    }

    /// Any message by its `ts`, replies too.
    pub fn message(&self, ts: &str) -> Option<&MessageSnapshot> {
        self.messages
            .iter()
            .flat_map(|m| std::iter::once(m).chain(&m.replies))
            .chain(&self.ephemeral)
            .find(|m| m.ts == ts)
    }
}

impl MessageSnapshot {
    /// Every word of the message, its blocks and its attachments.
    pub fn words(&self) -> String {
        plain::words(&super::message::MessageContent {
            text: self.text.clone(),
            blocks: self.blocks.clone(),
            attachments: self.attachments.clone(),
            metadata: None,
        })
    }

    /// The buttons of its blocks and attachments.
    pub fn buttons(&self) -> Vec<Button> {
        let mut found = Vec::new();
        for value in self.blocks.iter().chain(&self.attachments) {
            collect_buttons(value, &mut found);
        }
        found
    }

    /// The replies that are still there.
    pub fn visible_replies(&self) -> Vec<&MessageSnapshot> {
        self.replies.iter().filter(|m| !m.deleted).collect()
    }

    /// The link previews under it.
    pub fn previews(&self) -> Vec<&Value> {
        self.attachments
            .iter()
            .filter(|a| a["is_app_unfurl"] == true)
            .collect()
    }
}

fn collect_buttons(value: &Value, found: &mut Vec<Button>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_buttons(item, found)),
        Value::Object(fields) => {
            if fields.get("type").is_some_and(|t| t == "button") {
                let text = |key: &str| value[key].as_str().map(str::to_owned);
                found.push(Button {
                    action_id: text("action_id").unwrap_or_default(),
                    label: value["text"]["text"].as_str().unwrap_or_default().to_owned(),
                    value: text("value"),
                    url: text("url"),
                    style: text("style"),
                });
            } else {
                fields.values().for_each(|inner| collect_buttons(inner, found));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl SimulatedWorkspace {
    /// Everything.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            version: self.version,
            team: self.team.name.clone(),
            people: self.people.iter().map(PersonSnapshot::from).collect(),
            channels: self.channels.iter().map(|c| self.channel_snapshot(c)).collect(),
            views: self
                .views
                .iter()
                .map(|v| ViewSnapshot {
                    id: v.id.clone(),
                    user: v.user.clone(),
                    kind: v.kind.clone(),
                    content: v.content.clone(),
                })
                .collect(),
            executions: self.executions.clone(),
            errors: self.errors.clone(),
        }
    }

    /// One channel.
    pub(crate) fn channel_snapshot(&self, channel: &Channel) -> ChannelSnapshot {
        let roots = channel.messages.values().filter(|m| m.thread_ts.is_none());
        ChannelSnapshot {
            id: channel.id.clone(),
            name: self.channel_name(channel),
            is_private: channel.kind == ChannelKind::Private,
            is_im: channel.is_im(),
            is_archived: channel.archived,
            bot_is_member: self.bot_is_in(channel),
            members: channel.members.iter().cloned().collect(),
            messages: roots.map(|m| self.message_snapshot(channel, m)).collect(),
            ephemeral: channel
                .ephemeral
                .iter()
                .map(|m| self.message_snapshot(channel, m))
                .collect(),
        }
    }

    /// Its name; `@alice` for direct messages.
    pub(crate) fn channel_name(&self, channel: &Channel) -> String {
        let ChannelKind::Im(user) = &channel.kind else {
            return channel.name.clone();
        };
        format!(
            "@{}",
            self.person(user).map_or(user.as_str(), |p| p.name.as_str())
        )
    }

    fn message_snapshot(&self, channel: &Channel, message: &Message) -> MessageSnapshot {
        let (author, username, icon) = match &message.author {
            MessageAuthor::Person { user } => (
                self.person(user)
                    .map_or_else(|| user.clone(), |p| p.real_name.clone()),
                None,
                None,
            ),
            MessageAuthor::App { username, icons } => (
                username.clone().unwrap_or_else(|| self.app.name.clone()),
                username.clone(),
                icons.as_ref().and_then(icon),
            ),
        };
        let replies = channel.threads.get(&message.ts).into_iter().flatten();
        MessageSnapshot {
            ts: message.ts.clone(),
            thread_ts: message.thread_ts.clone(),
            user: message.user(&self.app).map(str::to_owned),
            author,
            is_from_app: message.is_from_app(),
            username,
            icon,
            subtype: message.subtype.clone(),
            text: message.content.text.clone(),
            blocks: message.content.blocks.clone(),
            attachments: message.shown_attachments(&self.app),
            metadata: message.content.metadata.clone(),
            edited: message.edited.is_some(),
            revisions: message.revisions,
            deleted: message.deleted,
            reactions: message
                .reactions
                .iter()
                .map(|r| ReactionSnapshot {
                    name: r.name.clone(),
                    users: r.users.clone(),
                })
                .collect(),
            pinned: channel.pins.contains(&message.ts),
            ephemeral_for: message.ephemeral_for.clone(),
            replies: replies
                .filter_map(|ts| channel.messages.get(ts))
                .map(|m| self.message_snapshot(channel, m))
                .collect(),
        }
    }
}

impl From<&super::SimulatedPerson> for PersonSnapshot {
    fn from(person: &super::SimulatedPerson) -> Self {
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            real_name: person.real_name.clone(),
            email: person.email.clone(),
            is_bot: person.is_bot,
            deleted: person.deleted,
        }
    }
}

/// The picture or emoji of a customised post.
fn icon(icons: &Value) -> Option<String> {
    let icon = icons["emoji"].as_str().or(icons["image_48"].as_str())?;
    Some(icon.to_owned())
}
