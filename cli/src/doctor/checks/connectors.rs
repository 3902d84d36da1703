//! Connectors that lead nowhere: to a workspace that was disconnected, or to a channel that was archived.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tocsin_entity::{
    connector,
    database::Database,
    id::WorkspaceId,
    slack::{channel, installation},
    slack_workspace,
};

use super::{Scene, unread};
use crate::doctor::Finding;

const SUBJECT: &str = "connector";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(database) = &scene.database else {
        return Vec::new();
    };
    match astray(database).await {
        Ok(findings) => findings,
        Err(error) => unread(SUBJECT, &error),
    }
}

async fn astray(database: &Database) -> Result<Vec<Finding>, DbErr> {
    let connectors = connector::Entity::find()
        .filter(connector::Column::WorkspaceId.is_not_null())
        .all(database.read())
        .await?;
    let workspaces = slack_workspace::Entity::find().all(database.read()).await?;
    let workspaces: HashMap<WorkspaceId, _> = workspaces.into_iter().map(|row| (row.id, row)).collect();
    let archived = archived(database).await?;
    let of = |connector: &connector::Model| {
        let workspace = connector.workspace_id?;
        let name = &connector.name;
        match workspaces.get(&workspace) {
            Some(row) if row.disconnected_at.is_some() => Some(Finding::bad(
                SUBJECT,
                format!(
                    "{name} leads to the workspace {}, which is disconnected: connect it again, or give the connector another with updateConnector",
                    row.name
                ),
            )),
            Some(_)
                if archived.contains(&(workspace, connector.channel.trim_start_matches('#').to_owned())) =>
            {
                Some(Finding::bad(
                    SUBJECT,
                    format!(
                        "{name} leads to {}, which is archived: unarchive it, or give the connector another channel with updateConnector",
                        connector.channel
                    ),
                ))
            }
            Some(_) | None => None,
        }
    };
    Ok(connectors.iter().filter_map(of).collect())
}

/// Channels that were archived when they were last seen, by workspace, under their names and ids.
async fn archived(database: &Database) -> Result<HashSet<(WorkspaceId, String)>, DbErr> {
    let channels = channel::Entity::find()
        .filter(channel::Column::IsArchived.eq(true))
        .all(database.read())
        .await?;
    let installations = installation::Entity::find().all(database.read()).await?;
    let mut archived = HashSet::new();
    for channel in channels {
        for installation in &installations {
            if installation.team_id.as_ref() == Some(&channel.team_id) {
                archived.insert((installation.workspace_id, channel.name.clone()));
                archived.insert((installation.workspace_id, channel.channel_id.clone()));
            }
        }
    }
    Ok(archived)
}
