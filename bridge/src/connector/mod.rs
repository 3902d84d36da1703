//! How each connector is, as what was posted through it has shown: for administrators to see, and to know when its fallback is needed.
//!
//! Kept in memory and written down every few seconds: each worker finds out by itself what it needs to know, and a lost note is made again by
//! the next message. What was seen where a connector led before says nothing of where it leads by now.
//!
//! Each note carries when it was seen. A worker that was paused writes nothing over what another has seen since.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ActiveValue::Set,
    DbErr, EntityTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{ConnectorId, OrganizationId},
    kinds::ConnectorStatus,
    slack::connector::{ActiveModel, Column, Entity, Model},
};
use tocsin_slack_app::{channel::ChannelError, fallback::has_fallback};
use tokio_util::sync::CancellationToken;

use crate::polling::ends_within;

pub(crate) use tocsin_client::ConnectorTarget as Lead;

/// How often what is new is written down.
const WRITE: Duration = Duration::from_secs(2);

/// How long a channel that took nothing is not tried where there is a fallback.
const REST: Duration = Duration::from_secs(300);

/// Why a channel takes nothing that can be seen without posting there.
const CAN_BE_SEEN: [&str; 3] = ["channel_not_found", "is_archived", "not_in_channel"];

/// What has been seen of all connectors. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connectors {
    known: Arc<Mutex<HashMap<ConnectorId, Seen>>>,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct Seen {
    organization: OrganizationId,
    /// When the newest of it was seen.
    at: OffsetDateTime,
    /// Where it led when it was last tried; none since it leads elsewhere.
    tried_at: Option<Lead>,
    failing: Option<Failing>,
    since: OffsetDateTime,
    delivered_at: Option<OffsetDateTime>,
    /// How its template does; none before it has been used here.
    template: Option<Template>,
    /// Where it failed before it led elsewhere.
    outdated: Option<Lead>,
    is_written: bool,
}

/// How a template does: why it could not be used, and since when.
#[derive(Clone, Debug)]
struct Template {
    trouble: Option<(String, OffsetDateTime)>,
}

#[derive(Clone, Debug)]
struct Failing {
    /// Where it led.
    lead: Lead,
    code: String,
    reason: String,
    /// Where incidents go meanwhile.
    meanwhile: Option<String>,
    /// When it was last seen; none where it is worth another try.
    at: Option<Instant>,
}

impl Connectors {
    /// Nothing has been seen yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            known: Arc::default(),
            clock,
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ConnectorId, Seen>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Slack took a message through it, where it led.
    pub(crate) fn works(&self, organization: OrganizationId, id: ConnectorId, lead: &Lead) {
        let now = self.clock.now();
        let mut known = self.known();
        let seen = known.entry(id).or_insert_with(|| Seen::new(organization, now));
        if seen.failing.take().is_some() {
            tracing::info!(connector.id = %id, "the connector {id} works again");
            seen.since = now;
        }
        seen.at = now;
        seen.tried_at = Some(lead.clone());
        seen.delivered_at = Some(now);
        seen.outdated = None;
        seen.is_written = false;
    }

    /// Its channel is there and takes messages, as far as can be seen before one is posted.
    pub(crate) fn is_ready(&self, organization: OrganizationId, id: ConnectorId, lead: &Lead) {
        let now = self.clock.now();
        let mut known = self.known();
        let seen = known.entry(id).or_insert_with(|| Seen::new(organization, now));
        let is_here =
            |failing: &Failing| failing.lead == *lead && !CAN_BE_SEEN.contains(&failing.code.as_str());
        if seen.failing.as_ref().is_some_and(is_here) {
            // It took no message, for a reason that only a message shows.
            return;
        }
        if seen.failing.take().is_some() {
            tracing::info!(connector.id = %id, "the connector {id} works again");
            seen.since = now;
        }
        seen.at = now;
        seen.tried_at = Some(lead.clone());
        seen.outdated = None;
        seen.is_written = false;
    }

