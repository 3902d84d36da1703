//! One incident: reads how it is, and makes Slack show it.

use std::{sync::Arc, time::Instant};

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_client::{As, Connector, Entry, Incident, Known, MirroredIncident, Postmortem};
use tocsin_entity::{
    kinds::{EntryKind, Source},
    slack::{origin::Model as OriginRow, post},
};
use tocsin_queue::{
    JobError,
    jobs::{ReconcileIncident, RefreshDigest},
};
use tocsin_slack_app::channel::ChannelError;
use tracing::Instrument;

use super::{
    Mirror,
    content::Controls,
    deliver::DeliveryRun,
    desired::{DesiredPost, Destination, PostSubject, desired, root_key},
    destinations::{RoutingInput, RoutingOutcome},
    diff::diff,
    direct::{self, AssignmentInput},
    footer,
    outcome::{Wait, back_off},
    steps::{ReconcileError, ReconcileOutcome, deliver},
};
use crate::{
    mirror::digest::lines,
    origin,
    store::{
        claim::{IncidentChange, IncidentClaim},
        claim_many::{ClaimedIncident, claim_incident},
        lease::{Lease, LeaseSubject},
        post_key::is_of_postmortem,
        record_many::{self, FinishedWork, PostponedWork},
    },
    workspace::ReachableWorkspaces,
};

/// How soon after an incident it is noted where in Slack it was created.
const ORIGIN_SOON: std::time::Duration = std::time::Duration::from_millis(500);

/// By how much the clock that an incident's times come from may be ahead. What is further ahead is wrong, and not waited for.
const CLOCKS_DIFFER: std::time::Duration = std::time::Duration::from_secs(2);

impl Mirror {
    /// Handles the job: makes Slack agree with the incident. A second run does nothing.
    pub(crate) async fn reconcile(&self, job: ReconcileIncident) -> Result<(), JobError> {
        let change = IncidentChange {
            incident_id: job.incident_id.parse().map_err(JobError::fail)?,
            organization_id: job.organization_id.parse().map_err(JobError::fail)?,
            version: job.version,
            request_id: job.request_id.clone(),
        };
        let span = tracing::info_span!(
            "reconcile",
            incident.id = %job.incident_id,
            request.id = job.request_id.as_deref().unwrap_or_default()
        );
        self.work(&change).instrument(span).await.map_err(JobError::retry)
    }

    async fn work(&self, change: &IncidentChange) -> Result<(), DbErr> {
        let began = Instant::now();
        let who = As::bridge(change.organization_id, change.request_id.as_deref());
        let read = || {
            let request_id = change.request_id.as_deref();
            self.incidents
                .find(change.organization_id, request_id, change.incident_id)
        };
        let claim = claim_incident(&self.delivery.writer, &self.leases, &self.delivery.clock, change);
        let (claimed, early) = if self.incidents.is_busy(change.organization_id) {
            // It would be read later anyway, and is read for nothing where another has it.
            (claim.await, None)
        } else {
            let (claimed, early) = tokio::join!(claim, read());
            (claimed, Some(early))
        };
        let Some(mut work) = claimed? else { return Ok(()) };
        let lease = self.leases.hold(
            LeaseSubject::Incident(change.incident_id),
            work.claim.number,
            began,
        );
        let read = match early {
            None => read().await,
            // Read before the claim was made: whoever had it may have shown a newer state.
            Some(Ok(Some(stale))) if stale.incident.version < work.claim.wanted_version => read().await,
            Some(early) => early,
        };
        let outcome = match read {
            Ok(Some(mirrored)) => self.show(who, mirrored, &mut work, &lease).await,
            Ok(None) => {
                tracing::warn!(
                    "the API knows no incident {}: nothing is shown of it",
                    change.incident_id
                );
                metrics::counter!("tocsin_bridge_reconciled_total", "outcome" => "unknown").increment(1);
                let ended = ReconcileOutcome {
                    shown_version: work.claim.wanted_version,
                    ..ReconcileOutcome::default()
                };
                return self.end(change, &work.claim, &lease, ended).await;
            }
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(ended) => self.end(change, &work.claim, &lease, ended).await,
            Err(ReconcileError::Database(error)) => Err(error),
            Err(ReconcileError::Api(error)) => {
                tracing::warn!("the incident cannot be read: {error}");
                let pause = back_off(work.claim.attempts + 1, std::time::Duration::from_millis(500));
                let wait = Some(Wait::error(self.delivery.clock.now(), error.to_string(), pause));
                let ended = ReconcileOutcome {
                    wait,
                    ..ReconcileOutcome::default()
                };
                self.end(change, &work.claim, &lease, ended).await
            }
        }
    }

