//! What is to be read in Slack: an incident's own message, its replies, its line in a digest.
//!
//! Everything here is a function of the incident and its timeline alone, so that the same state always gives the same content.

use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_client::{Appearance, Entry, Incident, Known};
use tocsin_entity::kinds::{EntryKind, IncidentStatus, Severity, Urgency};
use tocsin_message::{
    blocks,
    mrkdwn::{Mrkdwn, cut_plain},
    template::RenderedTemplate,
};
use tocsin_slack::message::Message;
use tocsin_slack_app::labels::{UNKNOWN_EMOJI, status_emoji, status_label, urgency_label};

use super::{
    buttons,
    facts::{fact, facts_above_footer, names, status_with_emoji, who},
    footer::footer,
};
use crate::texts::incident as texts;

/// Colours of the bar beside an incident's message.
const RED: &str = "#d92d20";
const AMBER: &str = "#f79009";
const BLUE: &str = "#2e90fa";
pub(super) const GREEN: &str = "#12b76a";
pub(super) const GREY: &str = "#98a2b3";

/// Characters of a title, a name or a tag that are shown; the whole is behind the link.
pub(super) const TITLE_MAX: usize = 250;
pub(crate) const NAME_MAX: usize = 100;
const TAG_MAX: usize = 120;
const TAGS_MAX: usize = 20;

/// Characters of a description in a message, and of a note or a reason in a reply.
const SUMMARY_MAX: usize = 600;
const NOTE_MAX: usize = 2_500;

/// Characters of what was said, where the timeline is told in short.
const TOLD_MAX: usize = 400;

/// Characters of a comment: as many as a section takes.
const COMMENT_MAX: usize = 2_800;

/// Characters of a line in a digest, of its link and of its names: many lines share one message.
pub(crate) const LINE_MAX: usize = 200;
const LINE_LINK_MAX: usize = 90;
const LINE_NAME_MAX: usize = 24;

/// What the message shows beside the incident's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Controls<'a> {
    /// What was done last, for the footer.
    pub(crate) last_act: Option<&'a Entry>,
    /// How often the menu was used.
    pub(crate) menu_uses: i32,
}

/// The incident's own message. The title stands above the coloured part: beside blocks, Slack shows the message's text in
/// notifications only, and beside mere attachments it would show it a second time. In the organisation's own words, where there are some;
/// colour, footer and buttons are always ours.
pub(crate) fn root(incident: &Incident, controls: Controls<'_>, words: Option<&RenderedTemplate>) -> Message {
    let (text, title, mut blocks) = match words {
        Some(words) => (words.text.clone(), words.title.clone(), words.body.clone()),
        None => (
            blocks::fallback(summary(incident)),
            blocks::section(title(incident)),
            body_of(incident, controls.last_act),
        ),
    };
    blocks.push(blocks::context(footer(incident, controls.last_act)));
    blocks.push(buttons::row(incident, controls.menu_uses));
    let attachment = json!({"color": colour(incident), "fallback": text, "blocks": blocks});
    Message {
        text,
        blocks: vec![title],
        attachments: vec![attachment],
        username: None,
        icon_url: None,
        icon_emoji: None,
    }
}

/// The direct message to somebody who was assigned: as the incident's own, with what it is to them.
pub(crate) fn direct(incident: &Incident, controls: Controls<'_>, is_theirs: bool) -> Message {
    let said = if is_theirs {
        texts::ASSIGNED_TO_YOU
    } else {
        texts::NO_LONGER_YOURS
    };
    let mut message = root(incident, controls, None);
    message.text = format!("{said} {}", message.text);
    message.blocks.insert(0, blocks::section(Mrkdwn::own(said)));
    message
}

/// A message as an incident's looks, of which it says that it is none.
pub(crate) fn sample(connector: &str, url: &str, at: OffsetDateTime) -> Message {
    let said = texts::test_message(&Mrkdwn::text(connector).cut(NAME_MAX));
    let facts = vec![
        fact(texts::FACT_STATUS, &Mrkdwn::own(texts::TEST_STATUS)),
        fact(texts::FACT_SENT, &Mrkdwn::date(at)),
    ];
    let attachment = json!({"color": GREY, "fallback": texts::TEST_FALLBACK, "blocks": [
        blocks::fields(facts), blocks::context(Mrkdwn::own(texts::TEST_FOOTER)),
    ]});
    Message {
        text: blocks::fallback(said.clone()),
        blocks: vec![
            blocks::section(Mrkdwn::link(url, texts::TEST_TITLE)),
            blocks::section(said),
        ],
        attachments: vec![attachment],
        ..Message::default()
    }
}

