//! Whether a person in Slack is matched with the member who has their e-mail address.

use super::{
    act::{Done, Refusal},
    asked::Typed,
    whoami,
};
use crate::{bridge::Parts, identity, notice::Notice, slack::mrkdwn::Mrkdwn};

/// Matches a person again, and tells as whom.
pub(super) async fn link(parts: &Parts, typed: &Typed, request_id: Option<&str>) -> Done {
    // Known first: of whom there is no record, none can be changed.
    if let Err(notice) = typed.person(parts).await? {
        return Ok(Err(notice.into()));
    }
    identity::set_linked(parts, typed.team.as_deref(), &typed.user, true).await?;
    let person = match typed.person(parts).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    Ok(match whoami::told(parts, &person, request_id).await? {
        Ok(text) => Ok(Mrkdwn::own("You are linked. ").and(&text)),
        Err(Notice::NotLinked { .. }) => Err(stranger(person.email.as_deref())),
        Err(notice) => Err(notice.into()),
    })
}

fn stranger(email: Option<&str>) -> Refusal {
    let text = match email {
        Some(email) => Mrkdwn::own("No member has the e-mail address of your Slack profile, ")
            .and(&Mrkdwn::text(email).cut(200))
            .plus(
                " (NOT_LINKED). Ask an administrator of your organisation to add you with it, or change it in your profile.",
            ),
        None => Mrkdwn::own("Slack does not tell Tocsin your e-mail address, so there is nobody to match you with (NOT_LINKED)."),
    };
    Refusal::Words("not_linked", text)
}

/// Ends the matching, until the person links themselves again.
pub(super) async fn unlink(parts: &Parts, typed: &Typed) -> Done {
    if let Err(notice) = typed.person(parts).await? {
        return Ok(Err(notice.into()));
    }
    identity::set_linked(parts, typed.team.as_deref(), &typed.user, false).await?;
    Ok(Ok(Mrkdwn::own(
        "You are no longer linked: what you say in threads is added under your Slack name, and you can change nothing from \
         Slack. The subcommand `link` ends that.",
    )))
}
