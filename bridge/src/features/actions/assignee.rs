//! People as they are named in words: by a mention, an address, or a name.

use tocsin_client::{As, Member};
use tocsin_entity::{id::UserId, kinds::Role};
use tocsin_queue::JobError;

use crate::{
    acting::{self, ActionRefusal, ActionService, typed_action::Requester},
    failure::of_api,
    grammar::words::{is_blank, plain, straight},
    identity::{self, MembershipStatus, SlackActor},
    texts::actions as texts,
};

/// Whom a person named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Assignee {
    Me,
    /// By Slack's id.
    Slack(String),
    Email(String),
    /// As typed, without the `@`.
    Name(String),
}

/// The people who are named; each but the first begins with `@`, is a mention or an address.
pub(super) fn assignees(rest: &str) -> Vec<Assignee> {
    let mut found: Vec<Assignee> = Vec::new();
    let mut begins = true;
    // A mention may carry a name with blanks in it: `<@U1|ada lovelace>`.
    for word in spaced_mentions(rest) {
        let ends_with_comma = word.ends_with(',');
        let bare = word.trim_matches([',', ';', '"', '\'']);
        match assignee(bare) {
            Some(Assignee::Name(name)) if !begins && !bare.starts_with('@') => match found.last_mut() {
                // A name of several words.
                Some(Assignee::Name(before)) => *before = format!("{before} {name}"),
                _ if name == "and" || name == "to" => {}
                _ => found.push(Assignee::Name(name)),
            },
            Some(Assignee::Name(name)) if name == "to" && !bare.starts_with('@') => {}
            Some(assignee) => found.push(assignee),
            None => {}
        }
        begins = ends_with_comma || found.is_empty();
    }
    found
}

fn spaced_mentions(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut inside) = (String::new(), false);
    for c in text.chars().map(straight) {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ => {}
        }
        if is_blank(c) && !inside {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn assignee(word: &str) -> Option<Assignee> {
    if let Some(inside) = word.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        let target = inside.split('|').next().unwrap_or(inside);
        if let Some(id) = target.strip_prefix('@') {
            return Some(Assignee::Slack(id.to_owned())).filter(|_| !id.is_empty());
        }
        let email = target.strip_prefix("mailto:").unwrap_or(target);
        return Some(Assignee::Email(email.to_lowercase())).filter(|_| email.contains('@'));
    }
    let lower = word.to_lowercase();
    if lower == "me" || lower == "@me" {
        return Some(Assignee::Me);
    }
    let name = word.strip_prefix('@').unwrap_or(word);
    if name.is_empty() {
        return None;
    }
    Some(match name.find('@') {
        Some(at) if at > 0 && at + 1 < name.len() => Assignee::Email(name.to_lowercase()),
        Some(_) | None => Assignee::Name(plain(name)),
    })
}

/// The members who are named, with their names.
pub(super) async fn members(
    acting: &ActionService,
    requester: &Requester<'_>,
    named: &[Assignee],
) -> Result<Result<Vec<(UserId, String)>, ActionRefusal>, JobError> {
    let member = match acting::member(
        acting,
        requester.organization,
        requester.person,
        requester.request_id,
    )
    .await?
    {
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(requester.organization, requester.request_id)
    };
    let mut found: Vec<(UserId, String)> = Vec::new();
    for one in named {
        let one = match one {
            Assignee::Me => Ok((member.id, requester.person.name.clone())),
            Assignee::Slack(id) => by_slack(acting, requester, id).await?,
            Assignee::Email(email) => by_email(acting, who, email).await?,
            Assignee::Name(name) => by_name(acting, who, name).await?,
        };
        match one {
            Ok(one) if found.iter().any(|(id, _)| *id == one.0) => {}
            Ok(one) => found.push(one),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(found))
}

type Named = Result<Result<(UserId, String), ActionRefusal>, JobError>;

fn deactivated(name: &str) -> ActionRefusal {
    ActionRefusal::Words("deactivated", texts::assignee_deactivated(name))
}

fn stakeholder(name: &str) -> ActionRefusal {
    ActionRefusal::Words("read_only", texts::assignee_read_only(name))
}

/// Whether incidents can be assigned to a member: to a stakeholder they can't.
fn may_work(member: &Member) -> bool {
    member.role != Role::Stakeholder
}

async fn by_slack(acting: &ActionService, requester: &Requester<'_>, id: &str) -> Named {
    let installation = &requester.person.installation;
    let person = identity::person(&acting.identity, installation, id)
        .await?
        .unwrap_or_else(|| SlackActor::unknown(installation, id));
    let membership = identity::membership_status(
        &acting.identity,
        requester.organization,
        &person,
        requester.request_id,
    )
    .await?;
    Ok(match membership {
        MembershipStatus::Member(member) if may_work(&member) => Ok((member.id, person.name)),
        MembershipStatus::Member(_) => Err(stakeholder(&person.name)),
        MembershipStatus::Deactivated => Err(deactivated(&person.name)),
        MembershipStatus::NotMember => Err(ActionRefusal::Words(
            "not_linked",
            texts::assignee_not_linked(&person.name),
        )),
    })
}

async fn by_email(acting: &ActionService, who: As<'_>, email: &str) -> Named {
    let found = acting.api.find_member(who, email).await.map_err(of_api)?;
    Ok(match found {
        Some(member) if !member.is_active => Err(deactivated(email)),
        Some(member) if may_work(&member) => Ok((member.id, member.email)),
        Some(_) => Err(stakeholder(email)),
        None => Err(ActionRefusal::Words("not_found", texts::no_such_email(email))),
    })
}

/// A name as people type it: whole, in part, or as the address begins.
async fn by_name(acting: &ActionService, who: As<'_>, name: &str) -> Named {
    let found = acting.api.responders(who, name).await.map_err(of_api)?;
    let wanted = name.to_lowercase();
    let is_exact = |text: &str| text.to_lowercase() == wanted;
    let exact: Vec<_> = found
        .iter()
        .filter(|one| is_exact(&one.name) || one.email.split('@').next().is_some_and(is_exact))
        .collect();
    let chosen = match (exact.as_slice(), found.as_slice()) {
        ([one], _) => *one,
        ([], [one]) => one,
        ([], []) => {
            return Ok(Err(ActionRefusal::Words("not_found", texts::no_such_name(name))));
        }
        _ => {
            let text = texts::ambiguous_name(name);
            return Ok(Err(ActionRefusal::Words("ambiguous_name", text)));
        }
    };
    Ok(Ok((chosen.id, chosen.name.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_by_mention_name_or_address() {
        let name = |name: &str| Assignee::Name(name.to_owned());
        let slack = |id: &str| Assignee::Slack(id.to_owned());
        let email = Assignee::Email("ada@example.com".to_owned());
        assert_eq!(assignees("<@U1|ada lovelace> <@W2>"), [slack("U1"), slack("W2")]);
        assert_eq!(assignees("@ada"), [name("ada")]);
        assert_eq!(
            assignees("to @Ada Lovelace, @bob"),
            [name("Ada Lovelace"), name("bob")]
        );
        assert_eq!(
            assignees("<mailto:Ada@example.com|Ada@example.com>"),
            std::slice::from_ref(&email)
        );
        assert_eq!(assignees("ada@example.com and me"), [email, Assignee::Me]);
        assert_eq!(assignees(""), []);
    }
}
