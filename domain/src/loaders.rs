//! Rows loaded in batches: whatever a list shows beside its own rows costs one query, not one for each row.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait, DbErr, Iterable, Order, QueryFilter, QueryOrder,
    sea_query::{Alias, Expr, ExprTrait, Query, WindowStatement},
};
use tocsin_database::Database;
use tocsin_entity::{
    comment_revision,
    id::{ConnectorId, IncidentId, OrganizationId, TimelineEntryId, UserId, WorkspaceId},
    incident, incident_assignee,
    kinds::{EntryKind, Role},
    membership, postmortem,
    slack::{connector, digest_line, installation, post},
    timeline_entry,
};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    data_loader::{DataLoader, Loader},
    error::InternalError,
    tenant::everywhere,
    timeline::TimelinePosition,
};

/// Reads rows by their keys.
pub struct BatchLoader {
    database: Database,
    has_own_workspace: bool,
}

impl BatchLoader {
    /// The database that is read.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether there is a Slack workspace of the server's own.
    pub fn has_own_workspace(&self) -> bool {
        self.has_own_workspace
    }
}

/// Why rows are read without their organisation.
pub(crate) const TOGETHER: &str = "keys that several requests ask for at the same time: each was found in its own organisation, or is checked by `load_owned`";

/// How long keys are gathered: as long as the resolvers of one level take to ask.
const GATHERED_FOR: Duration = Duration::from_micros(200);

/// The loader that a request's resolvers share.
pub type RequestLoader = DataLoader<BatchLoader>;

/// The loaders of a domain. Nothing is cached, so that one request never sees what another read.
pub(crate) fn loaders(database: Database, has_own_workspace: bool) -> RequestLoader {
    let batch_loader = BatchLoader {
        database,
        has_own_workspace,
    };
    DataLoader::new(batch_loader, GATHERED_FOR)
}

/// A person as a member of an organisation: what that organisation says of them, and nothing that others say.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// The name people read.
    pub name: String,
    /// The e-mail address, in lowercase.
    pub email: String,
    /// What the member may do.
    pub role: Role,
    /// When the member was deactivated.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When the member joined.
    pub created_at: OffsetDateTime,
}

impl From<membership::Model> for MemberRow {
    fn from(row: membership::Model) -> Self {
        Self {
            organization_id: row.organization_id,
            user_id: row.user_id,
            // Null for a moment, where a replica of the version before has just added the member.
            name: row.name.unwrap_or_default(),
            email: row.email.unwrap_or_default(),
            role: row.role,
            deactivated_at: row.deactivated_at,
            created_at: row.created_at,
        }
    }
}

/// The key of a member: who, where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberKey(pub OrganizationId, pub UserId);

impl Loader<MemberKey> for BatchLoader {
    type Value = Arc<MemberRow>;
    type Error = InternalError;

    async fn load(&self, keys: &[MemberKey]) -> Result<HashMap<MemberKey, Self::Value>, InternalError> {
        let users = keys.iter().map(|key| key.1);
        let organizations = keys.iter().map(|key| key.0);
        let rows = everywhere::<membership::Entity>(TOGETHER)
            .filter(membership::Column::UserId.is_in(users))
            .filter(membership::Column::OrganizationId.is_in(organizations))
            .all(self.database.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let key = MemberKey(row.organization_id, row.user_id);
                (key, Arc::new(row.into()))
            })
            .collect())
    }
}

impl Loader<IncidentId> for BatchLoader {
    type Value = Arc<incident::Model>;
    type Error = InternalError;

