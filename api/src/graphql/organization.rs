//! Organisations, and who is looking.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::{
    error::{InternalError, RequestError},
    event,
    organization::UpdateOrganization,
    paging::PageRequest,
    viewer::{Permission, Viewer as Caller},
};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{Role, Scope},
    organization,
};

use crate::graphql::{
    api_key::ApiKey,
    context::{given_key, loaders, patch, request},
    failure::{Result, UserError, into_payload},
    service::{self, ServiceFilter, ServiceOrder, ServicePage},
    session::Session,
    slack::SlackSettings,
    user::{self, User, UserFilter, UserOrder, UserPage, load_member},
};
use crate::http::cost::of_list;

/// An organisation: the tenant that owns everything else.
#[derive(Clone)]
pub(crate) struct Organization(organization::Model);

/// Loads an organisation for whoever may see more than a single incident of it.
pub(crate) async fn load(ctx: &Context<'_>, id: OrganizationId) -> Result<Organization> {
    ctx.data_unchecked::<Caller>().may_look_around()?;
    let row: Option<organization::Model> = loaders(ctx).load_one(id).await?;
    let row = row.ok_or_else(|| InternalError::Broken(format!("the organisation {id} is not there")))?;
    Ok(Organization(row))
}

/// An organisation: the tenant that owns everything else.
#[Object]
impl Organization {
    /// The global id of the organisation.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name of the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The short name of the organisation in addresses and commands: lowercase letters, digits and dashes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The organisation's settings for Slack as a whole.
    async fn slack_settings(&self) -> SlackSettings {
        SlackSettings::from(&self.0)
    }

    /// The cursor of the newest event in the event log; null if the log has no events. If you poll `eventLog`, compare this cursor to see whether the
    /// log has new events.
    async fn newest_event_cursor(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let newest = event::EventNumber(self.0.id, self.0.last_event_seq);
        if newest.1 == 0 {
            return Ok(None);
        }
        Ok(loaders(ctx).load_one(newest).await?)
    }

    /// The time when the organisation was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The users of the organisation, oldest first by default.
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
        self.must_be_viewers(ctx)?;
        user::list(ctx, filter, order_by, page).await
    }

    /// The services of the organisation, oldest first by default, including archived services.
    #[graphql(complexity = "crate::graphql::paging::weight(\"services\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which services to return; all by default.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "The order of the list; oldest first by default.")] order_by: Option<ServiceOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
    ) -> Result<ServicePage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        self.must_be_viewers(ctx)?;
        service::list(ctx, filter, order_by, page).await
    }
}

impl Organization {
    /// Refuses lists of an organisation that the request is not about: the bridge is shown every organisation.
    fn must_be_viewers(&self, ctx: &Context<'_>) -> Result<()> {
        if ctx.data_unchecked::<Caller>().may(Permission::Read)? == self.0.id {
            return Ok(());
        }
        let why = "Ask for the lists of one organisation: name it in `Tocsin-Organization`.";
        Err(RequestError::BadInput(why.to_owned()).into())
    }
}

/// New values for the organisation. What you leave out stays the same. Null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateOrganizationInput {
    /// The name of the organisation; at most 100 characters.
    name: MaybeUndefined<String>,
    /// The short name of the organisation in addresses and commands: lowercase letters, digits and dashes, at most 60 characters, no dash at either
    /// end; unique on the server.
    slug: MaybeUndefined<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change of the organisation.
#[derive(SimpleObject)]
pub(crate) struct OrganizationPayload {
    /// The organisation after the change; null if the change was refused.
    organization: Option<Organization>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of organisations.
#[derive(Default)]
pub(crate) struct OrganizationMutation;

#[Object]
impl OrganizationMutation {
    /// Changes the name or the slug of the viewer's organisation. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn update_organization(
        &self,
        ctx: &Context<'_>,
        input: UpdateOrganizationInput,
    ) -> Result<OrganizationPayload> {
        let wanted = UpdateOrganization {
            name: patch(input.name),
            slug: patch(input.slug),
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        let (row, user_errors) =
            into_payload(tocsin_domain::organization::update(&request(ctx), wanted).await)?;
        Ok(OrganizationPayload {
            organization: row.map(Organization),
            user_errors,
        })
    }
}

/// The viewer: the user who is signed in, or the user, role and scopes of the API key.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// The organisation that the viewer is signed in to, or that the API key belongs to; null only for the Slack bridge, if the request names no
    /// organisation.
    organization: Option<Organization>,
    /// The user who is signed in, or whom the API key acts as; null for an API key of the organisation itself.
    user: Option<User>,
    /// The role of the user; null for an API key of the organisation itself.
    role: Option<Role>,
    /// The scopes of the API key; for a user who is signed in, everything that the role allows.
    scopes: Vec<Scope>,
    /// The permissions of the viewer in the organisation: what both the role and the scopes allow.
    permissions: Vec<ViewerPermission>,
}

