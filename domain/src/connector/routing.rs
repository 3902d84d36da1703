//! An organisation's connectors and rules, read together, and where they lead an incident.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector, connector_rule,
    id::{ConnectorId, OrganizationId},
    incident::{self, TagValue},
};

use super::{
    fallback,
    place::ChannelOwnersOf,
    route::{HoldReason, RouteReason, RoutedConnector, RuleInput, route},
};
use crate::{
    data_loader::Loader, error::InternalError, loaders::BatchLoader, request::Request, tenant::everywhere,
};

/// The key of an organisation's connectors and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoutingTableOf(pub OrganizationId);

/// An organisation's connectors and rules, oldest first.
#[derive(Debug, Default)]
pub struct RoutingTable {
    /// The connectors.
    pub connectors: Vec<connector::Model>,
    /// The rules.
    pub rules: Vec<connector_rule::Model>,
}

impl Loader<RoutingTableOf> for BatchLoader {
    type Value = Arc<RoutingTable>;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[RoutingTableOf],
    ) -> Result<HashMap<RoutingTableOf, Self::Value>, InternalError> {
        let organizations = keys.iter().map(|key| key.0);
        let connectors = everywhere::<connector::Entity>(
            "keys that several requests ask for at the same time: each keeps to its own rows",
        )
        .filter(connector::Column::OrganizationId.is_in(organizations.clone()))
        .order_by_asc(connector::Column::Id)
        .all(self.database().read())
        .await?;
        let rules = everywhere::<connector_rule::Entity>(
            "keys that several requests ask for at the same time: each keeps to its own rows",
        )
        .filter(connector_rule::Column::OrganizationId.is_in(organizations))
        .order_by_asc(connector_rule::Column::Id)
        .all(self.database().read())
        .await?;
        let mut found: HashMap<RoutingTableOf, RoutingTable> = HashMap::new();
        for row in connectors {
            found
                .entry(RoutingTableOf(row.organization_id))
                .or_default()
                .connectors
                .push(row);
        }
        for row in rules {
            found
                .entry(RoutingTableOf(row.organization_id))
                .or_default()
                .rules
                .push(row);
        }
        Ok(found
            .into_iter()
            .map(|(key, routing)| (key, Arc::new(routing)))
            .collect())
    }
}

/// Why a connector that applies is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteHeldBack {
    /// The incident is not urgent enough for its urgency filter.
    UrgencyFilter,
    /// Another connector that applies leads to the same channel.
    SameChannel,
}

/// A connector that applies to an incident, and why.
#[derive(Debug)]
pub struct ConnectorRoute {
    /// The connector.
    pub connector: connector::Model,
    /// The rules that lead there; none where it is a default connector and no rule leads anywhere.
    pub rules: Vec<connector_rule::Model>,
    /// Why it is passed over; none where the incident goes there.
    pub held_back: Option<RouteHeldBack>,
    /// Which rules lead there, and why it is passed over.
    because: String,
    routing: Arc<RoutingTable>,
}

impl ConnectorRoute {
    /// All of that for people; where its channel takes nothing at the moment, also where the incident goes meanwhile.
    pub async fn explanation(&self, request: &Request<'_>) -> Result<String, InternalError> {
        if self.held_back.is_some() {
            return Ok(self.because.clone());
        }
        let but = fallback::connector_health(request, &self.connector, &self.routing.connectors).await?;
        Ok(but.map_or_else(|| self.because.clone(), |but| format!("{} {but}", self.because)))
    }
}

/// Whether two connectors name the same channel of the same workspace.
fn name_the_same(one: &connector::Model, other: &connector::Model) -> bool {
    one.workspace_id == other.workspace_id && one.channel.to_lowercase() == other.channel.to_lowercase()
}

