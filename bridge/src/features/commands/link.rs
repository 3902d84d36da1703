//! Whether a person in Slack is matched with a member, and how they come to be.

use futures::FutureExt;
use tocsin_message::mrkdwn::Mrkdwn;

use super::whoami;
use crate::{
    acting::{
        ActionRefusal, ActionService,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler, conclude},
        typed_action::TypedOutcome,
    },
    grammar::usage::Usage,
    identity::{self, SlackActor},
    installation::AppInstallation,
    notice::Notice,
    request::{InboundRequest, WorkResult},
};

const LINK_USAGE: &Usage = &Usage {
    names: &["link"],
    form: "link",
    about: "has you matched with the member with your e-mail address",
    deed: "link",
    of_incident: false,
};

/// Has the person matched with a member.
pub(crate) const LINK: Subcommand<ActionService> = Subcommand {
    usage: LINK_USAGE,
    check: |_| Ok(()),
    run: SubcommandHandler::Write(|acting, item, typed, _| work_link(acting, item, typed).boxed()),
};

const UNLINK_USAGE: &Usage = &Usage {
    names: &["unlink"],
    form: "unlink",
    about: "ends that",
    deed: "unlink",
    of_incident: false,
};

/// Ends that.
pub(crate) const UNLINK: Subcommand<ActionService> = Subcommand {
    usage: UNLINK_USAGE,
    check: |_| Ok(()),
    run: SubcommandHandler::Write(|acting, item, typed, _| work_unlink(acting, item, typed).boxed()),
};

async fn work_link(acting: &ActionService, item: &InboundRequest, typed: &SlashCommand) -> WorkResult {
    let done = link(acting, &item.installation, typed, item.request_id.as_deref()).await;
    conclude(acting, item, typed, LINK_USAGE, done).await
}

async fn work_unlink(acting: &ActionService, item: &InboundRequest, typed: &SlashCommand) -> WorkResult {
    let done = unlink(acting, &item.installation, typed).await;
    conclude(acting, item, typed, UNLINK_USAGE, done).await
}

/// Matches a person again, and tells as whom.
async fn link(
    acting: &ActionService,
    installation: &AppInstallation,
    typed: &SlashCommand,
    request_id: Option<&str>,
) -> TypedOutcome {
    // Known first: of whom there is no record, none can be changed.
    if let Err(notice) = typed.person(acting, installation).await? {
        return Ok(Err(notice.into()));
    }
    identity::set_linked(&acting.identity, installation.team_id(), &typed.user, true).await?;
    let person = match typed.person(acting, installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    Ok(
        match whoami::memberships_text(acting, &person, request_id).await? {
            Ok(text) => Ok(Mrkdwn::own("You are linked. ").and(&text)),
            Err(Notice::NotLinked { .. }) => Err(stranger(acting, &person)),
            Err(notice) => Err(notice.into()),
        },
    )
}

/// How somebody is linked whom nothing matches with a member: by a code that the member shows.
fn stranger(acting: &ActionService, person: &SlackActor) -> ActionRefusal {
    let why = match &person.email {
        Some(email) => Mrkdwn::own("No member has the e-mail address of your Slack profile, ")
            .and(&Mrkdwn::text(email).cut(200))
            .plus(" (NOT_LINKED). Ask an administrator of your organisation to add you with it."),
        None => Mrkdwn::own(
            "Slack does not tell Tocsin your e-mail address, so nothing matches you with a member (NOT_LINKED).",
        ),
    };
    let text = match identity::code(&acting.identity, person) {
        Some(code) => why
            .plus(" If you are a member already, give Tocsin this code, with an API key of your own; it is good for ten minutes, and once:\n```mutation { confirmSlackIdentity(input: {code: \"")
            .and(&Mrkdwn::recorded(code))
            .plus("\"}) { link { user { name } } userErrors { message } } }```"),
        None => why,
    };
    ActionRefusal::Words("not_linked", text)
}

/// Ends the matching, until the person links themselves again.
async fn unlink(
    acting: &ActionService,
    installation: &AppInstallation,
    typed: &SlashCommand,
) -> TypedOutcome {
    if let Err(notice) = typed.person(acting, installation).await? {
        return Ok(Err(notice.into()));
    }
    identity::set_linked(&acting.identity, installation.team_id(), &typed.user, false).await?;
    Ok(Ok(Mrkdwn::own(
        "You are no longer linked: you can change nothing from Slack, and what you say in threads is a comment only where your \
         organisation takes those of people whom it does not know. The subcommand `link` ends that.",
    )))
}
