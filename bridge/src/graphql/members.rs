//! Members, as menus offer them.

use tocsin_entity::id::{IncidentId, InvalidId};

use super::{
    Api, ApiError, As,
    documents::{Assignees, Members, assignees, members},
};
use crate::modals::Candidate;

/// The most that a menu of Slack's shows.
const CHOICES: i64 = 100;

impl Api {
    /// Who works an incident; none when there is no such incident.
    pub(crate) async fn assignees(&self, who: As<'_>, id: IncidentId) -> Result<Vec<Candidate>, ApiError> {
        let variables = assignees::Variables { id: id.to_string() };
        let found = self.execute::<Assignees>(who, variables).await?.incident;
        let of = |read: assignees::AssigneesIncidentAssignees| candidate(&read.id, read.name, read.email);
        let found = found.map_or_else(Vec::new, |incident| incident.assignees);
        Ok(found.into_iter().map(of).collect::<Result<_, _>>()?)
    }

    /// The active members whose name or address has this text in it; those of a menu's length, where it is empty.
    pub(crate) async fn members(&self, who: As<'_>, search: &str) -> Result<Vec<Candidate>, ApiError> {
        let variables = members::Variables { first: CHOICES };
        let found = self.execute::<Members>(who, variables).await?.users.nodes;
        let search = search.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&search);
        let found = found
            .into_iter()
            .filter(|user| user.deactivated_at.is_none() && (has(&user.name) || has(&user.email)));
        let of = |read: members::MembersUsersNodes| candidate(&read.id, read.name, read.email);
        Ok(found.map(of).collect::<Result<_, _>>()?)
    }
}

fn candidate(id: &str, name: String, email: String) -> Result<Candidate, InvalidId> {
    Ok(Candidate {
        id: id.parse()?,
        name,
        email,
    })
}
