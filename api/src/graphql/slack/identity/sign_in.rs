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

/// The user to link with Slack: you, by signing in on Slack's page; or, from an administrator, any user with a person in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct LinkSlackIdentityInput {
    /// The id of the user to link, together with `slackUserId`; to link yourself by signing in, leave out both. Needs the role ADMIN or OWNER.
    pub(super) user_id: Option<ID>,
    /// The id of the user's account in Slack (`U…` or `W…`), together with `userId`.
    pub(super) slack_user_id: Option<String>,
    /// The id of the Slack workspace of that account, which no other organisation may use; by default the workspace of the server's configuration,
    /// or, if the server has none, the only connected workspace. Ignored without `userId` and `slackUserId`.
    pub(super) workspace_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours. Each request
    /// for Slack's sign-in page returns a new address, even with the same key.
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

/// The result of `linkSlackIdentity`: the address of Slack's sign-in page, or the link that an administrator made.
#[derive(SimpleObject)]
pub(crate) struct LinkSlackIdentityPayload {
    /// The link that an administrator made; null if the request asked for Slack's sign-in page, or was refused.
    link: Option<SlackLink>,
    /// The address of Slack's sign-in page, to open in the member's own browser; null if an administrator made the link, or if the request was
    /// refused.
    url: Option<String>,
    /// The time until which the address in `url` works, once; null if `url` is null.
    expires_at: Option<OffsetDateTime>,
    /// Why the request was refused; empty if the request was accepted.
    user_errors: Vec<UserError>,
}

/// The person in Slack as whom a member has signed in. Accepted from the Slack bridge alone, on behalf of the member.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackLinkInput {
    /// The Slack id of the workspace (`T…`), at most 100 characters.
    team_id: String,
    /// The person's id in that workspace (`U…` or `W…`), at most 100 characters.
    slack_user_id: String,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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
    /// Links you with a person in Slack: you sign in there (OpenID Connect). From then on, that person acts with your rights in this organisation,
    /// and earlier links of you or of that person in the same workspace end. The address of the sign-in page is good for ten minutes, and once. Give
    /// the address to nobody: whoever signs in there is taken for you. Needs a member's own key that may write.
    ///
    /// With `userId` and `slackUserId`, an administrator links a user with a person, in a Slack workspace that no other organisation is connected to.
    /// Only an owner can link owners.
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

    /// Records the person in Slack as whom a member has signed in. For the Slack bridge alone, on behalf of the member.
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