    /// What this worker knows of where it leads: whether it was tried there; none where it was never tried.
    pub(crate) fn was_tried(&self, id: ConnectorId, lead: &Lead) -> Option<bool> {
        let known = self.known();
        known.get(&id).map(|seen| seen.tried_at.as_ref() == Some(lead))
    }

    /// Whether it fails for what can be seen without a message: then a look tells whether somebody has repaired it.
    pub(crate) fn may_be_repaired(&self, id: ConnectorId) -> bool {
        let known = self.known();
        let failing = known.get(&id).and_then(|seen| seen.failing.as_ref());
        failing.is_some_and(|failing| CAN_BE_SEEN.contains(&failing.code.as_str()))
    }

    /// The channel to which it leads took nothing.
    pub(crate) fn fails(
        &self,
        organization: OrganizationId,
        id: ConnectorId,
        lead: &Lead,
        code: &str,
        reason: &str,
    ) {
        let now = self.clock.now();
        let mut known = self.known();
        let seen = known.entry(id).or_insert_with(|| Seen::new(organization, now));
        let before = seen.failing.take().filter(|failing| failing.lead == *lead);
        if before.as_ref().is_none_or(|failing| failing.code != code) {
            tracing::warn!(connector.id = %id, slack.error = code, "the connector {id} fails: {reason}");
            seen.since = now;
        }
        if before.as_ref().is_none_or(|failing| failing.reason != reason) {
            seen.is_written = false;
        }
        seen.at = now;
        seen.tried_at = Some(lead.clone());
        seen.outdated = None;
        seen.failing = Some(Failing {
            lead: lead.clone(),
            code: code.to_owned(),
            reason: reason.to_owned(),
            meanwhile: before.and_then(|failing| failing.meanwhile),
            at: Some(Instant::now()),
        });
    }

    /// Where incidents go while it fails; none where nothing stands in for it.
    pub(crate) fn stood_in_for(&self, id: ConnectorId, meanwhile: Option<String>) {
        if let Some(seen) = self.known().get_mut(&id)
            && let Some(failing) = &mut seen.failing
            && failing.meanwhile != meanwhile
        {
            failing.meanwhile = meanwhile;
            seen.is_written = false;
        }
    }

    /// Whether any fails.
    pub(crate) fn any_fails(&self) -> bool {
        self.known().values().any(|seen| seen.failing.is_some())
    }

    /// These are all there are: one that is deleted fails no more.
    pub(crate) fn keep(&self, all: &HashSet<ConnectorId>) {
        for (id, seen) in self.known().iter_mut() {
            if !all.contains(id) {
                seen.failing = None;
            }
        }
    }

    /// It leads there: where it failed elsewhere, it has not failed. Says whether that was so.
    pub(crate) fn leads(&self, id: ConnectorId, lead: &Lead) -> bool {
        let mut known = self.known();
        let Some(seen) = known.get_mut(&id) else {
            return false;
        };
        let Some(failing) = seen.failing.take_if(|failing| failing.lead != *lead) else {
            return false;
        };
        tracing::info!(connector.id = %id, "the connector {id} leads elsewhere than where it failed");
        seen.outdated = Some(failing.lead);
        seen.at = self.clock.now();
        seen.since = seen.at;
        seen.is_written = false;
        true
    }

    /// Its template was used, or could not be for this reason.
    pub(crate) fn worded(&self, organization: OrganizationId, id: ConnectorId, trouble: Option<String>) {
        let now = self.clock.now();
        if trouble.is_some() {
            metrics::counter!("tocsin_bridge_template_failures_total").increment(1);
        }
        let mut known = self.known();
        let seen = known.entry(id).or_insert_with(|| Seen::new(organization, now));
        let before = seen.template.as_ref().map(|template| template.trouble.as_ref());
        if before.is_some_and(|before| before.map(|(message, _)| message) == trouble.as_ref()) {
            return;
        }
        match &trouble {
            Some(trouble) => tracing::warn!(
                connector.id = %id,
                "the template of the connector {id} cannot be used, the built-in words are: {trouble}"
            ),
            None if before.is_some() => {
                tracing::info!(connector.id = %id, "the template of the connector {id} works again");
            }
            None => {}
        }
        seen.at = now;
        seen.template = Some(Template {
            trouble: trouble.map(|trouble| (trouble, now)),
        });
        seen.is_written = false;
    }

