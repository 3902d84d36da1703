//! Messages, as stored and as Slack shows them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::channel::Channel;
use super::links::{Preview, SharedLink};
use super::{InstalledApp, SimulatedWorkspace};

/// Who a message is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum MessageAuthor {
    /// A person, by hand.
    Person {
        /// User id.
        user: String,
    },
    /// The app, by the Web API or a `response_url`.
    App {
        /// Another name than the app's own, with `chat:write.customize`.
        username: Option<String>,
        /// Emoji or picture, with `chat:write.customize`.
        icons: Option<Value>,
    },
}

/// Who edited a message last, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MessageEdit {
    pub(crate) user: String,
    pub(crate) ts: String,
}

/// One emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) name: String,
    pub(crate) users: Vec<String>,
}

/// What a message says: all that an edit may replace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MessageContent {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) blocks: Vec<Value>,
    #[serde(default)]
    pub(crate) attachments: Vec<Value>,
    #[serde(default)]
    pub(crate) metadata: Option<Value>,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) ts: String,
    /// `ts` of the parent, in a reply.
    pub(crate) thread_ts: Option<String>,
    pub(crate) author: MessageAuthor,
    pub(crate) content: MessageContent,
    /// `channel_join`, `thread_broadcast` and the like.
    pub(crate) subtype: Option<String>,
    pub(crate) client_msg_id: Option<String>,
    /// The flag "(edited)": texts only, an update of blocks does not set it.
    pub(crate) edited: Option<MessageEdit>,
    /// How often the content was replaced, flagged or not.
    pub(crate) revisions: u32,
    pub(crate) deleted: bool,
    pub(crate) reactions: Vec<Reaction>,
    /// Links to registered domains in the text, which the app may unfurl.
    pub(crate) links: Vec<SharedLink>,
    /// Names those links in `chat.unfurl`; empty without links.
    pub(crate) unfurl_id: String,
    /// Whether the app has answered the `link_shared` event. Until then it may not unfurl.
    pub(crate) unfurl_open: bool,
    pub(crate) previews: Vec<Preview>,
    /// The only person who sees it.
    pub(crate) ephemeral_for: Option<String>,
    /// File objects.
    #[serde(default)]
    pub(crate) files: Vec<Value>,
}

impl Message {
    pub(crate) fn new(ts: String, author: MessageAuthor, content: MessageContent) -> Self {
        Self {
            ts,
            thread_ts: None,
            author,
            content,
            subtype: None,
            client_msg_id: None,
            edited: None,
            revisions: 0,
            deleted: false,
            reactions: Vec::new(),
            links: Vec::new(),
            unfurl_id: String::new(),
            unfurl_open: false,
            previews: Vec::new(),
            ephemeral_for: None,
            files: Vec::new(),
        }
    }

    pub(crate) fn is_from_app(&self) -> bool {
        matches!(self.author, MessageAuthor::App { .. })
    }

    /// User id of the author; none for a message under another name than the app's own, or by `response_url`.
    pub(crate) fn user<'a>(&'a self, app: &'a InstalledApp) -> Option<&'a str> {
        match &self.author {
            MessageAuthor::Person { user } => Some(user),
            MessageAuthor::App { username: None, .. } if self.subtype.as_deref() != Some("bot_message") => {
                Some(&app.bot_user_id)
            }
            MessageAuthor::App { .. } => None,
        }
    }

    /// Attachments and link previews together, numbered from 1 as Slack shows them.
    pub(crate) fn shown_attachments(&self, app: &InstalledApp) -> Vec<Value> {
        let own = self.content.attachments.iter().cloned();
        let previews = self.previews.iter().map(|p| p.attachment(app));
        own.chain(previews)
            .enumerate()
            .map(|(index, mut attachment)| {
                attachment["id"] = json!(index + 1);
                if attachment.get("fallback").is_none() {
                    attachment["fallback"] = json!("[no preview available]");
                }
                attachment
            })
            .collect()
    }
}

/// How much of a message's metadata the reader asked to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// With its payload.
    Whole,
    /// Its type alone, as without `include_all_metadata`.
    TypeOnly,
}

