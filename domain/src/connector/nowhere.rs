//! Why an incident is shown nowhere in Slack.

use tocsin_entity::{
    incident,
    kinds::{PostKind, UrgencyFilter},
};

use super::routing::{self, ConnectorRoute, RouteHeldBack};
use crate::{error::RequestError, loaders::DeliveriesOf, request::Request};

/// Why no connector takes an incident, and what to do; none where one takes it, or where it is in Slack already.
///
/// # Errors
/// A refusal, where the viewer may read the incident alone and nothing beside it.
pub async fn shown_nowhere(
    request: &Request<'_>,
    incident: &incident::Model,
) -> Result<Option<String>, RequestError> {
    request.viewer.may_look_around()?;
    let routes = routing::of_incident(request, incident).await?;
    if routes.iter().any(|route| route.held_back.is_none()) {
        return Ok(None);
    }
    let deliveries = request.loaders().load_one(DeliveriesOf(incident.id)).await?;
    let is_in_slack = deliveries
        .iter()
        .flatten()
        .any(|delivery| matches!(delivery.kind, PostKind::Root | PostKind::Digest));
    Ok((!is_in_slack).then(|| explanation(&routes)))
}

fn explanation(routes: &[ConnectorRoute]) -> String {
    let filters = routes
        .iter()
        .filter(|route| route.held_back == Some(RouteHeldBack::UrgencyFilter))
        .map(|route| {
            let connector = &route.connector;
            format!(
                "{} ({}) {}",
                connector.name,
                connector.channel,
                taken(connector.urgency_filter)
            )
        })
        .collect::<Vec<_>>();
    if filters.is_empty() {
        "No channel in Slack shows this incident: no rule leads it to a connector, and there is no default connector."
            .to_owned()
    } else {
        format!(
            "No channel in Slack shows this incident: {}. Raise its urgency, or change the urgency filter.",
            filters.join(", and ")
        )
    }
}

fn taken(filter: UrgencyFilter) -> &'static str {
    match filter {
        UrgencyFilter::All => "takes all incidents",
        UrgencyFilter::High => "takes incidents of high urgency alone",
        UrgencyFilter::HighAndMedium => "takes incidents of high and medium urgency alone",
    }
}
