//! Keys to the API: stored as a hash, shown once, scoped, revocable.

use rand::distr::{Alphanumeric, SampleString};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_entity::{
    api_key,
    id::{ApiKeyId, OrganizationId, UserId},
    kinds::{Role, Scope},
};

use crate::{
    audit::AuditTrail,
    error::{MutationError, RequestError, UserError, UserErrorCode},
    idempotency::{self, KeyUse, RequestKey},
    limits,
    loaders::MemberKey,
    paging::{PageBounds, PageRequest, RowPage},
    patch::Patch,
    request::Request,
    tenant,
    validation::{Checks, new_value},
    viewer::{Permission, Scopes, Viewer, hash_key, read_scopes, tell_all},
};

/// Most keys of one's own that are told.
const OWN_MAX: u64 = 100;
/// Random characters in a key: 238 bits.
const SECRET_LENGTH: usize = 40;

/// A new key.
#[derive(Debug)]
pub struct CreateApiKey {
    /// What people call it; at most 100 characters.
    pub name: String,
    /// What it may be used for; at least one.
    pub scopes: Vec<Scope>,
    /// The member it acts as; a key of the organisation itself where none is named.
    pub user_id: Option<String>,
    /// When it expires; never where it is left out.
    pub expires_at: Option<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours. The key itself is shown the first time only.
    pub idempotency_key: Option<RequestKey>,
}

/// A new key of the viewer's own.
#[derive(Debug)]
pub struct CreatePersonalApiKey {
    /// What they call it; at most 100 characters.
    pub name: String,
    /// What it may be used for; at least one, and no more than they may themselves.
    pub scopes: Vec<Scope>,
    /// When it expires; never where it is left out.
    pub expires_at: Option<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours. The key itself is shown the first time only.
    pub idempotency_key: Option<RequestKey>,
}

/// Which key is to open nothing any more.
#[derive(Debug)]
pub struct RevokeApiKey {
    /// The key's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a key; what is left out stays.
#[derive(Debug)]
pub struct UpdateApiKey {
    /// The key's id.
    pub id: String,
    /// What people call it; at most 100 characters.
    pub name: Patch<String>,
    /// When it expires; null for never.
    pub expires_at: Patch<OffsetDateTime>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

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
    made: ApiKeyOrigin,
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
        created_at: made.at,
    }
}

/// Who makes a key, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiKeyOrigin {
    /// The member who makes it.
    by_user_id: Option<UserId>,
    /// The key by which it is made, where that is no member's.
    by_key_id: Option<ApiKeyId>,
    /// When it is made.
    at: OffsetDateTime,
    /// When it expires, if ever.
    expires_at: Option<OffsetDateTime>,
}

impl ApiKeyOrigin {
    /// A key that the server's command line makes, and that never expires.
    pub(crate) fn by_command_line(at: OffsetDateTime) -> Self {
        Self {
            by_user_id: None,
            by_key_id: None,
            at,
            expires_at: None,
        }
    }
}

/// How far ahead a key may expire: further than that is a slip of the pen.
const EXPIRES_WITHIN: time::Duration = time::Duration::days(3_660);

