//! How the Slack workspaces are that administrators have connected, as the bridge has found them.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tocsin_entity::{
    database::Database, id::WorkspaceId, kinds::SlackWorkspaceStatus, slack::installation, slack_workspace,
};

use super::{Scene, unread};
use crate::doctor::Finding;

const SUBJECT: &str = "workspace";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(database) = &scene.database else {
        return Vec::new();
    };
    match connected(database).await {
        Ok(connected) => connected
            .iter()
            .map(|(workspace, how)| of(workspace, how.as_ref()))
            .collect(),
        Err(error) => unread(SUBJECT, &error),
    }
}

type Connected = Vec<(slack_workspace::Model, Option<installation::Model>)>;

async fn connected(database: &Database) -> Result<Connected, DbErr> {
    let workspaces = slack_workspace::Entity::find()
        .filter(slack_workspace::Column::DisconnectedAt.is_null())
        .all(database.read())
        .await?;
    let found = installation::Entity::find().all(database.read()).await?;
    let mut found: HashMap<WorkspaceId, _> = found.into_iter().map(|row| (row.workspace_id, row)).collect();
    let with = |workspace: slack_workspace::Model| {
        let how = found.remove(&workspace.id);
        (workspace, how)
    };
    Ok(workspaces.into_iter().map(with).collect())
}

fn of(workspace: &slack_workspace::Model, how: Option<&installation::Model>) -> Finding {
    let name = &workspace.name;
    let Some(how) = how else {
        return Finding::doubtful(
            SUBJECT,
            format!("{name} is connected, and no bridge has looked at it yet: start one"),
        );
    };
    match how.status {
        SlackWorkspaceStatus::Failing => {
            let reason = how.reason.as_deref().unwrap_or("the bridge has not said why");
            Finding::bad(SUBJECT, format!("{name} does not work: {reason}"))
        }
        SlackWorkspaceStatus::Pending | SlackWorkspaceStatus::Active | SlackWorkspaceStatus::Disconnected => {
            let status = how.status.as_str().to_lowercase();
            Finding::good(SUBJECT, format!("{name} is {status}"))
        }
    }
}
