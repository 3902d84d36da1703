//! What somebody wrote in Slack, wherever it stands, as Markdown.

use serde_json::{Value, json};
use tocsin_queue::JobError;

use super::{document::Block, escape::escape, markdown, message::MessageEvent};
use crate::{
    installation::AppInstallation,
    rich_text::names::{RichText, names},
};

/// What somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessageText {
    /// All of it, with links to its files.
    pub(crate) markdown: String,
    /// Its first line, as people see it.
    pub(crate) first_line: String,
}

/// Reads a message as Slack gives it.
pub(crate) async fn message_text(
    text: &RichText,
    installation: &AppInstallation,
    message: &Value,
) -> Result<MessageText, JobError> {
    let message = MessageEvent::of(&json!({"event": message}));
    let document = message.document();
    let names = names(text, installation, &document).await?;
    let lines = document.blocks.iter().map(|block| match block {
        Block::Code { text, .. } => text.clone(),
        Block::Text(_) | Block::Quote(_) | Block::List { .. } => {
            block.inlines().map(|inline| inline.shown(&names)).collect()
        }
    });
    let first_line = lines
        .flat_map(|text: String| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.trim().to_owned())
        .find(|line| !line.is_empty());
    Ok(MessageText {
        markdown: message.markdown(&document, &names),
        first_line: first_line.unwrap_or_default(),
    })
}

/// Who said it and where, as Markdown.
pub(crate) fn source(author: &str, permalink: Option<&str>) -> String {
    let author = escape(&author.replace('\n', " "));
    match permalink {
        Some(permalink) => format!("— {author}, {}", markdown::link(permalink, "in Slack")),
        None => format!("— {author}, in Slack"),
    }
}