    /// Where in Slack the incident was made. That is not looked up for one that is new and came from elsewhere.
    async fn origin_of(
        &self,
        incident: &Incident,
        entries: &[Entry],
        claim: &IncidentClaim,
    ) -> Result<Option<OriginRow>, DbErr> {
        if claim.shown_version == 0 && came_from_elsewhere(entries) {
            return Ok(None);
        }
        origin::of_incident(&self.delivery.database, incident.id).await
    }

    /// Makes the calls.
    async fn show(
        &self,
        who: As<'_>,
        mut mirrored: MirroredIncident,
        work: &mut ClaimedIncident,
        lease: &Lease,
    ) -> Result<ReconcileOutcome, ReconcileError> {
        let last_act = footer::last_act(&mirrored.entries).cloned();
        self.api
            .complete(who, &mut mirrored, work.claim.shown_version)
            .await?;
        let MirroredIncident {
            incident,
            entries,
            connectors,
            led,
            ..
        } = mirrored;
        let recorded = std::mem::take(&mut work.recorded);
        let origin = self.origin_of(&incident, &entries, &work.claim).await?;
        if origin.is_none()
            && work.claim.is_first
            && let Some(until) = origin_may_come(&incident, &entries, self.delivery.clock.now())
        {
            return Ok(ReconcileOutcome {
                wait: Some(Wait::until(until)),
                ..ReconcileOutcome::default()
            });
        }
        self.leave_disconnected(&connectors);
        let connected = connectors.iter().filter(|connector| !connector.is_disconnected);
        self.workspace_sync
            .look_for(connected.filter_map(|connector| connector.workspace))
            .await?;
        let reachable = self.reachable(&connectors, origin.as_ref(), &recorded).await;
        let input = RoutingInput {
            incident: &incident,
            connectors: &connectors,
            led: &led,
            origin: origin.as_ref(),
            recorded: &recorded,
            lines: &work.lines,
            reachable: &reachable,
            seen: &self.delivery.connectors,
        };
        let RoutingOutcome {
            destinations,
            troubles,
            replaced,
        } = input.find().await?;
        let controls = Controls {
            last_act: last_act.as_ref(),
            menu_uses: work.claim.menu_uses,
        };
        let postmortem = self.previewed_postmortem(who, &recorded, &incident).await?;
        let mut wanted = desired(
            &incident,
            controls,
            &entries,
            &destinations,
            &recorded,
            postmortem.as_ref(),
        );
        wanted.extend(direct::kept(&incident, controls, &recorded));
        let mut delivery = DeliveryRun {
            service: &self.delivery,
            reachable: &reachable,
            subject: PostSubject::incident(&incident),
            lease,
            recorded,
            changed: Vec::new(),
        };
        let steps = diff(&wanted, &delivery.recorded);
        // What a step does to the record changes what the later ones find there, never which ones there are.
        let origin = origin.map(|origin| origin.connector_id);
        let mut ended = deliver(&mut delivery, &steps, &incident, origin).await?;
        delivery.settle(&wanted);
        self.tell_of_templates(&incident, &destinations);
        for (connector, reason) in &replaced {
            delivery.give_up(&root_key(&incident, connector.id), reason);
        }
        let attempts = work.claim.attempts;
        for (connector, trouble) in &troubles {
            ended.wait(hold(&mut delivery, &incident, connector, trouble, attempts));
        }
        let (writer, clock) = (&self.delivery.writer, &self.delivery.clock);
        match lines::follow(writer, clock, &lease.fence(), &work.lines, &incident).await? {
            Some(digests) => ended.digests.extend(digests),
            None => ended.lost = true,
        }
        let assignments = AssignmentInput {
            incident: &incident,
            entries: &entries,
            destinations: &destinations,
            connectors: &connectors,
            attempts,
        };
        if !ended.lost {
            let told = self.tell_assignees(who, controls, assignments, &mut delivery);
            ended.join(told.await?);
        }
        Ok(ReconcileOutcome {
            shown_version: incident.version,
            changed: delivery.take_changed(),
            ..ended
        })
    }

    /// The workspaces in which the incident is shown, or is to be.
    async fn reachable(
        &self,
        connectors: &[Connector],
        origin: Option<&OriginRow>,
        recorded: &[post::Model],
    ) -> ReachableWorkspaces {
        let places = connectors.iter().map(|connector| connector.workspace);
        let origins = origin.into_iter().map(|origin| origin.workspace_id);
        let posts = recorded.iter().map(|post| post.workspace_id);
        let workspaces = &self.delivery.workspaces;
        workspaces.reachable(places.chain(origins).chain(posts)).await
    }

