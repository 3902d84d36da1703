//! What the commands say.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};

use super::subcommand::{ParseError, Subcommands};
use crate::{
    grammar::usage::{HELP, Usage},
    notice::{self, Notice},
    texts::{commands, notices},
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
    let head = Mrkdwn::own(commands::HELP_IN_THREAD);
    let all = subcommands.thread_usages().fold(head, |text, usage| {
        text.plus("\n")
            .and(&line(WritingPlace::Thread, usage))
            .plus(" – ")
            .plus(usage.about)
    });
    all.plus(commands::HELP_ELSEWHERE)
}

/// All that the slash command does.
pub(crate) fn help(subcommands: &Subcommands, command: &str) -> Mrkdwn {
    let head = Mrkdwn::own(commands::HELP_HERE);
    let all = subcommands.usages().fold(head, |text, usage| {
        text.plus("\n")
            .and(&line(WritingPlace::Command(command), usage))
            .plus(" – ")
            .plus(usage.about)
    });
    let in_thread = all.plus(commands::HELP_MENTION);
    let mut forms = subcommands.thread_usages();
    let first = forms.next();
    let in_thread = first.into_iter().fold(in_thread, |text, usage| {
        text.plus(" ").and(&line(WritingPlace::Thread, usage))
    });
    forms
        .fold(in_thread, |text, usage| {
            text.plus(", ").and(&line(WritingPlace::Thread, usage))
        })
        .plus(".")
}

/// What is wrong with a command, and what would be right.
pub(crate) fn misread(place: WritingPlace<'_>, error: &ParseError) -> Mrkdwn {
    match error {
        ParseError::Unknown { word, close } => {
            let close = close.map(|usage| line(place, usage));
            commands::unknown(word, close.as_ref(), &line(place, HELP))
        }
        ParseError::Wrong { usage, why } => {
            commands::wrong_arguments(&Mrkdwn::recorded(escape(why)), &line(place, usage))
        }
        ParseError::CommandOnly { usage } => commands::command_only(usage.names[0], &line(place, HELP)),
    }
}

/// Why a command about no incident in particular had no effect, as mrkdwn.
pub(crate) fn sorry(notice: &Notice) -> String {
    let organization = notice.organization();
    let text = match notice {
        Notice::NotLinked { .. } => Mrkdwn::own(notices::COMMAND_NOT_LINKED),
        Notice::Deactivated { .. } => notices::command_deactivated(organization),
        Notice::ReadOnly { .. } => notices::command_read_only(organization),
        Notice::AmbiguousOrganization => Mrkdwn::own(notices::COMMAND_AMBIGUOUS),
        Notice::Disconnected => Mrkdwn::own(notices::COMMAND_DISCONNECTED),
        Notice::Unavailable => Mrkdwn::own(notices::COMMAND_UNAVAILABLE),
        Notice::External
        | Notice::OtherOrganization
        | Notice::NotFound
        | Notice::AlreadyAcknowledged { .. }
        | Notice::AlreadyResolved { .. }
        | Notice::NoteNotSaved { .. }
        | Notice::NotResolved
        | Notice::TooOld { .. }
        | Notice::NoEscalationPolicy
        | Notice::Refused { .. } => return notice::press(notice, "see"),
    };
    notice.sentence(&text).as_str().to_owned()
}

/// Why a command had no effect, as mrkdwn.
pub(crate) fn refused(notice: &Notice, usage: &Usage) -> String {
    if !usage.of_incident {
        return sorry(notice);
    }
    match notice {
        Notice::NotFound => notices::NO_SUCH_INCIDENT.to_owned(),
        Notice::NotLinked { .. }
        | Notice::Deactivated { .. }
        | Notice::Disconnected
        | Notice::Unavailable => sorry(notice),
        Notice::External
        | Notice::OtherOrganization
        | Notice::AmbiguousOrganization
        | Notice::ReadOnly { .. }
        | Notice::AlreadyAcknowledged { .. }
        | Notice::AlreadyResolved { .. }
        | Notice::NoteNotSaved { .. }
        | Notice::NotResolved
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
            "There is no command \"&lt;!here&gt;\" (UNKNOWN_COMMAND). Did you mean `/ix ack N`?"
        );
        let wrong = ParseError::Wrong {
            usage: USAGE,
            why: "give the incident's number".to_owned(),
        };
        assert_eq!(
            misread(WritingPlace::Command("/i"), &wrong).as_str(),
            "Nothing was done: give the incident's number (WRONG_ARGUMENTS). Type `/i ack N`."
        );
        assert_eq!(
            misread(WritingPlace::Thread, &wrong).as_str(),
            "Nothing was done: give the incident's number (WRONG_ARGUMENTS). Type `@bot ack`."
        );
    }
}
