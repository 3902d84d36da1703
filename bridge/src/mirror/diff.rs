//! What is to be done so that what is in Slack becomes what ought to be there. Pure.

use std::collections::{HashMap, HashSet};

use tocsin_entity::{kinds::PostState, slack::post};

use super::desired::DesiredPost;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PostStep<'a> {
    /// Make the post, which is certainly not in Slack.
    Post(&'a DesiredPost),
    /// Look whether the post is in Slack: it was sent and the answer is not known.
    LookUp(&'a DesiredPost),
    /// Give the post that is in Slack new content.
    Update(&'a DesiredPost),
}

impl<'a> PostStep<'a> {
    pub(crate) fn wanted(self) -> &'a DesiredPost {
        match self {
            Self::Post(wanted) | Self::LookUp(wanted) | Self::Update(wanted) => wanted,
        }
    }
}

/// How a post on record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostStatus {
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
pub(crate) fn post_status(post: &post::Model) -> PostStatus {
    let has_place = post.ts.is_some();
    match post.state {
        PostState::Failed if has_place => PostStatus::Deleted,
        PostState::Failed => PostStatus::Refused,
        PostState::Posted | PostState::Updated => PostStatus::There,
        PostState::Queued | PostState::Sending | PostState::Retrying if has_place => PostStatus::There,
        PostState::Sending => PostStatus::Uncertain,
        PostState::Queued | PostState::Retrying => PostStatus::Absent,
    }
}

/// The steps from what is on record to what is wanted, in the order of what is wanted. What stands in the thread of a post that was
/// given up is given up with it.
pub(crate) fn diff<'a>(wanted: &'a [DesiredPost], recorded: &[post::Model]) -> Vec<PostStep<'a>> {
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
            steps.push(PostStep::Post(wanted));
            continue;
        };
        let shows_it = post.content_hash.as_ref() == Some(&wanted.hash);
        match post_status(post) {
            PostStatus::There if !shows_it => steps.push(PostStep::Update(wanted)),
            PostStatus::There => {}
            PostStatus::Uncertain => steps.push(PostStep::LookUp(wanted)),
            PostStatus::Absent => steps.push(PostStep::Post(wanted)),
            PostStatus::Refused if !shows_it => steps.push(PostStep::Post(wanted)),
            PostStatus::Refused | PostStatus::Deleted => {
                given_up.insert(&wanted.key);
            }
        }
    }
    steps
}
