//! Keys to the API: stored as a hash, shown once, scoped, revocable.

use async_graphql::{
    Context, ID, InputObject, Object, Result, SimpleObject,
    connection::{Connection, EmptyFields},
};
use rand::distr::{Alphanumeric, SampleString};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_entity::{
    api_key,
    id::{ApiKeyId, OrganizationId, UserId},
    kinds::{Role, Scope},
};

use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency, limits, loaders,
    node::{self, domain, load_owned},
    paging::Page,
    user::{Author, User, load_member},
    viewer::{Need, Scopes, Viewer, hash_key, read_scopes, tell_all},
};

/// Random characters in a key: 238 bits.
const SECRET_LENGTH: usize = 40;

/// A new key.
pub(crate) fn make_secret() -> SecretString {
    format!(
        "tocsin_{}",
        Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH)
    )
    .into()
}

/// The row that stands for a key.
pub(crate) fn row(
    organization_id: OrganizationId,
    user_id: Option<UserId>,
    name: String,
    secret: &SecretString,
    scopes: &[Scope],
    made: Made,
) -> api_key::Model {
    let secret = secret.expose_secret();
    let hint: Vec<char> = secret.chars().rev().take(4).collect();
    api_key::Model {
        id: ApiKeyId::new(),
        organization_id,
        user_id,
        name,
        hash: hash_key(secret),
        hint: hint.into_iter().rev().collect(),
        scopes: serde_json::json!(scopes),
        last_used_at: None,
        revoked_at: None,
        expires_at: made.expires_at,
        created_by_user_id: made.by_user_id,
        created_by_key_id: made.by_key_id,
        created_at: OffsetDateTime::now_utc(),
    }
}

/// Who makes a key, and until when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Made {
    /// The member who makes it.
    by_user_id: Option<UserId>,
    /// The key by which it is made, where that is no member's.
    by_key_id: Option<ApiKeyId>,
    /// When it expires, if ever.
    expires_at: Option<OffsetDateTime>,
}

/// How far ahead a key may expire: further than that is a slip of the pen.
const EXPIRES_WITHIN: time::Duration = time::Duration::days(3_660);

fn expiry(at: Option<OffsetDateTime>) -> Result<Option<OffsetDateTime>, UserError> {
    let Some(at) = at.map(limits::time) else {
        return Ok(None);
    };
    let now = OffsetDateTime::now_utc();
    if at <= now {
        return Err(UserError::invalid(
            "expiresAt",
            "This time is over: name one that is to come.",
        ));
    }
    if at > now + EXPIRES_WITHIN {
        return Err(UserError::invalid(
            "expiresAt",
            "A key expires within ten years: name an earlier time, or leave this out for a key that never expires.",
        ));
    }
    Ok(Some(at))
}

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
        let organization_id = self.0.organization_id;
        Ok(Author::of_creator(
            ctx,
            organization_id,
            self.0.created_by_user_id,
            self.0.created_by_key_id,
        )
        .await?)
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
    Ok(load_owned::<ApiKeyId, api_key::Model>(ctx, Need::Manage, id)
        .await?
        .map(ApiKey))
}

/// The queries for keys.
#[derive(Default)]
pub(crate) struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The organisation's API keys, oldest first. Needs the role ADMIN or OWNER.
    #[graphql(complexity = "crate::paging::weight(first, last, child_complexity)")]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, ApiKey, EmptyFields, EmptyFields>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Manage)?;
        let page = Page::new(first, after, last, before)?;
        let own = api_key::Entity::find().filter(api_key::Column::OrganizationId.eq(organization_id));
        let find = page.cut::<_, ApiKeyId>(own, api_key::Column::Id)?;
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(page.connect(rows, EmptyFields, |row| row.id.to_string(), ApiKey))
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

