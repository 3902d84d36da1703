//! People say which member they are in Slack, and take it back.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::error::{InternalError, MutationError};
use tocsin_entity::{kinds::SlackMatch, slack_link::Model};

use crate::graphql::{
    context::{given_key, request, text},
    failure::{Result, UserError, into_payload},
    user::{User, load_member},
};

/// A code that somebody was given in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct ConfirmSlackIdentityInput {
    /// The code, as the slash command's `link` has told it.
    code: String,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl ConfirmSlackIdentityInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::identity::ConfirmSlackIdentity> {
        Ok(tocsin_domain::identity::ConfirmSlackIdentity {
            code: self.code,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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

impl UnlinkSlackIdentityInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::identity::UnlinkSlackIdentity> {
        Ok(tocsin_domain::identity::UnlinkSlackIdentity {
            user_id: text(self.user_id),
            team_id: self.team_id,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `SECRET_KEY_MISSING`.
    async fn confirm_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: ConfirmSlackIdentityInput,
    ) -> Result<SlackLinkPayload> {
        payload(
            ctx,
            tocsin_domain::identity::confirm(&request(ctx), input.command(ctx)?).await,
        )
        .await
    }

    /// Ends what a member has said of who they are in Slack. Their e-mail address decides again: who wants to be nobody there uses the slash
    /// command's `unlink`. Needs a member's own key that may write, or for others the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn unlink_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: UnlinkSlackIdentityInput,
    ) -> Result<UnlinkSlackIdentityPayload> {
        let (gone, user_errors) =
            into_payload(tocsin_domain::identity::end(&request(ctx), input.command(ctx)?).await)?;
        let user = match gone {
            Some((organization_id, user_id)) => load_member(ctx, organization_id, Some(user_id)).await?,
            None => None,
        };
        Ok(UnlinkSlackIdentityPayload { user, user_errors })
    }
}

pub(super) async fn payload(
    ctx: &Context<'_>,
    result: Result<Model, MutationError>,
) -> Result<SlackLinkPayload> {
    let (row, user_errors) = into_payload(result)?;
    let link = match row {
        Some(row) => Some(SlackLink::of(ctx, row).await?),
        None => None,
    };
    Ok(SlackLinkPayload { link, user_errors })
}

impl SlackLink {
    pub(super) async fn of(ctx: &Context<'_>, row: Model) -> Result<Self, InternalError> {
        Ok(Self {
            user: load_member(ctx, row.organization_id, Some(row.user_id)).await?,
            team_id: row.team_id,
            slack_user_id: row.slack_user_id,
            matched_by: row.kind,
            since: row.created_at,
        })
    }
}
