//! The slash command and mentions: how each is told of, and what is wrong with what was typed.

use tocsin_message::mrkdwn::Mrkdwn;

use super::name;

/// What may follow the slash command, as Slack shows it to who types.
pub(crate) const USAGE_HINT: &str = "help | create | list | show 42 | ack 42 | resolve 42";

/// What to write, and what it does.
pub(crate) const CREATE_FORM: &str = "create [title] [service:NAME] [urgency:high] [severity:sev2]";
/// What it does.
pub(crate) const CREATE: &str = "creates an incident, and asks for what is missing";
/// What to write.
pub(crate) const LIST_FORM: &str = "list [mine] [high] [sev1] [service:NAME] [acknowledged] [all]";
/// What it does.
pub(crate) const LIST: &str = "lists the open incidents, or with `all` the resolved ones too";
/// What it does.
pub(crate) const SHOW: &str = "shows an incident";
/// What it does.
pub(crate) const ACKNOWLEDGE: &str = "acknowledges an incident";
/// What it does.
pub(crate) const RESOLVE: &str = "resolves an incident, with a note if there is one";
/// What it does.
pub(crate) const NOTE: &str = "adds a note to an incident's timeline";
/// What it does.
pub(crate) const ASSIGN: &str = "assigns an incident to someone: `@user`, an email address, or `me`";
/// What it does.
pub(crate) const SNOOZE: &str = "snoozes an incident: `30m`, `2h`, `1d`, up to 30 days";
/// What it does.
pub(crate) const REOPEN: &str = "reopens a resolved incident";
/// What it does, in an incident's thread.
pub(crate) const STATE: &str = "shows the incident's state and who has it";
/// What it does.
pub(crate) const STATUS: &str = "shows how many incidents are open, and whether Tocsin is healthy";
/// What it does.
pub(crate) const WHOAMI: &str = "shows which member you act as";
/// What it does.
pub(crate) const LOGIN: &str = "gives you a link that signs you in to Tocsin's pages";
/// What it does.
pub(crate) const LINK: &str = "links your Slack account to the member with your email address";
/// What it does.
pub(crate) const UNLINK: &str = "removes that link";
/// What it does.
pub(crate) const HELP: &str = "shows this";

/// Above what can be asked of the bot in an incident's thread.
pub(crate) const HELP_IN_THREAD: &str = "*What Tocsin does for you in an incident's thread*";

/// Below it.
pub(crate) const HELP_ELSEWHERE: &str = "\nFor everything else, type Tocsin's slash command with `help` in a channel. Slash commands don't work in threads.";

/// Above all that the slash command does.
pub(crate) const HELP_HERE: &str = "*What Tocsin does for you here*";

/// Below it, before what can be asked in a thread.
pub(crate) const HELP_MENTION: &str = "\nIn an incident's thread, mention the bot:";

/// There is no such command, and which is close to it.
pub(crate) fn unknown(typed: &str, close: Option<&Mrkdwn>, help: &Mrkdwn) -> Mrkdwn {
    let text = Mrkdwn::own("There is no command \"")
        .and(&name(typed))
        .plus("\" (UNKNOWN_COMMAND). ");
    match close {
        Some(close) => text.plus("Did you mean ").and(close).plus("?"),
        None => text.plus("To see all commands, type ").and(help).plus("."),
    }
}

/// What is wrong after a command, and what to type.
pub(crate) fn wrong_arguments(why: &Mrkdwn, form: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: ")
        .and(why)
        .plus(" (WRONG_ARGUMENTS). Type ")
        .and(form)
        .plus(".")
}

/// It was asked for in a thread, and works as a command alone.
pub(crate) fn command_only(command: &'static str, help: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("`")
        .plus(command)
        .plus("` works only as Tocsin's slash command, in a channel (COMMAND_ONLY). To see what works here, type ")
        .and(help)
        .plus(".")
}

/// What is wrong after a command.
pub(crate) const NUMBER_MISSING: &str = "give the incident's number";
/// What is wrong after a command.
pub(crate) const NOTE_EMPTY: &str = "the note is empty";
/// What is wrong after a command.
pub(crate) const ASSIGNEE_MISSING: &str = "name someone to assign the incident to";
/// What is wrong after a command.
pub(crate) const PAUSE_MISSING: &str = "give a duration such as `30m`, `2h` or `1d`";
/// What is wrong after a command.
pub(crate) const PAUSE_TOO_LONG: &str = "you can snooze an incident for 30 days at most";

