//! What is asked of the API.

use graphql_client::GraphQLQuery;
use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, OrganizationId, UserId},
    kinds::{IncidentStatus, Role, SlackMatch},
};
use url::Url;

use crate::{
    documents::{
        ChangedOrganizations, DateTime, EventLog, IncidentById, IncidentByNumber, Organizations,
        SlackMembers, UserByEmail, changed_organizations, event_log, incident_by_id, incident_by_number,
        organizations, slack_members, user_by_email,
    },
    error::ApiError,
    incident::Incident,
    known::Known,
    transport::{ApiCaller, As, Transport},
};

/// What is read at once of a list: the API's largest page.
pub(crate) const PAGE: i64 = 100;

/// The API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiClient(Transport);

/// An organisation.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The newest event of its log; none before the first.
    pub newest_event: Option<String>,
}

impl Organization {
    fn read(id: &str, newest_event: Option<String>) -> Result<Self, ApiError> {
        Ok(Self {
            id: id.parse()?,
            newest_event,
        })
    }
}

/// An event, as the follower needs it.
#[derive(Clone, Debug)]
pub struct FollowedEvent {
    /// Where the log goes on after it.
    pub cursor: String,
    /// The incident that changed.
    pub incident_id: IncidentId,
    /// The incident's present version.
    pub version: i64,
    /// Where the incident stands now.
    pub status: Known<IncidentStatus>,
    /// When the incident last changed.
    pub updated_at: OffsetDateTime,
    /// The request that led to it.
    pub request_id: Option<String>,
}

/// A page of an organisation's event log.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// In the log's order.
    pub events: Vec<FollowedEvent>,
    /// Whether there are events after these.
    pub has_more: bool,
}

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    /// Their id.
    pub id: UserId,
    /// Their e-mail address.
    pub email: String,
    /// What they may do.
    pub role: Known<Role>,
    /// Whether they are not deactivated.
    pub is_active: bool,
}

impl ApiClient {
    /// The API at `base`, which is asked with this token.
    ///
    /// # Errors
    /// Where the system's certificates can't be read.
    pub fn new(base: &Url, token: SecretString, caller: ApiCaller) -> Result<Self, reqwest::Error> {
        Ok(Self(Transport::new(base, token, caller)?))
    }

    /// Executes any document.
    pub async fn execute<Q: GraphQLQuery>(
        &self,
        who: As<'_>,
        variables: Q::Variables,
    ) -> Result<Q::ResponseData, ApiError> {
        self.0.execute::<Q>(who, variables).await
    }

    /// An incident by its id, in the organisation of `who`.
    pub async fn find_incident(&self, who: As<'_>, id: IncidentId) -> Result<Option<Incident>, ApiError> {
        let variables = incident_by_id::Variables { id: id.to_string() };
        let read = self.execute::<IncidentById>(who, variables).await?;
        Ok(read.incident.map(Incident::try_from).transpose()?)
    }

    /// An incident by its number, in the organisation of `who`.
    pub async fn find_incident_by_number(
        &self,
        who: As<'_>,
        number: i64,
    ) -> Result<Option<Incident>, ApiError> {
        let variables = incident_by_number::Variables { number };
        let read = self.execute::<IncidentByNumber>(who, variables).await?;
        Ok(read.incident.map(Incident::try_from).transpose()?)
    }

    /// Every organisation. An API of the version before knows this question too.
    pub async fn organizations(&self) -> Result<Vec<Organization>, ApiError> {
        let variables = organizations::Variables {};
        let read = self.execute::<Organizations>(As::default(), variables).await?;
        let of = |read: organizations::OrganizationsOrganizations| {
            Organization::read(&read.id, read.newest_event_cursor)
        };
        read.organizations.into_iter().map(of).collect()
    }

    /// The organisations whose event log has grown since a time, or shortly before it.
    pub async fn organizations_changed_since(
        &self,
        since: OffsetDateTime,
    ) -> Result<Vec<Organization>, ApiError> {
        let variables = changed_organizations::Variables {
            since: DateTime(since),
        };
        let read = self
            .execute::<ChangedOrganizations>(As::default(), variables)
            .await?;
        let of = |read: changed_organizations::ChangedOrganizationsOrganizations| {
            Organization::read(&read.id, read.newest_event_cursor)
        };
        read.organizations.into_iter().map(of).collect()
    }

    /// A page of an organisation's event log.
    pub async fn events_after(
        &self,
        organization: OrganizationId,
        after: Option<String>,
    ) -> Result<EventPage, ApiError> {
        let variables = event_log::Variables { after, first: PAGE };
        let read = self
            .execute::<EventLog>(As::bridge(organization, None), variables)
            .await?
            .event_log;
        let of = |read: event_log::EventLogEventLogNodes| {
            Ok(FollowedEvent {
                cursor: read.cursor,
                incident_id: read.incident.id.parse()?,
                version: read.incident.version,
                status: read.incident.status,
                updated_at: read.incident.updated_at.0,
                request_id: read.request_id,
            })
        };
        let events = read.nodes.into_iter().map(of).collect::<Result<_, ApiError>>()?;
        Ok(EventPage {
            events,
            has_more: read.page_info.has_next_page,
        })
    }

    /// Which members somebody in Slack is, in the organisation of `who` or in all, each with whether that is by their own word.
    pub async fn slack_members(
        &self,
        who: As<'_>,
        team: &str,
        user: &str,
        email: Option<&str>,
    ) -> Result<Vec<(OrganizationId, Member, bool)>, ApiError> {
        let variables = slack_members::Variables {
            team: team.to_owned(),
            user: user.to_owned(),
            email: email.map(str::to_owned),
        };
        let read = self.execute::<SlackMembers>(who, variables).await?;
        let of = |read: slack_members::SlackMembersSlackMembers| {
            let member = Member {
                id: read.user.id.parse()?,
                email: read.user.email,
                role: read.user.role,
                is_active: read.user.deactivated_at.is_none(),
            };
            let by_word = read.matched_by != SlackMatch::Email;
            Ok((read.organization_id.parse()?, member, by_word))
        };
        read.slack_members.into_iter().map(of).collect()
    }

    /// The member with this e-mail address.
    pub async fn find_member(&self, who: As<'_>, email: &str) -> Result<Option<Member>, ApiError> {
        let variables = user_by_email::Variables {
            email: email.to_owned(),
        };
        let read = self.execute::<UserByEmail>(who, variables).await?;
        let of = |read: user_by_email::UserByEmailUsersNodes| {
            Ok(Member {
                id: read.id.parse()?,
                email: read.email,
                role: read.role,
                is_active: read.deactivated_at.is_none(),
            })
        };
        read.users.nodes.into_iter().next().map(of).transpose()
    }
}
