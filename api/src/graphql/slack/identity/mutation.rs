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

/// The code that a person got in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct ConfirmSlackIdentityInput {
    /// The code that the slash command's `link` has shown, at most 10,000 characters.
    code: String,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The link to Slack to end.
#[derive(Debug, InputObject)]
pub(crate) struct UnlinkSlackIdentityInput {
    /// The id of the linked user; you by default. For other users, you need the role ADMIN or OWNER.
    user_id: Option<ID>,
    /// The Slack id of the workspace (`T…`) in which to end the link; all workspaces by default.
    team_id: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// A link between a user and a person in Slack, made by the user or by an administrator.
#[derive(SimpleObject)]
pub(crate) struct SlackLink {
    /// The user who is linked; null if the user is no longer a member of the organisation.
    user: Option<User>,
    /// The Slack id of the workspace (`T…`).
    team_id: String,
    /// The person's id in that Slack workspace (`U…` or `W…`).
    slack_user_id: String,
    /// The way in which the link was made.
    matched_by: SlackMatch,
    /// The time when the link was made.
    since: OffsetDateTime,
}

/// The result of linking a user with a person in Slack.
#[derive(SimpleObject)]
pub(crate) struct SlackLinkPayload {
    /// The link after the change; null if the change was refused.
    link: Option<SlackLink>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of ending a link to Slack.
#[derive(SimpleObject)]
pub(crate) struct UnlinkSlackIdentityPayload {
    /// The user after the change; null if the change was refused.
    user: Option<User>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of who is who.
#[derive(Default)]
pub(crate) struct SlackIdentityMutation;

#[Object]
impl SlackIdentityMutation {
    /// Links you with the person in Slack who got the code: from then on, that person acts with your rights in this organisation. Earlier links of
    /// you or of that person in the same workspace end. Needs a member's own key that may write; codes are good for ten minutes, and once.
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

    /// Ends the link between a user and a person in Slack. From then on, the user's e-mail address decides again; to be matched with nobody, the
    /// person uses the slash command's `unlink` in Slack. Needs a member's own key that may write, or for others the role ADMIN or OWNER.
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
