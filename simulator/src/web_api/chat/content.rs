//! What is to be posted, checked as Slack checks it.

use serde_json::{Value, json};

use crate::block_kit;
use crate::method::arguments::MethodArguments;
use crate::method::call::MethodCall;
use crate::method::refusal::MethodRefusal;
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::message::MessageAuthor;

/// The parts of a message that were given; `None` is "not given", which an update tells from "empty".
#[derive(Debug, Default)]
pub(crate) struct GivenContent {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Vec<Value>>,
    pub(crate) attachments: Option<Vec<Value>>,
    pub(crate) metadata: NewMetadata,
}

/// What becomes of a message's metadata.
#[derive(Debug, Default)]
pub(crate) enum NewMetadata {
    /// Not given: an update keeps what there is.
    #[default]
    Keep,
    /// `{}`.
    Remove,
    Set(Value),
}

impl NewMetadata {
    /// The metadata after the call.
    pub(crate) fn over(self, old: Option<Value>) -> Option<Value> {
        match self {
            Self::Keep => old,
            Self::Remove => None,
            Self::Set(metadata) => Some(metadata),
        }
    }
}

/// Attachments on one message. Source: `too_many_attachments` of `chat.postMessage`.
const ATTACHMENTS_MAX: usize = 100;

/// Characters of `markdown_text`.
const MARKDOWN_MAX: usize = 12_000;

/// Bytes of metadata as JSON. Slack publishes no number; this is a guess on the safe side.
const METADATA_MAX: usize = 8_000;

impl GivenContent {
    /// Reads and checks text, blocks, attachments and metadata.
    pub(crate) fn read(args: &MethodArguments) -> Result<Self, MethodRefusal> {
        let mut given = Self {
            text: args.has("text").then(|| args.text("text").unwrap_or_default()),
            blocks: list(args, "blocks", "invalid_blocks_format")?,
            attachments: list(args, "attachments", "invalid_attachments")?,
            metadata: metadata(args)?,
        };
        if let Some(markdown) = args.text("markdown_text") {
            if given.text.as_ref().is_some_and(|t| !t.is_empty()) || given.blocks.is_some() {
                return Err("markdown_text_conflict".into());
            }
            if markdown.chars().count() > MARKDOWN_MAX {
                return Err("msg_too_long".into());
            }
            given.blocks = Some(vec![json!({ "type": "markdown", "text": markdown })]);
            given.text = Some(markdown);
        }
        if given
            .attachments
            .as_ref()
            .is_some_and(|a| a.len() > ATTACHMENTS_MAX)
        {
            return Err("too_many_attachments".into());
        }
        let blocks = given.blocks.as_deref().unwrap_or_default();
        let attachments = given.attachments.as_deref().unwrap_or_default();
        let problems = block_kit::message_problems(blocks, attachments);
        if !problems.is_empty() {
            return Err(MethodRefusal::invalid_blocks(&problems));
        }
        if block_kit::too_long_together(blocks) {
            return Err("msg_blocks_too_long".into());
        }
        Ok(given)
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.as_ref().is_none_or(|t| t.trim().is_empty())
            && self.blocks.as_ref().is_none_or(Vec::is_empty)
            && self.attachments.as_ref().is_none_or(Vec::is_empty)
    }
}

fn list(args: &MethodArguments, name: &str, error: &str) -> Result<Option<Vec<Value>>, MethodRefusal> {
    match args.structure(name) {
        Ok(None) => Ok(None),
        Ok(Some(Value::Array(items))) => Ok(Some(items)),
        Ok(Some(_)) | Err(_) => Err(error.into()),
    }
}

/// `{"event_type": …, "event_payload": {…}}`, or `{}` to remove it.
fn metadata(args: &MethodArguments) -> Result<NewMetadata, MethodRefusal> {
    let metadata = args
        .structure("metadata")
        .map_err(|_| MethodRefusal::from("invalid_metadata_format"))?;
    let Some(metadata) = metadata else {
        return Ok(NewMetadata::Keep);
    };
    let Some(fields) = metadata.as_object() else {
        return Err("invalid_metadata_format".into());
    };
    if fields.is_empty() {
        return Ok(NewMetadata::Remove);
    }
    let named = metadata["event_type"]
        .as_str()
        .is_some_and(|name| !name.is_empty());
    let only_known = fields
        .keys()
        .all(|key| matches!(key.as_str(), "event_type" | "event_payload" | "entities"));
    let Some(payload) = metadata["event_payload"]
        .as_object()
        .filter(|_| named && only_known)
    else {
        return Err("invalid_metadata_format".into());
    };
    if !payload.values().all(|value| is_payload_value(value, 2)) {
        return Err("invalid_metadata_schema".into());
    }
    if metadata.to_string().len() > METADATA_MAX {
        return Err("metadata_too_large".into());
    }
    Ok(NewMetadata::Set(metadata))
}

/// Plain values, one level of objects, and arrays of either. Source: the types of Slack's Node SDK.
fn is_payload_value(value: &Value, depth: u8) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_payload_value(item, depth - 1)),
        Value::Object(fields) => {
            depth > 0
                && fields
                    .values()
                    .all(|v| !v.is_object() && !v.is_array() && !v.is_null())
        }
    }
}

/// Under what name the app posts: its own, or another with `chat:write.customize`.
pub(crate) fn author(call: &MethodCall<'_>) -> Result<MessageAuthor, MethodRefusal> {
    let username = call.args.text("username");
    let icons = match (call.args.text("icon_emoji"), call.args.text("icon_url")) {
        (Some(emoji), _) => Some(json!({ "emoji": emoji })),
        (None, Some(url)) => Some(json!({ "image_48": url })),
        (None, None) => None,
    };
    if username.is_some() || icons.is_some() {
        call.require_scope("chat:write.customize")?;
    }
    Ok(MessageAuthor::App { username, icons })
}

/// Attachments whose blocks have an id each.
pub(crate) fn with_ids(ws: &mut SimulatedWorkspace, mut attachments: Vec<Value>) -> Vec<Value> {
    for attachment in &mut attachments {
        if let Some(Value::Array(blocks)) = attachment.get_mut("blocks") {
            *blocks = ws.with_block_ids(std::mem::take(blocks));
        }
    }
    attachments
}
