//! Who a person in Slack is: a name, and the member with the same e-mail address.
//!
//! What Slack says of a person is kept in `slack_user` for a while and read again when Slack says that it changed. Who is a
//! member, and with which rights, is asked of the API each time: it changes there.

mod code;
mod face;
mod linking;
mod person;
pub(crate) mod prompt;

pub(crate) use code::link_address;
pub(crate) use face::{EmailLookup, face, find_by_email};
pub(crate) use linking::set_linked;
pub(crate) use person::{SlackActor, is_at_home, is_unlinked, name, person, remember};
pub(crate) use prompt::prompt;

use tocsin_client::{ApiClient, As, Member};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::id::OrganizationId;
use tocsin_queue::JobError;
use tocsin_seal::Sealer;
use url::Url;

use crate::failure::of_api;

/// What it takes to know who somebody is. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct IdentityService {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    /// The base of the address where people link themselves.
    pub(crate) public_url: Url,
    /// Seals the codes by which people link themselves.
    pub(crate) sealer: Option<Sealer>,
}

/// Which members a person is, in one organisation or in all that the workspace serves: by their own word, or by the e-mail address.
pub(crate) async fn members(
    identity: &IdentityService,
    within: Option<OrganizationId>,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Vec<(OrganizationId, Member)>, JobError> {
    if person.is_bot || person.is_nobody {
        return Ok(Vec::new());
    }
    let serves = |id: OrganizationId| person.installation.serves(id);
    if within.is_some_and(|id| !serves(id)) {
        return Ok(Vec::new());
    }
    let who = As {
        organization: within,
        on_behalf_of: None,
        request_id,
    };
    let email = person.email.as_deref();
    let found = identity
        .api
        .slack_members(who, &person.team_id, &person.slack_user_id, email)
        .await
        .map_err(of_api)?;
    // The API has looked for them; what the person may do hangs on it, so it is looked at again.
    let is_theirs = |id: OrganizationId, member: &Member, by_word: bool| {
        let same_address = email.is_some_and(|email| member.email.eq_ignore_ascii_case(email));
        serves(id) && within.is_none_or(|within| within == id) && (by_word || same_address)
    };
    let theirs = found
        .into_iter()
        .filter(|(id, member, by_word)| is_theirs(*id, member, *by_word));
    Ok(theirs.map(|(id, member, _)| (id, member)).collect())
}

/// What a person in Slack is to an organisation.
#[derive(Debug, Clone)]
pub(crate) enum MembershipStatus {
    Member(Member),
    /// A member who may do nothing any more.
    Deactivated,
    /// Nothing matches them with a member there.
    NotMember,
}

/// What a person in Slack is to an organisation.
pub(crate) async fn membership_status(
    identity: &IdentityService,
    organization: OrganizationId,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<MembershipStatus, JobError> {
    let found = members(identity, Some(organization), person, request_id).await?;
    let found = found.into_iter().map(|(_, member)| member).next();
    let user = found.as_ref().map(|member| member.id);
    if person.user_id != user {
        person::note(identity, person, user).await?;
    }
    Ok(match found {
        Some(member) if member.is_active => MembershipStatus::Member(member),
        Some(_) => MembershipStatus::Deactivated,
        None => MembershipStatus::NotMember,
    })
}
