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
        deliver::Delivery,
        desired::{Content, Destination, Subject, Wanted},
        diff::{Standing, diff, standing},
        outcome::{Outcome, Wait},
    },
    store::{
        claim::{self, Claim},
        lease::{Claimed, Lease},
        posts,
        record_many::{self, Finished, PutOff},
    },
};

/// A digest as it was claimed.
struct Work {
    claim: Claim,
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
        let lease = self.leases.hold(Claimed::Digest(id), work.claim.number, began);
        let version = work.claim.wanted_version;
        let finished = Finished {
            shown_version: version,
            due_at: work.claim.due_at,
        };
        let reach = self.delivery.workspaces.reach([work.post.workspace_id]).await;
        let wanted = [wanted(&work)];
        let subject = Subject {
            organization_id: work.digest.organization_id,
            incident_id: None,
            digest_id: Some(id),
            version,
            name: format!("a digest of {} incidents", work.lines.len()),
            number: None,
            began: work.digest.opened_at,
        };
        let mut delivery = Delivery {
            service: &self.delivery,
            reach: &reach,
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
                Outcome::Done | Outcome::ToDigest => {}
                Outcome::Wait(until) => wait = Some(until),
                Outcome::Lost => return self.lost(&lease, id, &delivery.take_changed()).await,
            }
        }
        if delivery
            .recorded
            .iter()
            .any(|post| matches!(standing(post), Standing::Deleted | Standing::Refused))
        {
            lines::close_one(&self.delivery.lane, &self.delivery.clock, id).await?;
        }
        self.end(id, &lease, finished, delivery.take_changed(), wait)
            .await
    }

    /// Another has the digest by now.
    async fn lost(&self, lease: &Lease, id: DigestId, unsaved: &[post::Model]) -> Result<(), DbErr> {
        self.delivery.abandon(&lease.fence(), unsaved).await?;
        self.queue.ring(&RefreshDigest {
            digest_id: id.to_string(),
        });
        Ok(())
    }

    async fn claim(&self, id: DigestId) -> Result<Option<Work>, DbErr> {
        let claimant = self.leases.claimant(Claimed::Digest(id), &self.delivery.clock);
        let claim = self.delivery.lane.write(move |tx| {
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
        finished: Finished,
        changed: Arc<[post::Model]>,
        wait: Option<Wait>,
    ) -> Result<(), DbErr> {
        let put_off = wait.map(|wait| PutOff {
            due_at: wait.until,
            error: wait.error,
        });
        let (unsaved, fence) = (Arc::clone(&changed), lease.fence());
        let let_go = record_many::let_go(
            &self.delivery.lane,
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

fn wanted(work: &Work) -> Wanted {
    let content = Content::Message(content::message(&work.lines));
    Wanted {
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
