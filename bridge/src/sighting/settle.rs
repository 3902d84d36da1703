//! Compares messages of ours with what is on record, and puts right what differs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use futures::FutureExt;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
    sea_query::{Expr, OnConflict},
};
use time::OffsetDateTime;
use tocsin_client::{
    ApiClient, As, Incident,
    documents::{ReportRestore, report_restore},
};
use tocsin_entity::{
    id::{ConnectorId, DigestId, IncidentId, OrganizationId, PostId, TimelineEntryId},
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_queue::JobError;
use tocsin_slack_client::web_api::ReadMessage;

use super::{SightingChannel, SightingService, lost, seen::Sighting};
use crate::{
    failure::of_api,
    store::{claim, home::mark_home_anew, lease::LeaseSubject},
};

/// Rows that are asked for together.
const TOGETHER: usize = 500;

/// Whether Slack knows more than the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettleOutcome {
    Nothing,
    More,
}

/// What is to be put right.
#[derive(Debug, Default)]
struct Plan {
    /// Posts to put on record.
    adopted: Vec<post::Model>,
    /// What is to be written anew.
    incidents: BTreeSet<IncidentId>,
    digests: BTreeSet<DigestId>,
    /// Replies that are to be written anew: what they tell is looked at with the whole timeline.
    replies: Vec<(PostId, IncidentId)>,
    /// Messages of what is not there any more.
    lost: Vec<Sighting>,
    /// By organisation, what shows that the database was restored.
    evidence: BTreeMap<OrganizationId, Evidence>,
}

#[derive(Clone, Copy, Debug)]
struct Evidence {
    newest: OffsetDateTime,
    highest: i64,
}

/// What is put right in the database, together.
#[derive(Debug)]
struct Repair {
    restored: Vec<OrganizationId>,
    adopted: Vec<post::Model>,
    doubted: Vec<LeaseSubject>,
    replies: Vec<(PostId, IncidentId)>,
}

impl SightingService {
    /// Compares what was read in a channel, or in a thread there.
    pub(crate) async fn settle(
        &self,
        room: &SightingChannel,
        organizations: &HashSet<OrganizationId>,
        mut sightings: Vec<Sighting>,
    ) -> Result<SettleOutcome, JobError> {
        // Another server's may use the same app. And who has a bot's token says with it what they like: it counts for whom the workspace is.
        sightings.retain(|sighting| {
            let organization = sighting.organization;
            organizations.contains(&organization) && room.workspace.serves(organization)
        });
        let records = self.records(&sightings).await?;
        let mut plan = Plan::default();
        let mut asked: HashMap<IncidentId, Option<Known>> = HashMap::new();
        for sighting in sightings {
            let record = records.of(&sighting);
            if record.is_some_and(|record| record.organization_id != sighting.organization) {
                tracing::warn!(
                    post.key = sighting.key,
                    "a message in Slack names a post of another organisation: it is left alone"
                );
                continue;
            }
            if record.is_some_and(|record| is_true(record, &sighting)) {
                continue;
            }
            if let Some(digest) = record.and_then(|record| record.digest_id) {
                plan.digests.insert(digest);
                continue;
            }
            let Some(incident) = sighting.incident else {
                if record.is_none() {
                    plan.lose(sighting);
                }
                continue;
            };
            if let Entry::Vacant(unknown) = asked.entry(incident) {
                unknown.insert(Known::read(&self.api, sighting.organization, incident).await?);
            }
            let known = asked.get(&incident).and_then(Option::as_ref);
            plan.add(room, sighting, record, known);
        }
        plan.carry_out(self, room).await
    }

    /// The same of a thread that was read for what people say there.
    pub(crate) async fn settle_thread(
        &self,
        root: &post::Model,
        messages: &[serde_json::Value],
    ) -> Result<(), JobError> {
        let workspace = self.workspaces.of_post(root);
        let bot_id = workspace.installation().and_then(|bot| bot.bot_id.clone());
        let sightings: Vec<Sighting> = messages
            .iter()
            .filter(|message| message["metadata"].is_object())
            .filter_map(|message| serde_json::from_value::<ReadMessage>(message.clone()).ok())
            .filter_map(|message| Sighting::of(&message, bot_id.as_deref()))
            .collect();
        let channel = SightingChannel {
            workspace,
            team_id: root.team_id.clone(),
            channel_id: root.channel_id.clone(),
            channel_name: root.channel_name.clone(),
        };
        self.settle(&channel, &HashSet::from([root.organization_id]), sightings)
            .await?;
        Ok(())
    }