fn expiry(at: Option<OffsetDateTime>, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, UserError> {
    let Some(at) = at.map(limits::time) else {
        return Ok(None);
    };
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

fn need_scope(scopes: &[Scope]) -> Result<(), UserError> {
    if scopes.is_empty() {
        return Err(UserError::invalid("scopes", "A key needs at least one scope."));
    }
    Ok(())
}

/// A key by its id, for administrators.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<api_key::Model>, RequestError> {
    request
        .load_owned::<ApiKeyId, api_key::Model>(Permission::Manage, id)
        .await
}

/// A page of the organisation's keys, oldest first, for administrators.
pub async fn list(request: &Request<'_>, page: PageRequest) -> Result<RowPage<api_key::Model>, RequestError> {
    let tenant = request.tenant(Permission::Manage)?;
    let page = PageBounds::new(page)?;
    let find = page.cut::<_, ApiKeyId>(tenant.find::<api_key::Entity>(), api_key::Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}

/// How many keys the organisation has, for administrators.
pub async fn count(request: &Request<'_>) -> Result<u64, RequestError> {
    let own = request.tenant(Permission::Manage)?.find::<api_key::Entity>();
    Ok(own.count(request.read()).await?)
}

/// The viewer's own keys that are not revoked, the newest first; none for whoever is no member.
pub async fn own(request: &Request<'_>) -> Result<Vec<api_key::Model>, RequestError> {
    let Some(member) = request.viewer.member() else {
        return Ok(Vec::new());
    };
    let found = request
        .tenant(Permission::Read)?
        .find::<api_key::Entity>()
        .filter(api_key::Column::UserId.eq(member.user_id))
        .filter(api_key::Column::RevokedAt.is_null())
        .order_by_desc(api_key::Column::Id)
        .limit(OWN_MAX)
        .all(request.read())
        .await?;
    Ok(found)
}

/// Makes a key. The secret is given the first time only.
pub async fn create(
    request: &Request<'_>,
    input: CreateApiKey,
) -> Result<(api_key::Model, Option<SecretString>), MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let used = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let now = request.now();
    let (name, expires_at, ()) = (
        limits::name("name", &input.name),
        expiry(input.expires_at, now),
        need_scope(&input.scopes),
    )
        .all()?;
    let made = ApiKeyOrigin {
        by_user_id: viewer.member().map(|member| member.user_id),
        by_key_id: viewer.key_id().filter(|_| viewer.member().is_none()),
        at: now,
        expires_at,
    };
    let user_id = match &input.user_id {
        // Such a key may do what an owner may.
        None if input.scopes.contains(&Scope::Admin) && is_no_owner(viewer) => {
            return Err(UserError::new(
                UserErrorCode::Forbidden,
                "Only an OWNER makes keys of the organisation itself with the scope ADMIN: name a member in `userId`.",
            )
            .at("userId")
            .into());
        }
        None => None,
        Some(id) => Some(member_for_key(request, organization_id, id).await?),
    };
    let scopes = &input.scopes;
    insert(request, organization_id, used, |secret| {
        row(
            organization_id,
            user_id,
            name,
            secret,
            &Scopes::of(scopes).list(),
            made,
        )
    })
    .await
}

/// Whether the viewer is a member who is no owner: what owners alone may do is not theirs.
fn is_no_owner(viewer: &Viewer) -> bool {
    viewer.member().is_some_and(|member| member.role != Role::Owner)
}

/// Gives a key another name, or lets it expire at another time.
pub async fn update(request: &Request<'_>, input: UpdateApiKey) -> Result<api_key::Model, MutationError> {
    let organization_id = request.viewer.may_change(Permission::Manage)?;
    let used = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("API key").at("id");
    let id: ApiKeyId = input.id.parse().map_err(|_| unknown())?;
    let now = request.now();
    let until = match input.expires_at {
        Patch::Set(at) => expiry(Some(at), now).map(|at| at.map_or(Patch::Keep, Patch::Set)),
        kept @ (Patch::Keep | Patch::Clear) => Ok(kept),
    };
    let (name, expires_at) = (
        new_value("name", input.name, |name| limits::name("name", &name)),
        until,
    )
        .all()?;
    let id_of = |row: &api_key::Model| row.id;
    let row = idempotency::once(request, organization_id, used, "API key", id_of, async |tx| {
        let before = tenant::own::<api_key::Entity>(tx, organization_id, id)
            .await?
            .ok_or_else(unknown)?;
        may_manage(request, &before).await?;
        if before.revoked_at.is_some() || before.expires_at.is_some_and(|at| at <= now) {
            let why = "This API key opens nothing any more: make a new one.";
            return Err(UserError::new(UserErrorCode::WrongStatus, why).at("id").into());
        }
        let mut after = before.clone().into_active_model();
        after.name = Set(name.unwrap_or_else(|| before.name.clone()));
        after.expires_at = Set(expires_at.apply(before.expires_at));
        let after = after.update(tx).await?;
        AuditTrail::of(request, organization_id)
            .changed(tx, &before, &after)
            .await?;
        tell_all(tx).await?;
        Ok(after)
    })
    .await?;
    request.domain.rights_became_less();
    Ok(row)
}

/// Refuses a member who is no owner for a key that does what owners alone may do.
async fn may_manage(request: &Request<'_>, key: &api_key::Model) -> Result<(), MutationError> {
    if !is_no_owner(request.viewer) {
        return Ok(());
    }
    let is_owners = match key.user_id {
        None => read_scopes(&key.scopes).contains(&Scope::Admin),
        Some(user_id) => request
            .loaders()
            .load_one(MemberKey(key.organization_id, user_id))
            .await?
            .is_some_and(|member| member.role == Role::Owner),
    };
    if is_owners {
        let why = "Only an OWNER changes API keys that do what an owner may do.";
        return Err(UserError::new(UserErrorCode::Forbidden, why).at("id").into());
    }
    Ok(())
}

/// Makes a key that acts as the viewer, and may no more than they. The secret is given the first time only.
pub async fn create_personal(
    request: &Request<'_>,
    input: CreatePersonalApiKey,
) -> Result<(api_key::Model, Option<SecretString>), MutationError> {
    let viewer = request.viewer;
    let (organization_id, user_id) = viewer.myself()?;
    let used = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let now = request.now();
    let (name, wanted, ()) = (
        limits::name("name", &input.name),
        expiry(input.expires_at, now),
        need_scope(&input.scopes),
    )
        .all()?;
    let scopes = Scopes::of(&input.scopes).list();
    let allowed = viewer.scopes();
    let role = viewer.member().map(|member| member.role);
    let exceeds =
        |scope: &Scope| !allowed.contains(scope) || role.is_some_and(|role| !may_have(role, *scope));
    if let Some(beyond) = scopes.iter().rev().find(|scope| exceeds(scope)) {
        let why = format!("You can't do yourself what the scope {beyond} allows: leave it out.");
        return Err(UserError::new(UserErrorCode::Forbidden, why).at("scopes").into());
    }
    // A key that ends makes none that goes on without it.
    let last = viewer.who.expires_at();
    if last.is_some_and(|last| wanted.is_some_and(|wanted| wanted > last)) {
        let why = "The API key that makes it expires before that: name an earlier time.";
        return Err(UserError::invalid("expiresAt", why).into());
    }
    let made = ApiKeyOrigin {
        by_user_id: Some(user_id),
        by_key_id: None,
        at: now,
        expires_at: wanted.or(last),
    };
    insert(request, organization_id, used, |secret| {
        row(organization_id, Some(user_id), name, secret, &scopes, made)
    })
    .await
}

/// Whether a member of this role may do anything with a key of this scope.
fn may_have(role: Role, scope: Scope) -> bool {
    match scope {
        Scope::Read => true,
        Scope::Trigger | Scope::Write => role != Role::Stakeholder,
        Scope::Admin => matches!(role, Role::Owner | Role::Admin),
    }
}

async fn insert(
    request: &Request<'_>,
    organization_id: OrganizationId,
    used: Option<KeyUse>,
    row: impl FnOnce(&SecretString) -> api_key::Model,
) -> Result<(api_key::Model, Option<SecretString>), MutationError> {
    let tx = request.domain.database().begin_write().await?;
    if let Some(id) = idempotency::before::<ApiKeyId>(&tx, organization_id, used.as_ref()).await? {
        drop(tx);
        let row: Option<api_key::Model> = request.loaders().load_one(id).await?;
        let row = row.ok_or_else(|| UserError::not_found("API key"))?;
        return Ok((row, None));
    }
    let secret = make_secret();
    let row = row(&secret).into_active_model().insert(&tx).await?;
    AuditTrail::of(request, organization_id).made(&tx, &row).await?;
    idempotency::keep(&tx, organization_id, used.as_ref(), row.id).await?;
    tx.commit().await?;
    Ok((row, Some(secret)))
}

async fn member_for_key(
    request: &Request<'_>,
    organization_id: OrganizationId,
    id: &str,
) -> Result<UserId, MutationError> {
    let unknown = || UserError::not_found("user").at("userId");
    let user_id = id.parse().map_err(|_| unknown())?;
    let user = request
        .loaders()
        .load_one(MemberKey(organization_id, user_id))
        .await?
        .ok_or_else(unknown)?;
    if user.role == Role::Owner && is_no_owner(request.viewer) {
        return Err(UserError::new(
            UserErrorCode::Forbidden,
            "Only an OWNER makes keys that act as an owner.",
        )
        .at("userId")
        .into());
    }
    Ok(user_id)
}

/// Revokes a key: from now on it opens nothing. One's own may be revoked by oneself, all others by administrators.
pub async fn revoke(request: &Request<'_>, input: RevokeApiKey) -> Result<api_key::Model, MutationError> {
    let viewer = request.viewer;
    let manages = viewer.may_change(Permission::Manage);
    let own = match &manages {
        Ok(_) => None,
        Err(_) => viewer.myself().ok(),
    };
    let organization_id = match own {
        Some((organization_id, _)) => organization_id,
        None => manages?,
    };
    let used = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let unknown = || match own {
        // Of others' keys they learn nothing.
        Some(_) => UserError::new(
            UserErrorCode::Forbidden,
            "This is no API key of your own: to revoke others needs the role ADMIN or OWNER.",
        )
        .at("id"),
        None => UserError::not_found("API key").at("id"),
    };
    let id: ApiKeyId = input.id.parse().map_err(|_| unknown())?;
    let tx = request.domain.database().begin_write().await?;
    idempotency::before::<ApiKeyId>(&tx, organization_id, used.as_ref()).await?;
    let mut row = tenant::own::<api_key::Entity>(&tx, organization_id, id)
        .await?
        .filter(|row| own.is_none_or(|(_, user_id)| row.user_id == Some(user_id)))
        .ok_or_else(unknown)?;
    if row.revoked_at.is_none() {
        let mut change = row.clone().into_active_model();
        change.revoked_at = Set(Some(request.now()));
        let revoked = change.update(&tx).await?;
        AuditTrail::of(request, organization_id)
            .changed(&tx, &row, &revoked)
            .await?;
        row = revoked;
        idempotency::keep(&tx, organization_id, used.as_ref(), id).await?;
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    request.domain.rights_became_less();
    Ok(row)
}
