//! Users in GraphQL.

use std::sync::Arc;

use async_graphql::{
    Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use time::OffsetDateTime;
use tocsin_domain::{
    author,
    error::{InternalError, MutationError},
    identity::said_in,
    loaders::{MemberKey, MemberRow},
    paging::PageRequest,
    user::UserCriteria,
};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::Role,
};

use crate::graphql::{
    context::{given_key, loaders, patch, request},
    failure::{Result, UserError, into_payload},
    paging::connect,
    session::Session,
};

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

    /// When the member was deactivated; such a member may do nothing.
    async fn deactivated_at(&self) -> Option<OffsetDateTime> {
        self.0.deactivated_at
    }

    /// Where the member is signed in, the session used last first, 50 at most. For themselves, and for the roles ADMIN and OWNER.
    #[graphql(complexity = "200 + 50 * (child_complexity + 1)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let found = tocsin_domain::session::list_of(&request(ctx), self.0.user_id).await?;
        Ok(found.into_iter().map(Session).collect())
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

/// Which users are wanted.
#[derive(InputObject, Default)]
pub(crate) struct UserFilter {
    /// The one with this e-mail address.
    email: Option<String>,
    /// Those whose name or e-mail address contains this, in any case.
    search: Option<String>,
    /// Those who may do something, or those who were deactivated.
    is_active: Option<bool>,
    /// Those in one of these roles.
    role: Option<Vec<Role>>,
}

impl From<UserFilter> for UserCriteria {
    fn from(filter: UserFilter) -> Self {
        Self {
            email: filter.email,
            search: filter.search,
            is_active: filter.is_active,
            role: filter.role,
        }
    }
}

/// The queries for users.
#[derive(Default)]
pub(crate) struct UserQuery;

#[Object]
impl UserQuery {
    /// The members of the organisation, oldest first.
    #[graphql(complexity = "crate::graphql::paging::weight(first, last, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<UserFilter>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, User>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let criteria = filter.unwrap_or_default().into();
        let page = tocsin_domain::user::list(&request(ctx), criteria, page).await?;
        Ok(connect(page, EmptyFields, |row| row.user_id.to_string(), User))
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
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::user::CreateUser> {
        Ok(tocsin_domain::user::CreateUser {
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
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::user::UpdateUser> {
        Ok(tocsin_domain::user::UpdateUser {
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
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<UserPayload> {
        payload(tocsin_domain::user::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a member's name, e-mail address or role, deactivates or reactivates them. What another organisation says of
    /// the same person stays. Needs the role ADMIN or OWNER; only an owner makes and changes owners.
    async fn update_user(&self, ctx: &Context<'_>, input: UpdateUserInput) -> Result<UserPayload> {
        payload(tocsin_domain::user::update(&request(ctx), input.command(ctx)?).await)
    }
}

fn payload(result: Result<Arc<MemberRow>, MutationError>) -> Result<UserPayload> {
    let (user, user_errors) = into_payload(result)?;
    Ok(UserPayload {
        user: user.map(User),
        user_errors,
    })
}
