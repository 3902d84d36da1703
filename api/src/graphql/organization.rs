//! Organisations, and who is looking.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::{event, viewer::Viewer as Caller};
use tocsin_entity::{
    kinds::{Role, Scope},
    organization,
};

use crate::graphql::{
    api_key::ApiKey,
    context::{loaders, request},
    failure::Result,
    session::Session,
    slack::SlackSettings,
    user::{User, load_member},
};

/// An organisation.
#[derive(Clone)]
pub(crate) struct Organization(organization::Model);

/// An organisation: the tenant that owns everything else.
#[Object]
impl Organization {
    /// The organisation's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name people read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What it has decided about Slack as a whole.
    async fn slack_settings(&self) -> SlackSettings {
        SlackSettings::from(&self.0)
    }

    /// The cursor of the newest event in the event log; null before the first. By it, whoever polls `eventLog` sees whether
    /// there is anything new.
    async fn newest_event_cursor(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let newest = event::EventNumber(self.0.id, self.0.last_event_seq);
        if newest.1 == 0 {
            return Ok(None);
        }
        Ok(loaders(ctx).load_one(newest).await?)
    }

    /// When it was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// Who is looking: the member who is signed in, or the key's member, role and scopes.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// The organisation in which one is signed in, or that the key opens; null for the Slack bridge without one.
    organization: Option<Organization>,
    /// The member who is signed in, or that the key acts as; null for a key of the organisation itself.
    user: Option<User>,
    /// The member's role; null for a key of the organisation itself.
    role: Option<Role>,
    /// What the key may be used for; for whoever is signed in everything that the role allows.
    scopes: Vec<Scope>,
}

/// Most sessions of a member that are told.
const SESSIONS_TOLD: usize = 50;

#[ComplexObject]
impl Viewer {
    /// The session by which one is signed in; null for whoever shows a key.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        let found = tocsin_domain::session::of_viewer(&request(ctx)).await?;
        Ok(found.map(Session))
    }

    /// Where one is signed in, the session used last first, 50 at most; none for a key of the organisation itself.
    #[graphql(complexity = "SESSIONS_TOLD * (child_complexity + 1)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let found = tocsin_domain::session::own(&request(ctx)).await?;
        Ok(found.into_iter().map(Session).collect())
    }

    /// One's own keys that are not revoked, the newest first, 100 at most; none for a key of the organisation itself.
    #[graphql(complexity = "100 * (child_complexity + 1)")]
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
    /// Who is looking.
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
        })
    }

    /// The organisation in which one is signed in, or that the key opens.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(Organization(
            tocsin_domain::organization::own(&request(ctx)).await?,
        ))
    }

    /// Every organisation: for the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those whose event log has grown since this time, or shortly before it.")]
        changed_since: Option<OffsetDateTime>,
    ) -> Result<Vec<Organization>> {
        let rows = tocsin_domain::organization::list(&request(ctx), changed_since).await?;
        Ok(rows.into_iter().map(Organization).collect())
    }
}
