//! How incidents get their lines: those that come at the same moment, in one transaction and by few statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use time::OffsetDateTime;
use tocsin_client::Incident;
use tocsin_clock::Clock;
use tocsin_database::rows::groups;
use tocsin_entity::{
    id::{ConnectorId, DigestId, IncidentId, OrganizationId, PostId},
    kinds::PostKind,
    slack::{digest, digest_line, post},
};

use super::{
    content::LINES_MAX,
    lines::{self, BETWEEN, DUE},
};
use crate::{
    mirror::{content, deliver::DeliveryRun, desired::Destination},
    store::{fence::Fence, group_writer::GroupWrite, posts},
};

/// A line that is to be added.
struct NewLine {
    fence: Fence,
    clock: Clock,
    organization_id: OrganizationId,
    incident_id: IncidentId,
    version: i64,
    text: String,
    to: Destination,
    /// The record of the message that the incident will not have.
    instead_of: Option<PostId>,
}

/// In which digest an incident has its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DigestAdmission {
    pub(crate) digest: DigestId,
    /// Whether it is this one's to have the digest written: of those that were added together, it is one's alone.
    pub(crate) is_first: bool,
}

/// Gives the incident a line in the connector's open digest, in place of a message of its own. None where another worker has the incident by
/// now.
pub(crate) async fn admit(
    delivery: &mut DeliveryRun<'_>,
    to: &Destination,
    root_key: &str,
    incident: &Incident,
) -> Result<Option<DigestAdmission>, DbErr> {
    if !delivery.flush().await? {
        return Ok(None);
    }
    let root = delivery.recorded.iter().position(|post| post.key == root_key);
    let line = NewLine {
        fence: delivery.lease.fence(),
        clock: delivery.service.clock.clone(),
        organization_id: incident.organization_id,
        incident_id: incident.id,
        version: incident.version,
        text: content::line(incident).as_str().to_owned(),
        to: to.clone(),
        instead_of: root.map(|index| delivery.recorded[index].id),
    };
    let Some(admission) = delivery.service.writer.write_in_group(line).await? else {
        return Ok(None);
    };
    if let Some(index) = root {
        delivery.recorded.remove(index);
    }
    metrics::counter!("tocsin_bridge_digest_lines_total").increment(1);
    tracing::info!(
        "#{} is shown in a digest: its own message would come too late",
        incident.number
    );
    Ok(Some(admission))
}

impl GroupWrite for NewLine {
    type Answer = Option<DigestAdmission>;

    async fn write_all(all: &[Self], tx: &DatabaseTransaction) -> Result<Vec<Self::Answer>, DbErr> {
        add_all(tx, all).await
    }
}

async fn add_all(tx: &DatabaseTransaction, all: &[NewLine]) -> Result<Vec<Option<DigestAdmission>>, DbErr> {
    let fences: Vec<&Fence> = all.iter().map(|line| &line.fence).collect();
    let stands = Fence::stand(tx, &fences).await?;
    let own: Vec<usize> = (0..all.len()).filter(|index| stands[*index]).collect();
    let instead: Vec<PostId> = own.iter().filter_map(|index| all[*index].instead_of).collect();
    posts::forget(tx, instead).await?;
    let mut digests = on_record(tx, own.iter().map(|index| all[*index].incident_id).collect()).await?;
    let mut new: BTreeMap<ConnectorId, Vec<&NewLine>> = BTreeMap::new();
    for line in own.iter().map(|index| &all[*index]) {
        if !digests.contains_key(&line.key()) {
            new.entry(line.to.connector_id).or_default().push(line);
        }
    }
    let mut rows = Vec::new();
    for lines in new.into_values() {
        rows.extend(append(tx, &lines).await?);
    }
    digests.extend(
        rows.iter()
            .map(|row| ((row.incident_id, row.connector_id), row.digest_id)),
    );
    for some in groups(&rows) {
        let some = some.iter().cloned();
        digest_line::Entity::insert_many(some.map(|row| row.into_active_model().reset_all()))
            .exec_without_returning(tx)
            .await?;
    }
    let mut told = BTreeSet::new();
    let admission = |(line, stands): (&NewLine, bool)| {
        let digest = *digests.get(&line.key()).filter(|_| stands)?;
        let is_first = told.insert(digest);
        Some(DigestAdmission { digest, is_first })
    };
    Ok(all.iter().zip(stands).map(admission).collect())
}

/// An incident, and the connector in whose digests it has a line: one at the most.
type LineKey = (IncidentId, ConnectorId);

impl NewLine {
    fn key(&self) -> LineKey {
        (self.incident_id, self.to.connector_id)
    }

    fn row(&self, digest: DigestId, position: i32) -> digest_line::Model {
        digest_line::Model {
            incident_id: self.incident_id,
            connector_id: self.to.connector_id,
            digest_id: digest,
            position,
            line: self.text.clone(),
            shown_version: self.version,
        }
    }
}

