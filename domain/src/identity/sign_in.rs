//! Members sign in with Slack, and are from then on the person there as whom they did.
//!
//! Source: docs.slack.dev, "Sign in with Slack".

use std::time::Duration;

use time::OffsetDateTime;
use tocsin_entity::{
    id::SlackLinkId,
    kinds::SlackMatch,
    slack_link::{Entity, Model},
};
use tocsin_slack_app::{
    link_state::{SIGN_IN, SIGN_IN_CALLBACK, SIGN_IN_SCOPES, SignIn},
    oauth::beside_api,
    public_url::below,
};
use url::Url;
use uuid::Uuid;

use super::{
    command::{SLACK_ID_MAX, no_key},
    link::link,
};
use crate::{
    audit::AuditTrail,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    request::Request,
    tenant,
    viewer::Permission,
};

/// How long a member has to sign in.
const LIVES: Duration = Duration::from_secs(600);

/// Asks for a way to Slack's page; or, from an administrator, says who a member is in Slack.
#[derive(Debug)]
pub struct LinkSlackIdentity {
    /// The member to be linked, with `slackUserId`; for oneself, leave both out. Needs the role ADMIN or OWNER.
    pub user_id: Option<String>,
    /// Who that is in Slack (`U…` or `W…`).
    pub slack_user_id: Option<String>,
    /// The Slack workspace in which they are that, one of the organisation's own; by default the only one that is connected.
    pub workspace_id: Option<String>,
    /// Makes the request repeatable for 24 hours. Each answer is another link.
    pub idempotency_key: Option<RequestKey>,
}

/// Who has signed in, on behalf of the member that they are. Taken from the Slack bridge alone.
#[derive(Debug)]
pub struct RecordSlackLink {
    /// The Slack workspace (`T…`).
    pub team_id: String,
    /// The person there (`U…` or `W…`).
    pub slack_user_id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Slack's page on which a member signs in, and until when it is good.
pub fn begin(
    request: &Request<'_>,
    input: &LinkSlackIdentity,
) -> Result<(String, OffsetDateTime), MutationError> {
    let (organization_id, user_id) = request.viewer.myself()?;
    limits::key(
        "idempotencyKey",
        input.idempotency_key.clone().map(|given| given.key),
    )?;
    let config = request.domain.config();
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
    let expires_at = request.domain.clock().now() + LIVES;
    let state = sealer
        .seal_state_until(SIGN_IN, &content, expires_at)
        .map_err(|error| InternalError::Broken(format!("a state can't be sealed: {error}")))?;
    let page = beside_api(config.slack.api_url.as_str(), "openid/connect/authorize");
    let mut page = Url::parse(&page).map_err(|error| {
        InternalError::Broken(format!("SLACK_API_URL makes no address of Slack's page: {error}"))
    })?;
    let back = below(config.public_url.as_str(), SIGN_IN_CALLBACK);
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

/// Records who has signed in.
pub async fn record(request: &Request<'_>, input: RecordSlackLink) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    let forbidden = |why: &str| MutationError::from(UserError::new(UserErrorCode::Forbidden, why));
    let team_id = limits::line("teamId", &input.team_id, SLACK_ID_MAX)?;
    let slack_user_id = limits::line("slackUserId", &input.slack_user_id, SLACK_ID_MAX)?;
    let member = viewer
        .member()
        .ok_or_else(|| forbidden("The Slack bridge records this on behalf of a member only."))?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let tx = request.domain.database().begin_write().await?;
    if let Some(id) = idempotency::before::<SlackLinkId>(&tx, organization_id, key.as_ref()).await? {
        let row = tenant::own::<Entity>(&tx, organization_id, id).await?;
        return row.ok_or_else(|| UserError::not_found("link to Slack").into());
    }
    let row = Model {
        id: SlackLinkId::new(),
        organization_id,
        user_id: member.user_id,
        team_id,
        slack_user_id,
        kind: SlackMatch::OpenId,
        created_at: request.domain.clock().now(),
    };
    let row = link(&tx, row, &AuditTrail::of(request, organization_id)).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok(row)
}
