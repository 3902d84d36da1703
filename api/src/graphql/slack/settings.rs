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

/// An organisation's settings for Slack as a whole.
#[derive(SimpleObject)]
pub(crate) struct SlackSettings {
    /// The policy for replies in incident threads from people in Slack who match no member; `REFUSE` in a new organisation.
    unmatched_policy: UnmatchedPolicy,
    /// The policy for previews of pasted links to incidents and post-mortems: which people's links get a preview; `WORKSPACE` in a new organisation.
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

/// New values for the organisation's Slack settings. A field that you leave out stays as it is; null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackSettingsInput {
    /// The policy for replies in incident threads from people in Slack who match no member.
    unmatched_policy: MaybeUndefined<UnmatchedPolicy>,
    /// The policy for previews of pasted links to incidents and post-mortems: which people's links get a preview.
    preview_policy: MaybeUndefined<PreviewPolicy>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of a change of the Slack settings.
#[derive(SimpleObject)]
pub(crate) struct SlackSettingsPayload {
    /// The settings after the change; null if the change was refused.
    settings: Option<SlackSettings>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of the settings.
#[derive(Default)]
pub(crate) struct SlackSettingsMutation;

#[Object]
impl SlackSettingsMutation {
    /// Changes the organisation's settings for Slack as a whole. Needs the role ADMIN or OWNER.
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
