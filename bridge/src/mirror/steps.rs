//! Takes the steps of a diff, and says how that ended.

use std::{collections::BTreeSet, sync::Arc};

use sea_orm::DbErr;
use tocsin_client::{ApiError, Incident};
use tocsin_entity::{
    id::{ConnectorId, DigestId},
    slack::post,
};

use super::{
    deliver::DeliveryRun,
    desired::DesiredPost,
    diff::{PostStatus, PostStep, post_status},
    digest::admission,
    outcome::{DeliveryOutcome, Wait},
};

/// How soon a message is tried again that has no place in the pace yet, and no digest to go into.
const ORIGIN_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// How work on an incident ended.
#[derive(Debug, Default)]
pub(super) struct ReconcileOutcome {
    /// When it must be gone on with; it is finished when none.
    pub(super) wait: Option<Wait>,
    /// Another worker has it by now.
    pub(super) lost: bool,
    /// Those that this one is to have written.
    pub(super) digests: Vec<DigestId>,
    /// What Slack shows if nothing has to wait.
    pub(super) shown_version: i64,
    /// What is still to be written.
    pub(super) changed: Arc<[post::Model]>,
}

/// Why work on an incident was broken off.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReconcileError {
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    #[error(transparent)]
    Api(#[from] Arc<ApiError>),
}

impl From<ApiError> for ReconcileError {
    fn from(error: ApiError) -> Self {
        Self::Api(Arc::new(error))
    }
}

impl ReconcileOutcome {
    /// This and what came after.
    pub(super) fn join(&mut self, after: Self) {
        if let Some(wait) = after.wait {
            self.wait(wait);
        }
        self.lost |= after.lost;
        self.digests.extend(after.digests);
    }

    /// The soonest of all waits, with the first error.
    pub(super) fn wait(&mut self, wait: Wait) {
        self.wait = Some(match self.wait.take() {
            Some(old) => Wait {
                until: old.until.min(wait.until),
                error: old.error.or(wait.error),
            },
            None => wait,
        });
    }
}

/// Takes the steps in their order. Where one has to wait, so do those to the same channel.
/// `origin` stands for a connector where the incident was created.
pub(super) async fn deliver(
    delivery: &mut DeliveryRun<'_>,
    steps: &[PostStep<'_>],
    incident: &Incident,
    origin: Option<ConnectorId>,
) -> Result<ReconcileOutcome, ReconcileError> {
    let mut end = ReconcileOutcome::default();
    let mut stopped = BTreeSet::new();
    for step in steps {
        let wanted = step.wanted();
        let connector = wanted.to.as_ref().map(|to| to.connector_id);
        if connector.is_some_and(|connector| stopped.contains(&connector))
            || is_orphan(wanted, &delivery.recorded)
        {
            continue;
        }
        match delivery.take(*step).await? {
            DeliveryOutcome::Done => {}
            DeliveryOutcome::Wait(wait) => {
                stopped.extend(connector);
                end.wait(wait);
            }
            // A digest is a connector's: where the incident was created, its turn comes.
            DeliveryOutcome::ToDigest if connector.is_some() && connector == origin => {
                stopped.extend(connector);
                end.wait(Wait::turn(delivery.service.clock.now(), ORIGIN_WAIT));
            }
            DeliveryOutcome::ToDigest => {
                stopped.extend(connector);
                if let Some(to) = &wanted.to {
                    let Some(admission) = admission::admit(delivery, to, &wanted.key, incident).await? else {
                        end.lost = true;
                        return Ok(end);
                    };
                    end.digests.extend(admission.is_first.then_some(admission.digest));
                }
            }
            DeliveryOutcome::Lost => {
                end.lost = true;
                return Ok(end);
            }
        }
    }
    Ok(end)
}

/// Whether a reply's message has been given up in this very run.
fn is_orphan(wanted: &DesiredPost, recorded: &[post::Model]) -> bool {
    let Some(root) = &wanted.thread_of else {
        return false;
    };
    let root = recorded.iter().find(|post| post.key == *root).map(post_status);
    matches!(root, Some(PostStatus::Deleted | PostStatus::Refused))
}
