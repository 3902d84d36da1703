//! What the preview of a link shows: an incident, or its post-mortem.
//!
//! Slack takes no rich text in previews: everything here is mrkdwn and plain text. How old something is Slack itself tells, so
//! that time alone changes nothing here.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use tocsin_client::{Incident, Known, Postmortem};
use tocsin_entity::kinds::{IncidentStatus, PostmortemStatus};
use tocsin_message::{
    blocks,
    mrkdwn::{Mrkdwn, cut_plain},
};

use super::{
    content::{self, GREEN, GREY, NAME_MAX, TITLE_MAX},
    facts::{self, fact},
};
use crate::texts::incident as texts;

/// Characters of a summary.
const SUMMARY_MAX: usize = 300;

/// The preview of a link to an incident, as `chat.unfurl` takes it.
pub(crate) fn incident(incident: &Incident) -> Value {
    let mut blocks = vec![
        blocks::section(content::title(incident)),
        blocks::fields(facts(incident)),
    ];
    blocks.extend(summary(&plain(&incident.description_markdown)));
    let fallback = blocks::fallback(content::summary(incident));
    json!({"color": content::colour(incident), "fallback": fallback, "blocks": blocks})
}

/// In place of a preview, in a channel that another company has come into.
pub(crate) fn hidden() -> Value {
    let text = Mrkdwn::own(texts::PREVIEW_HIDDEN);
    json!({"color": GREY, "fallback": blocks::fallback(text.clone()), "blocks": [blocks::section(text)]})
}

fn facts(incident: &Incident) -> Vec<Mrkdwn> {
    let mut all = facts::main_facts(incident);
    if incident.assignees.is_empty() {
        all.push(fact("Assigned to", &Mrkdwn::own("Nobody")));
    }
    all.extend(facts::acted_fact(incident));
    all.push(fact("Age", &age(incident)));
    all.extend(facts::snooze_fact(incident));
    all
}

/// How long ago it began; or, once it is over, how long it took.
fn age(incident: &Incident) -> Mrkdwn {
    match incident
        .resolved_at
        .filter(|_| incident.status == IncidentStatus::Resolved)
    {
        Some(resolved) => Mrkdwn::text(&lasted(resolved - incident.triggered_at)),
        None => Mrkdwn::ago(incident.triggered_at),
    }
}

/// A duration in its two largest units.
fn lasted(duration: time::Duration) -> String {
    let minutes = duration.whole_minutes().max(0);
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) if minutes == 0 => texts::NO_TIME.to_owned(),
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The preview of a link to an incident's post-mortem.
pub(crate) fn postmortem(incident: &Incident, postmortem: &Postmortem) -> Value {
    let title = cut_plain(&postmortem.title, TITLE_MAX);
    let url = format!("{}/postmortem", incident.url.trim_end_matches('/'));
    let headline = if title.is_empty() {
        format!("Post-mortem of #{}", incident.number)
    } else {
        format!("Post-mortem: {title}")
    };
    let authors = Mrkdwn::text(&postmortem.authors.join(", ")).cut(3 * NAME_MAX);
    let nobody = Mrkdwn::own("Nobody");
    let mut facts = vec![
        fact("Status", &status(&postmortem.status)),
        fact("Authors", if authors.is_empty() { &nobody } else { &authors }),
        fact("Incident", &content::title(incident)),
    ];
    facts.push(match postmortem.published_at {
        Some(at) => fact("Published", &Mrkdwn::date(at)),
        None => fact("Last changed", &Mrkdwn::date(postmortem.updated_at)),
    });
    let mut blocks = vec![
        blocks::section(Mrkdwn::link(&url, &headline)),
        blocks::fields(facts),
    ];
    blocks.extend(summary(&summary_of(&postmortem.body_markdown)));
    let colour = if postmortem.status == PostmortemStatus::Published {
        GREEN
    } else {
        GREY
    };
    let fallback = Mrkdwn::text(&headline)
        .plus(" (")
        .and(&status(&postmortem.status))
        .plus(")");
    json!({"color": colour, "fallback": blocks::fallback(fallback), "blocks": blocks})
}

fn status(status: &Known<PostmortemStatus>) -> Mrkdwn {
    match status {
        Known::Value(PostmortemStatus::Draft) => Mrkdwn::own("Draft"),
        Known::Value(PostmortemStatus::InReview) => Mrkdwn::own("In review"),
        Known::Value(PostmortemStatus::Published) => Mrkdwn::own("Published"),
        Known::Other(name) => Mrkdwn::text(name),
    }
}

/// A short text, shown as it is; none where there is nothing to say.
fn summary(text: &str) -> Option<Value> {
    let text = cut_plain(text, SUMMARY_MAX);
    if text.is_empty() {
        return None;
    }
    Some(json!({"type": "section", "text": {"type": "plain_text", "text": text, "emoji": false}}))
}

/// Markdown without its marks, in one line; headings and code blocks are left out.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut left_out = 0_usize;
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        if let Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_)) = event {
            left_out += 1;
        } else if let Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock) = event {
            left_out = left_out.saturating_sub(1);
        } else if let Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item) =
            event
        {
            text.push(' ');
        } else if let Event::Text(said) | Event::Code(said) = event
            && left_out == 0
        {
            text.push_str(&said);
        }
        if text.len() > 8 * SUMMARY_MAX {
            break;
        }
    }
    text
}

/// What stands under the heading "Summary"; where there is none, the text from its beginning.
fn summary_of(markdown: &str) -> String {
    let mut heading: Option<(usize, String)> = None;
    let mut from = None;
    for (event, at) in Parser::new(markdown).into_offset_iter() {
        if let Event::Start(Tag::Heading { .. }) = event {
            if let Some(from) = from {
                return plain(&markdown[from..at.start]);
            }
            heading = Some((at.end, String::new()));
        } else if let Event::End(TagEnd::Heading(_)) = event {
            from = heading
                .take()
                .filter(|(_, title)| title.trim().eq_ignore_ascii_case("summary"))
                .map(|(end, _)| end);
        } else if let (Event::Text(said), Some((_, title))) = (event, &mut heading) {
            title.push_str(&said);
        }
    }
    from.map_or_else(|| plain(markdown), |from| plain(&markdown[from..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_plain_and_comes_from_its_section() {
        let body = "# Title\n\nIntro\n\n## Summary\n\nCards were **declined**, see [the log](https://x) & `x`.\n\n- one\n- two\n\n```\ncode\n```\n\n## Impact\n\nAll.";
        assert_eq!(
            cut_plain(&summary_of(body), 300),
            "Cards were declined, see the log & x. one two"
        );
        assert_eq!(cut_plain(&summary_of("# T\n\nHello\nworld"), 300), "Hello world");
        assert_eq!(
            cut_plain(&summary_of("## Summary\n\nAll <b>of</b> it"), 300),
            "All of it"
        );
        assert_eq!(summary(""), None);
    }

    #[test]
    fn what_is_over_says_how_long_it_took() {
        assert_eq!(lasted(time::Duration::seconds(59)), "less than a minute");
        assert_eq!(lasted(time::Duration::minutes(25)), "25 min");
        assert_eq!(lasted(time::Duration::minutes(125)), "2 h 5 min");
        assert_eq!(lasted(time::Duration::hours(50)), "2 d 2 h");
    }
}
