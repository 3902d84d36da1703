//! A template tried: the same code as when it is delivered, and nothing is changed.

use async_graphql::{Context, ID, InputObject, SimpleObject};
use serde_json::json;
use tocsin_domain::{
    error::RequestError,
    template::parts,
    viewer::{Permission, Viewer},
};
use tocsin_message::template::{Template, TemplateFacts, TemplateProblem};

use super::{
    facts,
    types::{SlackTemplateFieldInput, fields, find},
};
use crate::graphql::{failure::Result, incident};

/// The template to try, and the incident to try it with.
#[derive(Debug, InputObject)]
pub(crate) struct PreviewSlackTemplateInput {
    /// A template that is kept; what else is given stands in place of its parts.
    template_id: Option<ID>,
    /// What stands above the coloured part.
    title: Option<String>,
    /// The text in the coloured part.
    body: Option<String>,
    /// The facts in two columns.
    fields: Option<Vec<SlackTemplateFieldInput>>,
    /// The incident; a sample by default.
    incident_id: Option<ID>,
}

/// What a template says.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplatePreview {
    /// The message as Block Kit's JSON, `blocks` and `attachments`, for Slack's Block Kit Builder; null where the template cannot be used. Colour,
    /// buttons and footer are Tocsin's own, and are not part of it.
    block_kit: Option<String>,
    /// What stands for the message in notifications.
    text: Option<String>,
    /// What is wrong with it, or for which it cannot be used for this incident.
    problems: Vec<SlackTemplateProblem>,
}

/// Something that is wrong with a template.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateProblem {
    /// Where: `title`, `body`, `fields`, `fields.0.value`, …
    part: String,
    /// The line in it, from 1.
    line: Option<usize>,
    /// What is wrong.
    message: String,
}

impl From<TemplateProblem> for SlackTemplateProblem {
    fn from(problem: TemplateProblem) -> Self {
        Self {
            part: problem.part,
            line: problem.line,
            message: problem.message,
        }
    }
}

pub(super) async fn preview(
    ctx: &Context<'_>,
    input: &PreviewSlackTemplateInput,
) -> Result<SlackTemplatePreview> {
    ctx.data_unchecked::<Viewer>().may(Permission::Manage)?;
    let missing =
        |what: &str| RequestError::BadInput(format!("There is no such {what} in your organisation."));
    let kept = match &input.template_id {
        Some(id) => parts(&find(ctx, id).await?.ok_or_else(|| missing("template"))?.0)?,
        None => Template::default(),
    };
    let facts = match &input.incident_id {
        Some(id) => {
            let incident = incident::find(ctx, id).await?;
            facts::of(ctx, &incident.ok_or_else(|| missing("incident"))?).await?
        }
        None => TemplateFacts::full(),
    };
    let template = Template {
        title: input.title.clone().or(kept.title),
        body: input.body.clone().or(kept.body),
        fields: input.fields.as_deref().map(fields).or(kept.fields),
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
    Ok(SlackTemplatePreview {
        block_kit: rendered.as_ref().map(|rendered| {
            json!({ "blocks": [rendered.title], "attachments": [{ "blocks": rendered.body }] }).to_string()
        }),
        text: rendered.map(|rendered| rendered.text),
        problems: problems.into_iter().map(SlackTemplateProblem::from).collect(),
    })
}
