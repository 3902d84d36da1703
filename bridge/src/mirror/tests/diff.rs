//! From what is on record to what is wanted.

use proptest::prelude::*;
use time::macros::datetime;
use tocsin_client::{Entry, Incident, Known};
use tocsin_entity::{
    kinds::{EntryKind, IncidentStatus, PostState},
    slack::post,
};

use super::fixtures::{destination, entry, incident};
use crate::mirror::{
    content::Controls,
    desired::{DesiredPost, PostSubject, desired},
    diff::{PostStatus, PostStep, diff, post_status},
};

fn record(wanted: &DesiredPost) -> post::Model {
    wanted.record(
        &PostSubject::incident(&incident()),
        datetime!(2026-11-20 22:36 UTC),
    )
}

/// How a call ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    /// The answer is lost, and Slack has it, or has it not.
    Unknown {
        has_it: bool,
    },
    NotSent,
}

/// Slack as it is: the content under each key, and how often it was posted.
#[derive(Debug, Default)]
struct Slack {
    shown: std::collections::BTreeMap<String, (String, usize)>,
}

impl Slack {
    fn post(&mut self, wanted: &DesiredPost) {
        let shown = self.shown.entry(wanted.key.clone()).or_insert((String::new(), 0));
        *shown = (wanted.hash.clone(), shown.1 + 1);
    }
}

/// Takes a step as the deliverer does: the record first, then the call, then what became of it.
fn take(step: PostStep<'_>, recorded: &mut Vec<post::Model>, slack: &mut Slack, end: End) -> bool {
    let wanted = step.wanted();
    let root_is_there = |key: &String| recorded.iter().any(|post| post.key == *key && post.ts.is_some());
    if !wanted.thread_of.as_ref().is_none_or(root_is_there) {
        return false;
    }
    let index = recorded
        .iter()
        .position(|post| post.key == wanted.key)
        .unwrap_or_else(|| {
            recorded.push(record(wanted));
            recorded.len() - 1
        });
    let post = &mut recorded[index];
    match (step, end) {
        (PostStep::Post(_), End::Done) => {
            slack.post(wanted);
            (post.state, post.ts) = (PostState::Posted, Some("1.1".to_owned()));
            post.content_hash = Some(wanted.hash.clone());
            true
        }
        (PostStep::Post(_), End::Unknown { has_it }) => {
            if has_it {
                slack.post(wanted);
            }
            post.state = PostState::Sending;
            post.content_hash = Some(wanted.hash.clone());
            false
        }
        (PostStep::Post(_) | PostStep::Update(_), End::NotSent) => {
            post.state = PostState::Retrying;
            false
        }
        (PostStep::LookUp(_), _) => {
            if slack.shown.contains_key(&wanted.key) {
                (post.state, post.ts) = (PostState::Posted, Some("1.1".to_owned()));
            } else {
                post.state = PostState::Retrying;
            }
            true
        }
        (PostStep::Update(_), End::Done | End::Unknown { .. }) => {
            slack
                .shown
                .get_mut(&wanted.key)
                .expect("only what is there is updated")
                .0
                .clone_from(&wanted.hash);
            post.content_hash = Some(wanted.hash.clone());
            post.state = PostState::Updated;
            true
        }
    }
}

/// Runs until there is nothing more to do; a step that does not succeed ends a round.
fn run(
    wanted: &[DesiredPost],
    recorded: &mut Vec<post::Model>,
    slack: &mut Slack,
    ends: &mut impl Iterator<Item = End>,
) {
    for _ in 0..200 {
        let before = recorded.clone();
        let steps = diff(wanted, &before);
        if steps.is_empty() {
            return;
        }
        for step in steps {
            if !take(step, recorded, slack, ends.next().unwrap_or(End::Done)) {
                break;
            }
        }
    }
    panic!("never done: {recorded:#?}");
}

fn state(status: IncidentStatus, comments: usize) -> (Incident, Vec<Entry>) {
    let incident = Incident {
        status: Known::Value(status),
        ..incident()
    };
    let entries =
        (0..comments).map(|number| entry(2 + i64::try_from(number).expect("few"), EntryKind::Comment));
    (incident, entries.collect())
}