/// What is wrong after `list`; plain text.
pub(crate) fn no_filter(word: &str) -> String {
    format!("there is no filter \"{word}\"")
}

/// No incident of an organisation is wanted.
pub(crate) fn none_listed(organization: &Mrkdwn) -> Mrkdwn {
    organization.clone().plus(": no such incidents.")
}

/// Which incidents of an organisation are listed.
pub(crate) fn listed(organization: &Mrkdwn, from: i64, to: i64, of: i64) -> Mrkdwn {
    organization
        .clone()
        .plus(": incidents ")
        .and(&Mrkdwn::text(&format!("{from}–{to} of {of}")))
}

/// The button that turns a page.
pub(crate) const NEXT: &str = "Next";
/// The button that turns a page.
pub(crate) const PREVIOUS: &str = "Previous";

/// There is no service of this name, and which is close to it.
pub(crate) fn no_service(typed: &str, close: Option<&str>) -> Mrkdwn {
    let text = Mrkdwn::own("There is no service \"")
        .and(&name(typed))
        .plus("\" (NOT_FOUND)");
    match close {
        Some(close) => text.plus(": did you mean \"").and(&name(close)).plus("\"?"),
        None => text.plus("."),
    }
}

/// How many incidents of an organisation are open, and the asker's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCounts {
    pub(crate) triggered: i64,
    pub(crate) acknowledged: i64,
    pub(crate) urgent: i64,
    pub(crate) yours: i64,
}

/// The same in words.
pub(crate) fn counts(organization: &str, of: OpenCounts) -> Mrkdwn {
    let OpenCounts {
        triggered,
        acknowledged,
        urgent,
        yours,
    } = of;
    let counts = format!(
        "{triggered} triggered, {acknowledged} acknowledged; {urgent} of high urgency, {yours} yours."
    );
    name(organization)
        .bold()
        .plus(": ")
        .and(&Mrkdwn::text(&counts))
        .plus("\n")
}

/// Tocsin works, in this workspace.
pub(crate) fn connected(team: &str) -> Mrkdwn {
    Mrkdwn::own("Tocsin is connected to ").and(&name(team)).plus(".")
}

/// It is not known yet whether Tocsin works.
pub(crate) const STARTING: &str = "Tocsin is starting.";

/// Tocsin does not work.
pub(crate) fn unhealthy(trouble: &str) -> Mrkdwn {
    Mrkdwn::own("Tocsin can't work with Slack: ").and(&Mrkdwn::text(trouble).cut(300))
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        USAGE_HINT,
        CREATE_FORM,
        CREATE,
        LIST_FORM,
        LIST,
        SHOW,
        ACKNOWLEDGE,
        RESOLVE,
        NOTE,
        ASSIGN,
        SNOOZE,
        REOPEN,
        STATE,
        STATUS,
        WHOAMI,
        LOGIN,
        LINK,
        UNLINK,
        HELP,
        HELP_IN_THREAD,
        HELP_ELSEWHERE,
        HELP_HERE,
        HELP_MENTION,
        NUMBER_MISSING,
        NOTE_EMPTY,
        ASSIGNEE_MISSING,
        PAUSE_MISSING,
        PAUSE_TOO_LONG,
        NEXT,
        PREVIOUS,
        STARTING
    ];
    let (help, ack) = (Mrkdwn::own("`/incident help`"), Mrkdwn::own("`/incident ack N`"));
    let acme = name("Acme & Co").bold();
    let of = OpenCounts {
        triggered: 2,
        acknowledged: 1,
        urgent: 3,
        yours: 0,
    };
    all.extend(super::tests::made![
        unknown("akc", Some(&ack), &help),
        unknown("<!here>", None, &help),
        wrong_arguments(&Mrkdwn::own(NUMBER_MISSING), &ack),
        command_only("list", &Mrkdwn::own("`@bot help`")),
        Mrkdwn::text(&no_filter("yours")),
        none_listed(&acme),
        listed(&acme, 1, 10, 42),
        no_service("paymnets", Some("Payments")),
        no_service("x", None),
        counts("Acme & Co", of),
        connected("Acme"),
        unhealthy("the bot token was revoked"),
    ]);
    all
}
