//! Members are added and changed by whoever may: rights first, then the writing.

use std::sync::Arc;

use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::Role,
};

use super::command::{self, MemberChange, NewMember};
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    loaders::{MemberKey, MemberRow},
    patch::Patch,
    request::Request,
    validation::{Checks, new_value},
    viewer::{Permission, Viewer},
};

/// A new member.
#[derive(Debug)]
pub struct CreateUser {
    /// The name people read; at most 100 characters.
    pub name: String,
    /// The e-mail address, by which the person is known in Slack as well.
    pub email: String,
    /// What the member may do.
    pub role: Role,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a member; what is left out stays.
#[derive(Debug)]
pub struct UpdateUser {
    /// The user's id.
    pub id: String,
    /// The name people read; at most 100 characters.
    pub name: Patch<String>,
    /// The e-mail address, by which the person is known in Slack as well; unique in the organisation.
    pub email: Patch<String>,
    /// What the member may do from now on.
    pub role: Patch<Role>,
    /// Whether the member may do anything at all.
    pub active: Patch<bool>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Adds a member to the organisation.
pub async fn create(request: &Request<'_>, input: CreateUser) -> Result<Arc<MemberRow>, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    may_appoint(viewer, Some(input.role))?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (name, email) = (
        limits::name("name", &input.name),
        limits::email("email", &input.email),
    )
        .all()?;
    let new = NewMember {
        name,
        email,
        role: input.role,
    };
    let trail = AuditTrail::of(request, organization_id);
    let user_id = command::create(
        request.domain.database(),
        organization_id,
        new,
        &trail,
        key.as_ref(),
    )
    .await?;
    reload(request, organization_id, user_id).await
}

/// Changes a member.
pub async fn update(request: &Request<'_>, input: UpdateUser) -> Result<Arc<MemberRow>, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let user_id: UserId = input
        .id
        .parse()
        .map_err(|_| UserError::not_found("user").at("id"))?;
    let member = reload(request, organization_id, user_id).await?;
    let role = input.role.needed("role")?;
    may_appoint(viewer, role)?;
    may_appoint(viewer, Some(member.role))?;
    let (name, email, active) = (
        new_value("name", input.name, |name| limits::name("name", &name)),
        new_value("email", input.email, |email| limits::email("email", &email)),
        input.active.needed("active"),
    )
        .all()?;
    let change = MemberChange {
        name,
        email,
        role,
        active,
    };
    let trail = AuditTrail::of(request, organization_id);
    command::change(
        request.domain.database(),
        organization_id,
        user_id,
        change,
        &trail,
        key.as_ref(),
    )
    .await?;
    request.domain.rights_became_less();
    reload(request, organization_id, user_id).await
}

/// Only owners make owners, and change what owners may do; so does a key of the organisation itself.
fn may_appoint(viewer: &Viewer, role: Option<Role>) -> Result<(), MutationError> {
    match (viewer.member(), role) {
        (Some(member), Some(Role::Owner)) if member.role != Role::Owner => Err(UserError::new(
            UserErrorCode::Forbidden,
            format!(
                "Your role is {}; only an OWNER appoints and changes owners.",
                member.role
            ),
        )
        .into()),
        _ => Ok(()),
    }
}

async fn reload(
    request: &Request<'_>,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Arc<MemberRow>, MutationError> {
    let found = request
        .loaders()
        .load_one(MemberKey(organization_id, user_id))
        .await?;
    found.ok_or_else(|| UserError::not_found("user").into())
}
