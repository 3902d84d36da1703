//! Which incidents pasted links show.

use tocsin_entity::id::OrganizationId;

use crate::{
    api::ApiClient,
    documents::{SlackPreviews, slack_previews},
    error::ApiError,
    incident::Incident,
    transport::As,
};

/// Links in one message, and who has pasted them where.
#[derive(Clone, Debug)]
pub struct PreviewRequest<'a> {
    /// The numbers of the incidents that they lead to.
    pub numbers: Vec<i64>,
    /// The Slack workspace.
    pub team_id: &'a str,
    /// Who has pasted them.
    pub slack_user_id: &'a str,
    /// Their e-mail address, where Slack gives it.
    pub email: Option<&'a str>,
    /// Whether they may be matched with a member.
    pub is_matched: bool,
    /// The organisations of which people in the workspace may be members; none for all.
    pub served: Option<Vec<OrganizationId>>,
    /// The organisations that have connected the workspace.
    pub owners: Vec<OrganizationId>,
    /// Whether it is the workspace of the server's configuration.
    pub is_servers: bool,
}

/// An incident that a link shows.
#[derive(Clone, Debug)]
pub struct PreviewedIncident {
    /// The incident.
    pub incident: Incident,
    /// Whether there is a post-mortem that the person may show as well.
    pub shows_postmortem: bool,
}

impl ApiClient {
    /// The incidents that pasted links show: one question, however many links and organisations there are.
    pub async fn previews(
        &self,
        links: PreviewRequest<'_>,
        request_id: Option<&str>,
    ) -> Result<Vec<PreviewedIncident>, ApiError> {
        let ids = |ids: Vec<OrganizationId>| ids.iter().map(ToString::to_string).collect();
        let variables = slack_previews::Variables {
            input: slack_previews::SlackPreviewsInput {
                numbers: links.numbers,
                team_id: links.team_id.to_owned(),
                slack_user_id: links.slack_user_id.to_owned(),
                email: links.email.map(str::to_owned),
                is_matched: links.is_matched,
                served_ids: links.served.map(ids),
                owner_ids: ids(links.owners),
                is_servers: links.is_servers,
            },
        };
        let who = As {
            request_id,
            ..As::default()
        };
        let read = self.execute::<SlackPreviews>(who, variables).await?;
        let of = |read: slack_previews::SlackPreviewsSlackPreviews| {
            Ok(PreviewedIncident {
                incident: read.incident.try_into()?,
                shows_postmortem: read.shows_postmortem,
            })
        };
        read.slack_previews.into_iter().map(of).collect()
    }
}
