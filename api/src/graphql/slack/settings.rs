//! What an organisation has decided about Slack as a whole.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_entity::{
    kinds::{PreviewPolicy, UnmatchedPolicy},
    organization,
};

use crate::graphql::{
    context::{given_key, patch, request},
    failure::{Result, UserError, into_payload},
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

/// New values for the settings; what is left out stays, and null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackSettingsInput {
    /// What becomes of what people say in the threads of incidents whom nothing matches with a member.
    unmatched_policy: MaybeUndefined<UnmatchedPolicy>,
    /// Whose pasted links to incidents and post-mortems get a preview.
    preview_policy: MaybeUndefined<PreviewPolicy>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateSlackSettingsInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::settings::UpdateSlackSettings> {
        Ok(tocsin_domain::workspace::settings::UpdateSlackSettings {
            unmatched_policy: patch(self.unmatched_policy),
            preview_policy: patch(self.preview_policy),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn update_slack_settings(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackSettingsInput,
    ) -> Result<SlackSettingsPayload> {
        let (settings, user_errors) = into_payload(
            tocsin_domain::workspace::settings::update(&request(ctx), input.command(ctx)?).await,
        )?;
        Ok(SlackSettingsPayload {
            settings: settings.as_ref().map(SlackSettings::from),
            user_errors,
        })
    }
}
