//! One digest: writes its message as its lines are now.

use std::{sync::Arc, time::Instant};

use sea_orm::{DbErr, EntityTrait};
use tocsin_entity::{
    id::DigestId,
    kinds::PostKind,
    slack::{digest, post},
};
use tocsin_queue::{JobError, jobs::RefreshDigest};
use tracing::Instrument;

use super::{DigestMirror, content, lines};
use crate::{
    mirror::{
        deliver::DeliveryRun,
        desired::{Content, DesiredPost, Destination, PostSubject},
        diff::{PostStatus, diff, post_status},
        outcome::{DeliveryOutcome, Wait},
    },
    store::{
        claim::{self, IncidentClaim},
        lease::{Lease, LeaseSubject},
        posts,
        record_many::{self, FinishedWork, PostponedWork},
    },
};

/// A digest as it was claimed.
struct Work {
    claim: IncidentClaim,
    digest: digest::Model,
    lines: Vec<String>,
    post: post::Model,
}

impl DigestMirror {
    /// Handles the job: makes the digest's message say what its lines say. A second run does nothing.
    pub(crate) async fn refresh(&self, job: RefreshDigest) -> Result<(), JobError> {
        let id: DigestId = job.digest_id.parse().map_err(JobError::fail)?;
        let span = tracing::info_span!("refresh_digest", digest.id = %job.digest_id);
        self.work(id).instrument(span).await.map_err(JobError::retry)
    }

    async fn work(&self, id: DigestId) -> Result<(), DbErr> {
        let began = Instant::now();
        let Some(work) = self.claim(id).await? else {
            return Ok(());
        };
        let lease = self
            .leases
            .hold(LeaseSubject::Digest(id), work.claim.number, began);
        let version = work.claim.wanted_version;
        let finished = FinishedWork {
            shown_version: version,
            due_at: work.claim.due_at,
        };
        let reachable = self.delivery.workspaces.reachable([work.post.workspace_id]).await;
        let wanted = [desired_digest(&work)];
        let subject = PostSubject {
            organization_id: work.digest.organization_id,
            incident_id: None,
            digest_id: Some(id),
            version,
            name: format!("a digest of {} incidents", work.lines.len()),
            number: None,
            began: work.digest.opened_at,
            is_open: None,
        };
        let mut delivery = DeliveryRun {
            service: &self.delivery,
            reachable: &reachable,
            subject,
            lease: &lease,
            recorded: vec![work.post],
            changed: Vec::new(),
        };
        let steps = diff(&wanted, &delivery.recorded);
        let mut wait = None;
        for step in &steps {
            match delivery.take(*step).await? {
                // A digest is never put into another one.
                DeliveryOutcome::Done | DeliveryOutcome::ToDigest => {}
                DeliveryOutcome::Wait(until) => wait = Some(until),
                DeliveryOutcome::Lost => return self.lost(&lease, id, &delivery.take_changed()).await,
            }
        }
        if delivery
            .recorded
            .iter()
            .any(|post| matches!(post_status(post), PostStatus::Deleted | PostStatus::Refused))
        {
            lines::close_one(&self.delivery.writer, &self.delivery.clock, id).await?;
        }
        self.end(id, &lease, finished, delivery.take_changed(), wait)
            .await
    }

    /// Another has the digest by now.
    async fn lost(&self, lease: &Lease, id: DigestId, unsaved: &[post::Model]) -> Result<(), DbErr> {
        self.delivery.abandon(&lease.fence(), unsaved).await?;
        self.queue.enqueue(&RefreshDigest {
            digest_id: id.to_string(),
        });
        Ok(())
    }

    async fn claim(&self, id: DigestId) -> Result<Option<Work>, DbErr> {
        let claimant = self
            .leases
            .claimant(LeaseSubject::Digest(id), &self.delivery.clock);
        let claim = self.delivery.writer.write(move |tx| {
            let by = claimant();
            Box::pin(async move {
                let Some(claim) = claim::claim_digest(tx, id, &by).await? else {
                    return Ok(None);
                };
                let Some(digest) = digest::Entity::find_by_id(id).one(tx).await? else {
                    return Ok(None);
                };
                let Some(post) = posts::find_of_digest(tx, id).await? else {
                    return Ok(None);
                };
                let lines = lines::of_digest(tx, id).await?;
                Ok(Some(Work {
                    claim,
                    digest,
                    lines,
                    post,
                }))
            })
        });
        claim.await
    }

    async fn end(
        &self,
        id: DigestId,
        lease: &Lease,
        finished: FinishedWork,
        changed: Arc<[post::Model]>,
        wait: Option<Wait>,
    ) -> Result<(), DbErr> {
        let put_off = wait.map(|wait| PostponedWork {
            due_at: wait.until,
            error: wait.error,
        });
        let (unsaved, fence) = (Arc::clone(&changed), lease.fence());
        let let_go = record_many::let_go(
            &self.delivery.writer,
            &self.delivery.clock,
            &fence,
            finished,
            changed,
            put_off.clone(),
        );
        let Some(has_more) = let_go.await? else {
            return self.lost(lease, id, &unsaved).await;
        };
        let due_at = match put_off {
            Some(put_off) => put_off.due_at,
            None if has_more => self.delivery.clock.now() + lines::BETWEEN,
            None => return Ok(()),
        };
        let job = RefreshDigest {
            digest_id: id.to_string(),
        };
        if let Err(error) = self.queue.push_at(&job, due_at).await {
            tracing::warn!("the sweeper will have to ring again: {error}");
        }
        Ok(())
    }
}

fn desired_digest(work: &Work) -> DesiredPost {
    let content = Content::Message(content::message(&work.lines));
    DesiredPost {
        key: work.post.key.clone(),
        kind: PostKind::Digest,
        workspace: work.post.workspace_id,
        to: Some(Destination::of_post(&work.post, work.digest.connector_id)),
        thread_of: None,
        hash: content.hash(),
        content,
        built_in: None,
        since: work.digest.last_line_at,
        author_email: None,
    }
}