fn statuses() -> impl Strategy<Value = IncidentStatus> {
    prop_oneof![
        Just(IncidentStatus::Triggered),
        Just(IncidentStatus::Acknowledged),
        Just(IncidentStatus::Resolved)
    ]
}

fn ends() -> impl Strategy<Value = Vec<End>> {
    let end = prop_oneof![
        3 => Just(End::Done),
        1 => any::<bool>().prop_map(|has_it| End::Unknown { has_it }),
        1 => Just(End::NotSent),
    ];
    proptest::collection::vec(end, 0..20)
}

proptest! {
    #[test]
    fn whatever_happens_slack_comes_to_show_the_last_state_once(
        history in proptest::collection::vec((statuses(), 0usize..4), 1..5), ends in ends(), channels in 1usize..3
    ) {
        let destinations: Vec<_> = [destination(1), destination(2)].into_iter().take(channels).collect();
        let (mut recorded, mut slack, mut ends) = (Vec::new(), Slack::default(), ends.into_iter());
        let mut comments = 0;
        let mut last = Vec::new();
        for (status, more) in history {
            comments += more;
            let (incident, entries) = state(status, comments);
            last = desired(&incident, Controls::default(), &entries, &destinations, &recorded, None);
            run(&last, &mut recorded, &mut slack, &mut ends);
            prop_assert!(diff(&last, &recorded).is_empty(), "a second run does nothing");
        }
        prop_assert_eq!(slack.shown.len(), last.len());
        for wanted in &last {
            prop_assert_eq!(&slack.shown[&wanted.key], &(wanted.hash.clone(), 1));
        }
    }

    #[test]
    fn a_message_comes_before_its_replies(comments in 0usize..5) {
        let (incident, entries) = state(IncidentStatus::Triggered, comments);
        let wanted = desired(&incident, Controls::default(), &entries, &[destination(1)], &[], None);
        let steps = diff(&wanted, &[]);
        prop_assert!(matches!(steps[0], PostStep::Post(root) if root.thread_of.is_none()));
        prop_assert_eq!(steps.len(), comments + 1);
    }
}

#[test]
fn how_a_post_stands_follows_from_its_record() {
    let wanted = DesiredPost::root(&incident(), Controls::default(), &destination(1));
    let stand = |state, ts: Option<&str>| {
        post_status(&post::Model {
            state,
            ts: ts.map(ToOwned::to_owned),
            ..record(&wanted)
        })
    };
    assert_eq!(stand(PostState::Queued, None), PostStatus::Absent);
    assert_eq!(stand(PostState::Sending, None), PostStatus::Uncertain);
    assert_eq!(stand(PostState::Retrying, None), PostStatus::Absent);
    assert_eq!(stand(PostState::Retrying, Some("1.1")), PostStatus::There);
    assert_eq!(
        stand(PostState::Posted, None),
        PostStatus::There,
        "a preview has no place of its own"
    );
    assert_eq!(stand(PostState::Failed, Some("1.1")), PostStatus::Deleted);
    assert_eq!(stand(PostState::Failed, None), PostStatus::Refused);
}

#[test]
fn what_a_person_deleted_is_not_posted_again_and_neither_are_its_replies() {
    let (incident, entries) = state(IncidentStatus::Resolved, 2);
    let wanted = desired(
        &incident,
        Controls::default(),
        &entries,
        &[destination(1)],
        &[],
        None,
    );
    let deleted = post::Model {
        state: PostState::Failed,
        ts: Some("1.1".to_owned()),
        ..record(&wanted[0])
    };
    assert!(diff(&wanted, &[deleted]).is_empty());
}

#[test]
fn what_slack_refused_is_tried_again_only_when_it_says_something_else() {
    let wanted = [DesiredPost::root(
        &incident(),
        Controls::default(),
        &destination(1),
    )];
    let refused = |hash: &str| post::Model {
        state: PostState::Failed,
        content_hash: Some(hash.to_owned()),
        ..record(&wanted[0])
    };
    assert!(diff(&wanted, &[refused(&wanted[0].hash)]).is_empty());
    assert_eq!(diff(&wanted, &[refused("another")]), [PostStep::Post(&wanted[0])]);
}
