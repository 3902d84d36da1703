//! What ought to be in Slack.

use tocsin_client::{Appearance, Entry};
use tocsin_entity::kinds::{ConnectorEvent, EntryKind, PostKind};

use super::fixtures::{acknowledged, destination, entry, incident};
use crate::mirror::{
    content::Controls,
    desired::{Content, DesiredPost, Destination, PostSubject, Presentation, desired, orphaned},
};

fn kinds(wanted: &[DesiredPost]) -> Vec<(PostKind, String)> {
    let channel = |wanted: &DesiredPost| {
        wanted
            .to
            .as_ref()
            .map(|to| to.channel_name.clone())
            .unwrap_or_default()
    };
    wanted
        .iter()
        .map(|wanted| (wanted.kind, channel(wanted)))
        .collect()
}

#[test]
fn each_channel_gets_the_message_and_then_the_changes_in_their_order() {
    let entries = [
        entry(1, EntryKind::Triggered),
        entry(2, EntryKind::Acknowledged),
        entry(3, EntryKind::Comment),
    ];
    let wanted = desired(
        &acknowledged(),
        Controls::default(),
        &entries,
        &[destination(1), destination(2)],
        &[],
        None,
    );
    let one = |kind| (kind, "#channel-1".to_owned());
    let two = |kind| (kind, "#channel-2".to_owned());
    let expected = [
        one(PostKind::Root),
        one(PostKind::Reply),
        one(PostKind::Reply),
        two(PostKind::Root),
        two(PostKind::Reply),
        two(PostKind::Reply),
    ];
    assert_eq!(kinds(&wanted), expected);
    assert!(wanted[1].thread_of.as_ref() == Some(&wanted[0].key) && wanted[1].key < wanted[2].key);
}

#[test]
fn what_was_said_in_a_channel_is_not_posted_back_there() {
    let said = Entry {
        external_ref: Some("slack:T1/C0000001/1.2".to_owned()),
        ..entry(2, EntryKind::Comment)
    };
    let elsewhere = Entry {
        external_ref: Some("slack:T2/C0000001/1.2".to_owned()),
        ..entry(3, EntryKind::Comment)
    };
    let wanted = desired(
        &incident(),
        Controls::default(),
        &[said, elsewhere],
        &[destination(1), destination(2)],
        &[],
        None,
    );
    let replies = wanted.iter().filter(|wanted| wanted.kind == PostKind::Reply);
    let channels: Vec<_> = replies
        .map(|wanted| wanted.to.as_ref().expect("a channel").channel_id.as_str())
        .collect();
    assert_eq!(channels, ["C0000001", "C0000002", "C0000002"]);
}

#[test]
fn an_incident_in_a_digest_has_no_message_of_its_own() {
    let in_digest = Destination {
        in_digest: true,
        ..destination(1)
    };
    let entries = [entry(2, EntryKind::Comment)];
    assert!(
        desired(
            &incident(),
            Controls::default(),
            &entries,
            &[in_digest],
            &[],
            None
        )
        .is_empty()
    );
}

#[test]
fn the_same_state_wants_the_same_content_and_a_change_another() {
    let hash = |incident| DesiredPost::root(&incident, Controls::default(), &destination(1)).hash;
    assert_eq!(hash(incident()), hash(incident()));
    assert_ne!(hash(incident()), hash(acknowledged()));
}

#[test]
fn the_message_of_a_connector_that_is_gone_is_kept_true() {
    let now = incident().updated_at;
    let mut post = DesiredPost::root(&incident(), Controls::default(), &destination(1))
        .record(&PostSubject::incident(&incident()), now);
    post.ts = Some("1.1".to_owned());
    let recorded = [post];
    // Under which names posts may appear there is for whoever reaches the workspace to say.
    let unsaid = Destination {
        customize: false,
        ..destination(1)
    };
    assert_eq!(orphaned(&recorded, &std::collections::BTreeSet::new()), [unsaid]);
    assert!(orphaned(&recorded, &[destination(1).connector_id].into()).is_empty());
}

fn quiet(events: &[ConnectorEvent], two_way_sync: bool) -> Destination {
    Destination {
        presentation: Presentation {
            events: Some(events.iter().copied().collect()),
            two_way_sync,
            ..Presentation::default()
        },
        ..destination(1)
    }
}

/// What is wanted, by kind and by the entry that it tells.
fn told(entries: &[Entry], destination: Destination) -> Vec<PostKind> {
    let wanted = desired(
        &incident(),
        Controls::default(),
        entries,
        &[destination],
        &[],
        None,
    );
    wanted.into_iter().map(|wanted| wanted.kind).collect()
}

#[test]
fn a_message_appears_with_the_first_event_that_is_told() {
    let later = [ConnectorEvent::Acknowledged, ConnectorEvent::Resolved];
    let triggered = entry(1, EntryKind::Triggered);
    assert!(told(std::slice::from_ref(&triggered), quiet(&later, true)).is_empty());
    let acknowledged = entry(2, EntryKind::Acknowledged);
    assert_eq!(
        told(&[triggered.clone(), acknowledged], quiet(&later, true)),
        [PostKind::Root, PostKind::Reply]
    );
    let comment = entry(2, EntryKind::Comment);
    assert!(told(&[triggered, comment], quiet(&later, true)).is_empty());
}

#[test]
fn an_event_that_is_off_is_not_told_and_the_message_follows_all_the_same() {
    let entries = [
        entry(2, EntryKind::Acknowledged),
        entry(3, EntryKind::Updated),
        entry(4, EntryKind::Reopened),
    ];
    let only_triggers = quiet(&[ConnectorEvent::Triggered], true);
    // The root, what is no event of its own, and that it is triggered again.
    assert_eq!(
        told(&entries, only_triggers),
        [PostKind::Root, PostKind::Reply, PostKind::Reply]
    );
}

#[test]
fn notes_are_told_by_two_way_sync_or_where_they_are_wanted() {
    let note = [entry(2, EntryKind::Comment)];
    let count = |events: &[ConnectorEvent], sync| told(&note, quiet(events, sync)).len();
    assert_eq!(count(&[ConnectorEvent::Triggered], true), 2);
    assert_eq!(count(&[ConnectorEvent::Triggered], false), 1);
    assert_eq!(
        count(&[ConnectorEvent::Triggered, ConnectorEvent::NoteAdded], false),
        2
    );
}

#[test]
fn a_message_looks_as_its_connector_says_where_the_app_may_choose() {
    let appearance = Appearance {
        name: Some("Payments".to_owned()),
        icon: Some(":fire:".to_owned()),
    };
    let dressed = Destination {
        presentation: Presentation {
            appearance,
            ..Presentation::default()
        },
        ..destination(1)
    };
    let message =
        |destination: &Destination| match DesiredPost::root(&incident(), Controls::default(), destination)
            .content
        {
            Content::Message(message) => message,
            Content::Preview(preview) => panic!("{preview}"),
        };
    let shown = message(&dressed);
    assert_eq!(shown.username.as_deref(), Some("Payments"));
    assert_eq!(
        (shown.icon_emoji.as_deref(), shown.icon_url),
        (Some(":fire:"), None)
    );
    let plain = Destination {
        customize: false,
        ..dressed
    };
    assert_eq!(message(&plain).username, None);
}
