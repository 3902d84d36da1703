//! The template in GraphQL, and the queries for templates.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::{
    template::parts,
    viewer::{Permission, Viewer},
};
use tocsin_entity::slack_template::Model;
use tocsin_message::template::{self, TemplateField, VARIABLES};

use super::preview::{self, PreviewSlackTemplateInput, SlackTemplatePreview};
use crate::graphql::{
    connector::Connector,
    context::request,
    failure::Result,
    organization::{self, Organization},
};

/// An organisation's own text for the incident messages of some connectors, written in a subset of Jinja.
#[derive(Clone)]
pub(crate) struct SlackTemplate(pub(crate) Model);

/// A fact in an incident's message.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateField {
    /// The name of the fact, written as a template.
    name: String,
    /// The value of the fact, written as a template. A fact with an empty value is left out of the message.
    value: String,
}

/// A fact in an incident's message.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SlackTemplateFieldInput {
    /// The name of the fact, written as a template; at most 3,000 characters.
    name: String,
    /// The value of the fact, written as a template; at most 3,000 characters. A fact with an empty value is left out of the message.
    value: String,
}

/// A variable that shows something of an incident in a template.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateVariable {
    /// The name of the variable.
    name: &'static str,
    /// A description of what the variable shows.
    description: &'static str,
    /// An example of the variable in a template.
    example: &'static str,
}

/// An organisation's own text for the incident messages of some connectors, written in a subset of Jinja.
#[Object]
impl SlackTemplate {
    /// The template's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that the template belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that the template belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// The template's name, unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The text above the coloured part; null for the default: the incident's key and title, linked to the incident.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The text in the coloured part; null for the default: the incident's description. Only the built-in message has a line of tags.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The facts in two columns; null for the default: status, urgency, service, severity, the assignees, who acknowledged and who resolved the
    /// incident, and when the incident was triggered. A fact without a value is left out.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn fields(&self) -> Result<Option<Vec<SlackTemplateField>>> {
        let fields = parts(&self.0)?.fields;
        Ok(fields.map(|fields| {
            let all = fields.into_iter();
            all.map(|TemplateField { name, value }| SlackTemplateField { name, value })
                .collect()
        }))
    }

    /// The connectors that use the template for messages.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let rows = tocsin_domain::template::connectors(&request(ctx), &self.0).await?;
        Ok(rows.into_iter().map(Connector).collect())
    }

    /// The time when the template was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The time when the template was last changed. An existing message gets the new text when the incident changes next.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }
}

/// What a caller gives of fields, as the engine takes them.
pub(super) fn fields(given: &[SlackTemplateFieldInput]) -> Vec<TemplateField> {
    // One more than there may be is enough to be told so.
    let given = given.iter().take(template::FIELDS_MAX + 1);
    given
        .map(|field| TemplateField {
            name: field.name.clone(),
            value: field.value.clone(),
        })
        .collect()
}

/// A template that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<SlackTemplate>> {
    let found = tocsin_domain::template::find(&request(ctx), id).await?;
    Ok(found.map(SlackTemplate))
}

/// The queries for templates.
#[derive(Default)]
pub(crate) struct TemplateQuery;

#[Object]
impl TemplateQuery {
    /// The organisation's templates of messages in Slack, oldest first.
    async fn slack_templates(&self, ctx: &Context<'_>) -> Result<Vec<SlackTemplate>> {
        let rows = tocsin_domain::template::list(&request(ctx)).await?;
        Ok(rows.into_iter().map(SlackTemplate).collect())
    }

    /// The variables that templates can use to show an incident.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn slack_template_variables(&self, ctx: &Context<'_>) -> Result<Vec<SlackTemplateVariable>> {
        ctx.data_unchecked::<Viewer>().may(Permission::Read)?;
        let all = VARIABLES.iter().map(|variable| SlackTemplateVariable {
            name: variable.name,
            description: variable.description,
            example: variable.example,
        });
        Ok(all.collect())
    }

    /// The message that a template makes of an incident, and all problems of the template. Changes nothing. Needs the role ADMIN or OWNER.
    async fn preview_slack_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The template to try, and the incident to try the template with.")]
        input: PreviewSlackTemplateInput,
    ) -> Result<SlackTemplatePreview> {
        preview::preview(ctx, &input).await
    }
}
