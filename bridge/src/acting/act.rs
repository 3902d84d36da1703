//! What is done to one incident: by its number, or in its own thread.

use serde_json::json;
use time::OffsetDateTime;
use tocsin_entity::id::{IncidentId, OrganizationId, UserId};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::texts;
use crate::{
    acting::{self, Acted, Asked, Change, typed::Typed},
    failure::of_api,
    grammar::{
        parse::{Assignee, Deed},
        verb::Verb,
    },
    graphql::As,
    identity::{self, Person, Standing},
    installation::AppInstallation,
    notice::Notice,
    parts::Parts,
    request::Item,
    rich_text,
};

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Notice(Notice),
    /// In words of its own, with what it is counted as.
    Words(&'static str, Mrkdwn),
}

impl Refusal {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Notice(notice) => notice.outcome(),
            Self::Words(outcome, _) => outcome,
        }
    }

    pub(crate) fn text(&self, verb: Verb) -> String {
        match self {
            Self::Notice(notice) => texts::refused(notice, verb),
            Self::Words(_, text) => text.as_str().to_owned(),
        }
    }
}

impl From<Notice> for Refusal {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

/// What is said when it is done, or why it is not.
pub(crate) type Done = Result<Result<Mrkdwn, Refusal>, JobError>;

/// Who does it, to what.
pub(crate) struct Doer<'a> {
    pub(crate) person: &'a Person,
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    pub(crate) request_id: Option<&'a str>,
    /// When it was asked for.
    pub(crate) at: OffsetDateTime,
    pub(crate) key: String,
    /// The message that asked for it, as comments name it.
    pub(crate) external_ref: Option<String>,
}

