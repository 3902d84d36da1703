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

/// A template.
#[derive(Clone)]
pub(crate) struct SlackTemplate(pub(crate) Model);

/// A fact in an incident's message.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateField {
    /// What it is called.
    name: String,
    /// What it says; one that says nothing is left out.
    value: String,
}

/// A fact in an incident's message.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SlackTemplateFieldInput {
    /// What it is called: a template of its own.
    name: String,
    /// What it says: a template; one that says nothing is left out.
    value: String,
}

/// What templates can show of an incident.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplateVariable {
    /// Its name.
    name: &'static str,
    /// What it is.
    description: &'static str,
    /// How it may be used.
    example: &'static str,
}

/// The organisation's own words for the incidents' messages of some connectors, in a part of Jinja.
#[Object]
impl SlackTemplate {
    /// The template's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that it belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that it belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What stands above the coloured part; where there is none, the incident's key and title, linked to it.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The text in the coloured part; where there is none, the description; the line of tags is the built-in message's alone.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The facts in two columns; where there are none, status, urgency, service, severity, who is assigned, who
    /// acknowledged and who resolved it, and when it was triggered, each where there is one.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn fields(&self) -> Result<Option<Vec<SlackTemplateField>>> {
        let fields = parts(&self.0)?.fields;
        Ok(fields.map(|fields| {
            let all = fields.into_iter();
            all.map(|TemplateField { name, value }| SlackTemplateField { name, value })
                .collect()
        }))
    }

    /// The connectors whose messages are in these words.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let rows = tocsin_domain::template::connectors(&request(ctx), &self.0).await?;
        Ok(rows.into_iter().map(Connector).collect())
    }

    /// When it was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was last changed. Messages that are there take the new words when their incidents change next.
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

    /// What templates can show of an incident.
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

    /// What a template would say of an incident, and all that is wrong with it. Changes nothing. Needs the role ADMIN or OWNER.
    async fn preview_slack_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The template, and the incident.")] input: PreviewSlackTemplateInput,
    ) -> Result<SlackTemplatePreview> {
        preview::preview(ctx, &input).await
    }
}
