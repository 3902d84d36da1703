//! People say which member they are in Slack, and take it back.

use tocsin_entity::{
    id::{OrganizationId, SlackLinkId, UserId},
    kinds::SlackMatch,
    slack_link::{Entity, Model},
};
use tocsin_seal::StateError;
use tocsin_slack_app::link_state::{CODE, LinkCode};
use uuid::Uuid;

use super::link::{link, unlink, used};
use crate::{
    audit::AuditTrail,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    idempotency::{self, KeyUse, RequestKey},
    limits,
    request::Request,
    tenant,
    viewer::Permission,
};

/// Longest code, in characters; ours have fewer than 500, and more with each organisation that a workspace serves.
const CODE_MAX: usize = 10_000;

/// Longest id of Slack's, in characters.
pub(crate) const SLACK_ID_MAX: usize = 100;

/// Under whose name the use of codes is on record.
const CODES: &str = "slack-link-code";

/// A code that somebody was given in Slack.
#[derive(Debug)]
pub struct ConfirmSlackIdentity {
    /// The code, as the slash command's `link` has told it.
    pub code: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Whose link to Slack is to end.
#[derive(Debug)]
pub struct UnlinkSlackIdentity {
    /// The member; oneself by default. Others need the role ADMIN or OWNER.
    pub user_id: Option<String>,
    /// The Slack workspace (`T…`); all of them by default.
    pub team_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The server has no key to seal with.
pub(crate) fn no_key() -> UserError {
    UserError::new(
        UserErrorCode::SecretKeyMissing,
        "Links can't be made or read: set TOCSIN_SECRET_KEY for the API and the bridge alike (openssl rand -base64 32), and start them again.",
    )
}

/// Says that oneself is the person in Slack who was given a code.
pub async fn confirm(request: &Request<'_>, input: ConfirmSlackIdentity) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let (organization_id, user_id) = viewer.myself()?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let sealer = request.domain.config().sealer.as_ref().ok_or_else(no_key)?;
    let code = limits::line("code", &input.code, CODE_MAX)?;
    let opened = sealer
        .open_state_at::<LinkCode>(CODE, &code, request.domain.clock().now())
        .map_err(|error| {
            let why = match error {
                StateError::Expired => {
                    "This code has expired: get another one in Slack, by the slash command's `link`."
                }
                StateError::Forged => {
                    "This is no code of Tocsin's: copy it whole, as the slash command's `link` has told it."
                }
            };
            UserError::invalid("code", why)
        })?;
    let LinkCode {
        team_id,
        slack_user_id,
        organizations,
    } = opened.content;
    if organizations.is_some_and(|all| !all.contains(&organization_id)) {
        return Err(UserError::invalid(
            "code",
            "This code was given in a Slack workspace to which your organisation is not connected.",
        )
        .into());
    }
    let tx = request.domain.database().begin_write().await?;
    let before = idempotency::before::<SlackLinkId>(&tx, organization_id, key.as_ref()).await?;
    let use_of_code = KeyUse {
        caller: CODES.to_owned(),
        key: opened.nonce.clone(),
        fingerprint: user_id.to_string(),
        at: request.now(),
    };
    let was_used = match idempotency::before::<SlackLinkId>(&tx, organization_id, Some(&use_of_code)).await {
        Ok(was_used) => was_used,
        // By somebody else.
        Err(MutationError::Told(_)) => return Err(used().into()),
        Err(trouble) => return Err(trouble),
    };
    if let Some(id) = before.or(was_used) {
        let row = tenant::own::<Entity>(&tx, organization_id, id).await?;
        // It may have been ended or replaced since.
        return row.ok_or_else(|| used().into());
    }
    let id = Uuid::parse_str(&opened.nonce)
        .map_err(|error| InternalError::Broken(format!("the nonce of a code is no id: {error}")))?;
    let row = Model {
        id: SlackLinkId(id),
        organization_id,
        user_id,
        team_id,
        slack_user_id,
        kind: SlackMatch::Code,
        created_at: request.now(),
    };
    let row = link(&tx, row, &AuditTrail::of(request, organization_id)).await?;
    idempotency::keep(&tx, organization_id, Some(&use_of_code), row.id).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Ends what a member has said of who they are in Slack.
pub async fn end(
    request: &Request<'_>,
    input: UnlinkSlackIdentity,
) -> Result<(OrganizationId, UserId), MutationError> {
    let viewer = request.viewer;
    let unknown = || UserError::not_found("user").at("userId");
    let own = viewer.member().map(|member| member.user_id.to_string());
    let is_own = input.user_id.is_none() || input.user_id.as_deref() == own.as_deref();
    let (organization_id, user_id) = match &input.user_id {
        Some(id) if !is_own => {
            let organization_id = viewer.may_change(Permission::Manage)?;
            (organization_id, id.parse::<UserId>().map_err(|_| unknown())?)
        }
        Some(_) | None => viewer.myself()?,
    };
    let team_id = match &input.team_id {
        Some(id) => Some(limits::line("teamId", id, SLACK_ID_MAX)?),
        None => None,
    };
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let gone = idempotency::gone_once(request, organization_id, key, user_id, async |tx| {
        let trail = AuditTrail::of(request, organization_id);
        unlink(tx, organization_id, user_id, team_id.as_deref(), &trail).await
    })
    .await?;
    Ok((organization_id, gone))
}
