//! Links by which somebody signs in once.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, sea_query::Expr,
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SignInLinkId, UserId},
    kinds::SignInMethod,
    sign_in_link::{Column, Entity, Model},
};
use tocsin_slack_app::public_url::below;

use super::token;
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrorCode},
    idempotency::RequestKey,
    limits,
    request::Request,
    tenant::everywhere,
    viewer::{Permission, hash_key},
};

/// For how many minutes a link is good.
const LINK_MINUTES: i64 = 5;
/// For how many hours a link is good that makes an organisation's first owner.
const FIRST_OWNER_HOURS: i64 = 24;
/// Length of a hash in hex.
const HASH_LENGTH: usize = 64;

/// Asks for a link by which a member signs in once. Taken from the Slack bridge alone, on behalf of the member.
#[derive(Debug)]
pub struct CreateSignInLink {
    /// How whoever uses it is said to have signed in.
    pub method: SignInMethod,
    /// SHA-256, in hex, of what the one browser holds that may use it.
    pub browser_hash: Option<String>,
    /// Makes the request repeatable for 24 hours. Each answer is another link.
    pub idempotency_key: Option<RequestKey>,
}

/// A link to be made.
#[derive(Debug)]
pub(crate) struct NewSignInLink {
    pub(crate) organization_id: OrganizationId,
    /// None for one that makes the organisation's first owner.
    pub(crate) user_id: Option<UserId>,
    pub(crate) method: SignInMethod,
    pub(crate) browser_hash: Option<String>,
}

/// Makes a link: its row, and its address below the public URL. The token is in the fragment, which no server is sent.
pub(crate) async fn make_link(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    public_url: &str,
    new: NewSignInLink,
) -> Result<(Model, SecretString), DbErr> {
    let now = limits::time(trail.now());
    let secret = token::make();
    let lives = match new.user_id {
        Some(_) => time::Duration::minutes(LINK_MINUTES),
        None => time::Duration::hours(FIRST_OWNER_HOURS),
    };
    let row = Model {
        id: SignInLinkId::new(),
        organization_id: new.organization_id,
        user_id: new.user_id,
        hash: hash_key(secret.expose_secret()),
        method: new.method,
        browser_hash: new.browser_hash,
        expires_at: now + lives,
        used_at: None,
        created_at: now,
    };
    let row = row.into_active_model().insert(tx).await?;
    trail.made(tx, &row).await?;
    let address = format!(
        "{}#token={}",
        below(public_url, "/sign-in"),
        secret.expose_secret()
    );
    Ok((row, address.into()))
}

/// The link that has this token, whatever its state.
pub(crate) async fn find_by_token(db: &impl ConnectionTrait, token: &str) -> Result<Option<Model>, DbErr> {
    everywhere::<Entity>("a link says itself whose it is")
        .filter(Column::Hash.eq(hash_key(token)))
        .one(db)
        .await
}

/// Uses a link up, in one statement: of all who try, on whichever replica, one is told true.
pub(crate) async fn claim(
    tx: &DatabaseTransaction,
    link: &Model,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let now = limits::time(now);
    let done = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::Id.eq(link.id))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Makes a link for the member on whose behalf the bridge asks: its address, and until when it is good.
pub async fn create_link(
    request: &Request<'_>,
    input: CreateSignInLink,
) -> Result<(SecretString, OffsetDateTime), MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    limits::key("idempotencyKey", input.idempotency_key.map(|given| given.key))?;
    if !matches!(input.method, SignInMethod::SlackLink | SignInMethod::Slack) {
        return Err(UserError::invalid(
            "method",
            "The Slack bridge gives links in Slack, or signs in with Slack.",
        )
        .into());
    }
    let is_hash =
        |text: &String| text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if input.browser_hash.as_ref().is_some_and(|hash| !is_hash(hash)) {
        return Err(UserError::invalid("browserHash", "This is no SHA-256 in hex.").into());
    }
    let member = viewer.member().ok_or_else(|| {
        let why = "The Slack bridge asks for a link on behalf of a member only.";
        UserError::new(UserErrorCode::Forbidden, why)
    })?;
    let new = NewSignInLink {
        organization_id,
        user_id: Some(member.user_id),
        method: input.method,
        browser_hash: input.browser_hash.map(|hash| hash.to_lowercase()),
    };
    let tx = request.domain.database().begin_write().await?;
    let public_url = request.domain.config().public_url.as_str();
    let (row, address) = make_link(&tx, &AuditTrail::of(request, organization_id), public_url, new).await?;
    tx.commit().await?;
    Ok((address, row.expires_at))
}
