//! An operation as it is at a time.

use std::time::Duration;

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_entity::{
    id::OperationId,
    kinds::OperationState,
    slack_link,
    slack_operation::{Column, Entity, Model},
};

use super::{
    result::{OperationParameters, OperationResult},
    seen_at,
};
use crate::{
    Domain,
    error::{InternalError, RequestError},
    request::Request,
    tenant::{Tenant, everywhere},
    viewer::{Permission, Viewer},
    workspace,
};

/// Most operations that are told at once.
const PENDING_MAX: u64 = 100;

/// Something that is done in Slack.
#[derive(Debug, Clone)]
pub struct Operation {
    /// As it is kept.
    pub row: Model,
    /// What is asked.
    pub wish: OperationParameters,
    /// What came of it.
    pub outcome: Box<OperationResult>,
}

impl Operation {
    /// As it is now.
    ///
    /// # Errors
    /// Where what is kept can't be read.
    pub(super) fn now(domain: &Domain, row: Model) -> Result<Self, InternalError> {
        let row = seen_at(domain.clock().now(), row);
        let broken = |error| InternalError::Broken(format!("{} can't be read: {error}", row.id));
        let wish = serde_json::from_value(row.input.clone()).map_err(broken)?;
        let outcome = row.result.clone().map(serde_json::from_value).transpose();
        let outcome: Option<Box<OperationResult>> = outcome.map_err(broken)?;
        Ok(Self {
            row,
            wish,
            outcome: outcome.unwrap_or_default(),
        })
    }

    /// Whether nothing is done for it any more.
    pub fn is_over(&self) -> bool {
        self.row.state != OperationState::Pending
    }

    /// Whether the viewer may see what came of it: who manages Slack, who asked, and the bridge.
    fn is_visible_to(&self, viewer: &Viewer) -> bool {
        let is_theirs = viewer
            .member()
            .is_some_and(|member| self.row.requested_by == Some(member.user_id));
        is_theirs || viewer.is_bridge() || viewer.may(Permission::Manage).is_ok()
    }

    /// By their own word, who the member is in Slack.
    pub async fn link(&self, request: &Request<'_>) -> Result<Option<slack_link::Model>, InternalError> {
        let Some(user_id) = self.row.user_id else {
            return Ok(None);
        };
        let Some(team_id) = workspace::team_id(request, self.row.workspace_id).await? else {
            return Ok(None);
        };
        Ok(Tenant::of(self.row.organization_id)
            .find::<slack_link::Entity>()
            .filter(slack_link::Column::TeamId.eq(team_id))
            .filter(slack_link::Column::UserId.eq(user_id))
            .one(request.domain.database().read())
            .await?)
    }
}

/// An operation that the viewer may see, as it is now.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Operation>, RequestError> {
    let found = request
        .load_owned::<OperationId, Model>(Permission::Read, id)
        .await?;
    let found = found.map(|row| Operation::now(request.domain, row)).transpose()?;
    Ok(found.filter(|found| found.is_visible_to(request.viewer)))
}

/// How often the row is looked at: any replica may take the report.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Waits until an operation is over, which it is at the latest when its time is up; none where it is gone.
pub async fn finished(domain: &Domain, id: OperationId) -> Result<Option<Operation>, InternalError> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = read(domain, id).await?;
        if now.as_ref().is_none_or(Operation::is_over) {
            return Ok(now);
        }
    }
}

/// The operation of this id as it is now; none where it is gone.
async fn read(domain: &Domain, id: OperationId) -> Result<Option<Operation>, InternalError> {
    let row = everywhere::<Entity>("whoever waits was shown the operation before")
        .filter(Column::Id.eq(id))
        .one(domain.database().read())
        .await?;
    row.map(|row| Operation::now(domain, row)).transpose()
}

/// What was asked to be done and is not done yet, oldest first: for the bridge.
pub async fn pending(request: &Request<'_>) -> Result<Vec<Operation>, RequestError> {
    let within = request.viewer.may_ask_for_all()?;
    let mut pending = everywhere::<Entity>("the bridge does what every organisation asks")
        .filter(Column::State.eq(OperationState::Pending))
        .filter(Column::ExpiresAt.gt(request.domain.clock().now()))
        .order_by_asc(Column::CreatedAt)
        .limit(PENDING_MAX);
    if let Some(organization_id) = within {
        pending = pending.filter(Column::OrganizationId.eq(organization_id));
    }
    let rows = pending.all(request.domain.database().read()).await?;
    let all: Vec<_> = rows
        .into_iter()
        .map(|row| Operation::now(request.domain, row))
        .collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|operation| !operation.is_over()).collect())
}
