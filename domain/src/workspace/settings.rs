//! What an organisation has decided about Slack as a whole.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{PreviewPolicy, UnmatchedPolicy},
    organization,
};

use crate::{
    Domain,
    audit::AuditTrail,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    patch::Patch,
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// New values for the settings; what is left out stays.
#[derive(Debug)]
pub struct UpdateSlackSettings {
    /// What becomes of what people say in the threads of incidents whom nothing matches with a member.
    pub unmatched_policy: Patch<UnmatchedPolicy>,
    /// Whose pasted links to incidents and post-mortems get a preview.
    pub preview_policy: Patch<PreviewPolicy>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Changes what the organisation has decided about Slack as a whole.
pub async fn update(
    request: &Request<'_>,
    input: UpdateSlackSettings,
) -> Result<organization::Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let unmatched_policy = input.unmatched_policy.needed("unmatchedPolicy")?;
    let preview_policy = input.preview_policy.needed("previewPolicy")?;
    let tx = request.domain.database().begin_write().await?;
    let before = idempotency::before::<OrganizationId>(&tx, organization_id, key.as_ref()).await?;
    let row = Tenant::of(organization_id).organization().one(&tx).await?;
    let row = row.ok_or_else(|| gone(organization_id))?;
    if before.is_some() || unmatched_policy.is_none() && preview_policy.is_none() {
        return Ok(row);
    }
    let was = row.clone();
    let mut row = row.into_active_model();
    if let Some(policy) = unmatched_policy {
        row.slack_unmatched_policy = Set(policy);
    }
    if let Some(policy) = preview_policy {
        row.slack_preview_policy = Set(policy);
    }
    let row = row.update(&tx).await?;
    AuditTrail::of(request, organization_id)
        .changed(&tx, &was, &row)
        .await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), organization_id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Refuses a comment of somebody in Slack whom nothing matches with a member, where the organisation wants none.
pub(crate) async fn takes_unmatched(
    domain: &Domain,
    organization_id: OrganizationId,
) -> Result<(), MutationError> {
    let row = Tenant::of(organization_id)
        .organization()
        .one(domain.database().read())
        .await?;
    match row.ok_or_else(|| gone(organization_id))?.slack_unmatched_policy {
        UnmatchedPolicy::Attribute => Ok(()),
        UnmatchedPolicy::Refuse => Err(UserError::new(
            UserErrorCode::UnmatchedRefused,
            "The organisation takes no comments of people in Slack who are not matched with a member.",
        )
        .into()),
    }
}

fn gone(organization_id: OrganizationId) -> InternalError {
    InternalError::Broken(format!("the organisation {organization_id} of a key is gone"))
}
