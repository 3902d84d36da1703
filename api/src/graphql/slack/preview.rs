//! Which incidents pasted links show, as the bridge asks in one question.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tocsin_domain::{
    error::RequestError,
    identity::SlackPerson,
    preview::{self, PastedLinks},
};
use tocsin_entity::id::OrganizationId;

use crate::graphql::{context::request, failure::Result, incident::Incident};

/// The links in a Slack message, and the person who pasted the links.
#[derive(Debug, InputObject)]
pub(crate) struct SlackPreviewsInput {
    /// The numbers of the incidents that the links lead to.
    numbers: Vec<i64>,
    /// The Slack id of the workspace (`T…`).
    team_id: String,
    /// The Slack id of the person who pasted the links (`U…` or `W…`).
    slack_user_id: String,
    /// The person's e-mail address in Slack; null if Slack doesn't give the address.
    email: Option<String>,
    /// Whether the person may be matched with a member: some people have asked not to be matched.
    is_matched: bool,
    /// The ids of the organisations that people in the workspace may be members of; null for all organisations.
    served_ids: Option<Vec<ID>>,
    /// The ids of the organisations that have connected the workspace.
    owner_ids: Vec<ID>,
    /// Whether the workspace is that of the server's configuration.
    is_servers: bool,
}

/// An incident that a link shows.
#[derive(SimpleObject)]
pub(crate) struct SlackPreview {
    /// The incident that the link leads to.
    incident: Incident,
    /// Whether the incident has a post-mortem that the person may show as well.
    shows_postmortem: bool,
}

impl SlackPreviewsInput {
    fn links(self) -> Result<PastedLinks, RequestError> {
        Ok(PastedLinks {
            numbers: self.numbers,
            person: SlackPerson {
                team_id: self.team_id,
                slack_user_id: self.slack_user_id,
                email: self.email.map(|email| email.trim().to_lowercase()),
            },
            is_matched: self.is_matched,
            served: self.served_ids.map(organizations).transpose()?,
            owners: organizations(self.owner_ids)?,
            is_servers: self.is_servers,
        })
    }
}

fn organizations(ids: Vec<ID>) -> Result<Vec<OrganizationId>, RequestError> {
    let parse = |id: ID| {
        id.parse()
            .map_err(|_| RequestError::BadInput(format!("`{}` is not the id of an organisation.", *id)))
    };
    ids.into_iter().map(parse).collect()
}

/// The query of the bridge.
#[derive(Default)]
pub(crate) struct SlackPreviewQuery;

#[Object]
impl SlackPreviewQuery {
    /// The incidents that links pasted in Slack show: the incidents that the person who pasted the links may read. If several of the person's
    /// organisations have an incident with the same number, none is shown for that number. For the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn slack_previews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The links, and the person who pasted the links.")] input: SlackPreviewsInput,
    ) -> Result<Vec<SlackPreview>> {
        let shown = preview::shared(&request(ctx), &input.links()?).await?;
        let shown = shown.into_iter().map(|shown| SlackPreview {
            incident: Incident(shown.incident),
            shows_postmortem: shown.shows_postmortem,
        });
        Ok(shown.collect())
    }
}
