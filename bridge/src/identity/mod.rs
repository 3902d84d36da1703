//! Who a person in Slack is: a name, and the member with the same e-mail address.
//!
//! What Slack says of a person is kept in `slack_user` for a while and read again when Slack says that it changed. Who is a
//! member, and with which rights, is asked of the API each time: it changes there.

mod face;
mod linking;
mod person;
pub(crate) mod prompt;
mod refresh;
mod strangers;

pub(crate) use face::face;
pub(crate) use linking::set_linked;
pub(crate) use person::{Person, is_at_home, is_from_elsewhere, is_unlinked, name, person, team};
pub(crate) use prompt::prompt;
pub(crate) use refresh::{USER_CHANGED, USER_JOINED};
pub(crate) use strangers::Strangers;

use tocsin_entity::id::OrganizationId;
use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{As, Member},
};

/// The member of the organisation with the person's e-mail address.
async fn member(
    parts: &Parts,
    organization: OrganizationId,
    person: &Person,
    request_id: Option<&str>,
) -> Result<Option<Member>, JobError> {
    let Some(email) = person.email.as_deref().filter(|_| !person.is_bot) else {
        return Ok(None);
    };
    if !parts.workspaces.serves(&person.team_id, organization) {
        return Ok(None);
    }
    let found = parts
        .api
        .find_member(As::bridge(organization, request_id), email)
        .await
        .map_err(of_api)?;
    // The filter is the API's; what the person may do hangs on it, so it is looked at again.
    let found = found.filter(|member| member.email.eq_ignore_ascii_case(email));
    if let Some(member) = &found
        && person.user_id != Some(member.id)
    {
        person::link(parts, person, member.id).await?;
    }
    Ok(found)
}

/// What a person in Slack is to an organisation.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    Member(Member),
    /// A member who may do nothing any more.
    Deactivated,
    /// Nobody there has their e-mail address.
    Stranger,
}

/// What a person in Slack is to an organisation.
pub(crate) async fn standing(
    parts: &Parts,
    organization: OrganizationId,
    person: &Person,
    request_id: Option<&str>,
) -> Result<Standing, JobError> {
    Ok(match member(parts, organization, person, request_id).await? {
        Some(member) if member.is_active => Standing::Member(member),
        Some(_) => Standing::Deactivated,
        None => Standing::Stranger,
    })
}
