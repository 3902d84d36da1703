//! Why what somebody did had no effect, and who can help.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};

use super::name;

/// After a place where it matters whose organisation is meant.
pub(crate) fn in_organization(organization: Option<&str>) -> Mrkdwn {
    organization.map_or_else(Mrkdwn::default, |organization| {
        Mrkdwn::own(" in ").and(&name(organization))
    })
}

/// The same of a member.
pub(crate) fn of_organization(organization: Option<&str>) -> Mrkdwn {
    match organization {
        Some(organization) => Mrkdwn::own(" of ").and(&name(organization)),
        None => Mrkdwn::own(" of its organisation"),
    }
}

/// Whom to ask.
pub(crate) fn ask(admins: &[String]) -> Mrkdwn {
    let Some((last, others)) = admins.split_last() else {
        return Mrkdwn::own("Ask an administrator of your organisation.");
    };
    let text = Mrkdwn::own("Ask an administrator: ");
    let mut others = others.iter();
    let text = match others.next() {
        Some(first) => others
            .fold(text.and(&name(first)), |text, one| {
                text.plus(", ").and(&name(one))
            })
            .plus(" or "),
        None => text,
    };
    text.and(&name(last)).plus(".")
}

/// A notice as a sentence with its code, and what follows it.
pub(crate) fn with_code(text: &Mrkdwn, code: &str, more: &[Mrkdwn]) -> Mrkdwn {
    let told = text.clone().plus(" (").and(&Mrkdwn::text(code)).plus(").");
    more.iter().fold(told, |told, more| told.plus(" ").and(more))
}

/// The API's own words.
pub(crate) fn refused(message: &str) -> Mrkdwn {
    Mrkdwn::recorded(escape(message.trim_end_matches('.')))
}

/// Why: the API's own words.
pub(crate) fn why_refused(message: &str) -> Mrkdwn {
    Mrkdwn::recorded(escape(message))
}

/// To somebody whose reply did not become a comment.
pub(crate) fn reply_not_added(why: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("Your reply was not added to the incident's timeline: ").and(why)
}

/// Why: nothing matches them with a member.
pub(crate) fn why_not_linked(organization: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("your Slack account isn't linked to a member").and(&of_organization(organization))
}

/// Why: their role allows reading alone.
pub(crate) fn why_read_only(organization: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("you have read-only access").and(&in_organization(organization))
}

/// Why: they are a member no longer.
pub(crate) fn why_deactivated(organization: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("your account")
        .and(&in_organization(organization))
        .plus(" is deactivated")
}

/// Why: they are of another company.
pub(crate) const WHY_EXTERNAL: &str = "this channel is shared with your company, and the organisation accepts replies only from its own members";

/// Why: the incident is another organisation's.
pub(crate) const WHY_OTHER_ORGANIZATION: &str = "you are a member of another organisation";

/// Why: nothing says which organisation is meant.
pub(crate) const WHY_AMBIGUOUS: &str = "you are a member of several organisations";

/// Why: there is no such incident any more.
pub(crate) const WHY_NOT_FOUND: &str = "the incident is no longer there";

/// Why: somebody was faster.
pub(crate) const WHY_CHANGED: &str = "the incident has changed since";

/// Why: there is nothing to reopen.
pub(crate) const WHY_NOT_RESOLVED: &str = "the incident isn't resolved";

/// Why: nobody should act on it without another look.
pub(crate) const WHY_TOO_OLD: &str = "the incident's message is more than 30 days old";

/// Why: there is nobody to escalate to.
pub(crate) const WHY_NO_POLICY: &str = "there is no escalation policy";

/// Why: Slack no longer takes the bot for one of the workspace.
pub(crate) const WHY_DISCONNECTED: &str = "Tocsin is disconnected from this workspace";

/// Why: something does not answer just now.
pub(crate) const WHY_UNAVAILABLE: &str = "Tocsin isn't answering right now";

/// Why: a later edit of the message was refused.
pub(crate) const WHY_EDIT_REFUSED: &str =
    "the edit was refused, and the timeline keeps the text from before it";