    async fn records(&self, sightings: &[Sighting]) -> Result<Records, JobError> {
        let mut records = Records::default();
        for some in sightings.chunks(TOGETHER) {
            let ids = some.iter().map(|sighting| sighting.post);
            let keys = some.iter().map(|sighting| sighting.key.as_str());
            let which = Condition::any()
                .add(post::Column::Id.is_in(ids))
                .add(post::Column::Key.is_in(keys));
            let rows = post::Entity::find()
                .filter(which)
                .all(self.database.read())
                .await
                .map_err(JobError::retry)?;
            for row in rows {
                records.by_key.insert(row.key.clone(), row.clone());
                records.by_id.insert(row.id, row);
            }
        }
        Ok(records)
    }

    async fn report(&self, organization: OrganizationId, evidence: Evidence) -> Result<(), JobError> {
        let input = report_restore::ReportRestoreInput {
            newest_written_at: tocsin_client::documents::DateTime(evidence.newest),
            highest_number: evidence.highest,
        };
        let variables = report_restore::Variables { input };
        let who = As::bridge(organization, None);
        let answer = self
            .api
            .execute::<ReportRestore>(who, variables)
            .await
            .map_err(of_api)?;
        for error in &answer.report_restore.user_errors {
            tracing::error!("the restore is not recorded: {} ({})", error.message, error.code);
        }
        if answer.report_restore.is_news == Some(true) {
            tracing::warn!(
                "the database was restored from a backup: Slack shows more than it knows, and is put right"
            );
        }
        Ok(())
    }
}

/// What is on record of messages.
#[derive(Debug, Default)]
struct Records {
    by_id: HashMap<PostId, post::Model>,
    by_key: HashMap<String, post::Model>,
}

impl Records {
    /// Of this message: by its id, or by its key where another worker has put it on record just before.
    fn of(&self, sighting: &Sighting) -> Option<&post::Model> {
        self.by_id
            .get(&sighting.post)
            .or_else(|| self.by_key.get(&sighting.key))
    }
}

/// Whether a message shows no more than is on record of it. What waits to be sent, or was deleted, is others' to settle.
fn is_true(record: &post::Model, sighting: &Sighting) -> bool {
    let in_slack = matches!(record.state, PostState::Posted | PostState::Updated);
    !in_slack || record.shown_version >= sighting.version
}

/// An incident that exists.
struct Known {
    incident: Incident,
    entries: HashSet<TimelineEntryId>,
}

impl Known {
    async fn read(
        api: &ApiClient,
        organization: OrganizationId,
        id: IncidentId,
    ) -> Result<Option<Self>, JobError> {
        let who = As::bridge(organization, None);
        let Some(mut read) = api.find_mirrored(who, id).await.map_err(of_api)? else {
            return Ok(None);
        };
        api.complete(who, &mut read, 0).await.map_err(of_api)?;
        Ok(Some(Self {
            entries: read.entries.iter().map(|entry| entry.id).collect(),
            incident: read.incident,
        }))
    }
}

impl Plan {
    fn add(
        &mut self,
        room: &SightingChannel,
        sighting: Sighting,
        record: Option<&post::Model>,
        known: Option<&Known>,
    ) {
        let Some(known) = known else {
            self.lose(sighting);
            return;
        };
        let id = known.incident.id;
        if let Some(record) = record {
            // Slack may show more for a moment, while what was written is put on record. More than there is shows that it was restored.
            if sighting.version > known.incident.version {
                self.note(&sighting);
            }
            if record.kind == PostKind::Reply {
                self.replies.push((record.id, id));
            } else {
                self.incidents.insert(id);
            }
            return;
        }
        let entry = sighting
            .key
            .strip_prefix("reply:")
            .and_then(|rest| rest.split(':').next());
        let is_told_of = entry.is_none_or(|entry| {
            entry
                .parse()
                .is_ok_and(|entry: TimelineEntryId| known.entries.contains(&entry))
        });
        if !is_told_of {
            self.lose(sighting);
            return;
        }
        if entry.is_some() {
            self.replies.push((sighting.post, id));
        } else {
            self.incidents.insert(id);
        }
        self.adopted.extend(adopted(room, &sighting));
    }

    fn lose(&mut self, sighting: Sighting) {
        self.note(&sighting);
        self.lost.push(sighting);
    }

    fn note(&mut self, sighting: &Sighting) {
        let evidence = self.evidence.entry(sighting.organization).or_insert(Evidence {
            newest: sighting.written_at,
            highest: 0,
        });
        evidence.newest = evidence.newest.max(sighting.written_at);
        evidence.highest = evidence.highest.max(sighting.number);
    }

