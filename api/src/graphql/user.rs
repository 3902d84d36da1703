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

/// A user: a person who is a member of the viewer's organisation.
#[derive(Clone)]
pub(crate) struct User(pub(crate) Arc<MemberRow>);

/// A user: a person who is a member of the viewer's organisation.
#[Object]
impl User {
    /// The global id of the user.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.user_id.to_string())
    }

    /// The name of the user.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address of the user, in lowercase; unique in the organisation.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The role of the user: what the user can do in the organisation.
    async fn role(&self) -> Role {
        self.0.role
    }

    /// Whether the user is active. A deactivated user can do nothing.
    async fn active(&self) -> bool {
        self.0.deactivated_at.is_none()
    }

    /// The time when the user was deactivated; null if the user is active.
    async fn deactivated_at(&self) -> Option<OffsetDateTime> {
        self.0.deactivated_at
    }

    /// The sessions in which the user is signed in, last used first; at most 50. Only for the user and for the roles ADMIN and OWNER.
    #[graphql(complexity = "200 + of_list(\"sessions\", 50, child_complexity + 1)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let found = tocsin_domain::session::list_of(&request(ctx), self.0.user_id).await?;
        Ok(found.into_iter().map(Session).collect())
    }

    /// The incidents that are assigned to the user, newest first by default.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"assignedIncidents\", first, last, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn assigned_incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of the user's incidents to return; all by default.")] filter: Option<
            IncidentFilter,
        >,
        #[graphql(desc = "The order of the list; newest first by default.")] order_by: Option<IncidentOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
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

    /// The time when the user joined the organisation.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The Slack user whom the user has confirmed to be in a Slack workspace (`U…` or `W…`); null if the user hasn't confirmed this. For the Slack
    /// bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn slack_user_id(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the Slack workspace (`T…`).")] team_id: String,
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

/// The author of a change: a user, a person in Slack who isn't a member, or an API key.
#[derive(Clone, SimpleObject)]
pub(crate) struct Author {
    /// The name of the user, of the person in Slack or of the API key.
    name: String,
    /// The e-mail address of the user; null if the author isn't a user.
    email: Option<String>,
    /// The user; null if the author is a person in Slack or an API key.
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

/// Which users you want: the users who meet every condition. To leave out a condition, leave out the field: null is refused.
#[derive(InputObject, Default)]
pub(crate) struct UserFilter {
    /// The user with this e-mail address, in any case.
    email: MaybeUndefined<String>,
    /// Users with this text in the name or the e-mail address, in any case; at most 200 characters.
    search: MaybeUndefined<String>,
    /// Whether the users are active (`true`) or deactivated (`false`).
    active: MaybeUndefined<bool>,
    /// Users with any of these roles.
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
    /// The value that orders the users.
    field: UserOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// The values that can order a list of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum UserOrderField {
    /// The time when the user joined the organisation.
    CreatedAt,
    /// The name of the user, in any case.
    Name,
    /// The e-mail address of the user.
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
    /// The users of the viewer's organisation, oldest first by default.
    #[graphql(complexity = "crate::graphql::paging::weight(\"users\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which users to return; all by default.")] filter: Option<UserFilter>,
        #[graphql(desc = "The order of the list; oldest first by default.")] order_by: Option<UserOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
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

/// A new user of the organisation.
#[derive(Debug, InputObject)]
pub(crate) struct CreateUserInput {
    /// The name of the user; at most 100 characters.
    name: String,
    /// The e-mail address of the user; at most 254 characters, unique in the organisation. Slack knows the user by the same address.
    email: String,
    /// The role of the user: what the user can do in the organisation.
    role: Role,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// New values for a user. What you leave out stays the same. Null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateUserInput {
    /// The id of the user.
    id: ID,
    /// The name of the user; at most 100 characters.
    name: MaybeUndefined<String>,
    /// The e-mail address of the user; at most 254 characters, unique in the organisation. Slack knows the user by the same address.
    email: MaybeUndefined<String>,
    /// The role of the user: what the user can do in the organisation.
    role: MaybeUndefined<Role>,
    /// Whether the user is active. `false` deactivates the user and ends all sessions of the user.
    active: MaybeUndefined<bool>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of a change of a user.
#[derive(SimpleObject)]
pub(crate) struct UserPayload {
    /// The user after the change; null if the change was refused.
    user: Option<User>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of users.
#[derive(Default)]
pub(crate) struct UserMutation;

#[Object]
impl UserMutation {
    /// Adds a user to the organisation. Needs the role ADMIN or OWNER; only an owner adds owners.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<UserPayload> {
        payload(user::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes the name, e-mail address or role of a user, or deactivates or reactivates the user. Other organisations that the same person belongs
    /// to don't change. Needs the role ADMIN or OWNER; only an owner makes and changes owners.
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