/// A press, and why it did nothing. `wanted` as in "acknowledge".
fn can_not(wanted: &'static str) -> Mrkdwn {
    Mrkdwn::own("You can't ").plus(wanted).plus(" this incident")
}

/// A press by somebody whom nothing matches with a member.
pub(crate) fn press_not_linked(wanted: &'static str, organization: Option<&str>) -> Mrkdwn {
    can_not(wanted)
        .plus(" from Slack: ")
        .and(&why_not_linked(organization))
}

/// A press by somebody of another company.
pub(crate) fn press_external(wanted: &'static str) -> Mrkdwn {
    can_not(wanted).plus(
        ": it belongs to the company that shares this channel with yours. Reply in the thread, or ask someone at that company",
    )
}

/// A press on another organisation's incident.
pub(crate) fn press_other_organization(wanted: &'static str) -> Mrkdwn {
    can_not(wanted).plus(": it belongs to an organisation that you aren't a member of")
}

/// A press by somebody who may only read.
pub(crate) fn press_read_only(wanted: &'static str, organization: Option<&str>) -> Mrkdwn {
    can_not(wanted).plus(": ").and(&why_read_only(organization))
}

/// A press by somebody who is a member no longer.
pub(crate) fn press_deactivated(wanted: &'static str, organization: Option<&str>) -> Mrkdwn {
    can_not(wanted).plus(": ").and(&why_deactivated(organization))
}

/// A press while something does not answer.
pub(crate) fn press_unavailable(wanted: &'static str) -> Mrkdwn {
    can_not(wanted).plus(" right now: Tocsin isn't answering. Try again in a moment")
}

/// Several organisations have an incident of this number.
pub(crate) const PRESS_AMBIGUOUS: &str = "You are a member of several organisations that have such an incident. Use the incident's own message or page";

/// There is no such incident any more.
pub(crate) const PRESS_NOT_FOUND: &str = "This incident is no longer there";

/// It is open.
pub(crate) const PRESS_NOT_RESOLVED: &str = "This incident isn't resolved, so there is nothing to reopen";

/// There is nobody to escalate to.
pub(crate) const PRESS_NO_POLICY: &str =
    "This incident has no escalation policy, so there is nobody to escalate to. Reassign it instead";

/// Slack no longer takes the bot for one of the workspace.
pub(crate) const PRESS_DISCONNECTED: &str = "Nothing was done: Tocsin is disconnected from this workspace, and an administrator has to install its app again. \
                                             Until then, use the incident's page";

fn by(who: Option<&str>) -> Mrkdwn {
    who.map_or_else(Mrkdwn::default, |who| Mrkdwn::own(" by ").and(&name(who)))
}

/// Somebody else has it.
pub(crate) fn already_acknowledged(who: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("This incident is already acknowledged").and(&by(who))
}

/// It is over.
pub(crate) fn already_resolved(who: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("This incident is already resolved").and(&by(who))
}

/// It was over before the note came.
pub(crate) fn note_not_saved(who: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("This incident was already resolved")
        .and(&by(who))
        .plus(", so your note was not saved. To keep it, add it as a note")
}

/// The message is so old that nobody should act on it. `typed` is what does the same in words, where that can be typed.
pub(crate) fn too_old(
    wanted: &'static str,
    number: i64,
    url: &str,
    typed: Option<&TypedCommand<'_>>,
) -> Mrkdwn {
    let text = Mrkdwn::own("This message is more than 30 days old, so nothing was done. To ")
        .plus(wanted)
        .plus(" the incident, open ")
        .and(&Mrkdwn::link(url, &format!("#{number}")));
    match typed {
        None => text,
        Some(TypedCommand {
            name: Some(command),
            rest,
        }) => text
            .plus(" or use the slash command `")
            .and(&code(command))
            .plus(" ")
            .and(&code(rest))
            .plus("`"),
        Some(TypedCommand { name: None, rest }) => text
            .plus(" or use the slash command with `")
            .and(&code(rest))
            .plus("`"),
    }
}

