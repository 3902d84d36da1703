//! What is to be done so that what is in Slack becomes what ought to be there. Pure.

use std::collections::{HashMap, HashSet};

use tocsin_entity::{kinds::PostState, slack::post};

use super::desired::Wanted;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step<'a> {
    /// Make the post, which is certainly not in Slack.
    Post(&'a Wanted),
    /// Look whether the post is in Slack: it was sent and the answer is not known.
    LookUp(&'a Wanted),
    /// Give the post that is in Slack new content.
    Update(&'a Wanted),
}

impl<'a> Step<'a> {
    pub(crate) fn wanted(self) -> &'a Wanted {
        match self {
            Self::Post(wanted) | Self::LookUp(wanted) | Self::Update(wanted) => wanted,
        }
    }
}

/// How a post on record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In Slack.
    There,
    /// Perhaps in Slack.
    Uncertain,
    /// Not in Slack.
    Absent,
    /// Deleted in Slack by a person, which settles it.
    Deleted,
    /// Given up: only other content than was refused is worth another try.
    Refused,
}

/// How a post on record stands. A post that has its place in Slack and failed was deleted there; a preview has no place of its own.
pub(crate) fn standing(post: &post::Model) -> Standing {
    let has_place = post.ts.is_some();
    match post.state {
        PostState::Failed if has_place => Standing::Deleted,
        PostState::Failed => Standing::Refused,
        PostState::Posted | PostState::Updated => Standing::There,
        PostState::Queued | PostState::Sending | PostState::Retrying if has_place => Standing::There,
        PostState::Sending => Standing::Uncertain,
        PostState::Queued | PostState::Retrying => Standing::Absent,
    }
}

/// The steps from what is on record to what is wanted, in the order of what is wanted. What stands in the thread of a post that was
/// given up is given up with it.
pub(crate) fn diff<'a>(wanted: &'a [Wanted], recorded: &[post::Model]) -> Vec<Step<'a>> {
    let recorded: HashMap<_, _> = recorded.iter().map(|post| (post.key.as_str(), post)).collect();
    let mut given_up = HashSet::new();
    let mut steps = Vec::new();
    for wanted in wanted {
        if wanted
            .thread_of
            .as_ref()
            .is_some_and(|root| given_up.contains(root))
        {
            continue;
        }
        let Some(post) = recorded.get(wanted.key.as_str()) else {
            steps.push(Step::Post(wanted));
            continue;
        };
        let shows_it = post.content_hash.as_ref() == Some(&wanted.hash);
        match standing(post) {
            Standing::There if !shows_it => steps.push(Step::Update(wanted)),
            Standing::There => {}
            Standing::Uncertain => steps.push(Step::LookUp(wanted)),
            Standing::Absent => steps.push(Step::Post(wanted)),
            Standing::Refused if !shows_it => steps.push(Step::Post(wanted)),
            Standing::Refused | Standing::Deleted => {
                given_up.insert(&wanted.key);
            }
        }
    }
    steps
}