/// The digests in which these incidents have lines already.
async fn on_record(
    tx: &DatabaseTransaction,
    incidents: Vec<IncidentId>,
) -> Result<HashMap<LineKey, DigestId>, DbErr> {
    if incidents.is_empty() {
        return Ok(HashMap::new());
    }
    let lines = posts::lines_of_incidents(tx, incidents).await?;
    let of = |line: digest_line::Model| ((line.incident_id, line.connector_id), line.digest_id);
    Ok(lines.into_iter().map(of).collect())
}

/// Finds room for the lines of one connector: in its open digest, and in others that are opened when it is full.
async fn append(tx: &DatabaseTransaction, lines: &[&NewLine]) -> Result<Vec<digest_line::Model>, DbErr> {
    let Some(first) = lines.first() else {
        return Ok(Vec::new());
    };
    let (connector, now) = (first.to.connector_id, first.clock.now());
    let mut rows = Vec::with_capacity(lines.len());
    let mut rest = lines;
    if let Some(open) = find_open(tx, connector).await? {
        let room = usize::try_from(LINES_MAX - open.lines).unwrap_or(0);
        let (fitting, others) = rest.split_at(room.min(rest.len()));
        if !fitting.is_empty() {
            grow(tx, open.id, count(fitting), now).await?;
            rows.extend(numbered(fitting, open.id, open.lines));
        }
        rest = others;
    }
    while let Some(first) = rest.first() {
        let (fitting, others) = rest.split_at(rest.len().min(usize::try_from(LINES_MAX).unwrap_or(1)));
        let digest = open(tx, first, count(fitting), now).await?;
        rows.extend(numbered(fitting, digest, 0));
        rest = others;
    }
    Ok(rows)
}

fn count(lines: &[&NewLine]) -> i32 {
    i32::try_from(lines.len()).unwrap_or(LINES_MAX)
}

/// The lines' rows, after so many others.
fn numbered<'a>(
    lines: &'a [&NewLine],
    digest: DigestId,
    after: i32,
) -> impl Iterator<Item = digest_line::Model> + use<'a> {
    let places = (after + 1)..;
    lines
        .iter()
        .zip(places)
        .map(move |(line, place)| line.row(digest, place))
}

/// The connector's open digest, which nobody else lets grow before the transaction ends.
async fn find_open(tx: &DatabaseTransaction, connector: ConnectorId) -> Result<Option<digest::Model>, DbErr> {
    let open = digest::Entity::find()
        .filter(digest::Column::ConnectorId.eq(connector))
        .filter(digest::Column::ClosedAt.is_null())
        .order_by_asc(digest::Column::Id);
    if tx.get_database_backend() != DbBackend::Postgres {
        return open.one(tx).await;
    }
    let open = open.lock_exclusive();
    match open.clone().one(tx).await? {
        Some(digest) => Ok(Some(digest)),
        // Whoever held the lock has closed it, and may have opened another: a second look sees that.
        None => open.one(tx).await,
    }
}

async fn grow(tx: &DatabaseTransaction, id: DigestId, by: i32, now: OffsetDateTime) -> Result<(), DbErr> {
    let sql = format!(
        "UPDATE slack_digest SET lines = lines + $5, wanted_version = wanted_version + 1, last_line_at = $2, {DUE}
         WHERE id = $1"
    );
    let values = [
        id.into(),
        now.into(),
        (now - BETWEEN).into(),
        (now + BETWEEN).into(),
        by.into(),
    ];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await?;
    Ok(())
}

/// Opens a digest of so many lines. The one before is closed: it is full, and there is one open at the most.
async fn open(
    tx: &DatabaseTransaction,
    first: &NewLine,
    lines: i32,
    now: OffsetDateTime,
) -> Result<DigestId, DbErr> {
    digest::Entity::update_many()
        .col_expr(digest::Column::ClosedAt, sea_orm::sea_query::Expr::value(now))
        .filter(digest::Column::ConnectorId.eq(first.to.connector_id))
        .filter(digest::Column::ClosedAt.is_null())
        .exec(tx)
        .await?;
    let id = DigestId::new();
    let row = digest::Model {
        id,
        organization_id: first.organization_id,
        connector_id: first.to.connector_id,
        lines,
        opened_at: now,
        last_line_at: now,
        closed_at: None,
        wanted_version: 1,
        shown_version: 0,
        due_at: now,
        attempts: 0,
        last_error: None,
        claimed_by: None,
        claimed_until: None,
        claim: 0,
        in_doubt: false,
    };
    digest::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    posts::save(tx, &intended(first, id, now)).await?;
    Ok(id)
}

/// The digest's message, before it is sent.
fn intended(line: &NewLine, digest: DigestId, now: OffsetDateTime) -> post::Model {
    post::Model {
        digest_id: Some(digest),
        connector_id: Some(line.to.connector_id),
        connector_name: line.to.connector_name.clone(),
        workspace_id: line.to.workspace,
        team_id: line.to.team_id.clone(),
        channel_id: line.to.channel_id.clone(),
        channel_name: line.to.channel_name.clone(),
        ..posts::queued(line.organization_id, lines::key(digest), PostKind::Digest, now)
    }
}
