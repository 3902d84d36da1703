//! Members sign in with Slack, and are from then on the person there as whom they did.
//!
//! Source: docs.slack.dev, "Sign in with Slack".

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use time::OffsetDateTime;

use super::mutation::{SlackLink, SlackLinkPayload, payload};
use crate::graphql::{
    context::{given_key, request, text},
    failure::{Result, UserError, into_payload},
};

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

impl LinkSlackIdentityInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::identity::LinkSlackIdentity> {
        Ok(tocsin_domain::identity::LinkSlackIdentity {
            user_id: text(self.user_id),
            slack_user_id: self.slack_user_id,
            workspace_id: text(self.workspace_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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

impl RecordSlackLinkInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::identity::RecordSlackLink> {
        Ok(tocsin_domain::identity::RecordSlackLink {
            team_id: self.team_id,
            slack_user_id: self.slack_user_id,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`, `SLACK_NOT_CONFIGURED`, `WRONG_STATUS`.
    async fn link_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: LinkSlackIdentityInput,
    ) -> Result<LinkSlackIdentityPayload> {
        if input.user_id.is_some() || input.slack_user_id.is_some() {
            let (row, user_errors) =
                into_payload(tocsin_domain::identity::link_member(&request(ctx), input.command(ctx)?).await)?;
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
        let (found, user_errors) = into_payload(tocsin_domain::identity::begin(
            &request(ctx),
            &input.command(ctx)?,
        ))?;
        let (url, expires_at) = found.unzip();
        Ok(LinkSlackIdentityPayload {
            link: None,
            url,
            expires_at,
            user_errors,
        })
    }

    /// Records who has signed in. For the Slack bridge alone, on behalf of the member.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn record_slack_link(
        &self,
        ctx: &Context<'_>,
        input: RecordSlackLinkInput,
    ) -> Result<SlackLinkPayload> {
        payload(
            ctx,
            tocsin_domain::identity::record(&request(ctx), input.command(ctx)?).await,
        )
        .await
    }
}
