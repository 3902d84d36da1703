//! Keys to the API: stored as a hash, shown once, scoped, revocable.

use async_graphql::{
    Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_domain::{author, paging::PageRequest, viewer::read_scopes};
use tocsin_entity::{api_key, kinds::Scope};

use crate::graphql::{
    context::{given_key, loaders, patch, request, text},
    failure::{Result, UserError, into_payload},
    paging::{TotalCount, connect},
    user::{Author, User, load_member},
};

/// An API key. The server shows the secret of the key only once, when you create the key.
#[derive(Clone)]
pub(crate) struct ApiKey(pub(crate) api_key::Model);

/// An API key. The server shows the secret of the key only once, when you create the key.
#[Object]
impl ApiKey {
    /// The global id of the API key.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name of the API key.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The last four characters of the secret, to tell API keys apart.
    async fn hint(&self) -> &str {
        &self.0.hint
    }

    /// The scopes of the API key: what the key can be used for.
    async fn scopes(&self) -> Vec<Scope> {
        read_scopes(&self.0.scopes)
    }

    /// The user whom the API key acts as; null for a key of the organisation itself.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.user_id).await?)
    }

    /// The time when the API key was last used, to the minute; null if the key was never used.
    async fn last_used_at(&self) -> Option<OffsetDateTime> {
        self.0.last_used_at
    }

    /// The time when the API key expires and stops working; null if the key never expires.
    async fn expires_at(&self) -> Option<OffsetDateTime> {
        self.0.expires_at
    }

    /// The user or the API key that created this key; null if the server's command line created the key, or before the server recorded this.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        let creator = author::find(
            loaders(ctx),
            self.0.organization_id,
            self.0.created_by_user_id,
            self.0.created_by_key_id,
        );
        Ok(creator.await?.map(Author::from))
    }

    /// The time when the API key was revoked and stopped working; null if the key isn't revoked.
    async fn revoked_at(&self) -> Option<OffsetDateTime> {
        self.0.revoked_at
    }

    /// The time when the API key was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// A key that the viewer may read about.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<ApiKey>> {
    let found = tocsin_domain::api_key::find(&request(ctx), id).await?;
    Ok(found.map(ApiKey))
}

/// The queries for keys.
#[derive(Default)]
pub(crate) struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The API keys of the viewer's organisation, oldest first. Needs the role ADMIN or OWNER.
    #[graphql(complexity = "crate::graphql::paging::weight(\"apiKeys\", first, last, child_complexity)")]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, ApiKey, TotalCount, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let page = tocsin_domain::api_key::list(&request(ctx), page).await?;
        let total = TotalCount::of((), |request, _| {
            async move { tocsin_domain::api_key::count(&request).await }.boxed()
        });
        Ok(connect(page, total, |row| row.id.to_string(), ApiKey))
    }
}

/// A new API key of the organisation.
#[derive(Debug, InputObject)]
pub(crate) struct CreateApiKeyInput {
    /// The name of the API key; at most 100 characters.
    name: String,
    /// The scopes of the API key: what the key can be used for; at least 1 scope.
    scopes: Vec<Scope>,
    /// The id of the user whom the API key acts as; a key of the organisation itself by default.
    user_id: Option<ID>,
    /// The time when the API key expires; at most ten years from now. By default, the key never expires.
    expires_at: Option<OffsetDateTime>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours. Only the first
    /// response contains the secret.
    idempotency_key: Option<String>,
}

impl CreateApiKeyInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::api_key::CreateApiKey> {
        Ok(tocsin_domain::api_key::CreateApiKey {
            name: self.name,
            scopes: self.scopes,
            user_id: text(self.user_id),
            expires_at: self.expires_at,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The API key to revoke.
#[derive(Debug, InputObject)]
pub(crate) struct RevokeApiKeyInput {
    /// The id of the API key.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl RevokeApiKeyInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::api_key::RevokeApiKey> {
        Ok(tocsin_domain::api_key::RevokeApiKey {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for an API key. What you leave out stays the same.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateApiKeyInput {
    /// The id of the API key.
    id: ID,
    /// The name of the API key; at most 100 characters. Null is refused.
    name: MaybeUndefined<String>,
    /// The time when the API key expires; at most ten years from now. With null, the key never expires.
    expires_at: MaybeUndefined<OffsetDateTime>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change of an API key.
#[derive(SimpleObject)]
pub(crate) struct UpdateApiKeyPayload {
    /// The API key after the change; null if the change was refused.
    api_key: Option<ApiKey>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of creating an API key.
#[derive(SimpleObject)]
pub(crate) struct CreateApiKeyPayload {
    /// The new API key, without the secret; null if the change was refused.
    api_key: Option<ApiKey>,
    /// The secret of the API key. The server shows the secret only once: store it now. Null if the change was refused or the request repeats an
    /// earlier request.
    secret: Option<String>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

impl CreateApiKeyPayload {
    pub(crate) fn of(
        made: Option<(api_key::Model, Option<SecretString>)>,
        user_errors: Vec<UserError>,
    ) -> Self {
        let (api_key, secret) = made.map_or((None, None), |(key, secret)| (Some(ApiKey(key)), secret));
        Self {
            api_key,
            secret: secret.map(|secret| secret.expose_secret().to_owned()),
            user_errors,
        }
    }
}

/// The result of revoking an API key.
#[derive(SimpleObject)]
pub(crate) struct RevokeApiKeyPayload {
    /// The API key after the change; null if the change was refused.
    api_key: Option<ApiKey>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of keys.
#[derive(Default)]
pub(crate) struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Creates an API key in the organisation. Needs the role ADMIN or OWNER; only an owner makes keys for owners.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let (made, user_errors) =
            into_payload(tocsin_domain::api_key::create(&request(ctx), input.command(ctx)?).await)?;
        Ok(CreateApiKeyPayload::of(made, user_errors))
    }

    /// Changes the name or the expiry of an API key. An API key that was revoked or has expired is refused. Needs the role ADMIN or OWNER; only an
    /// owner changes keys that do what an owner can do.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_api_key(
        &self,
        ctx: &Context<'_>,
        input: UpdateApiKeyInput,
    ) -> Result<UpdateApiKeyPayload> {
        let wanted = tocsin_domain::api_key::UpdateApiKey {
            id: input.id.0,
            name: patch(input.name),
            expires_at: patch(input.expires_at),
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        let (api_key, user_errors) =
            into_payload(tocsin_domain::api_key::update(&request(ctx), wanted).await)?;
        Ok(UpdateApiKeyPayload {
            api_key: api_key.map(ApiKey),
            user_errors,
        })
    }

    /// Revokes an API key: the key stops working now. Revoking a key again changes nothing. To revoke your own key, you need a session or a key of
    /// your own that can write; to revoke other keys, you need the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        input: RevokeApiKeyInput,
    ) -> Result<RevokeApiKeyPayload> {
        let (api_key, user_errors) =
            into_payload(tocsin_domain::api_key::revoke(&request(ctx), input.command(ctx)?).await)?;
        Ok(RevokeApiKeyPayload {
            api_key: api_key.map(ApiKey),
            user_errors,
        })
    }
}