    /// Why its channel takes nothing, where that was seen a little while ago and a fallback is needed.
    pub(crate) fn trouble(&self, id: ConnectorId, lead: &Lead) -> Option<ChannelError> {
        let known = self.known();
        let failing = known.get(&id)?.failing.as_ref()?;
        if failing.lead != *lead {
            return None;
        }
        let is_fresh = failing.at.is_some_and(|at| at.elapsed() < REST);
        (is_fresh && has_fallback(&failing.code)).then(|| ChannelError::known(&failing.code, &failing.reason))
    }

    /// Something was repaired: those that failed are tried again at once.
    pub(crate) fn try_again(&self) {
        for seen in self.known().values_mut() {
            if let Some(failing) = &mut seen.failing {
                failing.at = None;
            }
        }
    }

    /// Writes down what is new, until the shutdown.
    pub(crate) async fn run(&self, database: &Database, shutdown: CancellationToken) {
        loop {
            let is_over = ends_within(&shutdown, WRITE).await;
            for (id, seen) in self.unwritten() {
                if let Err(error) = write(database, id, &seen).await {
                    tracing::warn!("how the connector {id} is could not be written down: {error}");
                    if let Some(seen) = self.known().get_mut(&id) {
                        seen.is_written = false;
                    }
                }
            }
            if is_over {
                return;
            }
        }
    }

    fn unwritten(&self) -> Vec<(ConnectorId, Seen)> {
        let mut known = self.known();
        let unwritten = known.iter_mut().filter(|(_, seen)| !seen.is_written);
        unwritten
            .map(|(id, seen)| {
                seen.is_written = true;
                (*id, seen.clone())
            })
            .collect()
    }
}

impl Seen {
    fn new(organization: OrganizationId, now: OffsetDateTime) -> Self {
        Self {
            organization,
            at: now,
            tried_at: None,
            failing: None,
            since: now,
            delivered_at: None,
            template: None,
            outdated: None,
            is_written: false,
        }
    }
}

