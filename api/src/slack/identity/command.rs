//! People say which member they are in Slack, and take it back.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::EntityTrait;
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SlackLinkId, UserId},
    kinds::SlackMatch,
    slack::link_state::{CODE, LinkCode},
    slack_link::{Entity, Model},
};
use tocsin_seal::StateError;
use uuid::Uuid;

use super::link::{link, unlink, used};
use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency::{self, KeyUse},
    limits,
    node::domain,
    user::{User, load_member},
    viewer::{Need, Viewer},
};

/// Longest code, in characters; ours have fewer than 500, and more with each organisation that a workspace serves.
const CODE_MAX: usize = 10_000;

/// Longest id of Slack's, in characters.
pub(super) const SLACK_ID_MAX: usize = 100;

/// Under whose name the use of codes is on record.
const CODES: &str = "slack-link-code";

/// A code that somebody was given in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct ConfirmSlackIdentityInput {
    /// The code, as the slash command's `link` has told it.
    code: String,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// Whose link to Slack is to end.
#[derive(Debug, InputObject)]
pub(crate) struct UnlinkSlackIdentityInput {
    /// The member; oneself by default. Others need the role ADMIN or OWNER.
    user_id: Option<ID>,
    /// The Slack workspace (`T…`); all of them by default.
    team_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// Who somebody in Slack is by their own word, or by an administrator's.
#[derive(SimpleObject)]
pub(crate) struct SlackLink {
    /// The member.
    user: Option<User>,
    /// The Slack workspace (`T…`).
    team_id: String,
    /// The person there (`U…` or `W…`).
    slack_user_id: String,
    /// How that is known.
    matched_by: SlackMatch,
    /// Since when.
    since: OffsetDateTime,
}

/// What came of linking somebody.
#[derive(SimpleObject)]
pub(crate) struct SlackLinkPayload {
    /// Who is who now; none where it was refused.
    link: Option<SlackLink>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of ending a link.
#[derive(SimpleObject)]
pub(crate) struct UnlinkSlackIdentityPayload {
    /// The member; none where it was refused.
    user: Option<User>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of who is who.
#[derive(Default)]
pub(crate) struct SlackIdentityMutation;

#[Object]
impl SlackIdentityMutation {
    /// Says that oneself is the person in Slack who was given this code: from then on they act with one's rights in this organisation. What was said
    /// before of either, in that workspace, no longer holds. Needs a member's own key that may write; codes are good for ten minutes, and once.
    async fn confirm_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: ConfirmSlackIdentityInput,
    ) -> Result<SlackLinkPayload> {
        payload(ctx, confirm(ctx, input).await).await
    }

    /// Ends what a member has said of who they are in Slack. Their e-mail address decides again: who wants to be nobody there uses the slash
    /// command's `unlink`. Needs a member's own key that may write, or for others the role ADMIN or OWNER.
    async fn unlink_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: UnlinkSlackIdentityInput,
    ) -> Result<UnlinkSlackIdentityPayload> {
        let (gone, user_errors) = told(end(ctx, input).await)?;
        let user = match gone {
            Some((organization_id, user_id)) => load_member(ctx, organization_id, Some(user_id)).await?,
            None => None,
        };
        Ok(UnlinkSlackIdentityPayload { user, user_errors })
    }
}

pub(super) async fn payload(ctx: &Context<'_>, result: Result<Model, Trouble>) -> Result<SlackLinkPayload> {
    let (row, user_errors) = told(result)?;
    let link = match row {
        Some(row) => Some(SlackLink::of(ctx, row).await?),
        None => None,
    };
    Ok(SlackLinkPayload { link, user_errors })
}

impl SlackLink {
    pub(super) async fn of(ctx: &Context<'_>, row: Model) -> Result<Self, Fault> {
        Ok(Self {
            user: load_member(ctx, row.organization_id, Some(row.user_id)).await?,
            team_id: row.team_id,
            slack_user_id: row.slack_user_id,
            matched_by: row.kind,
            since: row.created_at,
        })
    }
}

/// The server has no key to seal with.
pub(super) fn no_key() -> UserError {
    UserError::new(
        UserErrorCode::SecretKeyMissing,
        "Links can't be made or read: set TOCSIN_SECRET_KEY for the API and the bridge alike (openssl rand -base64 32), and start them again.",
    )
}

async fn confirm(ctx: &Context<'_>, input: ConfirmSlackIdentityInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let (organization_id, user_id) = viewer.myself()?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let sealer = domain(ctx).config().sealer.as_ref().ok_or_else(no_key)?;
    let code = limits::line("code", &input.code, CODE_MAX)?;
    let opened = sealer
        .open_state_at::<LinkCode>(CODE, &code, domain(ctx).clock().now())
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
    let tx = domain(ctx).database().begin_write().await?;
    let before = idempotency::before::<SlackLinkId>(&tx, organization_id, key.as_ref()).await?;
    let use_of_code = KeyUse {
        caller: CODES.to_owned(),
        key: opened.nonce.clone(),
        fingerprint: user_id.to_string(),
    };
    let was_used = match idempotency::before::<SlackLinkId>(&tx, organization_id, Some(&use_of_code)).await {
        Ok(was_used) => was_used,
        // By somebody else.
        Err(Trouble::Told(_)) => return Err(used().into()),
        Err(trouble) => return Err(trouble),
    };
    if let Some(id) = before.or(was_used) {
        let row = Entity::find_by_id(id).one(&tx).await?;
        // It may have been ended or replaced since.
        return row.ok_or_else(|| used().into());
    }
    let id = Uuid::parse_str(&opened.nonce)
        .map_err(|error| Fault::Broken(format!("the nonce of a code is no id: {error}")))?;
    let row = Model {
        id: SlackLinkId(id),
        organization_id,
        user_id,
        team_id,
        slack_user_id,
        kind: SlackMatch::Code,
        created_at: OffsetDateTime::now_utc(),
    };
    let row = link(&tx, row, &Trail::of(ctx, organization_id)).await?;
    idempotency::keep(&tx, organization_id, Some(&use_of_code), row.id).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok(row)
}

async fn end(
    ctx: &Context<'_>,
    input: UnlinkSlackIdentityInput,
) -> Result<(OrganizationId, UserId), Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let unknown = || UserError::not_found("user").at("userId");
    let own = viewer.member().map(|member| member.user_id.to_string());
    let is_own = input.user_id.is_none() || input.user_id.as_deref() == own.as_ref();
    let (organization_id, user_id) = match &input.user_id {
        Some(id) if !is_own => {
            let organization_id = viewer.may_change(Need::Manage)?;
            (organization_id, id.parse::<UserId>().map_err(|_| unknown())?)
        }
        Some(_) | None => viewer.myself()?,
    };
    let team_id = match &input.team_id {
        Some(id) => Some(limits::line("teamId", id, SLACK_ID_MAX)?),
        None => None,
    };
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let gone = idempotency::gone_once(ctx, organization_id, key, user_id, async |tx| {
        let trail = Trail::of(ctx, organization_id);
        unlink(tx, organization_id, user_id, team_id.as_deref(), &trail).await
    })
    .await?;
    Ok((organization_id, gone))
}