/// Which key is to open nothing any more.
#[derive(Debug, InputObject)]
pub(crate) struct RevokeApiKeyInput {
    /// The key's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
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
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let (made, user_errors) = told(create(ctx, input).await)?;
        let (api_key, secret) = made.map_or((None, None), |(key, secret)| (Some(key), secret));
        Ok(CreateApiKeyPayload {
            api_key,
            secret: secret.map(|secret| secret.expose_secret().to_owned()),
            user_errors,
        })
    }

    /// Revokes a key: from now on it opens nothing. Revoking it again changes nothing. Needs the role ADMIN or OWNER.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        input: RevokeApiKeyInput,
    ) -> Result<RevokeApiKeyPayload> {
        let (api_key, user_errors) = told(revoke(ctx, input).await)?;
        Ok(RevokeApiKeyPayload { api_key, user_errors })
    }
}

async fn create(
    ctx: &Context<'_>,
    input: CreateApiKeyInput,
) -> Result<(ApiKey, Option<SecretString>), Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let used = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let name = limits::name("name", &input.name)?;
    let made = Made {
        by_user_id: viewer.member().map(|member| member.user_id),
        by_key_id: viewer.key_id().filter(|_| viewer.member().is_none()),
        expires_at: expiry(input.expires_at)?,
    };
    if input.scopes.is_empty() {
        return Err(UserError::invalid("scopes", "A key needs at least one scope.").into());
    }
    let user_id = match &input.user_id {
        // Such a key may do what an owner may.
        None if input.scopes.contains(&Scope::Admin)
            && viewer.member().is_some_and(|member| member.role != Role::Owner) =>
        {
            return Err(UserError::new(
                UserErrorCode::Forbidden,
                "Only an OWNER makes keys of the organisation itself with the scope ADMIN: name a member in `userId`.",
            )
            .at("userId")
            .into());
        }
        None => None,
        Some(id) => Some(member_for_key(ctx, organization_id, id).await?),
    };
    let tx = domain(ctx).database().begin_write().await?;
    if let Some(id) = idempotency::before::<ApiKeyId>(&tx, organization_id, used.as_ref()).await? {
        drop(tx);
        let row: Option<api_key::Model> = loaders::of(ctx).load_one(id).await?;
        let row = row.ok_or_else(|| UserError::not_found("API key"))?;
        return Ok((ApiKey(row), None));
    }
    let secret = make_secret();
    let scopes = Scopes::of(&input.scopes).list();
    let row = row(organization_id, user_id, name, &secret, &scopes, made)
        .into_active_model()
        .insert(&tx)
        .await?;
    Trail::of(ctx, organization_id).made(&tx, &row).await?;
    idempotency::keep(&tx, organization_id, used.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok((ApiKey(row), Some(secret)))
}

async fn member_for_key(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    id: &ID,
) -> Result<UserId, Trouble> {
    let unknown = || UserError::not_found("user").at("userId");
    let user_id = id.parse().map_err(|_| unknown())?;
    let user = load_member(ctx, organization_id, Some(user_id))
        .await?
        .ok_or_else(unknown)?;
    let own_role = ctx.data_unchecked::<Viewer>().member().map(|member| member.role);
    if user.0.role == Role::Owner && own_role.is_some_and(|role| role != Role::Owner) {
        return Err(UserError::new(
            UserErrorCode::Forbidden,
            "Only an OWNER makes keys that act as an owner.",
        )
        .at("userId")
        .into());
    }
    Ok(user_id)
}

async fn revoke(ctx: &Context<'_>, input: RevokeApiKeyInput) -> Result<ApiKey, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let used = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("API key").at("id");
    let id: ApiKeyId = input.id.parse().map_err(|_| unknown())?;
    let tx = domain(ctx).database().begin_write().await?;
    idempotency::before::<ApiKeyId>(&tx, organization_id, used.as_ref()).await?;
    let mut row = node::own::<api_key::Entity>(&tx, organization_id, id)
        .await?
        .ok_or_else(unknown)?;
    if row.revoked_at.is_none() {
        let mut change = row.clone().into_active_model();
        change.revoked_at = Set(Some(OffsetDateTime::now_utc()));
        let revoked = change.update(&tx).await?;
        Trail::of(ctx, organization_id)
            .changed(&tx, &row, &revoked)
            .await?;
        row = revoked;
        idempotency::keep(&tx, organization_id, used.as_ref(), id).await?;
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    domain(ctx).rights_became_less();
    Ok(ApiKey(row))
}
