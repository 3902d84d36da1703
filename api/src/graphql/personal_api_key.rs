//! Members make keys of their own.

use async_graphql::{Context, InputObject, Object};
use time::OffsetDateTime;
use tocsin_entity::kinds::Scope;

use crate::graphql::{
    api_key::CreateApiKeyPayload,
    context::{given_key, request},
    failure::{Result, into_payload},
};

/// A new key of one's own.
#[derive(Debug, InputObject)]
pub(crate) struct CreatePersonalApiKeyInput {
    /// What one calls it; at most 100 characters.
    name: String,
    /// What it may be used for; at least one, and no more than one may oneself.
    scopes: Vec<Scope>,
    /// When it expires; never where it is left out. A key that is made by a key expires no later than that.
    expires_at: Option<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours. The key itself is shown the first time only.
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
    /// Makes a key that acts as oneself, and may no more than that. Needs a session, or a member's own key that may write. One's own keys are listed by
    /// `viewer`, and revoked by `revokeApiKey`.
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
