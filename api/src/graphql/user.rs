//! Users in GraphQL.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    author,
    error::{InternalError, MutationError},
    identity::said_in,
    loaders::{MemberKey, MemberRow},
    ordering::Direction,
    paging::PageRequest,
    user::{self, UserCriteria, UserSort},
};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::Role,
};

use crate::graphql::{
    conditions::Conditions,
    context::{given_key, loaders, patch, request},
    failure::{Result, UserError, into_payload},
    incident::{self, IncidentFilter, IncidentOrder, IncidentPage},
    ordering::OrderDirection,
    paging::{TotalCount, connect},
    session::Session,
};
use crate::http::cost::of_list;

/// A person, as a member of the viewer's organisation.
#[derive(Clone)]
pub(crate) struct User(pub(crate) Arc<MemberRow>);

/// A person, as a member of the viewer's organisation.
#[Object]
impl User {
    /// The user's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.user_id.to_string())
    }

    /// The name people read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address, in lowercase.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What the member may do in the organisation.
    async fn role(&self) -> Role {
        self.0.role
    }

    /// Whether the member is active. A deactivated member can do nothing.
    async fn active(&self) -> bool {
        self.0.deactivated_at.is_none()
    }

    /// When the member was deactivated; null for an active member.
    async fn deactivated_at(&self) -> Option<OffsetDateTime> {
        self.0.deactivated_at
    }

    /// Where the member is signed in, the session used last first, 50 at most. For themselves, and for the roles ADMIN and OWNER.
    #[graphql(complexity = "200 + of_list(\"sessions\", 50, child_complexity + 1)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let found = tocsin_domain::session::list_of(&request(ctx), self.0.user_id).await?;
        Ok(found.into_iter().map(Session).collect())
    }

    /// The incidents that are assigned to the member, the newest first by default.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"assignedIncidents\", first, last, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn assigned_incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of the member's incidents you want; all by default.")] filter: Option<
            IncidentFilter,
        >,
        #[graphql(desc = "The order of the list; the newest first by default.")] order_by: Option<
            IncidentOrder,
        >,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<IncidentPage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        incident::list(ctx, criteria.assigned_to(self.0.user_id), order_by, page).await
    }

    /// When the member joined the organisation.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Who the member is in a Slack workspace by their own word (`U…` or `W…`); null where they have not said so. For the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn slack_user_id(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Slack workspace (`T…`).")] team_id: String,
    ) -> Result<Option<String>> {
        Ok(said_in(&request(ctx), self.0.organization_id, self.0.user_id, team_id).await?)
    }
}

/// Loads a member of an organisation.
pub(crate) async fn load_member(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    user_id: Option<UserId>,
) -> Result<Option<User>, InternalError> {
    match user_id {
        None => Ok(None),
        Some(user_id) => Ok(loaders(ctx)
            .load_one(MemberKey(organization_id, user_id))
            .await?
            .map(User)),
    }
}

/// Who did something: a member, a person in Slack who is none, or the holder of an API key.
#[derive(Clone, SimpleObject)]
pub(crate) struct Author {
    /// The name people read.
    name: String,
    /// The member's e-mail address; none for others.
    email: Option<String>,
    /// The member, where it is one.
    user: Option<User>,
}

impl From<author::Author> for Author {
    fn from(author: author::Author) -> Self {
        Self {
            name: author.name,
            email: author.member.as_ref().map(|member| member.email.clone()),
            user: author.member.map(User),
        }
    }
}

/// Which users you want: those who meet every condition. To leave out a condition, leave out its field: null is refused.
#[derive(InputObject, Default)]
pub(crate) struct UserFilter {
    /// The user with this e-mail address, in any case.
    email: MaybeUndefined<String>,
    /// Users whose name or e-mail address contains this text, in any case.
    search: MaybeUndefined<String>,
    /// Users who are active (`true`) or deactivated (`false`).
    active: MaybeUndefined<bool>,
    /// Users with one of these roles.
    roles: MaybeUndefined<Vec<Role>>,
    /// The deprecated name of `active`.
    #[graphql(deprecation = "Use `active`.")]
    is_active: MaybeUndefined<bool>,
    /// The deprecated name of `roles`.
    #[graphql(deprecation = "Use `roles`.")]
    role: MaybeUndefined<Vec<Role>>,
}

