//! What people read in Slack. The snapshots are the messages as they are sent.

use insta::assert_json_snapshot;
use proptest::prelude::*;
use serde_json::Value;
use time::macros::datetime;
use tocsin_client::{Entry, Incident, Known};
use tocsin_entity::kinds::{EntryKind, Urgency};

use super::fixtures::{acknowledged, entry, incident, postmortem, resolved, tag};
use crate::mirror::{
    buttons,
    content::{Controls, LINE_MAX, line, reply, root},
    digest,
    footer::{footer, last_act},
    preview,
};

/// What tries to be more than text.
const HOSTILE: &str =
    "<!channel> *bold* `code` & <https://evil.example|click> @here #general :boom: \u{202e}txet\u{202c} שלום";

fn hostile() -> Incident {
    Incident {
        title: format!("{HOSTILE}\n{}", "x".repeat(400)),
        description_markdown: format!("# Title\n\n{HOSTILE}\n\n```\n<!everyone>\n```"),
        service: HOSTILE.to_owned(),
        assignees: vec![HOSTILE.to_owned()],
        tags: vec![tag(HOSTILE, HOSTILE)],
        url: "https://tocsin.example.com/incidents/42?a=<|>".to_owned(),
        ..incident()
    }
}

#[test]
fn a_change_that_is_a_message_of_its_own_names_its_incident_in_notifications() {
    let told = reply(&incident(), &entry(2, EntryKind::Resolved), false, true);
    assert!(
        told.text.starts_with("#42: :white_check_mark: *"),
        "{}",
        told.text
    );
}

#[test]
fn a_triggered_incident() {
    assert_json_snapshot!(root(&incident(), Controls::default(), None));
}

#[test]
fn an_acknowledged_incident() {
    assert_json_snapshot!(root(&acknowledged(), Controls::default(), None));
}

#[test]
fn the_footer_names_who_acted_last_and_when_whatever_was_said_since() {
    let entries = [
        Entry {
            author: None,
            ..entry(1, EntryKind::Triggered)
        },
        entry(2, EntryKind::Snoozed),
        entry(3, EntryKind::Comment),
    ];
    let told =
        |entries: &[Entry], incident: &Incident| footer(incident, last_act(entries)).as_str().to_owned();
    assert_eq!(
        told(&entries, &acknowledged()),
        "Snoozed by Alice Archer · <!date^1795214400^{date_short_pretty} {time}|2026-11-20 22:40 UTC>"
    );
    assert!(told(&entries[..1], &incident()).starts_with("Triggered · <!date^"));
    assert!(told(&[], &resolved()).starts_with("Resolved by Bob Baker · <!date^"));
    assert!(told(&[], &acknowledged()).starts_with("Acknowledged by Alice Archer · <!date^"));
}

#[test]
fn a_menu_that_was_used_is_another_block() {
    let block_id = |menu_uses| {
        buttons::row(&incident(), menu_uses)["block_id"]
            .as_str()
            .map(str::to_owned)
    };
    assert_ne!(block_id(0), block_id(1));
    assert_eq!(
        buttons::incident_of(&block_id(7).expect("a name")),
        Some(incident().id)
    );
    assert_eq!(buttons::incident_of("incident:inc_1"), None);
}

#[test]
fn a_resolved_incident() {
    assert_json_snapshot!(root(&resolved(), Controls::default(), None));
}

#[test]
fn a_snoozed_incident_of_low_urgency_and_little_else() {
    let incident = Incident {
        urgency: Known::Value(Urgency::Low),
        severity: None,
        description_markdown: String::new(),
        assignees: Vec::new(),
        tags: Vec::new(),
        triggered_by: Some("Carol Chen".to_owned()),
        snoozed_until: Some(datetime!(2026-11-21 06:00:00 UTC)),
        ..incident()
    };
    assert_json_snapshot!(root(&incident, Controls::default(), None));
}

#[test]
fn an_incident_of_a_newer_api() {
    let incident = Incident {
        status: Known::Other("MERGED".to_owned()),
        urgency: Known::Other("EXTREME".to_owned()),
        severity: Some(Known::Other("SEV0".to_owned())),
        ..incident()
    };
    assert_json_snapshot!(root(&incident, Controls::default(), None));
}

#[test]
fn a_hostile_incident() {
    assert_json_snapshot!(root(&hostile(), Controls::default(), None));
}

#[test]
fn the_preview_of_a_link() {
    assert_json_snapshot!([preview::incident(&acknowledged()), preview::incident(&resolved())]);
}

#[test]
fn the_preview_of_a_link_to_a_postmortem() {
    assert_json_snapshot!(preview::postmortem(&resolved(), &postmortem()));
}

