//! What somebody wrote in Slack, wherever it stands, as Markdown.

use serde_json::{Value, json};
use tocsin_queue::JobError;

use super::{escape::escape, markdown, message::MessageEvent};
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
    Ok(MessageText {
        markdown: markdown::render(&document, &names),
        first_line: document.first_line(&names).unwrap_or_default(),
    })
}

/// Reads a message that asks for something in words: of these, what follows the command; and what the message has beside them.
pub(crate) async fn command_text(
    text: &RichText,
    installation: &AppInstallation,
    message: &Value,
    rest: &str,
) -> Result<String, JobError> {
    let message = MessageEvent::of(&json!({"event": message}));
    let document = message.command_document(rest);
    let names = names(text, installation, &document).await?;
    Ok(markdown::render(&document, &names))
}

/// Who said it and where, as Markdown.
pub(crate) fn source(author: &str, permalink: Option<&str>) -> String {
    let author = escape(&author.replace('\n', " "));
    match permalink {
        Some(permalink) => format!("— {author}, {}", markdown::named_link(permalink, "in Slack")),
        None => format!("— {author}, in Slack"),
    }
}