impl UserFilter {
    fn criteria(self, ctx: &Context<'_>) -> Result<UserCriteria> {
        let conditions = Conditions::of(ctx);
        Ok(UserCriteria {
            email: conditions.given("email", self.email)?,
            search: conditions.given("search", self.search)?,
            active: conditions.renamed(("active", self.active), ("isActive", self.is_active))?,
            roles: conditions.renamed(("roles", self.roles), ("role", self.role))?,
        })
    }
}

/// The order of a list of users.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct UserOrder {
    /// By what users are ordered.
    field: UserOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// By what users are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum UserOrderField {
    /// By the time when the user joined the organisation.
    CreatedAt,
    /// By name, in any case.
    Name,
    /// By e-mail address.
    Email,
}

/// The order that is asked for; by when the server came to know each person where none is.
fn sort(order: Option<UserOrder>) -> UserSort {
    let Some(order) = order else {
        return UserSort {
            field: user::UserOrderField::Id,
            direction: Direction::Ascending,
        };
    };
    UserSort {
        field: match order.field {
            UserOrderField::CreatedAt => user::UserOrderField::CreatedAt,
            UserOrderField::Name => user::UserOrderField::Name,
            UserOrderField::Email => user::UserOrderField::Email,
        },
        direction: order.direction.into(),
    }
}

/// A page of users.
pub(crate) type UserPage = Connection<String, User, TotalCount, EmptyFields>;

/// A page of the users who are wanted.
pub(crate) async fn list(
    ctx: &Context<'_>,
    filter: Option<UserFilter>,
    order_by: Option<UserOrder>,
    page: PageRequest,
) -> Result<UserPage> {
    let criteria = filter.unwrap_or_default().criteria(ctx)?;
    let sort = sort(order_by);
    let page = user::list(&request(ctx), &criteria, sort, page).await?;
    let total = TotalCount::of(criteria, |request, criteria| {
        async move { user::count(&request, &criteria).await }.boxed()
    });
    Ok(connect(page, total, |row| sort.cursor(row), User))
}

/// The queries for users.
#[derive(Default)]
pub(crate) struct UserQuery;

#[Object]
impl UserQuery {
    /// The members of the organisation, oldest first by default.
    #[graphql(complexity = "crate::graphql::paging::weight(\"users\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which users you want; all by default.")] filter: Option<UserFilter>,
        #[graphql(desc = "The order of the list; the oldest first by default.")] order_by: Option<UserOrder>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<UserPage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        list(ctx, filter, order_by, page).await
    }
}

/// A new member.
#[derive(Debug, InputObject)]
pub(crate) struct CreateUserInput {
    /// The name people read; at most 100 characters.
    name: String,
    /// The e-mail address, by which the person is known in Slack as well.
    email: String,
    /// What the member may do.
    role: Role,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl CreateUserInput {
    fn command(self, ctx: &Context<'_>) -> Result<user::CreateUser> {
        Ok(user::CreateUser {
            name: self.name,
            email: self.email,
            role: self.role,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a member; what is left out stays, and null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateUserInput {
    /// The user's id.
    id: ID,
    /// The name people read; at most 100 characters.
    name: MaybeUndefined<String>,
    /// The e-mail address, by which the person is known in Slack as well; unique in the organisation.
    email: MaybeUndefined<String>,
    /// What the member may do from now on.
    role: MaybeUndefined<Role>,
    /// Whether the member may do anything at all.
    active: MaybeUndefined<bool>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateUserInput {
    fn command(self, ctx: &Context<'_>) -> Result<user::UpdateUser> {
        Ok(user::UpdateUser {
            id: self.id.0,
            name: patch(self.name),
            email: patch(self.email),
            role: patch(self.role),
            active: patch(self.active),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of a change of a user.
#[derive(SimpleObject)]
pub(crate) struct UserPayload {
    /// The user as it is now; none where the change was refused.
    user: Option<User>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of users.
#[derive(Default)]
pub(crate) struct UserMutation;

#[Object]
impl UserMutation {
    /// Adds a member to the organisation. Needs the role ADMIN or OWNER; only an owner adds owners.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<UserPayload> {
        payload(user::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a member's name, e-mail address or role, deactivates or reactivates them. What another organisation says of
    /// the same person stays. Needs the role ADMIN or OWNER; only an owner makes and changes owners.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_user(&self, ctx: &Context<'_>, input: UpdateUserInput) -> Result<UserPayload> {
        payload(user::update(&request(ctx), input.command(ctx)?).await)
    }
}

fn payload(result: Result<Arc<MemberRow>, MutationError>) -> Result<UserPayload> {
    let (user, user_errors) = into_payload(result)?;
    Ok(UserPayload {
        user: user.map(User),
        user_errors,
    })
}
