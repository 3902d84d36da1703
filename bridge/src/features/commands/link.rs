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
    texts::{accounts, commands},
};

const LINK_USAGE: &Usage = &Usage {
    names: &["link"],
    form: "link",
    about: commands::LINK,
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
    about: commands::UNLINK,
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
            Ok(text) => Ok(accounts::linked(&text)),
            Err(Notice::NotLinked { .. }) => Err(stranger(acting, &person)),
            Err(notice) => Err(notice.into()),
        },
    )
}

/// How somebody is linked whom nothing matches with a member: on a page, by whoever is signed in there.
fn stranger(acting: &ActionService, person: &SlackActor) -> ActionRefusal {
    let page = identity::link_address(&acting.identity, person);
    let text = accounts::no_member(person.email.as_deref(), page.as_deref());
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
    Ok(Ok(Mrkdwn::own(accounts::UNLINKED)))
}
