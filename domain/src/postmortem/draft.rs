//! The first draft of a post-mortem: the sections to fill in, and what the timeline already knows.

use std::{collections::HashMap, fmt::Write};

use time::{OffsetDateTime, macros::format_description};
use tocsin_entity::{id::UserId, incident, timeline_entry};
use tocsin_slack_app::labels::entry_label;

use crate::moment::of_micros;

/// A draft in Markdown.
pub(super) fn draft(
    incident: &incident::Model,
    service: &str,
    entries: &[timeline_entry::Model],
    names: &HashMap<UserId, String>,
) -> String {
    let mut text = format!(
        "## Summary\n\n{} — {service}, urgency {}{}.\n\n{}\n\n## Impact\n\n_Who was affected, how, and for how long?_\n\n",
        one_line(&incident.title),
        incident.urgency,
        incident
            .severity
            .map_or(String::new(), |severity| format!(", {severity}")),
        duration(incident),
    );
    text.push_str("## Timeline\n\nTimes are UTC.\n\n");
    for entry in entries.iter().filter(|entry| entry.retracted_at.is_none()) {
        let who = entry
            .author_user_id
            .and_then(|id| names.get(&id).cloned())
            .or_else(|| entry.author_name.clone())
            .map_or(String::new(), |name| format!(" by {}", one_line(&name)));
        let said = entry
            .body_markdown
            .as_deref()
            .map_or(String::new(), |body| format!(": {}", one_line(body)));
        // Writing to a String can't fail.
        let _written = writeln!(
            text,
            "- **{}** {}{who}{said}",
            clock(of_micros(entry.occurred_at)),
            entry_label(entry.kind)
        );
    }
    text.push_str(
        "\n## Root cause\n\n_Why did it happen?_\n\n## What went well\n\n- \n\n## What went wrong\n\n- \n\n## Action items\n\n- [ ] _What, who, until when?_\n",
    );
    text
}

fn clock(at: OffsetDateTime) -> String {
    at.format(format_description!(
        "[year]-[month]-[day] [hour]:[minute]:[second]"
    ))
    .unwrap_or_else(|_| at.unix_timestamp().to_string())
}

fn duration(incident: &incident::Model) -> String {
    let began = clock(incident.triggered_at);
    match incident.resolved_at {
        None => format!("It began at {began} and is not resolved yet."),
        Some(resolved) => {
            let minutes = (resolved - incident.triggered_at).whole_minutes();
            format!(
                "It began at {began} and was resolved at {}, after {minutes} min.",
                clock(resolved)
            )
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
