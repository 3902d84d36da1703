//! Members, as menus offer them.

use tocsin_entity::id::{IncidentId, InvalidId, TimelineEntryId, UserId};

use crate::{
    api::ApiClient,
    documents::{
        AdministratorsOf, Assignees, NewAssignees, Responders, administrators_of, assignees, new_assignees,
        responders,
    },
    error::ApiError,
    transport::As,
};

/// A member who may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChoice {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// A member who was assigned to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAssignee {
    /// Who it is.
    pub member: MemberChoice,
    /// Who they are in Slack by their own word, where they have said so.
    pub slack_user_id: Option<String>,
}

/// The most that a menu of Slack's shows.
const CHOICES: i64 = 100;

/// Administrators who are named to somebody who needs one.
const NAMED: i64 = 3;

/// An organisation and whom to ask in it for a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrators {
    /// What people call the organisation.
    pub organization: String,
    /// The names of its first administrators.
    pub names: Vec<String>,
}

impl ApiClient {
    /// Who works an incident; none when there is no such incident.
    pub async fn assignees(&self, who: As<'_>, id: IncidentId) -> Result<Vec<MemberChoice>, ApiError> {
        let variables = assignees::Variables { id: id.to_string() };
        let found = self.execute::<Assignees>(who, variables).await?.incident;
        let of = |read: assignees::AssigneesIncidentAssignees| candidate(&read.id, read.name, read.email);
        let found = found.map_or_else(Vec::new, |incident| incident.assignees);
        Ok(found.into_iter().map(of).collect::<Result<_, _>>()?)
    }

    /// Who works an incident since an entry of its timeline and did not before, with who they are in a Slack workspace by their own word.
    pub async fn new_assignees(
        &self,
        who: As<'_>,
        entry: TimelineEntryId,
        team: &str,
    ) -> Result<Vec<NewAssignee>, ApiError> {
        let variables = new_assignees::Variables {
            entry: entry.to_string(),
            team: team.to_owned(),
        };
        let read = self.execute::<NewAssignees>(who, variables).await?.node;
        let Some(new_assignees::NewAssigneesNode::TimelineEntry(found)) = read else {
            return Ok(Vec::new());
        };
        let of = |user: new_assignees::NewAssigneesNodeOnTimelineEntryNewAssignees| {
            Ok(NewAssignee {
                member: candidate(&user.id, user.name, user.email)?,
                slack_user_id: user.slack_user_id,
            })
        };
        found.new_assignees.into_iter().map(of).collect()
    }

    /// The active members who may work incidents and whose name or address has this text in it: as many as a menu shows.
    pub async fn responders(&self, who: As<'_>, search: &str) -> Result<Vec<MemberChoice>, ApiError> {
        let search = Some(search.trim().to_owned()).filter(|search| !search.is_empty());
        let variables = responders::Variables {
            first: CHOICES,
            search,
        };
        let found = self.execute::<Responders>(who, variables).await?.users.nodes;
        let of = |user: responders::RespondersUsersNodes| candidate(&user.id, user.name, user.email);
        Ok(found.into_iter().map(of).collect::<Result<_, _>>()?)
    }

    /// Whom somebody can ask for a right in an organisation.
    pub async fn administrators(&self, who: As<'_>) -> Result<Administrators, ApiError> {
        let variables = administrators_of::Variables { first: NAMED };
        let found = self.execute::<AdministratorsOf>(who, variables).await?;
        Ok(Administrators {
            organization: found.organization.name,
            names: found.users.nodes.into_iter().map(|user| user.name).collect(),
        })
    }
}

fn candidate(id: &str, name: String, email: String) -> Result<MemberChoice, InvalidId> {
    Ok(MemberChoice {
        id: id.parse()?,
        name,
        email,
    })
}