impl Failing {
    /// For people.
    fn told(&self) -> String {
        match &self.meanwhile {
            Some(meanwhile) => format!("{}. {meanwhile}", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// Where it failed, as it is on record.
fn failed_at(row: &Model) -> Option<Lead> {
    let channel = row.failed_channel.clone()?;
    (row.status == ConnectorStatus::Failing).then_some(Lead {
        workspace: row.failed_workspace_id,
        channel,
    })
}

async fn write(database: &Database, id: ConnectorId, seen: &Seen) -> Result<(), DbErr> {
    let status = match &seen.failing {
        Some(_) => ConnectorStatus::Failing,
        None => ConnectorStatus::Active,
    };
    let code = seen.failing.as_ref().map(|failing| failing.code.clone());
    let before = Entity::find_by_id(id).one(database.read()).await?;
    let failed_at = before.as_ref().and_then(failed_at);
    // Another worker may have used it since where it leads now, and has said how it is.
    let is_over = failed_at
        .zip(seen.outdated.as_ref())
        .is_some_and(|(failed_at, outdated)| failed_at != *outdated);
    let same = before.filter(|before| before.status == status && before.reason_code == code);
    let trouble = seen
        .template
        .as_ref()
        .and_then(|template| template.trouble.clone());
    let (trouble, trouble_at) = trouble.unzip();
    let row = ActiveModel {
        connector_id: Set(id),
        organization_id: Set(seen.organization),
        status: Set(status),
        reason_code: Set(code),
        reason: Set(seen.failing.as_ref().map(Failing::told)),
        failed_workspace_id: Set(seen.tried_at.as_ref().and_then(|lead| lead.workspace)),
        failed_channel: Set(seen.tried_at.as_ref().map(|lead| lead.channel.clone())),
        // Other workers may have seen it before.
        status_since: Set(same.map_or(seen.since, |same| same.status_since)),
        last_delivered_at: Set(seen.delivered_at),
        template_trouble: Set(trouble),
        template_trouble_at: Set(trouble_at),
        updated_at: Set(seen.at),
    };
    let mut told = vec![Column::UpdatedAt];
    if !is_over {
        let state = [
            Column::Status,
            Column::ReasonCode,
            Column::Reason,
            Column::FailedWorkspaceId,
            Column::FailedChannel,
            Column::StatusSince,
        ];
        told.extend(state);
    }
    if seen.delivered_at.is_some() {
        told.push(Column::LastDeliveredAt);
    }
    if seen.template.is_some() {
        told.extend([Column::TemplateTrouble, Column::TemplateTroubleAt]);
    }
    let key = OnConflict::column(Column::ConnectorId)
        .update_columns(told)
        // Whoever has seen it since knows better.
        .action_and_where(Expr::col((Entity, Column::UpdatedAt)).lte(seen.at))
        .to_owned();
    Entity::insert(row)
        .on_conflict(key)
        .exec_without_returning(database.write())
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::store::testing::on_both;

    /// A worker's notes, by a clock that stands still.
    fn worker(now: OffsetDateTime) -> Connectors {
        Connectors::new(Clock::told_by(move || now))
    }

    async fn written(database: &Database, seen: &Connectors) {
        let over = CancellationToken::new();
        over.cancel();
        seen.run(database, over).await;
    }

    on_both! {
        async fn a_worker_that_was_paused_says_nothing_of_how_a_connector_is_now(database: Database) {
            let (organization, id) = (OrganizationId::new(), ConnectorId::new());
            let lead = Lead { workspace: None, channel: "#incidents".to_owned() };
            let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
            let (paused, other) = (worker(now), worker(now + Duration::seconds(30)));
            paused.fails(organization, id, &lead, "is_archived", "it is archived");
            other.works(organization, id, &lead);
            written(&database, &other).await;
            written(&database, &paused).await;
            let row = Entity::find_by_id(id).one(database.read()).await.expect("a read").expect("a row");
            assert_eq!((row.status, row.reason_code.as_deref()), (ConnectorStatus::Active, None));
            // What it sees afterwards counts.
            let later = worker(now + Duration::seconds(60));
            later.fails(organization, id, &lead, "is_archived", "it is archived");
            written(&database, &later).await;
            let row = Entity::find_by_id(id).one(database.read()).await.expect("a read").expect("a row");
            assert_eq!((row.status, row.reason_code.as_deref()), (ConnectorStatus::Failing, Some("is_archived")));
        }

        async fn a_failure_of_where_it_leads_now_stays_when_another_leaves_where_it_led_before(database: Database) {
            let (organization, id) = (OrganizationId::new(), ConnectorId::new());
            let lead = |channel: &str| Lead { workspace: None, channel: channel.to_owned() };
            let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
            let (quick, slow) = (worker(now), worker(now + Duration::seconds(30)));
            slow.fails(organization, id, &lead("#old"), "is_archived", "it is archived");
            quick.fails(organization, id, &lead("#new"), "is_archived", "it is archived");
            written(&database, &quick).await;
            assert!(slow.leads(id, &lead("#new")));
            written(&database, &slow).await;
            let row = Entity::find_by_id(id).one(database.read()).await.expect("a read").expect("a row");
            assert_eq!((row.status, row.failed_channel.as_deref()), (ConnectorStatus::Failing, Some("#new")));
        }
    }
}