#[test]
fn replies_to_every_kind_of_change() {
    let changes = vec!["urgency: Low → High".to_owned(), "title: <a> → <b>".to_owned()];
    let entries = [
        entry(2, EntryKind::Acknowledged),
        Entry {
            body_markdown: Some("Rolled **back** <!here>.".to_owned()),
            ..entry(3, EntryKind::Resolved)
        },
        Entry {
            author: None,
            ..entry(4, EntryKind::Reopened)
        },
        Entry {
            changes: vec!["snoozed until: 2026-11-21T06:00:00Z".to_owned()],
            snoozed_until: Some(datetime!(2026-11-21 06:00:00 UTC)),
            ..entry(5, EntryKind::Snoozed)
        },
        Entry {
            author: None,
            ..entry(6, EntryKind::SnoozeEnded)
        },
        Entry {
            changes: vec!["assignees: Alice → Bob, Carol".to_owned()],
            assignees: Some(vec!["Bob *Baker*".to_owned(), "Carol Chen".to_owned()]),
            ..entry(7, EntryKind::Reassigned)
        },
        Entry {
            assignees: Some(Vec::new()),
            ..entry(10, EntryKind::Reassigned)
        },
        Entry {
            changes,
            ..entry(8, EntryKind::Updated)
        },
        Entry {
            kind: Known::Other("STATUS_PAGE_UPDATED".to_owned()),
            ..entry(9, EntryKind::Updated)
        },
    ];
    let replies: Vec<_> = entries
        .iter()
        .map(|entry| reply(&incident(), entry, true, false))
        .collect();
    assert_json_snapshot!(replies);
}

#[test]
fn a_comment_under_its_authors_name_and_without_leave_for_that() {
    let comment = Entry {
        body_markdown: Some(HOSTILE.to_owned()),
        ..entry(2, EntryKind::Comment)
    };
    assert_json_snapshot!([
        reply(&incident(), &comment, true, false),
        reply(&incident(), &comment, false, false)
    ]);
}

#[test]
fn a_comment_too_long_for_slack_ends_in_a_link() {
    let body = "word ".repeat(2_000);
    let comment = Entry {
        body_markdown: Some(body),
        ..entry(2, EntryKind::Comment)
    };
    let reply = reply(&incident(), &comment, true, false);
    let text = reply.blocks[0]["text"]["text"].as_str().expect("a text");
    assert!(
        text.ends_with("… <https://tocsin.example.com/incidents/42|Read the whole comment>"),
        "{text}"
    );
}

#[test]
fn a_digest() {
    let lines = [incident(), acknowledged(), resolved(), hostile()]
        .map(|incident| line(&incident).as_str().to_owned());
    assert_json_snapshot!(digest::content::message(&lines));
}

#[test]
fn a_full_digest_of_the_longest_lines_is_not_too_long_for_slack() {
    let longest = Incident {
        title: "x".repeat(300),
        assignees: vec!["y".repeat(100)],
        ..incident()
    };
    let line = line(&longest).as_str().to_owned();
    assert!(
        (LINE_MAX - 10..=LINE_MAX).contains(&line.encode_utf16().count()),
        "{line}"
    );
    let message = digest::content::message(&vec![
        line;
        usize::try_from(digest::content::LINES_MAX).expect("a size")
    ]);
    let words: usize = message.blocks.iter().map(words).sum();
    assert!(words < 11_000, "{words}");
    check(&Value::Array(message.blocks));
}

fn words(block: &Value) -> usize {
    let texts =
        std::iter::once(&block["text"]["text"]).chain(block["elements"].as_array().into_iter().flatten());
    texts
        .filter_map(Value::as_str)
        .map(|text| text.encode_utf16().count())
        .sum()
}

/// Everything that Slack would read as more than text was written by us, and all is within the limits.
fn check(blocks: &Value) {
    match blocks {
        Value::Array(items) => items.iter().for_each(check),
        Value::Object(fields) => {
            if let Some(text) = fields.get("text").and_then(Value::as_str) {
                let is_plain = fields["type"] == "plain_text";
                // A preview's summary is the one plain text that stands on no button.
                let is_button = is_plain && fields.get("emoji").is_none();
                assert!(
                    text.encode_utf16().count() <= if is_button { 75 } else { 3_000 },
                    "{text}"
                );
                assert!(!text.is_empty());
                assert!(is_plain || !calls_somebody(text), "{text}");
            }
            fields.values().for_each(check);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn calls_somebody(text: &str) -> bool {
    text.split('<')
        .skip(1)
        .any(|rest| rest.starts_with(['@', '#']) || (rest.starts_with('!') && !rest.starts_with("!date^")))
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(HOSTILE.to_owned()),
        "\\PC{0,40}",
        "[*_~`<>&|\\[\\]()#@! \n]{0,40}",
        "(ab ){0,1500}",
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_people_write_stays_text_within_slacks_limits(
        title in text(), description in text(), name in text(), url in "https://[a-z]{1,20}/\\PC{0,60}"
    ) {
        let incident = Incident {
            title: title.clone(),
            description_markdown: description.clone(),
            service: name.clone(),
            assignees: vec![name.clone(); 30],
            tags: vec![tag(&name, &title); 40],
            url,
            ..incident()
        };
        let author = tocsin_client::Author { name, email: None };
        let comment = Entry { body_markdown: Some(description), author: Some(author), ..entry(2, EntryKind::Comment) };
        let updated = Entry { changes: vec![title], ..entry(3, EntryKind::Updated) };
        for message in [root(&incident, Controls::default(), None), reply(&incident, &comment, false, false), reply(&incident, &updated, true, true)] {
            prop_assert!(message.text.encode_utf16().count() <= 4_000);
            prop_assert!(!calls_somebody(&message.text), "{}", message.text);
            check(&Value::Array(message.blocks));
            check(&Value::Array(message.attachments));
        }
        check(&preview::incident(&incident));
        prop_assert!(line(&incident).as_str().encode_utf16().count() <= LINE_MAX);
    }
}