    /// The incident's post-mortem, where a preview shows it.
    async fn previewed_postmortem(
        &self,
        who: As<'_>,
        recorded: &[post::Model],
        incident: &Incident,
    ) -> Result<Option<Postmortem>, ReconcileError> {
        if recorded.iter().any(|post| is_of_postmortem(&post.key)) {
            Ok(self.api.find_postmortem(who, incident.id).await?)
        } else {
            Ok(None)
        }
    }

    /// Notes of each template why it could not be used. That it could, Slack says, who may refuse what comes of it.
    fn tell_of_templates(&self, incident: &Incident, destinations: &[Destination]) {
        for destination in destinations {
            if let Some(Err(problem)) = &destination.presentation.words {
                let (organization, connector) = (incident.organization_id, destination.connector_id);
                let trouble = Some(problem.to_string());
                self.delivery.connectors.worded(organization, connector, trouble);
            }
        }
    }

    /// Leaves alone what an administrator has disconnected, at once: the job that says so may have gone to another replica.
    fn leave_disconnected(&self, connectors: &[Connector]) {
        for connector in connectors.iter().filter(|connector| connector.is_disconnected) {
            self.delivery.workspaces.remove(connector.workspace);
        }
    }

    /// Writes what has changed, and lets go of the incident: shown, or put off.
    async fn end(
        &self,
        change: &IncidentChange,
        claim: &IncidentClaim,
        lease: &Lease,
        end: ReconcileOutcome,
    ) -> Result<(), DbErr> {
        for digest in &end.digests {
            self.queue.enqueue(&RefreshDigest {
                digest_id: digest.to_string(),
            });
        }
        let outcome = if end.wait.is_some() { "put_off" } else { "shown" };
        let put_off = end.wait.map(|wait| PostponedWork {
            due_at: wait.until,
            error: wait.error,
        });
        let due_at = put_off.as_ref().map(|put_off| put_off.due_at);
        let finished = FinishedWork {
            shown_version: end.shown_version,
            due_at: claim.due_at,
        };
        let has_more = if end.lost {
            None
        } else {
            let changed = Arc::clone(&end.changed);
            record_many::let_go(
                &self.delivery.writer,
                &self.delivery.clock,
                &lease.fence(),
                finished,
                changed,
                put_off,
            )
            .await?
        };
        let Some(has_more) = has_more else {
            self.delivery.abandon(&lease.fence(), &end.changed).await?;
            self.queue.enqueue(&job(change));
            return Ok(());
        };
        metrics::counter!("tocsin_bridge_reconciled_total", "outcome" => outcome).increment(1);
        match due_at {
            Some(due_at) => self.again(change, due_at).await,
            None if has_more => self.queue.enqueue(&job(change)),
            None => {}
        }
        Ok(())
    }

    /// Rings at the right time; if that is lost, the sweeper rings.
    async fn again(&self, change: &IncidentChange, due_at: OffsetDateTime) {
        if let Err(error) = self.queue.push_at(&job(change), due_at).await {
            tracing::warn!("the sweeper will have to ring again: {error}");
        }
    }
}

/// Whether an incident, of which these are all entries, was created elsewhere than in Slack.
fn came_from_elsewhere(entries: &[Entry]) -> bool {
    entries.first().is_some_and(|entry| {
        let is_known = matches!(entry.source, Known::Value(_));
        entry.kind == EntryKind::Triggered && is_known && entry.source != Source::Slack
    })
}

/// Until when it may still come to be known where in Slack the incident was created: that is noted just after, and decides where its
/// message stands.
fn origin_may_come(incident: &Incident, entries: &[Entry], now: OffsetDateTime) -> Option<OffsetDateTime> {
    let from_slack = entries
        .first()
        .is_some_and(|entry| entry.kind == EntryKind::Triggered && entry.source == Source::Slack);
    let until = incident.triggered_at + ORIGIN_SOON;
    let left = until - now;
    (from_slack && left.is_positive() && left <= ORIGIN_SOON + CLOCKS_DIFFER).then_some(until)
}

/// Puts on record that a connector leads nowhere at the moment, and says when to look again.
fn hold(
    delivery: &mut DeliveryRun<'_>,
    incident: &Incident,
    connector: &Connector,
    trouble: &ChannelError,
    attempts: i32,
) -> Wait {
    let unplaced = DesiredPost::root_without_channel(incident, connector);
    delivery.hold(&unplaced, &trouble.message);
    let first = trouble.retry_after.unwrap_or(std::time::Duration::from_secs(5));
    let now = delivery.service.clock.now();
    Wait::error(now, &trouble.message, back_off(attempts + 1, first))
}

fn job(change: &IncidentChange) -> ReconcileIncident {
    ReconcileIncident {
        incident_id: change.incident_id.to_string(),
        organization_id: change.organization_id.to_string(),
        version: change.version,
        request_id: change.request_id.clone(),
    }
}
