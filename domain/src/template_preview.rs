//! A template tried: the same code as when it is delivered, and nothing is changed.

use serde_json::{Value, json};
use tocsin_entity::{
    incident::{self, TagValue},
    service,
};
use tocsin_message::template::{RenderedTemplate, Template, TemplateFacts, TemplateField, TemplateProblem};
use tocsin_slack_app::labels::{status_emoji, status_label, urgency_label};

use crate::{
    error::{InternalError, RequestError},
    incident::{IncidentMilestone, assignees, author_of, tags},
    organization,
    request::Request,
    template,
    viewer::Permission,
};

/// The template to try, and the incident to try it with.
#[derive(Debug, Default)]
pub struct PreviewTemplate {
    /// A template that is kept; what else is given stands in place of its parts.
    pub template_id: Option<String>,
    /// What stands above the coloured part.
    pub title: Option<String>,
    /// The text in the coloured part.
    pub body: Option<String>,
    /// The facts in two columns.
    pub fields: Option<Vec<TemplateField>>,
    /// The incident; a sample by default.
    pub incident_id: Option<String>,
}

/// What a template says.
#[derive(Debug)]
pub struct TemplatePreview {
    /// The message, where the template can be used.
    pub rendered: Option<RenderedTemplate>,
    /// What is wrong with it, or for which it cannot be used for this incident.
    pub problems: Vec<TemplateProblem>,
}

impl TemplatePreview {
    /// The message as Block Kit, for Slack's Block Kit Builder.
    pub fn block_kit(&self) -> Option<Value> {
        let rendered = self.rendered.as_ref()?;
        Some(json!({ "blocks": [rendered.title], "attachments": [{ "blocks": rendered.body }] }))
    }
}

/// Tries a template.
///
/// # Errors
/// A refusal, where the viewer may not manage templates, or there is no such template or incident.
pub async fn preview(
    request: &Request<'_>,
    command: PreviewTemplate,
) -> Result<TemplatePreview, RequestError> {
    request.viewer.may(Permission::Manage)?;
    let kept = match &command.template_id {
        Some(id) => {
            let row = template::find(request, id).await?;
            template::parts(&row.ok_or_else(|| missing("template"))?)?
        }
        None => Template::default(),
    };
    let facts = match &command.incident_id {
        Some(id) => {
            let found = crate::incident::find(request, id).await?;
            let incident = found.ok_or_else(|| missing("incident"))?;
            facts_of(request, &incident).await?
        }
        None => TemplateFacts::full(),
    };
    let template = Template {
        title: command.title.or(kept.title),
        body: command.body.or(kept.body),
        fields: command.fields.or(kept.fields),
    };
    let mut problems = template.problems();
    let rendered = match template.render(&facts) {
        Ok(rendered) => Some(rendered),
        // Of what is malformed all is told already; what fails for this incident alone is told beside it.
        Err(problem) => {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
            None
        }
    };
    Ok(TemplatePreview { rendered, problems })
}

fn missing(what: &str) -> RequestError {
    RequestError::BadInput(format!("There is no such {what} in your organisation."))
}

/// What a template can show of an incident that is there.
async fn facts_of(request: &Request<'_>, incident: &incident::Model) -> Result<TemplateFacts, RequestError> {
    let service: Option<service::Model> = request.loaders().load_one(incident.service_id).await?;
    let service =
        service.ok_or_else(|| InternalError::Broken(format!("incident {} has no service", incident.id)))?;
    let author = async |milestone| {
        let found = author_of(request, incident, milestone).await?;
        Ok::<_, RequestError>(found.map(|author| author.name))
    };
    let assignees = assignees(request, incident).await?;
    let tags: Vec<TagValue> = tags(incident)?;
    Ok(TemplateFacts {
        number: incident.number,
        title: incident.title.clone(),
        description_markdown: incident.description_markdown.clone(),
        status: status_label(incident.status).to_owned(),
        status_emoji: status_emoji(incident.status).to_owned(),
        urgency: urgency_label(incident.urgency).to_owned(),
        severity: incident.severity.map(|severity| severity.as_str().to_owned()),
        url: request.domain.incident_url(incident.number),
        service: service.name,
        organization: organization::name(request, incident.organization_id).await?,
        assignees: assignees.iter().map(|member| member.name.clone()).collect(),
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        triggered_at: incident.triggered_at,
        triggered_by: author(IncidentMilestone::Triggered).await?,
        acknowledged_at: incident.acknowledged_at,
        acknowledged_by: author(IncidentMilestone::Acknowledged).await?,
        resolved_at: incident.resolved_at,
        resolved_by: author(IncidentMilestone::Resolved).await?,
    })
}