impl SimulatedWorkspace {
    /// The message object of history, events and interactions.
    pub(crate) fn message_json(&self, channel: &Channel, message: &Message, metadata: Metadata) -> Value {
        let app = &self.app;
        let mut json = Map::new();
        json.insert("type".into(), json!("message"));
        if let Some(user) = message.user(app) {
            json.insert("user".into(), json!(user));
        }
        self.insert_author(&mut json, message);
        if let Some(subtype) = &message.subtype {
            json.insert("subtype".into(), json!(subtype));
        }
        json.insert("text".into(), json!(message.content.text));
        json.insert("ts".into(), json!(message.ts));
        json.insert("team".into(), json!(self.team.id));
        if let Some(id) = &message.client_msg_id {
            json.insert("client_msg_id".into(), json!(id));
        }
        if let Some(edited) = &message.edited {
            json.insert("edited".into(), json!(edited));
        }
        if !message.content.blocks.is_empty() {
            json.insert("blocks".into(), json!(message.content.blocks));
        }
        let attachments = message.shown_attachments(app);
        if !attachments.is_empty() {
            json.insert("attachments".into(), json!(attachments));
        }
        if let Some(stored) = &message.content.metadata {
            let shown = match metadata {
                Metadata::Whole => stored.clone(),
                Metadata::TypeOnly => json!({ "event_type": stored["event_type"] }),
            };
            json.insert("metadata".into(), shown);
        }
        if !message.files.is_empty() {
            json.insert("files".into(), json!(message.files));
            json.insert("upload".into(), json!(false));
        }
        insert_thread(&mut json, channel, message, app);
        if !message.reactions.is_empty() {
            let reactions: Vec<Value> = message
                .reactions
                .iter()
                .map(|r| json!({"name": r.name, "users": r.users, "count": r.users.len()}))
                .collect();
            json.insert("reactions".into(), json!(reactions));
        }
        if channel.pins.contains(&message.ts) {
            json.insert("pinned_to".into(), json!([channel.id]));
        }
        Value::Object(json)
    }

    fn insert_author(&self, json: &mut Map<String, Value>, message: &Message) {
        let MessageAuthor::App { username, icons } = &message.author else {
            return;
        };
        let app = &self.app;
        json.insert("bot_id".into(), json!(app.bot_id));
        json.insert("app_id".into(), json!(app.id));
        if let Some(username) = username {
            json.insert("subtype".into(), json!("bot_message"));
            json.insert("username".into(), json!(username));
        } else {
            json.insert("bot_profile".into(), self.bot_profile());
        }
        if let Some(icons) = icons {
            json.insert("icons".into(), icons.clone());
        }
    }

    fn bot_profile(&self) -> Value {
        json!({
            "id": self.app.bot_id,
            "app_id": self.app.id,
            "user_id": self.app.bot_user_id,
            "name": self.app.name,
            "icons": {},
            "deleted": false,
            "updated": 1,
            "team_id": self.team.id,
        })
    }
}

fn insert_thread(json: &mut Map<String, Value>, channel: &Channel, message: &Message, app: &InstalledApp) {
    if let Some(parent_ts) = &message.thread_ts {
        json.insert("thread_ts".into(), json!(parent_ts));
        let parent = channel.messages.get(parent_ts);
        if let Some(user) = parent.and_then(|p| p.user(app)) {
            json.insert("parent_user_id".into(), json!(user));
        }
        return;
    }
    let replies: Vec<&Message> = channel.replies(&message.ts).collect();
    let Some(latest) = replies.last() else { return };
    let mut users: Vec<&str> = Vec::new();
    for user in replies.iter().filter_map(|r| r.user(app)) {
        if !users.contains(&user) {
            users.push(user);
        }
    }
    json.insert("thread_ts".into(), json!(message.ts));
    json.insert("reply_count".into(), json!(replies.len()));
    json.insert("reply_users_count".into(), json!(users.len()));
    json.insert("latest_reply".into(), json!(latest.ts));
    json.insert("reply_users".into(), json!(users));
    json.insert("is_locked".into(), json!(false));
    json.insert("subscribed".into(), json!(false));
}
