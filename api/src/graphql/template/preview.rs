//! A template tried: the same code as when it is delivered, and nothing is changed.

use async_graphql::{Context, ID, InputObject, SimpleObject};
use tocsin_domain::template_preview::{self, PreviewTemplate};
use tocsin_message::template::TemplateProblem;

use super::types::{SlackTemplateFieldInput, fields};
use crate::graphql::{
    context::{request, text},
    failure::Result,
};

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
    let command = PreviewTemplate {
        template_id: text(input.template_id.clone()),
        title: input.title.clone(),
        body: input.body.clone(),
        fields: input.fields.as_deref().map(fields),
        incident_id: text(input.incident_id.clone()),
    };
    let preview = template_preview::preview(&request(ctx), command).await?;
    Ok(SlackTemplatePreview {
        block_kit: preview.block_kit().map(|block_kit| block_kit.to_string()),
        text: preview.rendered.map(|rendered| rendered.text),
        problems: preview
            .problems
            .into_iter()
            .map(SlackTemplateProblem::from)
            .collect(),
    })
}