/// Where an incident with these facts goes.
pub(super) async fn of(
    request: &Request<'_>,
    organization_id: OrganizationId,
    facts: &RuleInput,
) -> Result<Vec<ConnectorRoute>, InternalError> {
    let found = request
        .loaders()
        .load_one(RoutingTableOf(organization_id))
        .await?;
    let Some(routing) = found else {
        return Ok(Vec::new());
    };
    let mut led = route(facts, &routing.rules, &routing.connectors, name_the_same);
    let open: Vec<_> = led
        .iter()
        .filter(|led| led.held_back.is_none())
        .filter_map(|led| routing.connector(led.connector))
        .collect();
    if open.len() > 1 {
        let owners = request
            .loaders()
            .load_one(ChannelOwnersOf(organization_id))
            .await?;
        let owners = owners.unwrap_or_default();
        // One whose channel can't be reached its way takes it from nobody, and has a fallback of its own.
        let down = fallback::troubles(request, &open).await?;
        let works = |one: &connector::Model| !down.contains_key(&one.id);
        led = route(facts, &routing.rules, &routing.connectors, |one, other| {
            name_the_same(one, other) || (works(one) && works(other) && owners.are_same(one, other))
        });
    }
    let is_nowhere = led.iter().all(|led| led.held_back.is_some());
    Ok(led
        .iter()
        .filter_map(|led| into_route(&routing, led, is_nowhere))
        .collect())
}

fn into_route(
    routing: &Arc<RoutingTable>,
    led: &RoutedConnector,
    is_nowhere: bool,
) -> Option<ConnectorRoute> {
    let connector = routing.connector(led.connector)?;
    let rules: Vec<_> = match &led.because {
        RouteReason::Default => Vec::new(),
        RouteReason::Rules(ids) => routing
            .rules
            .iter()
            .filter(|rule| ids.contains(&rule.id))
            .cloned()
            .collect(),
    };
    let why = match rules.len() {
        0 => "It is a default connector, and no rule leads elsewhere".to_owned(),
        1 => "A rule leads there".to_owned(),
        many => format!("{many} rules lead there"),
    };
    let (held_back, but) = match &led.held_back {
        None => (None, String::new()),
        Some(HoldReason::Urgency) => (
            Some(RouteHeldBack::UrgencyFilter),
            format!(", but its urgency filter is {}", connector.urgency_filter),
        ),
        Some(HoldReason::SameChannel(other)) => {
            let other = routing.connector(*other);
            let other = other.map(|other| other.name.as_str()).unwrap_or_default();
            (
                Some(RouteHeldBack::SameChannel),
                format!(", but {other} leads to the same channel"),
            )
        }
    };
    let nowhere = if is_nowhere {
        ", and so this incident goes nowhere"
    } else {
        ""
    };
    Some(ConnectorRoute {
        connector: connector.clone(),
        rules,
        held_back,
        because: format!("{why}{but}{nowhere}."),
        routing: Arc::clone(routing),
    })
}

impl RoutingTable {
    fn connector(&self, id: ConnectorId) -> Option<&connector::Model> {
        self.connectors.iter().find(|connector| connector.id == id)
    }
}

/// Where an incident goes.
pub async fn of_incident(
    request: &Request<'_>,
    incident: &incident::Model,
) -> Result<Vec<ConnectorRoute>, InternalError> {
    let tags: Vec<TagValue> = serde_json::from_value(incident.tags.clone()).map_err(|error| {
        InternalError::Broken(format!(
            "the tags of incident {} can't be read: {error}",
            incident.id
        ))
    })?;
    let facts = RuleInput {
        service_id: incident.service_id,
        urgency: incident.urgency,
        severity: incident.severity,
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    };
    of(request, incident.organization_id, &facts).await
}

/// Whether what is said in a connector's channel becomes comments. One that is gone, or never was one, keeps nothing from it.
pub(crate) async fn is_synced(
    request: &Request<'_>,
    organization_id: OrganizationId,
    id: &str,
) -> Result<bool, InternalError> {
    let Ok(id) = id.parse::<ConnectorId>() else {
        return Ok(true);
    };
    let found: Option<connector::Model> = request.loaders().load_one(id).await?;
    let own = found.filter(|found| found.organization_id == organization_id);
    Ok(own.is_none_or(|found| found.two_way_sync))
}