/// The message under this name and with this picture.
pub(crate) fn dress(appearance: &Appearance, message: Message) -> Message {
    let icon = |is_emoji: bool| {
        let icon = appearance.icon.clone();
        icon.filter(|icon| icon.starts_with(':') == is_emoji)
    };
    Message {
        username: appearance.name.as_deref().and_then(blocks::username),
        icon_url: icon(false),
        icon_emoji: icon(true),
        ..message
    }
}

/// The coloured part.
fn body_of(incident: &Incident, last_act: Option<&Entry>) -> Vec<Value> {
    let mut blocks = vec![blocks::fields(facts_above_footer(incident, last_act))];
    let description = description(incident, SUMMARY_MAX);
    if !description.is_empty() {
        blocks.push(blocks::section(description));
    }
    blocks.extend(tags(incident).map(blocks::context));
    blocks
}

/// The description, of which so many characters are seen at the most. If it is cut, it ends with a link to the incident.
pub(crate) fn description(incident: &Incident, max: usize) -> Mrkdwn {
    Mrkdwn::markdown_of(
        &incident.description_markdown,
        max,
        &incident.url,
        texts::READ_MORE,
    )
}

/// The incident's line in a digest, never longer than [`LINE_MAX`].
pub(crate) fn line(incident: &Incident) -> Mrkdwn {
    let number = format!("#{}", incident.number);
    let linked = Mrkdwn::link(&incident.url, &number);
    let number = if linked.as_str().len() <= LINE_LINK_MAX {
        linked
    } else {
        Mrkdwn::text(&number)
    };
    let head = Mrkdwn::own(emoji(&incident.status))
        .plus(" ")
        .and(&number)
        .plus(" ");
    let mut tail = Mrkdwn::own(" · ").and(&status(&incident.status).fit(LINE_NAME_MAX));
    if let Some(who) = who(incident) {
        tail = tail.plus(" · ").and(&who.fit(LINE_NAME_MAX));
    }
    let room = LINE_MAX.saturating_sub(head.as_str().len() + tail.as_str().len());
    head.and(&Mrkdwn::text(&incident.title).fit(room)).and(&tail)
}

/// An entry of the timeline, as a reply in the incident's thread; `customize` is whether it may appear under its author's name.
/// `apart`: as a message of its own, which must say which incident it is about.
pub(crate) fn reply(incident: &Incident, entry: &Entry, customize: bool, apart: bool) -> Message {
    let author = entry.author.as_ref().map(|author| author.name.as_str());
    let mut message = if entry.kind == EntryKind::Comment {
        comment(incident, entry, author, customize)
    } else {
        change_message(incident, entry, author)
    };
    if apart {
        let which = Mrkdwn::link(&incident.url, &headline(incident));
        message.blocks.insert(0, blocks::context(which));
        message.text = blocks::fallback(
            Mrkdwn::text(&format!("#{}:", incident.number))
                .plus(" ")
                .and(&Mrkdwn::recorded(message.text)),
        );
    }
    if entry.is_edited && !entry.is_retracted {
        message.blocks.push(blocks::context(Mrkdwn::own(texts::EDITED)));
    }
    message
}

fn change_message(incident: &Incident, entry: &Entry, author: Option<&str>) -> Message {
    let head = Mrkdwn::own(entry_emoji(&entry.kind))
        .plus(" ")
        .and(&name(author).bold())
        .plus(" ")
        .and(&deed(entry));
    let mut blocks = vec![blocks::section(head.clone())];
    if let Some(body) = body(incident, entry, NOTE_MAX, texts::READ_MORE) {
        blocks.push(blocks::section(body));
    }
    Message {
        text: blocks::fallback(head),
        blocks,
        attachments: Vec::new(),
        username: None,
        icon_url: None,
        icon_emoji: None,
    }
}

