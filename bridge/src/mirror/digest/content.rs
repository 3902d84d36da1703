//! What a digest says.

use tocsin_message::{
    blocks::{self, SECTION_MAX},
    mrkdwn::Mrkdwn,
};
use tocsin_slack::message::Message;

use crate::texts::incident as texts;

/// Incidents of one digest. Slack refuses messages whose blocks hold more than some 11,000 characters together; this
/// many lines of [`crate::mirror::content::LINE_MAX`] characters fit.
pub(crate) const LINES_MAX: i32 = 50;

/// The message for these lines, each in mrkdwn.
pub(crate) fn message(lines: &[String]) -> Message {
    let text = texts::digest(lines.len());
    let mut blocks = vec![
        blocks::section(text.clone().bold()),
        blocks::context(Mrkdwn::own(texts::DIGEST_WHY)),
    ];
    let mut section = String::new();
    for line in lines {
        // In bytes, of which there are never fewer than characters.
        if !section.is_empty() && section.len() + 1 + line.len() > SECTION_MAX {
            blocks.push(blocks::section(Mrkdwn::recorded(std::mem::take(&mut section))));
        }
        if !section.is_empty() {
            section.push('\n');
        }
        section.push_str(line);
    }
    if !section.is_empty() {
        blocks.push(blocks::section(Mrkdwn::recorded(section)));
    }
    Message {
        text: blocks::fallback(text),
        blocks,
        attachments: Vec::new(),
        username: None,
        icon_url: None,
        icon_emoji: None,
    }
}
