//! What a template can show of an incident that is there.

use async_graphql::Context;
use tocsin_message::template::TemplateFacts;
use tocsin_slack_app::labels::{status_emoji, status_label, urgency_label};

use crate::graphql::{context::request, failure::Result, incident::Incident, user::Author};

pub(super) async fn of(ctx: &Context<'_>, incident: &Incident) -> Result<TemplateFacts> {
    let row = &incident.0;
    let organization = tocsin_domain::organization::name(&request(ctx), row.organization_id).await?;
    let name = |author: Option<Author>| author.map(Author::into_name);
    let assignees = incident.assignees(ctx).await?;
    let tags = incident.tags(ctx).await?;
    Ok(TemplateFacts {
        number: row.number,
        title: row.title.clone(),
        description_markdown: row.description_markdown.clone(),
        status: status_label(row.status).to_owned(),
        status_emoji: status_emoji(row.status).to_owned(),
        urgency: urgency_label(row.urgency).to_owned(),
        severity: row.severity.map(|severity| severity.as_str().to_owned()),
        url: incident.url(ctx).await?,
        service: incident.service(ctx).await?.0.name,
        organization,
        assignees: assignees.iter().map(|user| user.0.name.clone()).collect(),
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        triggered_at: row.triggered_at,
        triggered_by: name(incident.triggered_author(ctx).await?),
        acknowledged_at: row.acknowledged_at,
        acknowledged_by: name(incident.acknowledged_author(ctx).await?),
        resolved_at: row.resolved_at,
        resolved_by: name(incident.resolved_author(ctx).await?),
    })
}