    async fn load(&self, keys: &[IncidentId]) -> Result<HashMap<IncidentId, Self::Value>, InternalError> {
        let rows = everywhere::<incident::Entity>(TOGETHER)
            .filter(incident::Column::Id.is_in(keys.iter().copied()))
            .all(self.database.read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

impl Loader<TimelineEntryId> for BatchLoader {
    type Value = Arc<timeline_entry::Model>;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[TimelineEntryId],
    ) -> Result<HashMap<TimelineEntryId, Self::Value>, InternalError> {
        let rows = everywhere::<timeline_entry::Entity>(TOGETHER)
            .filter(timeline_entry::Column::Id.is_in(keys.iter().copied()))
            .all(self.database.read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

/// The key of an incident's assignees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssigneesOf(pub IncidentId);

impl Loader<AssigneesOf> for BatchLoader {
    type Value = Vec<UserId>;
    type Error = InternalError;

    async fn load(&self, keys: &[AssigneesOf]) -> Result<HashMap<AssigneesOf, Vec<UserId>>, InternalError> {
        let rows = everywhere::<incident_assignee::Entity>(TOGETHER)
            .filter(incident_assignee::Column::IncidentId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(incident_assignee::Column::UserId)
            .all(self.database.read())
            .await?;
        let mut found: HashMap<AssigneesOf, Vec<UserId>> = HashMap::new();
        for row in rows {
            found
                .entry(AssigneesOf(row.incident_id))
                .or_default()
                .push(row.user_id);
        }
        Ok(found)
    }
}

/// The key of what a comment said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RevisionsOf(pub TimelineEntryId);

impl Loader<RevisionsOf> for BatchLoader {
    type Value = Vec<comment_revision::Model>;
    type Error = InternalError;

    async fn load(&self, keys: &[RevisionsOf]) -> Result<HashMap<RevisionsOf, Self::Value>, InternalError> {
        let rows = everywhere::<comment_revision::Entity>(TOGETHER)
            .filter(comment_revision::Column::EntryId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(comment_revision::Column::Version)
            .all(self.database.read())
            .await?;
        let mut found: HashMap<RevisionsOf, Self::Value> = HashMap::new();
        for row in rows {
            found.entry(RevisionsOf(row.entry_id)).or_default().push(row);
        }
        Ok(found)
    }
}

/// The key of the entries that tell who triggered, acknowledged and resolved an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActsOf(pub IncidentId);

impl Loader<ActsOf> for BatchLoader {
    type Value = Vec<Arc<timeline_entry::Model>>;
    type Error = InternalError;

    async fn load(&self, keys: &[ActsOf]) -> Result<HashMap<ActsOf, Self::Value>, InternalError> {
        // A snooze acknowledges as well.
        let acts = [
            EntryKind::Triggered,
            EntryKind::Acknowledged,
            EntryKind::Snoozed,
            EntryKind::Resolved,
        ];
        let rows = everywhere::<timeline_entry::Entity>(TOGETHER)
            .filter(timeline_entry::Column::IncidentId.is_in(keys.iter().map(|key| key.0)))
            .filter(timeline_entry::Column::Kind.is_in(acts))
            .order_by_asc(timeline_entry::Column::Version)
            .all(self.database.read())
            .await?;
        let mut found: HashMap<ActsOf, Self::Value> = HashMap::new();
        for row in rows {
            found
                .entry(ActsOf(row.incident_id))
                .or_default()
                .push(Arc::new(row));
        }
        Ok(found)
    }
}

/// The key of an incident's post-mortem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PostmortemOf(pub IncidentId);

impl Loader<PostmortemOf> for BatchLoader {
    type Value = postmortem::Model;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[PostmortemOf],
    ) -> Result<HashMap<PostmortemOf, postmortem::Model>, InternalError> {
        let rows = everywhere::<postmortem::Entity>(TOGETHER)
            .filter(postmortem::Column::IncidentId.is_in(keys.iter().map(|key| key.0)))
            .all(self.database.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (PostmortemOf(row.incident_id), row))
            .collect())
    }
}

/// The key of an incident's messages in Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveriesOf(pub IncidentId);

impl Loader<DeliveriesOf> for BatchLoader {
    type Value = Vec<Arc<post::Model>>;
    type Error = InternalError;

    async fn load(&self, keys: &[DeliveriesOf]) -> Result<HashMap<DeliveriesOf, Self::Value>, InternalError> {
        let incidents = keys.iter().map(|key| key.0);
        let lines = everywhere::<digest_line::Entity>(TOGETHER)
            .filter(digest_line::Column::IncidentId.is_in(incidents.clone()))
            .all(self.database.read())
            .await?;
        let posts = everywhere::<post::Entity>(TOGETHER)
            .filter(
                sea_orm::Condition::any()
                    .add(post::Column::IncidentId.is_in(incidents))
                    .add(post::Column::DigestId.is_in(lines.iter().map(|line| line.digest_id))),
            )
            .order_by_asc(post::Column::Id)
            .all(self.database.read())
            .await?;
        let mut found: HashMap<DeliveriesOf, Self::Value> = HashMap::new();
        for post in posts.into_iter().map(Arc::new) {
            if let Some(incident_id) = post.incident_id {
                found
                    .entry(DeliveriesOf(incident_id))
                    .or_default()
                    .push(Arc::clone(&post));
            }
            for line in lines.iter().filter(|line| Some(line.digest_id) == post.digest_id) {
                found
                    .entry(DeliveriesOf(line.incident_id))
                    .or_default()
                    .push(Arc::clone(&post));
            }
        }
        Ok(found)
    }
}

/// A stretch of an incident's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimelineOf {
    /// Whose timeline it is.
    pub incident_id: IncidentId,
    /// How many entries.
    pub limit: u64,
    /// Only what comes after this place.
    pub after: Option<TimelinePosition>,
    /// Only what comes before it.
    pub before: Option<TimelinePosition>,
    /// Whether the last ones are wanted.
    pub from_the_end: bool,
    /// Only what was added, edited or retracted after this version of the incident.
    pub changed_after: Option<i64>,
}

impl Loader<TimelineOf> for BatchLoader {
    /// From the wanted end on.
    type Value = Vec<Arc<timeline_entry::Model>>;
    type Error = InternalError;

    async fn load(&self, keys: &[TimelineOf]) -> Result<HashMap<TimelineOf, Self::Value>, InternalError> {
        let mut incidents: HashMap<TimelineOf, Vec<IncidentId>> = HashMap::new();
        for key in keys {
            // A list wants the same stretch of each of its incidents.
            let stretch = TimelineOf {
                incident_id: IncidentId(Uuid::nil()),
                ..*key
            };
            incidents.entry(stretch).or_default().push(key.incident_id);
        }
        let mut found: HashMap<TimelineOf, Self::Value> = HashMap::new();
        for (stretch, ids) in incidents {
            for row in self.stretches(stretch, ids).await? {
                let key = TimelineOf {
                    incident_id: row.incident_id,
                    ..stretch
                };
                found.entry(key).or_default().push(Arc::new(row));
            }
        }
        Ok(found)
    }
}

impl BatchLoader {
    /// The same stretch of several timelines.
    async fn stretches(
        &self,
        wanted: TimelineOf,
        incidents: Vec<IncidentId>,
    ) -> Result<Vec<timeline_entry::Model>, DbErr> {
        let order = if wanted.from_the_end {
            Order::Desc
        } else {
            Order::Asc
        };
        let (entry, place) = (Alias::new("entry"), Alias::new("place"));
        let mut each = Query::select();
        each.columns(timeline_entry::Column::iter())
            .expr_window_as(
                Expr::cust("ROW_NUMBER()"),
                WindowStatement::partition_by(timeline_entry::Column::IncidentId)
                    .order_by(timeline_entry::Column::OccurredAt, order.clone())
                    .order_by(timeline_entry::Column::Version, order.clone())
                    .take(),
                place.clone(),
            )
            .from(timeline_entry::Entity)
            .and_where(timeline_entry::Column::IncidentId.is_in(incidents));
        if let Some(after) = wanted.after {
            let same = timeline_entry::Column::OccurredAt.eq(after.occurred_at);
            let later = timeline_entry::Column::Version.gt(after.version);
            each.and_where(
                timeline_entry::Column::OccurredAt
                    .gt(after.occurred_at)
                    .or(same.and(later)),
            );
        }
        if let Some(before) = wanted.before {
            let same = timeline_entry::Column::OccurredAt.eq(before.occurred_at);
            let earlier = timeline_entry::Column::Version.lt(before.version);
            each.and_where(
                timeline_entry::Column::OccurredAt
                    .lt(before.occurred_at)
                    .or(same.and(earlier)),
            );
        }
        if let Some(version) = wanted.changed_after {
            let added = timeline_entry::Column::Version.gt(version);
            each.and_where(added.or(timeline_entry::Column::ChangedVersion.gt(version)));
        }
        let rows = Query::select()
            .columns(timeline_entry::Column::iter())
            .from_subquery(each, entry)
            .and_where(Expr::col(place).lte(wanted.limit))
            .order_by(timeline_entry::Column::OccurredAt, order.clone())
            .order_by(timeline_entry::Column::Version, order)
            .take();
        let db = self.database.read();
        everywhere::<timeline_entry::Entity>(TOGETHER)
            .from_raw_sql(db.get_database_backend().build(&rows))
            .all(db)
            .await
    }
}

/// The key of what the bridge has found of a Slack workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstallationOf(pub WorkspaceId);

impl Loader<InstallationOf> for BatchLoader {
    type Value = installation::Model;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[InstallationOf],
    ) -> Result<HashMap<InstallationOf, Self::Value>, InternalError> {
        let rows = everywhere::<installation::Entity>(TOGETHER)
            .filter(installation::Column::WorkspaceId.is_in(keys.iter().map(|key| key.0)))
            .all(self.database.read())
            .await?;
        let found = rows
            .into_iter()
            .map(|row| (InstallationOf(row.workspace_id), row));
        Ok(found.collect())
    }
}

/// The key of what the bridge has found of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectorObservationOf(pub ConnectorId);

impl Loader<ConnectorObservationOf> for BatchLoader {
    type Value = connector::Model;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[ConnectorObservationOf],
    ) -> Result<HashMap<ConnectorObservationOf, Self::Value>, InternalError> {
        let rows = everywhere::<connector::Entity>(TOGETHER)
            .filter(connector::Column::ConnectorId.is_in(keys.iter().map(|key| key.0)))
            .all(self.database.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (ConnectorObservationOf(row.connector_id), row))
            .collect())
    }
}

macro_rules! by_id {
    ($($id:ident => $module:ident;)*) => {$(
        impl Loader<tocsin_entity::id::$id> for BatchLoader {
            type Value = tocsin_entity::$module::Model;
            type Error = InternalError;

            async fn load(
                &self,
                keys: &[tocsin_entity::id::$id],
            ) -> Result<HashMap<tocsin_entity::id::$id, Self::Value>, InternalError> {
                let rows = everywhere::<tocsin_entity::$module::Entity>(TOGETHER)
                    .filter(tocsin_entity::$module::Column::Id.is_in(keys.iter().copied()))
                    .all(self.database.read())
                    .await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        }
    )*};
}

by_id! {
    ServiceId => service;
    ApiKeyId => api_key;
    AuditEntryId => audit_entry;
    ConnectorId => connector;
    PostmortemId => postmortem;
    SlackTemplateId => slack_template;
    WorkspaceId => slack_workspace;
    RuleId => connector_rule;
    SlackAppId => slack_app;
    SlackLinkId => slack_link;
    OperationId => slack_operation;
    SessionId => session;
}
