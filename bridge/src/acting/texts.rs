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

fn line(command: &str, usage: &Usage) -> Mrkdwn {
    Mrkdwn::own("`")
        .and(&named(command))
        .plus(" ")
        .plus(usage.form)
        .plus("`")
}

/// All that there is.
pub(crate) fn help(subcommands: &Subcommands, command: &str) -> Mrkdwn {
    let head = Mrkdwn::own("*What Tocsin does for you here*");
    let all = subcommands.usages().fold(head, |text, usage| {
        text.plus("\n")
            .and(&line(command, usage))
            .plus(" – ")
            .plus(usage.about)
    });
    all.plus("\nIn an incident's thread, mention the bot: `@bot ack`, `@bot resolve [note]`, `@bot note text`, `@bot assign @user`, `@bot snooze 30m`.")
}

/// What is wrong with a command, and what would be right.
pub(crate) fn misread(command: &str, error: &ParseError) -> Mrkdwn {
    match error {
        ParseError::Unknown { word, close } => {
            let text = Mrkdwn::own("There is no \"").and(&Mrkdwn::text(word)).plus("\"");
            match close {
                Some(usage) => text
                    .plus(": did you mean ")
                    .and(&line(command, usage))
                    .plus("? (UNKNOWN_COMMAND)"),
                None => text
                    .plus(" (UNKNOWN_COMMAND). ")
                    .and(&line(command, HELP))
                    .plus(" tells what there is."),
            }
        }
        ParseError::Wrong { usage, why } => Mrkdwn::own("Nothing was done: ")
            .and(&Mrkdwn::recorded(escape(why)))
            .plus(" (WRONG_ARGUMENTS). Write ")
            .and(&line(command, usage))
            .plus("."),
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
            misread("/i`x", &unknown).as_str(),
            "There is no \"&lt;!here&gt;\": did you mean `/ix ack N`? (UNKNOWN_COMMAND)"
        );
        let wrong = ParseError::Wrong {
            usage: USAGE,
            why: "it needs the incident's number".to_owned(),
        };
        assert_eq!(
            misread("/i", &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Write `/i ack N`."
        );
    }
}
