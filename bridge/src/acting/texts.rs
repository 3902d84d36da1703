//! What the commands say.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};

use super::subcommand::{ParseError, Subcommands};
use crate::{
    grammar::usage::{HELP, Usage},
    notice::{self, Notice},
};

/// Longest name of a command; Slack's own limit is 32.
const COMMAND_MAX: usize = 40;

fn named(command: &str) -> Mrkdwn {
    Mrkdwn::text(&command.replace('`', "")).cut(COMMAND_MAX)
}

/// Where somebody writes: what they are told to write must work there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WritingPlace<'a> {
    /// After the slash command of this name.
    Command(&'a str),
    /// To the bot, in an incident's thread.
    Thread,
}

fn line(place: WritingPlace<'_>, usage: &Usage) -> Mrkdwn {
    let line = match place {
        WritingPlace::Command(command) => Mrkdwn::own("`").and(&named(command)).plus(" ").plus(usage.form),
        WritingPlace::Thread => Mrkdwn::own("`@bot ").and(&Mrkdwn::recorded(escape(&usage.form_in_thread()))),
    };
    line.plus("`")
}

/// What can be asked of the bot in an incident's thread.
pub(crate) fn help_in_thread(subcommands: &Subcommands) -> Mrkdwn {
    let head = Mrkdwn::own("*What Tocsin does for you in an incident's thread*");
    let all = subcommands.thread_usages().fold(head, |text, usage| {
        text.plus("\n")
            .and(&line(WritingPlace::Thread, usage))
            .plus(" – ")
            .plus(usage.about)
    });
    all.plus("\nFor everything else, type Tocsin's slash command with `help`.")
}

/// All that the slash command does.
pub(crate) fn help(subcommands: &Subcommands, command: &str) -> Mrkdwn {
    let head = Mrkdwn::own("*What Tocsin does for you here*");
    let all = subcommands.usages().fold(head, |text, usage| {
        text.plus("\n")
            .and(&line(WritingPlace::Command(command), usage))
            .plus(" – ")
            .plus(usage.about)
    });
    all.plus("\nIn an incident's thread, mention the bot: `@bot ack`, `@bot resolve [note]`, `@bot note text`, `@bot assign @user`, `@bot snooze 30m`.")
}

/// What is wrong with a command, and what would be right.
pub(crate) fn misread(place: WritingPlace<'_>, error: &ParseError) -> Mrkdwn {
    match error {
        ParseError::Unknown { word, close } => {
            let text = Mrkdwn::own("There is no \"").and(&Mrkdwn::text(word)).plus("\"");
            match close {
                Some(usage) => text
                    .plus(": did you mean ")
                    .and(&line(place, usage))
                    .plus("? (UNKNOWN_COMMAND)"),
                None => text
                    .plus(" (UNKNOWN_COMMAND). ")
                    .and(&line(place, HELP))
                    .plus(" tells what there is."),
            }
        }
        ParseError::Wrong { usage, why } => Mrkdwn::own("Nothing was done: ")
            .and(&Mrkdwn::recorded(escape(why)))
            .plus(" (WRONG_ARGUMENTS). Write ")
            .and(&line(place, usage))
            .plus("."),
        ParseError::CommandOnly { usage } => Mrkdwn::own("`")
            .plus(usage.names[0])
            .plus("` works in Tocsin's slash command only (COMMAND_ONLY). ")
            .and(&line(place, HELP))
            .plus(" tells what works here."),
    }
}

/// Why a command about no incident in particular had no effect, as mrkdwn.
pub(crate) fn sorry(notice: &Notice) -> String {
    let text = match notice {
        Notice::NotLinked { .. } => {
            "You are not linked to a member in Tocsin: the subcommand `link` changes that"
        }
        Notice::Deactivated => "Your account in Tocsin is deactivated",
        Notice::ReadOnly => "Your role in Tocsin is read-only",
        Notice::AmbiguousOrganization => {
            "You are a member of several organisations: name the service, so that it is known which one you mean"
        }
        Notice::Disconnected => {
            "Tocsin is disconnected from this workspace, and somebody has to install its app again. Until then, use Tocsin's pages"
        }
        Notice::Unavailable => "Tocsin does not answer just now. Try again in a moment",
        Notice::External
        | Notice::OtherOrganization
        | Notice::NotFound
        | Notice::AlreadyAcknowledged { .. }
        | Notice::AlreadyResolved { .. }
        | Notice::TooOld { .. }
        | Notice::NoEscalationPolicy
        | Notice::Refused { .. } => return notice::press(notice, "see"),
    };
    notice.sentence(text)
}

/// Why a command had no effect, as mrkdwn.
pub(crate) fn refused(notice: &Notice, usage: &Usage) -> String {
    if !usage.of_incident {
        return sorry(notice);
    }
    match notice {
        Notice::NotFound => "There is no such incident in your organisation (NOT_FOUND).".to_owned(),
        Notice::NotLinked { .. } | Notice::Deactivated | Notice::Disconnected | Notice::Unavailable => {
            sorry(notice)
        }
        Notice::External
        | Notice::OtherOrganization
        | Notice::AmbiguousOrganization
        | Notice::ReadOnly
        | Notice::AlreadyAcknowledged { .. }
        | Notice::AlreadyResolved { .. }
        | Notice::TooOld { .. }
        | Notice::NoEscalationPolicy
        | Notice::Refused { .. } => notice::press(notice, usage.deed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: &Usage = &Usage {
        names: &["ack"],
        form: "ack N",
        about: "acknowledges an incident",
        deed: "acknowledge",
        of_incident: true,
    };

    #[test]
    fn mistakes_name_the_command_as_the_workspace_does() {
        let unknown = ParseError::Unknown {
            word: "<!here>".to_owned(),
            close: Some(USAGE),
        };
        assert_eq!(
            misread(WritingPlace::Command("/i`x"), &unknown).as_str(),
            "There is no \"&lt;!here&gt;\": did you mean `/ix ack N`? (UNKNOWN_COMMAND)"
        );
        let wrong = ParseError::Wrong {
            usage: USAGE,
            why: "it needs the incident's number".to_owned(),
        };
        assert_eq!(
            misread(WritingPlace::Command("/i"), &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Write `/i ack N`."
        );
        assert_eq!(
            misread(WritingPlace::Thread, &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Write `@bot ack`."
        );
    }
}