fn comment(incident: &Incident, entry: &Entry, author: Option<&str>, customize: bool) -> Message {
    let said = if entry.is_retracted {
        Mrkdwn::own(texts::RETRACTED)
    } else {
        body(incident, entry, COMMENT_MAX, texts::READ_COMMENT).unwrap_or_default()
    };
    let username = author.filter(|_| customize).and_then(blocks::username);
    let name = name(author);
    let mut blocks = Vec::new();
    if username.is_none() {
        blocks.push(blocks::context(name.clone().bold()));
    }
    blocks.push(blocks::section(if said.is_empty() {
        Mrkdwn::own(texts::EMPTY)
    } else {
        said.clone()
    }));
    let text = if username.is_some() {
        said
    } else {
        name.plus(": ").and(&said)
    };
    Message {
        text: blocks::fallback(text),
        blocks,
        attachments: Vec::new(),
        username,
        icon_url: None,
        icon_emoji: None,
    }
}

/// Who did it; without an author, Tocsin did by itself.
fn name(author: Option<&str>) -> Mrkdwn {
    let Some(name) = author else {
        return Mrkdwn::own(texts::TOCSIN);
    };
    let name = Mrkdwn::text(name).cut(NAME_MAX);
    if name.is_empty() {
        Mrkdwn::own(texts::SOMEBODY)
    } else {
        name
    }
}

/// What was said. If it is cut, it ends with a link to the incident.
fn body(incident: &Incident, entry: &Entry, max: usize, link: &'static str) -> Option<Mrkdwn> {
    let body = Mrkdwn::markdown_of(entry.body_markdown.as_deref()?, max, &incident.url, link);
    Some(body).filter(|body| !body.is_empty())
}

/// An entry in short, with its time: for whoever looks at the timeline in Slack.
pub(crate) fn timeline_line(incident: &Incident, entry: &Entry) -> Mrkdwn {
    let author = entry.author.as_ref().map(|author| author.name.as_str());
    let told = Mrkdwn::own(entry_emoji(&entry.kind))
        .plus(" ")
        .and(&name(author).bold())
        .plus(" ")
        .and(&deed(entry))
        .plus(" · ")
        .and(&Mrkdwn::date(entry.occurred_at));
    match body(incident, entry, TOLD_MAX, texts::READ_MORE) {
        Some(body) => told.plus("\n").and(&body),
        None => told,
    }
}

/// What was done, after the name of who did it.
fn deed(entry: &Entry) -> Mrkdwn {
    let deed = match entry.kind {
        Known::Value(EntryKind::Triggered) => Mrkdwn::own(texts::TRIGGERED_IT),
        Known::Value(EntryKind::Acknowledged) => Mrkdwn::own(texts::ACKNOWLEDGED_IT),
        Known::Value(EntryKind::Resolved) => Mrkdwn::own(texts::RESOLVED_IT),
        Known::Value(EntryKind::Reopened) => Mrkdwn::own(texts::REOPENED_IT),
        Known::Value(EntryKind::Comment) => Mrkdwn::own(texts::COMMENTED),
        Known::Value(EntryKind::Snoozed) => return texts::snoozed_it(entry.snoozed_until),
        Known::Value(EntryKind::SnoozeEnded) => Mrkdwn::own(texts::SNOOZE_ENDED),
        Known::Value(EntryKind::Reassigned) => return assignment(entry),
        Known::Value(EntryKind::Updated) => Mrkdwn::own(texts::UPDATED_IT),
        Known::Value(EntryKind::SyncMuted) => Mrkdwn::own(texts::MUTED_SYNC),
        Known::Value(EntryKind::SyncUnmuted) => Mrkdwn::own(texts::UNMUTED_SYNC),
        Known::Other(ref name) => texts::changed_it(name),
    };
    if entry.changes.is_empty() {
        return deed;
    }
    let changes = entry
        .changes
        .iter()
        .map(|change| Mrkdwn::text(change).cut(TITLE_MAX));
    changes.fold(deed, |deed, change| deed.plus("\n• ").and(&change))
}

/// Who is to work the incident from now on, after the name of who decided it.
fn assignment(entry: &Entry) -> Mrkdwn {
    match entry.assignees.as_deref() {
        Some([]) => Mrkdwn::own(texts::UNASSIGNED_IT),
        Some(assignees) => texts::assigned_it(&names(assignees).unwrap_or_default()),
        // An entry of an older version does not say.
        None => Mrkdwn::own(texts::REASSIGNED_IT),
    }
}

