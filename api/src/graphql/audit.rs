//! The audit log in GraphQL: read, and never written.

use async_graphql::{
    Context, ID, InputObject, Json, MaybeUndefined, Object,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    audit::{self, AuditCriteria},
    paging::PageRequest,
    time_range::TimeRange,
};
use tocsin_entity::{api_key, audit_entry::Model, kinds::AuditChannel};

use crate::graphql::{
    api_key::ApiKey,
    conditions::Conditions,
    context::{loaders, request},
    failure::Result,
    paging::{TotalCount, connect},
    user::{User, load_member},
};

/// An entry of the audit log.
#[derive(Clone)]
pub(crate) struct AuditEntry(Model);

/// An entry of the audit log: one change of one object. It is never changed or deleted.
#[Object]
impl AuditEntry {
    /// The entry's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What was done: the name of the mutation, or of what the command line did in its place.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// By which way the change came.
    async fn through(&self) -> AuditChannel {
        self.0.through
    }

    /// What the member who acted was called at the time; for a key that is no member's, the key.
    async fn actor_name(&self) -> &str {
        &self.0.actor_name
    }

    /// The member who acted; null where none did.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.actor_user_id).await?)
    }

    /// The API key that was used; null where none was.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<ApiKey>> {
        let Some(id) = self.0.actor_key_id else {
            return Ok(None);
        };
        let found: Option<api_key::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(ApiKey))
    }

    /// The network address that the request came from; null for the command line.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The id of the request, as it is in the answer's header and in the server's log; null for the command line.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The kind of object that was changed, as its type is called here.
    async fn subject_kind(&self) -> &str {
        &self.0.subject_kind
    }

    /// The id of the object that was changed.
    async fn subject_id(&self) -> ID {
        ID(self.0.subject_id.clone())
    }

    /// What the object was called; empty where such objects have no name.
    async fn subject_name(&self) -> &str {
        &self.0.subject_name
    }

    /// How the object was, with secrets masked; null where it was made.
    async fn before(&self) -> Option<Json<serde_json::Value>> {
        self.0.before.clone().map(Json)
    }

    /// How the object is since, with secrets masked; null where it was deleted.
    async fn after(&self) -> Option<Json<serde_json::Value>> {
        self.0.after.clone().map(Json)
    }

    /// When it was changed.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// An entry that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<AuditEntry>> {
    let found = audit::find(&request(ctx), id).await?;
    Ok(found.map(AuditEntry))
}

/// Which entries of the audit log you want: those that meet every condition. To leave out a condition, leave out its field: null is refused.
#[derive(Debug, Default, InputObject)]
pub(crate) struct AuditLogFilter {
    /// Entries of this mutation, such as `updateUser`.
    action: MaybeUndefined<String>,
    /// Entries whose change came through this channel.
    through: MaybeUndefined<AuditChannel>,
    /// Entries of changes by this member or this API key.
    actor_id: MaybeUndefined<ID>,
    /// Entries about the object with this id.
    subject_id: MaybeUndefined<ID>,
    /// Entries from this time on.
    since: MaybeUndefined<OffsetDateTime>,
    /// Entries before this time.
    until: MaybeUndefined<OffsetDateTime>,
}

impl AuditLogFilter {
    fn criteria(self, ctx: &Context<'_>) -> Result<AuditCriteria> {
        let conditions = Conditions::of(ctx);
        Ok(AuditCriteria {
            action: conditions.given("action", self.action)?,
            through: conditions.given("through", self.through)?,
            actor_id: conditions.id("actorId", self.actor_id)?,
            subject_id: conditions.id("subjectId", self.subject_id)?,
            created_at: TimeRange {
                from: conditions.given("since", self.since)?,
                to: conditions.given("until", self.until)?,
            },
        })
    }
}

/// The query for the audit log.
#[derive(Default)]
pub(crate) struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What administrators have changed, oldest first: ask for the `last` to see the newest. Needs the role ADMIN or OWNER.
    #[graphql(complexity = "crate::graphql::paging::weight(\"auditLog\", first, last, child_complexity)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<AuditLogFilter>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, AuditEntry, TotalCount, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        let page = audit::list(&request(ctx), &criteria, page).await?;
        let total = TotalCount::of(criteria, |request, criteria| {
            async move { audit::count(&request, &criteria).await }.boxed()
        });
        Ok(connect(page, total, |row| row.id.to_string(), AuditEntry))
    }
}
