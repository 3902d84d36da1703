//! What the commands say.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};

use crate::{
    grammar::{parse::Misread, verb::Verb},
    notice::{self, Notice},
};

/// Longest name of a command; Slack's own limit is 32.
const COMMAND_MAX: usize = 40;

fn named(command: &str) -> Mrkdwn {
    Mrkdwn::text(&command.replace('`', "")).cut(COMMAND_MAX)
}

fn line(command: &str, usage: &'static str) -> Mrkdwn {
    Mrkdwn::own("`")
        .and(&named(command))
        .plus(" ")
        .plus(usage)
        .plus("`")
}

/// All that there is.
pub(crate) fn help(command: &str) -> Mrkdwn {
    let head = Mrkdwn::own("*What Tocsin does for you here*");
    let all = Verb::ALL.into_iter().fold(head, |text, verb| {
        text.plus("\n")
            .and(&line(command, verb.usage()))
            .plus(" – ")
            .plus(verb.about())
    });
    all.plus("\nIn an incident's thread, mention the bot: `@bot ack`, `@bot resolve [note]`, `@bot note text`, `@bot assign @user`, `@bot snooze 30m`.")
}

/// What is wrong with a command, and what would be right.
pub(crate) fn misread(command: &str, misread: &Misread) -> Mrkdwn {
    match misread {
        Misread::Unknown { word, close } => {
            let text = Mrkdwn::own("There is no \"").and(&Mrkdwn::text(word)).plus("\"");
            match close {
                Some(verb) => text
                    .plus(": did you mean ")
                    .and(&line(command, verb.usage()))
                    .plus("? (UNKNOWN_COMMAND)"),
                None => text
                    .plus(" (UNKNOWN_COMMAND). ")
                    .and(&line(command, Verb::Help.usage()))
                    .plus(" tells what there is."),
            }
        }
        Misread::Wrong { verb, why } => Mrkdwn::own("Nothing was done: ")
            .and(&Mrkdwn::recorded(escape(why)))
            .plus(" (WRONG_ARGUMENTS). Write ")
            .and(&line(command, verb.usage()))
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
pub(crate) fn refused(notice: &Notice, verb: Verb) -> String {
    match verb {
        Verb::Show | Verb::Acknowledge | Verb::Resolve | Verb::Note | Verb::Assign | Verb::Snooze => {
            match notice {
                Notice::NotFound => "There is no such incident in your organisation (NOT_FOUND).".to_owned(),
                Notice::NotLinked { .. }
                | Notice::Deactivated
                | Notice::Disconnected
                | Notice::Unavailable => sorry(notice),
                Notice::External
                | Notice::OtherOrganization
                | Notice::AmbiguousOrganization
                | Notice::ReadOnly
                | Notice::AlreadyAcknowledged { .. }
                | Notice::AlreadyResolved { .. }
                | Notice::TooOld { .. }
                | Notice::NoEscalationPolicy
                | Notice::Refused { .. } => notice::press(notice, verb.deed()),
            }
        }
        Verb::Help | Verb::Create | Verb::List | Verb::Status | Verb::WhoAmI | Verb::Link | Verb::Unlink => {
            sorry(notice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_and_mistakes_name_the_command_as_the_workspace_does() {
        let help = help("/störung");
        for verb in Verb::ALL {
            assert!(
                help.as_str().contains(&format!("`/störung {}`", verb.usage())),
                "{}",
                help.as_str()
            );
        }
        assert!(help.as_str().chars().count() < 3_000);
        let unknown = Misread::Unknown {
            word: "<!here>".to_owned(),
            close: Some(Verb::Acknowledge),
        };
        assert_eq!(
            misread("/i`x", &unknown).as_str(),
            "There is no \"&lt;!here&gt;\": did you mean `/ix ack N`? (UNKNOWN_COMMAND)"
        );
        let wrong = Misread::Wrong {
            verb: Verb::Show,
            why: "it needs the incident's number".to_owned(),
        };
        assert_eq!(
            misread("/i", &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Write `/i show N`."
        );
    }
}