/// Does it to the incident that a person means by its number.
pub(crate) async fn by_number(parts: &Parts, item: &Item, typed: &Typed, number: i64, deed: &Deed) -> Done {
    let request_id = item.request_id.as_deref();
    let person = match typed.person(parts, &item.installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let (organization, _, incident) =
        match acting::incident_by_number(parts, &person, number, request_id).await? {
            Ok(found) => found,
            Err(notice) => return Ok(Err(notice.into())),
        };
    let doer = Doer {
        person: &person,
        organization,
        incident: incident.id,
        request_id,
        at: item.received_at,
        key: item.idempotency_key(),
        external_ref: None,
    };
    act(parts, &doer, deed).await
}

/// Does it.
pub(crate) async fn act(parts: &Parts, doer: &Doer<'_>, deed: &Deed) -> Done {
    let installation = &doer.person.installation;
    let mut names = Mrkdwn::default();
    let change = match deed {
        Deed::Acknowledge => Change::Acknowledge,
        Deed::Resolve { note: None } => Change::Resolve { note: None },
        Deed::Resolve { note: Some(note) } => Change::Resolve {
            note: Some(markdown(parts, installation, note).await?).filter(|note| !note.is_empty()),
        },
        Deed::Note { text } => Change::Comment {
            markdown: markdown(parts, installation, text).await?,
            external_ref: doer.external_ref.clone(),
        },
        Deed::Assign { to } => match assignees(parts, doer, to).await? {
            Ok(found) => {
                let all: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
                names = Mrkdwn::text(&all.join(", ")).cut(300);
                let assignees = found.into_iter().map(|(id, _)| id).collect();
                Change::Reassign { assignees }
            }
            Err(refusal) => return Ok(Err(refusal)),
        },
        Deed::Snooze { pause } => Change::Snooze {
            until: doer.at + *pause,
        },
    };
    let asked = Asked {
        organization: doer.organization,
        incident: doer.incident,
        person: doer.person,
        request_id: doer.request_id,
        key: doer.key.clone(),
    };
    Ok(match acting::act(parts, &asked, &change).await? {
        Ok(acted) => Ok(said(&acted, deed, doer.at, &names)),
        Err(notice) => Err(notice.into()),
    })
}

fn said(acted: &Acted, deed: &Deed, at: OffsetDateTime, names: &Mrkdwn) -> Mrkdwn {
    let link = Mrkdwn::link(&acted.url, &format!("#{} {}", acted.number, acted.title)).cut(1_000);
    match deed {
        Deed::Acknowledge => Mrkdwn::own("You have acknowledged ").and(&link).plus("."),
        Deed::Resolve { note: None } => Mrkdwn::own("You have resolved ").and(&link).plus("."),
        Deed::Resolve { note: Some(_) } => Mrkdwn::own("You have resolved ")
            .and(&link)
            .plus(", with your note."),
        Deed::Note { .. } => Mrkdwn::own("Your note is on the timeline of ")
            .and(&link)
            .plus("."),
        Deed::Assign { .. } => Mrkdwn::own("You have given ")
            .and(&link)
            .plus(" to ")
            .and(names)
            .plus("."),
        Deed::Snooze { pause } => Mrkdwn::own("You have snoozed ")
            .and(&link)
            .plus(" until ")
            .and(&Mrkdwn::date(at + *pause))
            .plus("."),
    }
}

/// What was typed, as Markdown.
async fn markdown(parts: &Parts, installation: &AppInstallation, text: &str) -> Result<String, JobError> {
    let spoken = rich_text::spoken(parts, installation, &json!({"text": text})).await?;
    Ok(spoken.markdown)
}

/// The members who are named, with their names.
async fn assignees(
    parts: &Parts,
    doer: &Doer<'_>,
    named: &[Assignee],
) -> Result<Result<Vec<(UserId, String)>, Refusal>, JobError> {
    let member = match acting::member(parts, doer.organization, doer.person, doer.request_id).await? {
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(doer.organization, doer.request_id)
    };
    let mut found: Vec<(UserId, String)> = Vec::new();
    for one in named {
        let one = match one {
            Assignee::Me => Ok((member.id, doer.person.name.clone())),
            Assignee::Slack(id) => by_slack(parts, doer, id).await?,
            Assignee::Email(email) => by_email(parts, who, email).await?,
            Assignee::Name(name) => by_name(parts, who, name).await?,
        };
        match one {
            Ok(one) if found.iter().any(|(id, _)| *id == one.0) => {}
            Ok(one) => found.push(one),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(found))
}

type Named = Result<Result<(UserId, String), Refusal>, JobError>;

fn nobody(name: &str, why: &'static str, outcome: &'static str) -> Refusal {
    let text = Mrkdwn::own("Nothing was done: ")
        .and(&Mrkdwn::text(name).cut(100))
        .plus(why);
    Refusal::Words(outcome, text)
}

async fn by_slack(parts: &Parts, doer: &Doer<'_>, id: &str) -> Named {
    let installation = &doer.person.installation;
    let person = identity::person(parts, installation, id)
        .await?
        .unwrap_or_else(|| Person::unknown(installation, id));
    let standing = identity::standing(parts, doer.organization, &person, doer.request_id).await?;
    Ok(match standing {
        Standing::Member(member) => Ok((member.id, person.name)),
        Standing::Deactivated => Err(nobody(
            &person.name,
            "'s account is deactivated (DEACTIVATED).",
            "deactivated",
        )),
        Standing::Stranger => Err(nobody(
            &person.name,
            " is no member of the incident's organisation (NOT_LINKED).",
            "not_linked",
        )),
    })
}

async fn by_email(parts: &Parts, who: As<'_>, email: &str) -> Named {
    let found = parts.api.find_member(who, email).await.map_err(of_api)?;
    Ok(match found {
        Some(member) if member.is_active => Ok((member.id, member.email)),
        Some(_) => Err(nobody(
            email,
            "'s account is deactivated (DEACTIVATED).",
            "deactivated",
        )),
        None => Err(nobody(
            email,
            " is the address of no member of the incident's organisation (NOT_FOUND).",
            "not_found",
        )),
    })
}

/// A name as people type it: whole, in part, or as the address begins.
async fn by_name(parts: &Parts, who: As<'_>, name: &str) -> Named {
    let found = parts.api.members(who, name).await.map_err(of_api)?;
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
            let why = " is the name of no member of the incident's organisation (NOT_FOUND).";
            return Ok(Err(nobody(name, why, "not_found")));
        }
        _ => {
            let why = " may be one of several members: write the e-mail address (AMBIGUOUS_NAME).";
            return Ok(Err(nobody(name, why, "ambiguous_name")));
        }
    };
    Ok(Ok((chosen.id, chosen.name.clone())))
}