    /// What shows the restore goes with putting it right: so it is reported before.
    async fn carry_out(
        self,
        service: &SightingService,
        room: &SightingChannel,
    ) -> Result<SettleOutcome, JobError> {
        for (organization, evidence) in &self.evidence {
            service.report(*organization, *evidence).await?;
        }
        let is_more = !self.evidence.is_empty() || !self.adopted.is_empty();
        if is_more {
            service.restore.is_restored();
        }
        if !self.adopted.is_empty() {
            // What people said in their threads is not known either.
            service.restore.read_threads_again();
        }
        let incidents = self.incidents.into_iter().map(LeaseSubject::Incident);
        let digests = self.digests.into_iter().map(LeaseSubject::Digest);
        let repair = Arc::new(Repair {
            restored: self.evidence.into_keys().collect(),
            adopted: self.adopted,
            doubted: incidents.chain(digests).collect(),
            replies: self.replies,
        });
        if !repair.is_empty() {
            let clock = service.clock.clone();
            let write = service.writer.write(move |tx| {
                let (repair, now) = (Arc::clone(&repair), clock.now());
                async move { repair.make(tx, now).await }.boxed()
            });
            write.await.map_err(JobError::retry)?;
        }
        for sighting in &self.lost {
            lost::mark(room, sighting).await?;
        }
        Ok(if is_more {
            SettleOutcome::More
        } else {
            SettleOutcome::Nothing
        })
    }
}

/// A record of a message in Slack, of which it is not known what it shows.
fn adopted(room: &SightingChannel, sighting: &Sighting) -> Option<post::Model> {
    let (kind, connector) = named(&sighting.key, sighting.incident)?;
    let at = sighting.written_at;
    Some(post::Model {
        id: sighting.post,
        organization_id: sighting.organization,
        key: sighting.key.clone(),
        kind,
        incident_id: sighting.incident,
        digest_id: None,
        connector_id: Some(connector),
        connector_name: String::new(),
        workspace_id: room.workspace.id,
        team_id: room.team_id.clone(),
        channel_id: room.channel_id.clone(),
        channel_name: room.channel_name.clone(),
        thread_ts: sighting.thread_ts.clone(),
        ts: Some(sighting.ts.clone()),
        address: None,
        content_hash: None,
        shown_version: sighting.version,
        state: PostState::Posted,
        attempts: 0,
        last_error: None,
        not_before: None,
        sent_at: Some(at),
        queued_at: at,
        posted_at: Some(at),
        updated_at: None,
        lag_milliseconds: None,
        is_open: None,
        looked_at: None,
    })
}

/// What a key says: the kind of the post, and its connector. A root's key must be its own incident's, since it stands in the way of every other post
/// of that key; a reply's entry was looked for.
fn named(key: &str, incident: Option<IncidentId>) -> Option<(PostKind, ConnectorId)> {
    let (kind, rest) = key.split_once(':')?;
    let (told_of, connector) = rest.rsplit_once(':')?;
    let kind = match kind {
        "root" if told_of.parse().ok() == incident => PostKind::Root,
        "reply" => PostKind::Reply,
        _ => return None,
    };
    Some((kind, connector.parse().ok()?))
}

impl Repair {
    fn is_empty(&self) -> bool {
        self.restored.is_empty()
            && self.adopted.is_empty()
            && self.doubted.is_empty()
            && self.replies.is_empty()
    }

    async fn make(&self, tx: &DatabaseTransaction, now: OffsetDateTime) -> Result<(), DbErr> {
        for post in &self.adopted {
            let row = post.clone().into_active_model().reset_all();
            post::Entity::insert(row)
                // By its id or its key: whoever posts it at this moment looks for it first.
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(tx)
                .await?;
        }
        for claimed in &self.doubted {
            claim::doubt(tx, *claimed, now).await?;
        }
        let replies: Vec<PostId> = self.replies.iter().map(|(post, _)| *post).collect();
        for some in replies.chunks(TOGETHER) {
            post::Entity::update_many()
                .col_expr(post::Column::ContentHash, Expr::value(None::<String>))
                .filter(post::Column::Id.is_in(some.iter().copied()))
                .exec(tx)
                .await?;
        }
        let again: BTreeSet<IncidentId> = self.replies.iter().map(|(_, incident)| *incident).collect();
        for incident in again {
            claim::show_again(tx, incident, now).await?;
        }
        for organization in &self.restored {
            mark_home_anew(tx, *organization).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_the_place_of_no_other_incidents_post() {
        let (incident, other, connector) = (IncidentId::new(), IncidentId::new(), ConnectorId::new());
        let key = format!("root:{incident}:{connector}");
        assert_eq!(named(&key, Some(incident)), Some((PostKind::Root, connector)));
        assert_eq!(named(&key, Some(other)), None);
        assert_eq!(named(&key, None), None);
        for key in ["", "root", "root:", "unfurl:a:b", "digest:x"] {
            assert_eq!(named(key, Some(incident)), None, "{key}");
        }
    }
}
