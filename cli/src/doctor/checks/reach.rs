//! Whether incidents reach anybody in Slack at all: an app that is installed somewhere, a connector, and one for what no rule leads anywhere.

use std::collections::HashMap;

use sea_orm::{DbErr, EntityTrait};
use tocsin_database::Database;
use tocsin_entity::{connector, id::OrganizationId, organization, slack_app};

use super::{CheckContext, unread};
use crate::{
    config::SimulatorSettings,
    doctor::{DoctorPage, Finding, FindingLevel},
    roles,
};

const SUBJECT: &str = "incidents";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(not_installed(context));
    if let Some(database) = &context.database {
        let found = of_organizations(context, database).await;
        findings.extend(found.unwrap_or_else(|error| unread(SUBJECT, &error)));
    }
    findings
}

/// Whether any workspace is there in which a message could be posted.
fn has_workspace(context: &CheckContext<'_>) -> bool {
    let is_connected = context
        .connected
        .as_ref()
        .is_ok_and(|connected| !connected.is_empty());
    let is_simulated =
        context.settings.simulator != SimulatorSettings::Off && !context.settings.slack.is_configured();
    context.settings.slack.bot_token.is_some() || is_connected || is_simulated
}

/// An app that is there and installed nowhere.
fn not_installed(context: &CheckContext<'_>) -> Option<Finding> {
    // Where the database can't be read, nobody knows what is connected.
    if context.connected.is_err() || has_workspace(context) || !roles::has_app(context.settings) {
        return None;
    }
    Some(Finding::bad(
        SUBJECT,
        DoctorPage::AppNotInstalled,
        "OAuth is configured and the app is installed in no workspace, so that nothing reaches Slack: start Tocsin, and open the link that \
         `tocsin slack install-url` gives",
    ))
}

async fn of_organizations(context: &CheckContext<'_>, database: &Database) -> Result<Vec<Finding>, DbErr> {
    let mut connectors: HashMap<OrganizationId, Vec<connector::Model>> = HashMap::new();
    for row in connector::Entity::find().all(database.read()).await? {
        connectors.entry(row.organization_id).or_default().push(row);
    }
    // Where nobody uses Slack, nobody misses it.
    let has_own_apps = slack_app::Entity::find().one(database.read()).await?.is_some();
    let is_used = roles::has_app(context.settings) || has_own_apps || has_workspace(context);
    let verdict = if is_used {
        FindingLevel::Bad
    } else {
        FindingLevel::Doubtful
    };
    let mut findings = Vec::new();
    for organization in organization::Entity::find().all(database.read()).await? {
        let own = connectors.remove(&organization.id).unwrap_or_default();
        let name = &organization.name;
        if own.is_empty() {
            findings.push(finding(
                verdict,
                DoctorPage::NoConnector,
                format!(
                    "{name} has no connector, so that its incidents reach nobody in Slack: make one with `tocsin connector add`"
                ),
            ));
        } else if !own.iter().any(|connector| connector.is_default) {
            findings.push(finding(
                verdict,
                DoctorPage::NoDefaultConnector,
                format!(
                    "{name} has no default connector, so that incidents which no rule leads anywhere reach nobody in Slack: make one the default \
                     with `tocsin connector update NAME --default true`"
                ),
            ));
        }
        findings.extend(own.iter().filter(|row| waits(context, row)).map(|row| {
            finding(
                verdict,
                DoctorPage::ConnectorWithoutWorkspace,
                format!(
                    "connector {} of {name} leads to no Slack workspace, and the server has none of its own: name one with \
                     `tocsin connector update {} --workspace …`",
                    row.name, row.name
                ),
            )
        }));
    }
    Ok(findings)
}

/// Whether a connector waits for a workspace though others are connected; where none is, that is told already.
fn waits(context: &CheckContext<'_>, connector: &connector::Model) -> bool {
    let is_connected = context
        .connected
        .as_ref()
        .is_ok_and(|connected| !connected.is_empty());
    connector.workspace_id.is_none() && context.settings.slack.bot_token.is_none() && is_connected
}

fn finding(verdict: FindingLevel, page: DoctorPage, text: String) -> Finding {
    Finding {
        verdict,
        ..Finding::bad(SUBJECT, page, text)
    }
}
