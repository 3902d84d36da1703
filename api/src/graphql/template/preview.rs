//! A template tried: the same code as when it is delivered, and nothing is changed.

use async_graphql::{Context, ID, InputObject, SimpleObject};
use tocsin_domain::template_preview::{self, PreviewTemplate};
use tocsin_message::template::TemplateProblem;

use super::types::{SlackTemplateFieldInput, fields};
use crate::graphql::{
    context::{request, text},
    failure::Result,
};

/// The template to try, and the incident to try the template with.
#[derive(Debug, InputObject)]
pub(crate) struct PreviewSlackTemplateInput {
    /// The id of a saved template; the other parts of this input replace the parts of the saved template. The built-in template by default.
    template_id: Option<ID>,
    /// The text above the coloured part, at most 3,000 characters; the title of the template in `templateId` by default.
    title: Option<String>,
    /// The text in the coloured part, at most 3,000 characters; the body of the template in `templateId` by default.
    body: Option<String>,
    /// The facts in two columns, at most 10; the fields of the template in `templateId` by default.
    fields: Option<Vec<SlackTemplateFieldInput>>,
    /// The id of the incident to try the template with; a sample incident by default.
    incident_id: Option<ID>,
}

/// The message that a template makes of an incident.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplatePreview {
    /// The message as Block Kit JSON, `blocks` and `attachments`, for Slack's Block Kit Builder; null if the template can't be used. Colour, buttons
    /// and footer are Tocsin's own and aren't part of the JSON.
    block_kit: Option<String>,
    /// The text of the message in notifications; null if the template can't be used.
    text: Option<String>,
    /// The problems of the template, and the reason if the template can't be used for this incident; empty if there are no problems.
    problems: Vec<SlackTemplateProblem>,
}

/// A problem in a template.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateProblem {
    /// The part of the template that has the problem: `title`, `body`, `fields`, `fields.0.value`, …
    part: String,
    /// The line of the problem in the part, counted from 1; null if the problem isn't in a single line.
    line: Option<usize>,
    /// A description of the problem, for people.
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
