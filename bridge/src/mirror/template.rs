//! An incident in an organisation's own words. Where these fail, the built-in ones stand in, and the connector says why.

use tocsin_client::{Incident, TemplateText};
use tocsin_message::template::{RenderedTemplate, Template, TemplateFacts, TemplateField, TemplateProblem};

use super::content;

/// What a connector's template says of the incident. Its steps are limited, so that this takes no time to speak of.
pub(super) fn render(text: &TemplateText, incident: &Incident) -> Result<RenderedTemplate, TemplateProblem> {
    let field = |(name, value): &(String, String)| TemplateField {
        name: name.clone(),
        value: value.clone(),
    };
    let template = Template {
        title: text.title.clone(),
        body: text.body.clone(),
        fields: text
            .fields
            .as_ref()
            .map(|fields| fields.iter().map(field).collect()),
    };
    template.render(&facts(text, incident))
}

fn facts(text: &TemplateText, incident: &Incident) -> TemplateFacts {
    TemplateFacts {
        number: incident.number,
        title: incident.title.clone(),
        description_markdown: incident.description_markdown.clone(),
        status: content::status(&incident.status).as_str().to_owned(),
        status_emoji: content::emoji(&incident.status).to_owned(),
        urgency: content::urgency(&incident.urgency).as_str().to_owned(),
        severity: incident
            .severity
            .as_ref()
            .map(|severity| content::severity_name(severity).as_str().to_owned()),
        url: incident.url.clone(),
        service: incident.service.clone(),
        organization: text.organization.clone(),
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
