//! Slack apps of an organisation's own, for whoever does not use the server's.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_domain::{error::MutationError, viewer::Viewer};
use tocsin_entity::slack_app::Model;

use crate::graphql::{
    context::{domain, given_key, patch, request},
    failure::{Result, UserError, into_payload},
    organization::{self, Organization},
};

/// A Slack app.
#[derive(Clone)]
pub(crate) struct SlackApp(Model);

/// The secrets of a Slack app, sealed: for the bridge alone.
#[derive(SimpleObject)]
pub(crate) struct SealedSlackApp {
    /// The client secret.
    client_secret: Option<String>,
    /// The signing secret.
    signing_secret: Option<String>,
    /// The app-level token.
    app_token: Option<String>,
    /// Grows with each change.
    version: i32,
}

/// A Slack app that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<SlackApp>> {
    let found = tocsin_domain::workspace::app::find(&request(ctx), id).await?;
    Ok(found.map(SlackApp))
}

/// A Slack app of the organisation's own. Its secrets can be set, and never be read.
#[Object]
impl SlackApp {
    /// The app's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that it belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that it belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What administrators call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// By which Slack knows it in OAuth.
    async fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// Whether its client secret is set: without it, it can't be installed by OAuth.
    async fn client_secret_set(&self) -> bool {
        self.0.sealed_client_secret.is_some()
    }

    /// Whether its signing secret is set: without it, no request of Slack's is taken over HTTP.
    async fn signing_secret_set(&self) -> bool {
        self.0.sealed_signing_secret.is_some()
    }

    /// Whether its app-level token is set: with it, Slack's requests come by Socket Mode.
    async fn app_token_set(&self) -> bool {
        self.0.sealed_app_token.is_some()
    }

    /// Why its secrets are of no use, as a code: `secret_key_mismatch` or `secret_key_missing`; null while they are.
    async fn reason_code(&self, ctx: &Context<'_>) -> Option<&'static str> {
        tocsin_domain::workspace::app::unopened(domain(ctx).config().sealer.as_ref(), &self.0)
            .map(|(code, _)| code)
    }

    /// The same for people, with what to do.
    async fn reason(&self, ctx: &Context<'_>) -> Option<String> {
        tocsin_domain::workspace::app::unopened(domain(ctx).config().sealer.as_ref(), &self.0)
            .map(|(_, reason)| reason)
    }

    /// When it was made known.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Its secrets, sealed: for the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn sealed(&self, ctx: &Context<'_>) -> Option<SealedSlackApp> {
        let is_bridge = ctx.data_unchecked::<Viewer>().is_bridge();
        is_bridge.then(|| SealedSlackApp {
            client_secret: self.0.sealed_client_secret.clone(),
            signing_secret: self.0.sealed_signing_secret.clone(),
            app_token: self.0.sealed_app_token.clone(),
            version: self.0.version,
        })
    }
}

/// The query for Slack apps.
#[derive(Default)]
pub(crate) struct SlackAppQuery;

#[Object]
impl SlackAppQuery {
    /// The organisation's own Slack apps, oldest first. For the bridge without an organisation, everybody's.
    async fn slack_apps(&self, ctx: &Context<'_>) -> Result<Vec<SlackApp>> {
        let rows = tocsin_domain::workspace::app::list(&request(ctx)).await?;
        Ok(rows.into_iter().map(SlackApp).collect())
    }
}

/// A Slack app to be made known. Its secrets are kept sealed, and can't be read again.
#[derive(InputObject)]
pub(crate) struct CreateSlackAppInput {
    /// What administrators call it; at most 100 characters, unique in the organisation.
    name: String,
    /// The client id, for installing it by OAuth; unique in the organisation.
    client_id: Option<String>,
    /// The client secret.
    client_secret: Option<String>,
    /// The signing secret, by which Slack's requests are known over HTTP: 32 characters, on the app's page Basic Information.
    signing_secret: Option<String>,
    /// The app-level token (`xapp-…`), for Socket Mode.
    app_token: Option<String>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl CreateSlackAppInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::app::CreateSlackApp> {
        Ok(tocsin_domain::workspace::app::CreateSlackApp {
            name: self.name,
            client_id: self.client_id,
            client_secret: self.client_secret.map(SecretString::from),
            signing_secret: self.signing_secret.map(SecretString::from),
            app_token: self.app_token.map(SecretString::from),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a Slack app; what is left out stays, and null takes it away.
#[derive(InputObject)]
pub(crate) struct UpdateSlackAppInput {
    /// The app's id.
    id: ID,
    /// What administrators call it.
    name: MaybeUndefined<String>,
    /// The client id.
    client_id: MaybeUndefined<String>,
    /// The client secret.
    client_secret: MaybeUndefined<String>,
    /// The signing secret.
    signing_secret: MaybeUndefined<String>,
    /// The app-level token.
    app_token: MaybeUndefined<String>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateSlackAppInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::app::UpdateSlackApp> {
        Ok(tocsin_domain::workspace::app::UpdateSlackApp {
            id: self.id.0,
            name: patch(self.name),
            client_id: patch(self.client_id),
            client_secret: patch(self.client_secret).map(SecretString::from),
            signing_secret: patch(self.signing_secret).map(SecretString::from),
            app_token: patch(self.app_token).map(SecretString::from),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The Slack app to be forgotten.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteSlackAppInput {
    /// The app's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl DeleteSlackAppInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::app::DeleteSlackApp> {
        Ok(tocsin_domain::workspace::app::DeleteSlackApp {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of a change of a Slack app.
#[derive(SimpleObject)]
pub(crate) struct SlackAppPayload {
    /// The app as it is now; none where the change was refused.
    app: Option<SlackApp>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of forgetting a Slack app.
#[derive(SimpleObject)]
pub(crate) struct DeleteSlackAppPayload {
    /// The id of the app that is gone; none where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of Slack apps.
#[derive(Default)]
pub(crate) struct SlackAppMutation;

#[Object]
impl SlackAppMutation {
    /// Makes a Slack app of the organisation's own known. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `SECRET_KEY_MISSING`.
    async fn create_slack_app(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(tocsin_domain::workspace::app::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes what is known of a Slack app. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`.
    async fn update_slack_app(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(tocsin_domain::workspace::app::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Forgets a Slack app that is installed in no workspace of the organisation's any more. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn delete_slack_app(
        &self,
        ctx: &Context<'_>,
        input: DeleteSlackAppInput,
    ) -> Result<DeleteSlackAppPayload> {
        let (deleted, user_errors) =
            into_payload(tocsin_domain::workspace::app::delete(&request(ctx), input.command(ctx)?).await)?;
        Ok(DeleteSlackAppPayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, MutationError>) -> Result<SlackAppPayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(SlackAppPayload {
        app: row.map(SlackApp),
        user_errors,
    })
}
