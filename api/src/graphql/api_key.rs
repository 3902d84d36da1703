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

/// A key to the API.
#[derive(Clone)]
pub(crate) struct ApiKey(pub(crate) api_key::Model);

/// A key to the API. The key itself is shown once, when it is made.
#[Object]
impl ApiKey {
    /// The key's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its last four characters, to tell keys apart.
    async fn hint(&self) -> &str {
        &self.0.hint
    }

    /// What it may be used for.
    async fn scopes(&self) -> Vec<Scope> {
        read_scopes(&self.0.scopes)
    }

    /// The member it acts as; null for a key of the organisation itself.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.user_id).await?)
    }

    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<OffsetDateTime> {
        self.0.last_used_at
    }

    /// When it expires and opens nothing any more; null where it never does.
    async fn expires_at(&self) -> Option<OffsetDateTime> {
        self.0.expires_at
    }

    /// Who made it; null where that was the server's command line, or was not recorded yet.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        let creator = author::find(
            loaders(ctx),
            self.0.organization_id,
            self.0.created_by_user_id,
            self.0.created_by_key_id,
        );
        Ok(creator.await?.map(Author::from))
    }

    /// When it was revoked; such a key opens nothing.
    async fn revoked_at(&self) -> Option<OffsetDateTime> {
        self.0.revoked_at
    }

    /// When it was made.
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
    /// The organisation's API keys, oldest first. Needs the role ADMIN or OWNER.
    #[graphql(complexity = "crate::graphql::paging::weight(\"apiKeys\", first, last, child_complexity)")]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
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

/// A new key.
#[derive(Debug, InputObject)]
pub(crate) struct CreateApiKeyInput {
    /// What people call it; at most 100 characters.
    name: String,
    /// What it may be used for; at least one.
    scopes: Vec<Scope>,
    /// The member it acts as; a key of the organisation itself where none is named.
    user_id: Option<ID>,
    /// When it expires; never where it is left out.
    expires_at: Option<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours. The key itself is shown the first time only.
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

/// Which key is to open nothing any more.
#[derive(Debug, InputObject)]
pub(crate) struct RevokeApiKeyInput {
    /// The key's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// New values for an API key. What you leave out stays as it is.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateApiKeyInput {
    /// The key's id.
    id: ID,
    /// The name of the key; at most 100 characters. Null is refused.
    name: MaybeUndefined<String>,
    /// When the key expires. Null lets it never expire.
    expires_at: MaybeUndefined<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change of an API key.
#[derive(SimpleObject)]
pub(crate) struct UpdateApiKeyPayload {
    /// The key after the change; null if the change was refused.
    api_key: Option<ApiKey>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of making a key.
#[derive(SimpleObject)]
pub(crate) struct CreateApiKeyPayload {
    /// The key's description; none where it was refused.
    api_key: Option<ApiKey>,
    /// The key itself. It is shown this once: keep it now.
    secret: Option<String>,
    /// Why nothing was changed.
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

/// What came of revoking a key.
#[derive(SimpleObject)]
pub(crate) struct RevokeApiKeyPayload {
    /// The key's description; none where it was refused.
    api_key: Option<ApiKey>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of keys.
#[derive(Default)]
pub(crate) struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes a key to the API. Needs the role ADMIN or OWNER; only an owner makes keys for owners.
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

    /// Changes the name of an API key, and when it expires. A key that was revoked or has expired is refused. Needs the role ADMIN or OWNER; only an
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

    /// Revokes a key: from now on it opens nothing. Revoking it again changes nothing. For one's own needs a session, or a member's own key that may
    /// write; for others the role ADMIN or OWNER.
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
