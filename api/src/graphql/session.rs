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

/// A session: a browser in which a user is signed in.
#[derive(Clone)]
pub(crate) struct Session(pub(crate) session::Model);

/// A session: a browser in which a user is signed in.
#[Object]
impl Session {
    /// The global id of the session.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The user who is signed in; null if the user no longer exists.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, Some(self.0.user_id)).await?)
    }

    /// The method with which the user signed in.
    async fn method(&self) -> SignInMethod {
        self.0.method
    }

    /// The `User-Agent` header of the browser, at most 256 characters; null if the browser sent no such header.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// The network address from which the user signed in; null if the address is unknown.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// Whether the current request uses this session.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        request(ctx).viewer.session_id() == Some(self.0.id)
    }

    /// The time when the session was last used, to the hour.
    async fn last_used_at(&self) -> OffsetDateTime {
        self.0.last_used_at
    }

    /// The time when the session ends by itself: 30 days after the last use.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }

    /// The time when somebody ended the session; null if nobody has ended the session.
    async fn revoked_at(&self) -> Option<OffsetDateTime> {
        self.0.revoked_at
    }

    /// The time when the user signed in.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// A session that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Session>> {
    let found = tocsin_domain::session::find(&request(ctx), id).await?;
    Ok(found.map(Session))
}

/// The session to end.
#[derive(Debug, InputObject)]
pub(crate) struct RevokeSessionInput {
    /// The id of the session.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of ending a session.
#[derive(SimpleObject)]
pub(crate) struct RevokeSessionPayload {
    /// The session after the change; null if the change was refused.
    session: Option<Session>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The way in which the Slack bridge identified a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SignInLinkMethod {
    /// The user asked for a link in Slack.
    Link,
    /// The user signed in with Slack.
    Slack,
}

/// A request for a link with which a user signs in once. Only the Slack bridge can use this input, on behalf of the user.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSignInLinkInput {
    /// The sign-in method that the session records.
    method: SignInLinkMethod,
    /// The SHA-256 hash, in hex, of a secret that only 1 browser holds: only this browser can use the link. By default, any browser can.
    browser_hash: Option<String>,
    /// A key of your choice; at most 255 characters. Each request creates another link, even with the same key.
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

/// The result of creating a sign-in link.
#[derive(SimpleObject)]
pub(crate) struct CreateSignInLinkPayload {
    /// The link, for the user only; null if the request was refused.
    url: Option<String>,
    /// The time when the link expires; null if the request was refused. The link works only once.
    expires_at: Option<OffsetDateTime>,
    /// Why no link was created; empty if the link was created.
    user_errors: Vec<UserError>,
}

/// The mutations of sessions.
#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Ends a session: the browser is signed out now. Ending a session again changes nothing. To end your own session, you need a session or an API
    /// key of your own that can write; to end other sessions, you need the role ADMIN or OWNER.
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

    /// Creates a link with which a user signs in once, within five minutes. For the Slack bridge only, on behalf of the user.
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
