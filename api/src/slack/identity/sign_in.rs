//! Members sign in with Slack, and are from then on the person there as whom they did.
//!
//! Source: docs.slack.dev, "Sign in with Slack".

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::EntityTrait;
use time::OffsetDateTime;
use tocsin_entity::{
    id::SlackLinkId,
    kinds::SlackMatch,
    slack::{
        link_state::{SIGN_IN, SIGN_IN_CALLBACK, SIGN_IN_SCOPES, SignIn},
        oauth::beside_api,
    },
    slack_link::{Entity, Model},
};
use url::Url;
use uuid::Uuid;

use super::{
    by_hand,
    command::{SLACK_ID_MAX, SlackLink, SlackLinkPayload, no_key, payload},
    link::link,
};
use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency, limits,
    node::domain,
    viewer::{Need, Viewer},
};

/// How long a member has to sign in.
const LIVES: Duration = Duration::from_secs(600);

/// Asks for a way to Slack's page; or, from an administrator, says who a member is in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct LinkSlackIdentityInput {
    /// The member to be linked, with `slackUserId`; for oneself, leave both out. Needs the role ADMIN or OWNER.
    pub(super) user_id: Option<ID>,
    /// Who that is in Slack (`U…` or `W…`).
    pub(super) slack_user_id: Option<String>,
    /// The Slack workspace in which they are that, one of the organisation's own; by default the only one that is connected.
    pub(super) workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours. Each answer is another link.
    pub(super) idempotency_key: Option<String>,
}

/// The way to Slack's page, or the link that an administrator has made.
#[derive(SimpleObject)]
pub(crate) struct LinkSlackIdentityPayload {
    /// The link, where an administrator has made it.
    link: Option<SlackLink>,
    /// Slack's page, to be opened in the member's own browser. Null where it was refused.
    url: Option<String>,
    /// Until when it may be used, once.
    expires_at: Option<OffsetDateTime>,
    /// Why there is none.
    user_errors: Vec<UserError>,
}

/// Who has signed in, on behalf of the member that they are. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackLinkInput {
    /// The Slack workspace (`T…`).
    team_id: String,
    /// The person there (`U…` or `W…`).
    slack_user_id: String,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The mutations of signing in.
#[derive(Default)]
pub(crate) struct SlackSignInMutation;

#[Object]
impl SlackSignInMutation {
    /// Says which person in Slack oneself is, by signing in there (OpenID Connect). From then on that person acts with one's rights in this
    /// organisation, and what was said before of either, in that workspace, no longer holds. The link is good for ten minutes, and once: give it to
    /// nobody, for who signs in by it is taken for you. Needs a member's own key that may write.
    ///
    /// With `userId` and `slackUserId`, an administrator says who a member is, in a Slack workspace that no other organisation is connected to. Only
    /// an owner says so of owners.
    async fn link_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: LinkSlackIdentityInput,
    ) -> Result<LinkSlackIdentityPayload> {
        if input.user_id.is_some() || input.slack_user_id.is_some() {
            let (row, user_errors) = told(by_hand::link_member(ctx, input).await)?;
            let link = match row {
                Some(row) => Some(SlackLink::of(ctx, row).await?),
                None => None,
            };
            return Ok(LinkSlackIdentityPayload {
                link,
                url: None,
                expires_at: None,
                user_errors,
            });
        }
        let (found, user_errors) = told(begin(ctx, &input))?;
        let (url, expires_at) = found.unzip();
        Ok(LinkSlackIdentityPayload {
            link: None,
            url,
            expires_at,
            user_errors,
        })
    }

    /// Records who has signed in. For the Slack bridge alone, on behalf of the member.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn record_slack_link(
        &self,
        ctx: &Context<'_>,
        input: RecordSlackLinkInput,
    ) -> Result<SlackLinkPayload> {
        payload(ctx, record(ctx, input).await).await
    }
}

fn begin(ctx: &Context<'_>, input: &LinkSlackIdentityInput) -> Result<(String, OffsetDateTime), Trouble> {
    let (organization_id, user_id) = ctx.data_unchecked::<Viewer>().myself()?;
    limits::key("idempotencyKey", input.idempotency_key.clone())?;
    let config = domain(ctx).config();
    let sealer = config.sealer.as_ref().ok_or_else(no_key)?;
    let client_id = config.slack.client_id.clone().ok_or_else(|| {
        UserError::new(
            UserErrorCode::SlackNotConfigured,
            "The server has no Slack app to sign in by: set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for the API and the bridge alike, and start them \
             again; or, where the Slack app has a slash command, link yourself by its `link`.",
        )
    })?;
    let nonce = Uuid::now_v7().simple().to_string();
    let content = SignIn {
        organization_id,
        user_id,
        nonce: nonce.clone(),
    };
    let expires_at = domain(ctx).clock().now() + LIVES;
    let state = sealer
        .seal_state_until(SIGN_IN, &content, expires_at)
        .map_err(|error| Fault::Broken(format!("a state can't be sealed: {error}")))?;
    let page = beside_api(config.slack.api_url.as_str(), "openid/connect/authorize");
    let mut page = Url::parse(&page)
        .map_err(|error| Fault::Broken(format!("SLACK_API_URL makes no address of Slack's page: {error}")))?;
    let back = format!(
        "{}{SIGN_IN_CALLBACK}",
        config.public_url.as_str().trim_end_matches('/')
    );
    page.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("scope", &SIGN_IN_SCOPES.join(" ")),
        ("client_id", &client_id),
        ("redirect_uri", &back),
        ("state", &state),
        ("nonce", &nonce),
    ]);
    Ok((page.into(), expires_at))
}

async fn record(ctx: &Context<'_>, input: RecordSlackLinkInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Report)?;
    let forbidden = |why: &str| Trouble::from(UserError::new(UserErrorCode::Forbidden, why));
    let team_id = limits::line("teamId", &input.team_id, SLACK_ID_MAX)?;
    let slack_user_id = limits::line("slackUserId", &input.slack_user_id, SLACK_ID_MAX)?;
    let member = viewer
        .member()
        .ok_or_else(|| forbidden("The Slack bridge records this on behalf of a member only."))?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let tx = domain(ctx).database().begin_write().await?;
    if let Some(id) = idempotency::before::<SlackLinkId>(&tx, organization_id, key.as_ref()).await? {
        let row = Entity::find_by_id(id).one(&tx).await?;
        return row.ok_or_else(|| UserError::not_found("link to Slack").into());
    }
    let row = Model {
        id: SlackLinkId::new(),
        organization_id,
        user_id: member.user_id,
        team_id,
        slack_user_id,
        kind: SlackMatch::OpenId,
        created_at: domain(ctx).clock().now(),
    };
    let row = link(&tx, row, &Trail::of(ctx, organization_id)).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok(row)
}
