//! What an organisation has decided about Slack as a whole.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{PreviewPolicy, UnmatchedPolicy},
    organization,
};

use crate::{
    Domain,
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency,
    node::domain,
    viewer::{Need, Viewer},
};

/// What an organisation has decided about Slack as a whole.
#[derive(SimpleObject)]
pub(crate) struct SlackSettings {
    /// What becomes of what people say in the threads of incidents whom nothing matches with a member.
    unmatched_policy: UnmatchedPolicy,
    /// Whose pasted links to incidents and post-mortems get a preview.
    preview_policy: PreviewPolicy,
}

impl From<&organization::Model> for SlackSettings {
    fn from(row: &organization::Model) -> Self {
        Self {
            unmatched_policy: row.slack_unmatched_policy,
            preview_policy: row.slack_preview_policy,
        }
    }
}

/// New values for the settings; what is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackSettingsInput {
    /// What becomes of what people say in the threads of incidents whom nothing matches with a member.
    unmatched_policy: Option<UnmatchedPolicy>,
    /// Whose pasted links to incidents and post-mortems get a preview.
    preview_policy: Option<PreviewPolicy>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of a change of the settings.
#[derive(SimpleObject)]
pub(crate) struct SlackSettingsPayload {
    /// The settings as they are now; none where the change was refused.
    settings: Option<SlackSettings>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of the settings.
#[derive(Default)]
pub(crate) struct SlackSettingsMutation;

#[Object]
impl SlackSettingsMutation {
    /// Changes what the organisation has decided about Slack as a whole. Needs the role ADMIN or OWNER.
    async fn update_slack_settings(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackSettingsInput,
    ) -> Result<SlackSettingsPayload> {
        let (settings, user_errors) = told(update(ctx, input).await)?;
        Ok(SlackSettingsPayload {
            settings,
            user_errors,
        })
    }
}

async fn update(ctx: &Context<'_>, input: UpdateSlackSettingsInput) -> Result<SlackSettings, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let tx = domain(ctx).database().begin_write().await?;
    let before = idempotency::before::<OrganizationId>(&tx, organization_id, key.as_ref()).await?;
    let row = organization::Entity::find_by_id(organization_id).one(&tx).await?;
    let row = row.ok_or_else(|| gone(organization_id))?;
    if before.is_some() || input.unmatched_policy.is_none() && input.preview_policy.is_none() {
        return Ok(SlackSettings::from(&row));
    }
    let was = row.clone();
    let mut row = row.into_active_model();
    if let Some(policy) = input.unmatched_policy {
        row.slack_unmatched_policy = Set(policy);
    }
    if let Some(policy) = input.preview_policy {
        row.slack_preview_policy = Set(policy);
    }
    let row = row.update(&tx).await?;
    Trail::of(ctx, organization_id).changed(&tx, &was, &row).await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), organization_id).await?;
    tx.commit().await?;
    Ok(SlackSettings::from(&row))
}

/// Refuses a comment of somebody in Slack whom nothing matches with a member, where the organisation wants none.
pub(crate) async fn takes_unmatched(domain: &Domain, organization_id: OrganizationId) -> Result<(), Trouble> {
    let row = organization::Entity::find_by_id(organization_id)
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

fn gone(organization_id: OrganizationId) -> Fault {
    Fault::Broken(format!("the organisation {organization_id} of a key is gone"))
}