pub(crate) fn title(incident: &Incident) -> Mrkdwn {
    Mrkdwn::link(&incident.url, &headline(incident))
}

fn headline(incident: &Incident) -> String {
    format!("#{} {}", incident.number, cut_plain(&incident.title, TITLE_MAX))
}

pub(crate) fn tags(incident: &Incident) -> Option<Mrkdwn> {
    let tags = incident.tags.iter().take(TAGS_MAX).map(|tag| {
        let value = if tag.value.is_empty() {
            String::new()
        } else {
            format!(": {}", tag.value)
        };
        Mrkdwn::text(&format!("{}{value}", tag.key)).cut(TAG_MAX)
    });
    let mut tags = tags.filter(|tag| !tag.is_empty());
    let first = tags.next()?;
    Some(tags.fold(first, |line, tag| line.plus("  ·  ").and(&tag)))
}

/// The incident among others: its title, and below it in one line how it stands.
pub(crate) fn overview(incident: &Incident) -> Mrkdwn {
    let mut text = title(incident)
        .plus("\n")
        .and(&status_with_emoji(incident))
        .plus(" · ")
        .and(&urgency(&incident.urgency))
        .plus(texts::URGENCY);
    if let Some(severity) = &incident.severity {
        text = text.plus(" · ").and(&severity_name(severity));
    }
    text.plus(" · ")
        .and(&Mrkdwn::text(&incident.service).cut(NAME_MAX))
        .plus(" · ")
        .and(&Mrkdwn::ago(incident.triggered_at))
}

/// One line that tells the incident, for notifications.
pub(super) fn summary(incident: &Incident) -> Mrkdwn {
    Mrkdwn::text(&headline(incident))
        .plus(" (")
        .and(&status(&incident.status))
        .plus(", ")
        .and(&urgency(&incident.urgency))
        .plus(texts::URGENCY)
        .plus(", ")
        .and(&Mrkdwn::text(&incident.service).cut(NAME_MAX))
        .plus(")")
}

pub(super) fn colour(incident: &Incident) -> &'static str {
    if incident.status == IncidentStatus::Resolved {
        return GREEN;
    }
    match incident.urgency {
        Known::Value(Urgency::High) => RED,
        Known::Value(Urgency::Medium) => AMBER,
        Known::Value(Urgency::Low) => BLUE,
        Known::Other(_) => GREY,
    }
}

pub(super) fn emoji(status: &Known<IncidentStatus>) -> &'static str {
    match status {
        Known::Value(known) => status_emoji(*known),
        Known::Other(_) => UNKNOWN_EMOJI,
    }
}

fn entry_emoji(kind: &Known<EntryKind>) -> &'static str {
    match kind {
        Known::Value(EntryKind::Triggered | EntryKind::SnoozeEnded) => ":rotating_light:",
        Known::Value(EntryKind::Acknowledged) => ":eyes:",
        Known::Value(EntryKind::Resolved) => ":white_check_mark:",
        Known::Value(EntryKind::Reopened) => ":leftwards_arrow_with_hook:",
        Known::Value(EntryKind::Comment) => ":speech_balloon:",
        Known::Value(EntryKind::Snoozed) => ":zzz:",
        Known::Value(EntryKind::Reassigned) => ":bust_in_silhouette:",
        Known::Value(EntryKind::Updated) => ":pencil2:",
        Known::Value(EntryKind::SyncMuted) => ":no_bell:",
        Known::Value(EntryKind::SyncUnmuted) => ":bell:",
        Known::Other(_) => UNKNOWN_EMOJI,
    }
}

pub(super) fn status(status: &Known<IncidentStatus>) -> Mrkdwn {
    match status {
        Known::Value(known) => Mrkdwn::own(status_label(*known)),
        Known::Other(name) => Mrkdwn::text(name),
    }
}

pub(crate) fn urgency(urgency: &Known<Urgency>) -> Mrkdwn {
    match urgency {
        Known::Value(known) => Mrkdwn::own(urgency_label(*known)),
        Known::Other(name) => Mrkdwn::text(name),
    }
}

pub(crate) fn severity_name(severity: &Known<Severity>) -> Mrkdwn {
    match severity {
        Known::Value(known) => Mrkdwn::own(known.as_str()),
        Known::Other(name) => Mrkdwn::text(name),
    }
}
