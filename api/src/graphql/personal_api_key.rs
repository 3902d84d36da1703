//! Members make keys of their own.

use async_graphql::{Context, InputObject, Object};
use time::OffsetDateTime;
use tocsin_entity::kinds::Scope;

use crate::graphql::{
    api_key::CreateApiKeyPayload,
    context::{given_key, request},
    failure::{Result, into_payload},
};

/// A new API key of your own.
#[derive(Debug, InputObject)]
pub(crate) struct CreatePersonalApiKeyInput {
    /// The name of the API key; at most 100 characters.
    name: String,
    /// The scopes of the API key: what the key can be used for; at least 1 scope, and only scopes that you have yourself.
    scopes: Vec<Scope>,
    /// The time when the API key expires; at most ten years from now. By default, the key never expires. If you create the key with another API key,
    /// the new key expires no later than the other key, and by default at the same time.
    expires_at: Option<OffsetDateTime>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours. Only the first
    /// response contains the secret.
    idempotency_key: Option<String>,
}

impl CreatePersonalApiKeyInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::api_key::CreatePersonalApiKey> {
        Ok(tocsin_domain::api_key::CreatePersonalApiKey {
            name: self.name,
            scopes: self.scopes,
            expires_at: self.expires_at,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The mutation of members' own keys.
#[derive(Default)]
pub(crate) struct PersonalApiKeyMutation;

#[Object]
impl PersonalApiKeyMutation {
    /// Creates an API key that acts as you and can do no more than you can. Needs a session, or an API key of your own that can write. To list your
    /// own keys, use `viewer`; to revoke your own keys, use `revokeApiKey`.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_personal_api_key(
        &self,
        ctx: &Context<'_>,
        input: CreatePersonalApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let made = tocsin_domain::api_key::create_personal(&request(ctx), input.command(ctx)?).await;
        let (made, user_errors) = into_payload(made)?;
        Ok(CreateApiKeyPayload::of(made, user_errors))
    }
}
