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

/// An entry of the audit log: a change of a single object. Nobody can change or delete an entry.
#[derive(Clone)]
pub(crate) struct AuditEntry(Model);

/// An entry of the audit log: a change of a single object. Nobody can change or delete an entry.
#[Object]
impl AuditEntry {
    /// The global id of the entry.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The action: the name of the mutation, or of the step on the server's command line, that made the change.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// The channel through which the change was made.
    async fn through(&self) -> AuditChannel {
        self.0.through
    }

    /// The name that the acting user had at the time. Without a user, the name of the API key; without an API key, the name of the channel.
    async fn actor_name(&self) -> &str {
        &self.0.actor_name
    }

    /// The user who made the change; null if no user did.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.actor_user_id).await?)
    }

    /// The API key that the request used; null if the request used no API key.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<ApiKey>> {
        let Some(id) = self.0.actor_key_id else {
            return Ok(None);
        };
        let found: Option<api_key::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(ApiKey))
    }

    /// The network address that the request came from; null for the command line, or if the address is unknown.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The id of the request, as in the response's header and in the server's log; null for the command line.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The kind of the changed object: the name of the type in this API.
    async fn subject_kind(&self) -> &str {
        &self.0.subject_kind
    }

    /// The id of the changed object.
    async fn subject_id(&self) -> ID {
        ID(self.0.subject_id.clone())
    }

    /// The name of the changed object at the time; empty if such objects have no name.
    async fn subject_name(&self) -> &str {
        &self.0.subject_name
    }

    /// The object before the change, with secrets masked; null if the change created or only copied the object.
    async fn before(&self) -> Option<Json<serde_json::Value>> {
        self.0.before.clone().map(Json)
    }

    /// The object after the change, with secrets masked; null if the change deleted or only copied the object.
    async fn after(&self) -> Option<Json<serde_json::Value>> {
        self.0.after.clone().map(Json)
    }

    /// The time of the change.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// An entry that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<AuditEntry>> {
    let found = audit::find(&request(ctx), id).await?;
    Ok(found.map(AuditEntry))
}

/// Which entries of the audit log you want: the entries that meet every condition. To leave out a condition, leave out the field: null is refused.
#[derive(Debug, Default, InputObject)]
pub(crate) struct AuditLogFilter {
    /// Entries of this mutation, such as `updateUser`.
    action: MaybeUndefined<String>,
    /// Entries of changes that were made through this channel.
    through: MaybeUndefined<AuditChannel>,
    /// Entries of changes by this user or this API key, by the id of the user (`usr_…`) or of the key (`key_…`).
    actor_id: MaybeUndefined<ID>,
    /// Entries about the object with this id.
    subject_id: MaybeUndefined<ID>,
    /// Entries from this time on, including this time.
    since: MaybeUndefined<OffsetDateTime>,
    /// Entries before this time, excluding this time.
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
    /// The audit log: what administrators have changed, oldest first. To see the newest entries, use `last`. Needs the role ADMIN or OWNER.
    #[graphql(complexity = "crate::graphql::paging::weight(\"auditLog\", first, last, child_complexity)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries to return; all by default.")] filter: Option<AuditLogFilter>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
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
