//! Sessions: where members are signed in; and the links by which they sign in once.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use secrecy::ExposeSecret;
use time::OffsetDateTime;
use tocsin_entity::{kinds::SignInMethod, session};

use crate::graphql::{
    context::{given_key, request},
    failure::{Result, UserError, into_payload},
    user::{User, load_member},
};

/// Where a member is signed in.
#[derive(Clone)]
pub(crate) struct Session(pub(crate) session::Model);

/// Where a member is signed in with a browser.
#[Object]
impl Session {
    /// The session's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The member; null where they are gone.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, Some(self.0.user_id)).await?)
    }

    /// How the member signed in.
    async fn method(&self) -> SignInMethod {
        self.0.method
    }

    /// What the browser calls itself.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// The network address from which the member signed in.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// Whether the request comes by this session.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        request(ctx).viewer.session_id() == Some(self.0.id)
    }

    /// When it was last used, to the hour.
    async fn last_used_at(&self) -> OffsetDateTime {
        self.0.last_used_at
    }

    /// When it ends by itself: 30 days after it was last used.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }

    /// When it was ended; null while it has not been.
    async fn revoked_at(&self) -> Option<OffsetDateTime> {
        self.0.revoked_at
    }

    /// When the member signed in.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// A session that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Session>> {
    let found = tocsin_domain::session::find(&request(ctx), id).await?;
    Ok(found.map(Session))
}

/// Which session is to end.
#[derive(Debug, InputObject)]
pub(crate) struct RevokeSessionInput {
    /// The session's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl RevokeSessionInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::session::RevokeSession> {
        Ok(tocsin_domain::session::RevokeSession {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of ending a session.
#[derive(SimpleObject)]
pub(crate) struct RevokeSessionPayload {
    /// The session; none where it was refused.
    session: Option<Session>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// How the bridge has found out who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SignInLinkMethod {
    /// They have asked for a link in Slack.
    Link,
    /// They have signed in with Slack.
    Slack,
}

/// Asks for a link by which a member signs in once. Taken from the Slack bridge alone, on behalf of the member.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSignInLinkInput {
    /// How whoever uses it is said to have signed in.
    method: SignInLinkMethod,
    /// SHA-256, in hex, of what the one browser holds that may use it; any browser may where it is left out.
    browser_hash: Option<String>,
    /// Makes the request repeatable for 24 hours. Each answer is another link.
    idempotency_key: Option<String>,
}

impl CreateSignInLinkInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::session::CreateSignInLink> {
        Ok(tocsin_domain::session::CreateSignInLink {
            method: match self.method {
                SignInLinkMethod::Link => SignInMethod::SlackLink,
                SignInLinkMethod::Slack => SignInMethod::Slack,
            },
            browser_hash: self.browser_hash,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of asking for a link.
#[derive(SimpleObject)]
pub(crate) struct CreateSignInLinkPayload {
    /// The link, to be shown to the member alone. Null where it was refused.
    url: Option<String>,
    /// Until when it may be used, once.
    expires_at: Option<OffsetDateTime>,
    /// Why there is none.
    user_errors: Vec<UserError>,
}

/// The mutations of sessions.
#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Ends a session: from now on its browser is not signed in. Ending it again changes nothing. For one's own needs a session, or a member's own
    /// key that may write; for others the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        let (session, user_errors) =
            into_payload(tocsin_domain::session::revoke(&request(ctx), input.command(ctx)?).await)?;
        Ok(RevokeSessionPayload {
            session: session.map(Session),
            user_errors,
        })
    }

    /// Makes a link by which a member signs in once, within five minutes. For the Slack bridge alone, on behalf of the member.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn create_sign_in_link(
        &self,
        ctx: &Context<'_>,
        input: CreateSignInLinkInput,
    ) -> Result<CreateSignInLinkPayload> {
        let (made, user_errors) =
            into_payload(tocsin_domain::session::create_link(&request(ctx), input.command(ctx)?).await)?;
        let (url, expires_at) = made.unzip();
        Ok(CreateSignInLinkPayload {
            url: url.map(|url| url.expose_secret().to_owned()),
            expires_at,
            user_errors,
        })
    }
}
