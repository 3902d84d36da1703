//! Which incidents pasted links show, as the bridge asks in one question.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tocsin_domain::{
    error::RequestError,
    identity::SlackPerson,
    preview::{self, PastedLinks},
};
use tocsin_entity::id::OrganizationId;

use crate::graphql::{context::request, failure::Result, incident::Incident};

/// Links in one message, and who has pasted them where.
#[derive(Debug, InputObject)]
pub(crate) struct SlackPreviewsInput {
    /// The numbers of the incidents that they lead to.
    numbers: Vec<i64>,
    /// The Slack workspace (`T…`).
    team_id: String,
    /// Who has pasted them (`U…` or `W…`).
    slack_user_id: String,
    /// Their e-mail address in Slack, where Slack gives it.
    email: Option<String>,
    /// Whether they may be matched with a member: some have asked not to be.
    is_matched: bool,
    /// The organisations of which people in the workspace may be members; null for all.
    served_ids: Option<Vec<ID>>,
    /// The organisations that have connected the workspace.
    owner_ids: Vec<ID>,
    /// Whether it is the workspace of the server's configuration.
    is_servers: bool,
}

/// An incident that a link shows.
#[derive(SimpleObject)]
pub(crate) struct SlackPreview {
    /// The incident.
    incident: Incident,
    /// Whether there is a post-mortem that the person may show as well.
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
    /// The incidents that links show which somebody has pasted in Slack: those that this person may read, each where no other of theirs has its number.
    /// For the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn slack_previews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The links, and who has pasted them.")] input: SlackPreviewsInput,
    ) -> Result<Vec<SlackPreview>> {
        let shown = preview::shared(&request(ctx), &input.links()?).await?;
        let shown = shown.into_iter().map(|shown| SlackPreview {
            incident: Incident(shown.incident),
            shows_postmortem: shown.shows_postmortem,
        });
        Ok(shown.collect())
    }
}
