//! Which connectors take nothing at the moment, and what stands in for them: as delivery does it, told beforehand.

use std::collections::HashMap;

use tocsin_entity::{
    connector::Model,
    id::{ConnectorId, WorkspaceId},
    kinds::ConnectorStatus,
    slack::{connector as found, installation},
    slack_workspace,
};
use tocsin_slack_app::fallback::has_fallback;

use super::place::ConnectorDestination;
use crate::{
    error::InternalError,
    loaders::{ConnectorObservationOf, InstallationOf},
    request::Request,
};

/// Longest way from one fallback to the next; no longer one is taken.
const FALLBACKS_MAX: usize = 5;

/// Why connectors take nothing at the moment, for people; those that do are not in it.
pub(super) async fn troubles(
    request: &Request<'_>,
    connectors: &[&Model],
) -> Result<HashMap<ConnectorId, String>, InternalError> {
    let loaders = request.loaders();
    let workspaces = || connectors.iter().filter_map(|one| one.workspace_id);
    let taken = loaders
        .load_many(connectors.iter().map(|one| ConnectorDestination::from(*one)))
        .await?;
    let seen = loaders
        .load_many(connectors.iter().map(|one| ConnectorObservationOf(one.id)))
        .await?;
    let wanted: HashMap<WorkspaceId, slack_workspace::Model> = loaders.load_many(workspaces()).await?;
    let installed = loaders.load_many(workspaces().map(InstallationOf)).await?;
    let has_own_workspace = request.domain.config().slack.has_own_workspace;
    let why = |one: &Model| {
        if taken.get(&ConnectorDestination::from(one)) == Some(&true) {
            return Some("its channel is another organisation's".to_owned());
        }
        match one.workspace_id {
            None if !has_own_workspace => return Some("no Slack workspace is connected yet".to_owned()),
            None => {}
            Some(id) => {
                let workspace = wanted.get(&id)?;
                if workspace.disconnected_at.is_some() {
                    return Some(format!("the Slack workspace {} is disconnected", workspace.name));
                }
                let is_present = |found: &&installation::Model| found.is_of_token(workspace.token_version);
                let found = installed.get(&InstallationOf(id)).filter(is_present);
                if found.is_some_and(installation::Model::is_unusable) {
                    return Some(format!("the Slack workspace {} does not work", workspace.name));
                }
            }
        }
        let code = seen.get(&ConnectorObservationOf(one.id)).and_then(failing)?;
        // By now it is nobody else's: what the bridge has seen is over.
        (code != found::CHANNEL_TAKEN).then(|| code.to_owned())
    };
    Ok(connectors
        .iter()
        .filter_map(|one| Some((one.id, why(one)?)))
        .collect())
}

/// Why nothing went through it last, where a fallback stands in for that.
fn failing(seen: &found::Model) -> Option<&str> {
    let code = seen.reason_code.as_deref()?;
    (seen.status == ConnectorStatus::Failing && has_fallback(code)).then_some(code)
}

/// What is said of a connector to which an incident is led; nothing where its channel takes messages.
pub(super) async fn connector_health(
    request: &Request<'_>,
    connector: &Model,
    all: &[Model],
) -> Result<Option<String>, InternalError> {
    let way = way(connector, all);
    let mut asked = vec![connector];
    asked.extend(&way);
    let troubles = troubles(request, &asked).await?;
    let Some(why) = troubles.get(&connector.id) else {
        return Ok(None);
    };
    let meanwhile = match way.iter().find(|one| !troubles.contains_key(&one.id)) {
        Some(fallback) => format!(
            "incidents go through the connector {} to {} meanwhile",
            fallback.name, fallback.channel
        ),
        None if way.is_empty() => "it has no fallback, and incidents wait".to_owned(),
        None => "its fallback takes nothing either, and incidents wait".to_owned(),
    };
    Ok(Some(format!(
        "Its channel takes nothing at the moment ({why}): {meanwhile}."
    )))
}

/// The connectors that stand in for one, in their order.
fn way<'a>(connector: &Model, all: &'a [Model]) -> Vec<&'a Model> {
    let mut way = Vec::new();
    let mut next = connector.fallback_id;
    while let Some(id) = next
        && way.len() < FALLBACKS_MAX
    {
        let found = all.iter().find(|other| other.id == id);
        way.extend(found);
        next = found.and_then(|found| found.fallback_id);
    }
    way
}
