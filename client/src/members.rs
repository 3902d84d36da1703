//! Members, as menus offer them.

use tocsin_entity::id::{IncidentId, InvalidId, UserId};

use crate::{
    api::ApiClient,
    documents::{Assignees, Members, assignees, members},
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

/// The most that a menu of Slack's shows.
const CHOICES: usize = 100;

/// The API's largest page.
const PAGE: i64 = 100;

/// Pages that are looked through while a person waits: the API does not search by name.
const PAGES_MAX: usize = 30;

impl ApiClient {
    /// Who works an incident; none when there is no such incident.
    pub async fn assignees(&self, who: As<'_>, id: IncidentId) -> Result<Vec<MemberChoice>, ApiError> {
        let variables = assignees::Variables { id: id.to_string() };
        let found = self.execute::<Assignees>(who, variables).await?.incident;
        let of = |read: assignees::AssigneesIncidentAssignees| candidate(&read.id, read.name, read.email);
        let found = found.map_or_else(Vec::new, |incident| incident.assignees);
        Ok(found.into_iter().map(of).collect::<Result<_, _>>()?)
    }

    /// The active members whose name or address has this text in it: as many as a menu shows.
    pub async fn members(&self, who: As<'_>, search: &str) -> Result<Vec<MemberChoice>, ApiError> {
        let search = search.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&search);
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let variables = members::Variables { first: PAGE, after };
            let page = self.execute::<Members>(who, variables).await?.users;
            for user in page.nodes {
                if user.deactivated_at.is_none() && (has(&user.name) || has(&user.email)) {
                    found.push(candidate(&user.id, user.name, user.email)?);
                }
            }
            after = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
            if after.is_none() || found.len() >= CHOICES {
                break;
            }
        }
        found.truncate(CHOICES);
        Ok(found)
    }
}

fn candidate(id: &str, name: String, email: String) -> Result<MemberChoice, InvalidId> {
    Ok(MemberChoice {
        id: id.parse()?,
        name,
        email,
    })
}
