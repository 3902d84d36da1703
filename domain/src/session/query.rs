//! Reading sessions.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_entity::{
    id::{OrganizationId, SessionId, UserId},
    session::{Column, Entity, Model},
};

use super::open::SESSIONS_MAX;
use crate::{error::RequestError, limits, request::Request, tenant::Tenant, viewer::Permission};

/// The session by which the request comes; none for whoever shows a key.
pub async fn of_viewer(request: &Request<'_>) -> Result<Option<Model>, RequestError> {
    match request.viewer.session_id() {
        Some(id) => Ok(request.loaders().load_one(id).await?),
        None => Ok(None),
    }
}

/// A session by its id: one's own, and any for administrators.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    let found = request
        .load_owned::<SessionId, Model>(Permission::Read, id)
        .await?;
    let own = request.viewer.member().map(|member| member.user_id);
    let manages = request.viewer.may(Permission::Manage).is_ok();
    Ok(found.filter(|session| manages || own == Some(session.user_id)))
}

/// One's own sessions that have not ended, the one used last first; none for whoever is no member.
pub async fn own(request: &Request<'_>) -> Result<Vec<Model>, RequestError> {
    match (request.viewer.organization_id(), request.viewer.member()) {
        (Some(organization_id), Some(member)) => {
            request.viewer.may(Permission::Read)?;
            open(request, organization_id, member.user_id).await
        }
        (None, _) | (_, None) => Ok(Vec::new()),
    }
}

/// A member's sessions that have not ended, the one used last first: for themselves, and for administrators.
pub async fn list_of(request: &Request<'_>, user_id: UserId) -> Result<Vec<Model>, RequestError> {
    let is_self = request
        .viewer
        .member()
        .is_some_and(|member| member.user_id == user_id);
    let need = if is_self {
        Permission::Read
    } else {
        Permission::Manage
    };
    let organization_id = request.viewer.may(need)?;
    open(request, organization_id, user_id).await
}

async fn open(
    request: &Request<'_>,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Vec<Model>, RequestError> {
    let rows = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(limits::time(request.now())))
        .order_by_desc(Column::LastUsedAt)
        .order_by_desc(Column::Id)
        .limit(SESSIONS_MAX as u64)
        .all(request.read())
        .await?;
    Ok(rows)
}
