//! What ought to be in Slack.

use tocsin_entity::kinds::{EntryKind, PostKind};

use super::fixtures::{acknowledged, destination, entry, incident};
use crate::{
    graphql::Entry,
    mirror::{
        content::Controls,
        desired::{Destination, Subject, Wanted, desired, orphaned},
    },
};

fn kinds(wanted: &[Wanted]) -> Vec<(PostKind, String)> {
    let channel = |wanted: &Wanted| {
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
    let hash = |incident| Wanted::root(&incident, Controls::default(), &destination(1)).hash;
    assert_eq!(hash(incident()), hash(incident()));
    assert_ne!(hash(incident()), hash(acknowledged()));
}

#[test]
fn the_message_of_a_connector_that_is_gone_is_kept_true() {
    let now = incident().updated_at;
    let mut post = Wanted::root(&incident(), Controls::default(), &destination(1))
        .record(&Subject::incident(&incident()), now);
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
