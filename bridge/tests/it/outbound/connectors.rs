//! The connectors of an acted API.

use serde_json::{Value, json};
use tocsin_entity::id::ConnectorId;

use super::tracker::{Tracker, merge};

impl Tracker {
    /// Another connector.
    pub(crate) fn connector(&self, name: &str, channel: &str) {
        self.connector_with(name, channel, json!({}));
    }

    /// Another connector, of which some is not as usual; gives its id.
    pub(crate) fn connector_with(&self, name: &str, channel: &str, fields: Value) -> Value {
        let mut connector = json!({
            "id": ConnectorId::new(), "name": name, "channel": channel, "replyMode": "THREAD",
            "events": ["TRIGGERED", "ACKNOWLEDGED", "RESOLVED", "ESCALATED", "REASSIGNED", "SLA_BREACHED"], "twoWaySync": true, "isChannelTaken": false,
            "appearanceName": null, "appearanceIcon": null, "fallback": null, "template": null, "workspace": null,
        });
        merge(&mut connector, fields);
        let id = connector["id"].clone();
        self.state().connectors.push(connector);
        id
    }

    /// Another title in a connector's template.
    pub(crate) fn retitle(&self, id: ConnectorId, title: &str) {
        let mut state = self.state();
        let mut all = state.connectors.iter_mut();
        let connector = all.find(|one| one["id"] == json!(id));
        connector.expect("the connector")["template"]["title"] = title.into();
    }

    /// The connector leads to another channel.
    pub(crate) fn redirect(&self, id: &Value, channel: &str) {
        let mut state = self.state();
        let mut all = state.connectors.iter_mut();
        let connector = all.find(|one| one["id"] == *id);
        connector.expect("the connector")["channel"] = channel.into();
    }

    /// Incidents go to this connector only where it stands in for another.
    pub(crate) fn lead_not_to(&self, id: &Value) {
        self.state().passed_over.push(id.clone());
    }

    /// No connector any more.
    pub(crate) fn disconnect(&self) {
        self.state().connectors.clear();
    }

    /// Only this connector.
    pub(crate) fn connect_only(&self, channel: &str) {
        self.disconnect();
        self.connector("default", channel);
    }
}
