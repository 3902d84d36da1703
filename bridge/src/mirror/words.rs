//! An incident in an organisation's own words. Where these fail, the built-in ones stand in, and the connector says why.

use tocsin_message::template::{Facts, Problem, Rendered, Template};

use super::content;
use crate::graphql::Incident;

/// A connector's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) template: Template,
    /// The organisation's name.
    pub(crate) organization: String,
}

impl Words {
    /// What the template says of the incident. Its steps are limited, so that this takes no time to speak of.
    pub(super) fn say(&self, incident: &Incident) -> Result<Rendered, Problem> {
        self.template.render(&self.facts(incident))
    }

    fn facts(&self, incident: &Incident) -> Facts {
        Facts {
            number: incident.number,
            title: incident.title.clone(),
            description_markdown: incident.description_markdown.clone(),
            status: content::status(&incident.status).as_str().to_owned(),
            urgency: content::urgency(&incident.urgency).as_str().to_owned(),
            severity: incident
                .severity
                .as_ref()
                .map(|severity| content::severity_name(severity).as_str().to_owned()),
            url: incident.url.clone(),
            service: incident.service.clone(),
            organization: self.organization.clone(),
            assignees: incident.assignees.clone(),
            tags: incident
                .tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            triggered_at: incident.triggered_at,
            triggered_by: incident.triggered_by.clone(),
            acknowledged_at: incident.acknowledged_at,
            acknowledged_by: incident.acknowledged_by.clone(),
            resolved_at: incident.resolved_at,
            resolved_by: incident.resolved_by.clone(),
        }
    }
}
