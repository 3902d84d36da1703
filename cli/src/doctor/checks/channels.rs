//! Whether the bot can post where incidents are to go: in the workspace of the configured token, and in those that are connected.

use std::collections::{BTreeSet, HashMap};

use futures::future::join_all;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tocsin_database::Database;
use tocsin_entity::{connector, id::ConnectorId, organization};
use tokio::time::timeout;

use super::{ANSWER_WITHIN, CheckContext, slack::CheckedWorkspace, unread, workspaces::Connected};
use crate::doctor::{DoctorPage, Finding, FindingLevel};

const SUBJECT: &str = "channel";

/// How many channels Slack is asked about in a workspace: each is a call of which Slack allows few.
const ASKED_MAX: usize = 20;

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let Some(asked) = &context.own else {
        return Vec::new();
    };
    let channels = match wanted(context).await {
        Ok(channels) => channels,
        Err(error) => return unread(SUBJECT, &error),
    };
    let mut findings = Vec::new();
    for (channel, said_by) in channels.iter().take(ASKED_MAX) {
        let (finding, is_passing) = look(asked, channel, said_by).await;
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

/// What Slack says of a channel, and whether it had no answer.
async fn look(asked: &CheckedWorkspace, channel: &str, said_by: &str) -> (Finding, bool) {
    let looked = timeout(ANSWER_WITHIN, asked.check_channel(channel)).await;
    match looked {
        Ok(Ok(name)) => {
            let finding = Finding::good(SUBJECT, format!("{said_by}: the bot can post in {name}"));
            (finding, false)
        }
        Ok(Err(trouble)) if trouble.is_passing => {
            let text = format!("{said_by} could not be looked at: {}", trouble.text);
            (Finding::doubtful(SUBJECT, DoctorPage::ChannelUnasked, text), true)
        }
        Ok(Err(trouble)) => (
            Finding::bad(
                SUBJECT,
                DoctorPage::ChannelRefused,
                format!("{said_by}: {}", trouble.text),
            ),
            false,
        ),
        Err(_) => {
            let text = format!("{said_by}: Slack did not answer in time");
            (Finding::doubtful(SUBJECT, DoctorPage::ChannelUnasked, text), true)
        }
    }
}

/// What Slack says of the channels to which connectors lead in connected workspaces, by connector; those of which it said nothing are not in it.
pub(super) async fn of_connected(
    connected: &[Connected],
    connectors: &[connector::Model],
) -> HashMap<ConnectorId, Finding> {
    let workspaces = connected
        .iter()
        .filter_map(|one| Some((one.row.id, one.asked.as_ref()?)));
    let asking = workspaces.map(|(id, asked)| async move {
        let theirs = connectors.iter().filter(|row| row.workspace_id == Some(id));
        let mut seen = Vec::new();
        for row in theirs.take(ASKED_MAX) {
            let (finding, is_passing) = look(asked, &row.channel, &format!("connector {}", row.name)).await;
            if is_passing {
                break;
            }
            seen.push((row.id, finding));
        }
        seen
    });
    join_all(asking).await.into_iter().flatten().collect()
}

/// Whether Slack says that the bot can post there.
pub(super) fn is_open(finding: &Finding) -> bool {
    finding.verdict == FindingLevel::Good
}

/// The channels of the connectors, or before the first start the one that the first connector will have; and who says so.
async fn wanted(context: &CheckContext<'_>) -> Result<BTreeSet<(String, String)>, DbErr> {
    let default = &context.settings.slack.channel;
    let first = BTreeSet::from([(default.clone(), format!("SLACK_CHANNEL ({default})"))]);
    let Some(database) = &context.database else {
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
