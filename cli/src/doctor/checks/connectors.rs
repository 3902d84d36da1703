//! Connectors that lead nowhere: to a workspace that was disconnected, to a channel that was archived or takes nothing, as Slack says or the
//! bridge has found, or to another organisation's.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tocsin_database::Database;
use tocsin_entity::{
    connector,
    id::{ConnectorId, WorkspaceId},
    kinds::ConnectorStatus,
    organization,
    slack::{channel, connector as found, installation},
    slack_workspace,
};

use super::{CheckContext, channels, unread};
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "connector";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let Some(database) = &context.database else {
        return Vec::new();
    };
    let findings = async {
        let all = connector::Entity::find().all(database.read()).await?;
        let asked = match &context.connected {
            Ok(connected) => channels::of_connected(connected, &all).await,
            Err(_) => HashMap::new(),
        };
        let (told, mut findings) = failing(database, &all, context.own.is_some(), &asked).await?;
        findings.extend(astray(database, &told).await?);
        findings.extend(held_back(database, context.settings.slack.bot_token.is_some(), &told).await?);
        // In the order in which they were made.
        let untold = all.iter().filter(|row| !told.contains(&row.id));
        findings.extend(untold.filter_map(|row| asked.get(&row.id).cloned()));
        Ok(findings)
    };
    findings.await.unwrap_or_else(|error| unread(SUBJECT, &error))
}

/// Connectors of which the bridge has found that their channel takes nothing, or that their template can't be used.
/// Where Slack is asked about them, its answer is newer: one that it would take by now is not among them.
async fn failing(
    database: &Database,
    all: &[connector::Model],
    is_own_asked: bool,
    asked: &HashMap<ConnectorId, Finding>,
) -> Result<(HashSet<ConnectorId>, Vec<Finding>), DbErr> {
    let connectors = all
        .iter()
        .filter(|row| row.workspace_id.is_some() || !is_own_asked);
    let names: HashMap<ConnectorId, &str> = connectors.map(|row| (row.id, row.name.as_str())).collect();
    let (mut failing, mut findings) = (HashSet::new(), Vec::new());
    for how in found::Entity::find().all(database.read()).await? {
        // One that has been deleted since is nobody's trouble any more.
        let Some(name) = names.get(&how.connector_id) else {
            continue;
        };
        let is_open_by_now = asked.get(&how.connector_id).is_some_and(channels::is_open);
        if how.status == ConnectorStatus::Failing && !is_open_by_now {
            let reason = how.reason.as_deref().unwrap_or("the bridge has not said why");
            findings.push(Finding::bad(
                SUBJECT,
                DoctorPage::ConnectorFailing,
                format!("{name} delivers nothing: {reason}"),
            ));
            failing.insert(how.connector_id);
        }
        if let Some(trouble) = &how.template_trouble {
            findings.push(Finding::doubtful(
                SUBJECT,
                DoctorPage::ConnectorTemplateUnusable,
                format!("{name} posts in the built-in form, since its template can't be used: {trouble}"),
            ));
        }
    }
    Ok((failing, findings))
}

async fn astray(database: &Database, told: &HashSet<ConnectorId>) -> Result<Vec<Finding>, DbErr> {
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
                DoctorPage::ConnectorWorkspaceDisconnected,
                format!(
                    "{name} leads to the workspace {}, which is disconnected: connect it again, or give the connector another with `tocsin connector update`",
                    row.name
                ),
            )),
            Some(_)
                if archived.contains(&(workspace, connector.channel.trim_start_matches('#').to_owned())) =>
            {
                Some(Finding::bad(
                    SUBJECT,
                    DoctorPage::ConnectorChannelArchived,
                    format!(
                        "{name} leads to {}, which is archived: unarchive it, or give the connector another channel with `tocsin connector update`",
                        connector.channel
                    ),
                ))
            }
            Some(_) | None => None,
        }
    };
    let untold = connectors
        .iter()
        .filter(|connector| !told.contains(&connector.id));
    Ok(untold.filter_map(of).collect())
}

/// Connectors to channels of which another organisation's connector has the better claim.
async fn held_back(
    database: &Database,
    has_own_workspace: bool,
    told: &HashSet<ConnectorId>,
) -> Result<Vec<Finding>, DbErr> {
    let held = tocsin_api::connectors_held_back(database, has_own_workspace).await?;
    let organizations = organization::Entity::find().all(database.read()).await?;
    let names: HashMap<_, _> = organizations.into_iter().map(|row| (row.id, row.name)).collect();
    let untold = held.into_iter().filter(|row| !told.contains(&row.id));
    Ok(untold
        .map(|row| {
            let of = names.get(&row.organization_id).map_or("an organisation", String::as_str);
            Finding::bad(
                SUBJECT,
                DoctorPage::ConnectorChannelTaken,
                format!(
                    "{} of {of} leads to {}, which is another organisation's in that Slack workspace: give the connector another channel with `tocsin connector update`",
                    row.name, row.channel
                ),
            )
        })
        .collect())
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
