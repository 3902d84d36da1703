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

/// A Slack app of the organisation's own. You can set the secrets of the app, but never read them.
#[derive(Clone)]
pub(crate) struct SlackApp(Model);

/// The sealed secrets of a Slack app, for the bridge alone.
#[derive(SimpleObject)]
pub(crate) struct SealedSlackApp {
    /// The sealed client secret; null if the app has none.
    client_secret: Option<String>,
    /// The sealed signing secret; null if the app has none.
    signing_secret: Option<String>,
    /// The sealed app-level token; null if the app has none.
    app_token: Option<String>,
    /// The version of the app's settings, which grows with each change.
    version: i32,
}

/// A Slack app that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<SlackApp>> {
    let found = tocsin_domain::workspace::app::find(&request(ctx), id).await?;
    Ok(found.map(SlackApp))
}

/// A Slack app of the organisation's own. You can set the secrets of the app, but never read them.
#[Object]
impl SlackApp {
    /// The app's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that the app belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that the app belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// The app's name in Tocsin, unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The client id by which Slack knows the app in OAuth; null if no client id is set.
    async fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// Whether the client secret is set. Without the client secret, you can't install the app by OAuth.
    async fn client_secret_set(&self) -> bool {
        self.0.sealed_client_secret.is_some()
    }

    /// Whether the signing secret is set. Without the signing secret, Tocsin accepts no requests from Slack over HTTP.
    async fn signing_secret_set(&self) -> bool {
        self.0.sealed_signing_secret.is_some()
    }

    /// Whether the app-level token is set. With the token, requests from Slack come by Socket Mode.
    async fn app_token_set(&self) -> bool {
        self.0.sealed_app_token.is_some()
    }

    /// The reason why the app's secrets can't be used, as a code: `secret_key_mismatch` or `secret_key_missing`; null if the secrets can be used.
    async fn reason_code(&self, ctx: &Context<'_>) -> Option<&'static str> {
        tocsin_domain::workspace::app::unopened(domain(ctx).config().sealer.as_ref(), &self.0)
            .map(|(code, _)| code)
    }

    /// The reason why the app's secrets can't be used, in words, and what you can do; null if the secrets can be used.
    async fn reason(&self, ctx: &Context<'_>) -> Option<String> {
        tocsin_domain::workspace::app::unopened(domain(ctx).config().sealer.as_ref(), &self.0)
            .map(|(_, reason)| reason)
    }

    /// The time when the app was added to Tocsin.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The sealed secrets of the app, for the Slack bridge alone; null for everybody else.
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
    /// The organisation's own Slack apps, oldest first. For the bridge without an organisation: the apps of all organisations.
    async fn slack_apps(&self, ctx: &Context<'_>) -> Result<Vec<SlackApp>> {
        let rows = tocsin_domain::workspace::app::list(&request(ctx)).await?;
        Ok(rows.into_iter().map(SlackApp).collect())
    }
}

/// The Slack app to add. Tocsin keeps the secrets sealed; nobody can read them again. Give the signing secret, the app-level token, or both.
#[derive(InputObject)]
pub(crate) struct CreateSlackAppInput {
    /// The app's name: at most 100 characters, unique in the organisation.
    name: String,
    /// The client id, for installing the app by OAuth: at most 500 characters, unique in the organisation. Give the client id and the client secret
    /// together, or neither.
    client_id: Option<String>,
    /// The client secret, at most 500 characters. Give the client id and the client secret together, or neither.
    client_secret: Option<String>,
    /// The signing secret, by which Tocsin recognises requests from Slack over HTTP: 32 characters, on the app's page Basic Information.
    signing_secret: Option<String>,
    /// The app-level token (`xapp-…`) for Socket Mode, at most 500 characters.
    app_token: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// New values for a Slack app. A field that you leave out stays as it is; null removes the value, except that null as the name is refused.
#[derive(InputObject)]
pub(crate) struct UpdateSlackAppInput {
    /// The id of the app to change.
    id: ID,
    /// The app's name: at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The client id, for installing the app by OAuth: at most 500 characters, unique in the organisation. The client id and the client secret go
    /// together.
    client_id: MaybeUndefined<String>,
    /// The client secret, at most 500 characters. The client id and the client secret go together.
    client_secret: MaybeUndefined<String>,
    /// The signing secret, by which Tocsin recognises requests from Slack over HTTP: 32 characters. Null is refused if the app has no app-level
    /// token.
    signing_secret: MaybeUndefined<String>,
    /// The app-level token (`xapp-…`) for Socket Mode, at most 500 characters. Null is refused if the app has no signing secret.
    app_token: MaybeUndefined<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The Slack app to remove.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteSlackAppInput {
    /// The id of the app to remove.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of a change of a Slack app.
#[derive(SimpleObject)]
pub(crate) struct SlackAppPayload {
    /// The app after the change; null if the change was refused.
    app: Option<SlackApp>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of removing a Slack app.
#[derive(SimpleObject)]
pub(crate) struct DeleteSlackAppPayload {
    /// The id of the removed app; null if the removal was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of Slack apps.
#[derive(Default)]
pub(crate) struct SlackAppMutation;

#[Object]
impl SlackAppMutation {
    /// Adds a Slack app of the organisation's own. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `SECRET_KEY_MISSING`.
    async fn create_slack_app(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(tocsin_domain::workspace::app::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a Slack app of the organisation's own. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`.
    async fn update_slack_app(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(tocsin_domain::workspace::app::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Removes a Slack app from Tocsin. No connected workspace of the organisation may use the app. Needs the role ADMIN or OWNER.
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