/// A permission that a viewer can have in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Permission")]
pub(crate) enum ViewerPermission {
    /// Reading incidents and everything around the incidents.
    Read,
    /// Triggering incidents in the organisation.
    TriggerIncidents,
    /// Working on incidents and post-mortems: acknowledging, resolving, commenting, drafting, and so on.
    Respond,
    /// Retracting comments of other users.
    ModerateComments,
    /// Managing the organisation: users, API keys, services, connectors and Slack.
    Manage,
    /// Managing your own API keys, sessions and link to Slack.
    ManageOwnAccount,
}

impl ViewerPermission {
    /// Each with what the domain calls it.
    const ALL: [(Self, Permission); 6] = [
        (Self::Read, Permission::Read),
        (Self::TriggerIncidents, Permission::Trigger),
        (Self::Respond, Permission::Respond),
        (Self::ModerateComments, Permission::Moderate),
        (Self::Manage, Permission::Manage),
        (Self::ManageOwnAccount, Permission::Myself),
    ];

    /// All that the caller has.
    fn of(caller: &Caller) -> Vec<Self> {
        let held = Self::ALL
            .into_iter()
            .filter(|(_, need)| caller.may(*need).is_ok());
        held.map(|(told, _)| told).collect()
    }
}

/// Most sessions of a member that are told.
const SESSIONS_TOLD: usize = 50;

#[ComplexObject]
impl Viewer {
    /// The session in which the viewer is signed in; null if the request uses an API key.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        let found = tocsin_domain::session::of_viewer(&request(ctx)).await?;
        Ok(found.map(Session))
    }

    /// The sessions in which the viewer is signed in, last used first; at most 50. Empty for an API key of the organisation itself.
    #[graphql(complexity = "of_list(\"sessions\", SESSIONS_TOLD, child_complexity + 1)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let found = tocsin_domain::session::own(&request(ctx)).await?;
        Ok(found.into_iter().map(Session).collect())
    }

    /// The viewer's own API keys that aren't revoked, newest first; at most 100. Empty for an API key of the organisation itself.
    #[graphql(complexity = "of_list(\"apiKeys\", 100, child_complexity + 1)")]
    async fn api_keys(&self, ctx: &Context<'_>) -> Result<Vec<ApiKey>> {
        let found = tocsin_domain::api_key::own(&request(ctx)).await?;
        Ok(found.into_iter().map(ApiKey).collect())
    }
}

/// The viewer's own organisation, if it has this id.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Organization>> {
    let found = tocsin_domain::organization::find(&request(ctx), id).await?;
    Ok(found.map(Organization))
}

/// The queries for organisations.
#[derive(Default)]
pub(crate) struct OrganizationQuery;

#[Object]
impl OrganizationQuery {
    /// The viewer: the user or the API key that makes the request.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let caller = ctx.data_unchecked::<Caller>();
        let organization = tocsin_domain::organization::of_viewer(&request(ctx)).await?;
        let user = match (caller.organization_id(), caller.member()) {
            (Some(id), Some(member)) => load_member(ctx, id, Some(member.user_id)).await?,
            (None, _) | (_, None) => None,
        };
        Ok(Viewer {
            organization: organization.map(Organization),
            user,
            role: caller.member().map(|member| member.role),
            scopes: caller.scopes(),
            permissions: ViewerPermission::of(caller),
        })
    }

    /// The organisation that the viewer is signed in to, or that the API key belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(Organization(
            tocsin_domain::organization::own(&request(ctx)).await?,
        ))
    }

    /// Every organisation on the server, oldest first. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Returns only organisations with new events since this time, or shortly before this time; all by default."
        )]
        changed_since: Option<OffsetDateTime>,
    ) -> Result<Vec<Organization>> {
        let rows = tocsin_domain::organization::list(&request(ctx), changed_since).await?;
        Ok(rows.into_iter().map(Organization).collect())
    }
}