/// What is typed: the slash command's name, where it is known, and what follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypedCommand<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) rest: &'a str,
}

/// What stands between backticks.
fn code(text: &str) -> Mrkdwn {
    Mrkdwn::recorded(escape(&text.replace('`', "")))
}

/// A command by somebody whom nothing matches with a member.
pub(crate) const COMMAND_NOT_LINKED: &str =
    "Your Slack account isn't linked to a member in Tocsin. To link it, use the subcommand `link`";

/// A command by somebody who is a member no longer.
pub(crate) fn command_deactivated(organization: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("Your Tocsin account")
        .and(&in_organization(organization))
        .plus(" is deactivated")
}

/// A command by somebody who may only read.
pub(crate) fn command_read_only(organization: Option<&str>) -> Mrkdwn {
    Mrkdwn::own("You have read-only access").and(&in_organization(organization))
}

/// A command that does not say which organisation is meant.
pub(crate) const COMMAND_AMBIGUOUS: &str =
    "You are a member of several organisations. Name the service, so that Tocsin knows which one you mean";

/// A command where Slack no longer takes the bot for one of the workspace.
pub(crate) const COMMAND_DISCONNECTED: &str = "Tocsin is disconnected from this workspace: an administrator has to install its app again. Until then, use Tocsin's web pages";

/// A command while something does not answer.
pub(crate) const COMMAND_UNAVAILABLE: &str = "Tocsin isn't answering right now. Try again in a moment";

/// A command about an incident that is not there.
pub(crate) const NO_SUCH_INCIDENT: &str = "There is no such incident in your organisation (NOT_FOUND).";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let admins = ["Ada", "Bob", "<!here>"].map(str::to_owned);
    let typed = TypedCommand {
        name: Some("/incident"),
        rest: "ack 42",
    };
    let unnamed = TypedCommand { name: None, ..typed };
    let url = super::tests::URL;
    let mut all = super::tests::listed![
        WHY_EXTERNAL,
        WHY_OTHER_ORGANIZATION,
        WHY_AMBIGUOUS,
        WHY_NOT_FOUND,
        WHY_CHANGED,
        WHY_NOT_RESOLVED,
        WHY_TOO_OLD,
        WHY_NO_POLICY,
        WHY_DISCONNECTED,
        WHY_UNAVAILABLE,
        WHY_EDIT_REFUSED,
        PRESS_AMBIGUOUS,
        PRESS_NOT_FOUND,
        PRESS_NOT_RESOLVED,
        PRESS_NO_POLICY,
        PRESS_DISCONNECTED,
        COMMAND_NOT_LINKED,
        COMMAND_AMBIGUOUS,
        COMMAND_DISCONNECTED,
        COMMAND_UNAVAILABLE,
        NO_SUCH_INCIDENT
    ];
    all.extend(super::tests::made![
        in_organization(Some("Acme & Co")),
        of_organization(Some("Acme & Co")),
        of_organization(None),
        ask(&admins),
        ask(&admins[..1]),
        ask(&[]),
        with_code(&Mrkdwn::own(PRESS_NOT_FOUND), "NOT_FOUND", &[ask(&[])]),
        refused("The title is <too> long."),
        why_refused("The comment is <too> long."),
        reply_not_added(&Mrkdwn::own(WHY_NOT_FOUND)),
        why_not_linked(Some("Acme & Co")),
        why_read_only(Some("Acme & Co")),
        why_deactivated(Some("Acme & Co")),
        press_not_linked("resolve", None),
        press_external("resolve"),
        press_other_organization("resolve"),
        press_read_only("resolve", Some("Acme & Co")),
        press_deactivated("resolve", None),
        press_unavailable("resolve"),
        already_acknowledged(Some("Ada <!here>")),
        already_resolved(None),
        note_not_saved(Some("Ada")),
        too_old("acknowledge", 42, url, Some(&typed)),
        too_old("acknowledge", 42, url, Some(&unnamed)),
        too_old("acknowledge", 42, url, None),
        command_deactivated(Some("Acme & Co")),
        command_read_only(None),
    ]);
    all
}
