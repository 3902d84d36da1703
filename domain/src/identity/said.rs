//! Who a member is in a Slack workspace by their own word.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    slack_link::{Column, Entity},
};

use crate::{
    data_loader::Loader,
    error::{InternalError, RequestError},
    loaders::{BatchLoader, TOGETHER},
    request::Request,
    tenant::everywhere,
};

/// A member of an organisation, and the Slack workspace in which they are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SaidIn(OrganizationId, UserId, String);

impl Loader<SaidIn> for BatchLoader {
    type Value = String;
    type Error = InternalError;

    async fn load(&self, keys: &[SaidIn]) -> Result<HashMap<SaidIn, String>, InternalError> {
        let rows = everywhere::<Entity>(TOGETHER)
            .filter(Column::UserId.is_in(keys.iter().map(|key| key.1)))
            .filter(Column::TeamId.is_in(keys.iter().map(|key| key.2.as_str())))
            .all(self.database().read())
            .await?;
        let of = |row: tocsin_entity::slack_link::Model| {
            let key = SaidIn(row.organization_id, row.user_id, row.team_id);
            (key, row.slack_user_id)
        };
        Ok(rows.into_iter().map(of).collect())
    }
}

/// Who a member is in a Slack workspace by their own word; none where they have not said so. For the Slack bridge alone.
///
/// # Errors
/// A refusal of everybody else.
pub async fn said_in(
    request: &Request<'_>,
    organization_id: OrganizationId,
    user_id: UserId,
    team_id: String,
) -> Result<Option<String>, RequestError> {
    request.viewer.may_ask_for_all()?;
    let key = SaidIn(organization_id, user_id, team_id);
    Ok(request.loaders().load_one(key).await?)
}
