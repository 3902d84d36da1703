//! Whether the bot can post where incidents are to go, in the workspace of the configured token.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tocsin_entity::{connector, database::Database, organization};
use tokio::time::timeout;

use super::{ANSWER_WITHIN, Scene, unread};
use crate::doctor::Finding;

const SUBJECT: &str = "channel";

/// How many channels Slack is asked about: each is a call of which Slack allows few.
const ASKED_MAX: usize = 20;

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(asked) = &scene.slack else {
        return Vec::new();
    };
    let channels = match wanted(scene).await {
        Ok(channels) => channels,
        Err(error) => return unread(SUBJECT, &error),
    };
    let mut findings = Vec::new();
    for (channel, said_by) in channels.iter().take(ASKED_MAX) {
        let looked = timeout(ANSWER_WITHIN, asked.bridge.check_channel(channel, &asked.bot)).await;
        let is_passing = match &looked {
            Ok(looked) => looked.as_ref().is_err_and(|trouble| trouble.is_passing),
            Err(_) => true,
        };
        let finding = match looked {
            Ok(Ok(name)) => Finding::good(SUBJECT, format!("{said_by}: the bot can post in {name}")),
            Ok(Err(trouble)) if is_passing => Finding::doubtful(
                SUBJECT,
                format!("{said_by} could not be looked at: {}", trouble.text),
            ),
            Ok(Err(trouble)) => Finding::bad(SUBJECT, format!("{said_by}: {}", trouble.text)),
            Err(_) => Finding::doubtful(SUBJECT, format!("{said_by}: Slack did not answer in time")),
        };
        findings.push(finding);
        // A Slack that has no time for one has none for the others.
        if is_passing {
            break;
        }
    }
    let left = channels.len() - findings.len();
    if left > 0 {
        findings.push(Finding::good(
            SUBJECT,
            format!("{left} more were not asked about"),
        ));
    }
    findings
}

/// The channels of the connectors, or before the first start the one that the first connector will have; and who says so.
async fn wanted(scene: &Scene<'_>) -> Result<BTreeSet<(String, String)>, DbErr> {
    let default = &scene.settings.slack.channel;
    let first = BTreeSet::from([(default.clone(), format!("SLACK_CHANNEL ({default})"))]);
    let Some(database) = &scene.database else {
        return Ok(first);
    };
    if is_new(database).await? {
        return Ok(first);
    }
    let connectors = connector::Entity::find()
        .filter(connector::Column::WorkspaceId.is_null())
        .all(database.read())
        .await?;
    let of_connector = |connector: connector::Model| {
        let said_by = format!("connector {}", connector.name);
        (connector.channel, said_by)
    };
    Ok(connectors.into_iter().map(of_connector).collect())
}

/// Whether there is no organisation yet.
async fn is_new(database: &Database) -> Result<bool, DbErr> {
    let found = organization::Entity::find().limit(1).one(database.read()).await?;
    Ok(found.is_none())
}
