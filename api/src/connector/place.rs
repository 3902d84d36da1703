//! The channels of a Slack team, each one organisation's: where two are connected to the same team, each names channels of its own.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use tocsin_entity::{
    connector::{Column, Entity, Model},
    id::WorkspaceId,
    slack::{channel, installation},
};

use crate::error::{Trouble, UserError, UserErrorCode};

/// The teams of workspaces, as far as they are known. That of the server's own workspace has no id here, and is the same for all.
async fn teams(tx: &DatabaseTransaction) -> Result<HashMap<WorkspaceId, String>, DbErr> {
    let rows = installation::Entity::find().all(tx).await?;
    let known = rows
        .into_iter()
        .filter_map(|row| Some((row.workspace_id, row.team_id?)));
    Ok(known.collect())
}

/// Refuses a channel that another organisation's connector names in the same team.
pub(super) async fn need_free(tx: &DatabaseTransaction, row: &Model) -> Result<(), Trouble> {
    let others = Entity::find()
        .filter(Column::OrganizationId.ne(row.organization_id))
        .all(tx)
        .await?;
    let same_channel = |other: &&Model| other.channel.eq_ignore_ascii_case(&row.channel);
    let mut others = others.iter().filter(same_channel).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    let teams = teams(tx).await?;
    let team = |workspace: Option<WorkspaceId>| workspace.map(|id| teams.get(&id));
    let is_same_team = |other: &Model| match (team(other.workspace_id), team(row.workspace_id)) {
        (None, None) => true,
        (Some(Some(other)), Some(Some(own))) => other == own,
        (_, _) => false,
    };
    if others.any(is_same_team) {
        return Err(UserError::new(
            UserErrorCode::ChannelTaken,
            format!(
                "{} is another organisation's in this Slack workspace: where two are connected to the same one, each names channels of its own.",
                row.channel
            ),
        )
        .at("channel")
        .into());
    }
    Ok(())
}

/// The channel as it is called, where it is named by its id and another team knows no such id.
pub(super) async fn by_name(
    tx: &DatabaseTransaction,
    row: &Model,
    to: Option<WorkspaceId>,
) -> Result<String, DbErr> {
    if row.channel.starts_with('#') {
        return Ok(row.channel.clone());
    }
    let teams = teams(tx).await?;
    let team = |workspace: Option<WorkspaceId>| workspace.and_then(|id| teams.get(&id));
    if team(row.workspace_id).is_some() && team(row.workspace_id) == team(to) {
        return Ok(row.channel.clone());
    }
    let found = channel::Entity::find()
        .filter(channel::Column::ChannelId.eq(&row.channel))
        .one(tx)
        .await?;
    Ok(found.map_or_else(|| row.channel.clone(), |found| format!("#{}", found.name)))
}
