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
    all.plus("\nFor everything else, type Tocsin's slash command with `help` in a channel. Slash commands don't work in threads.")
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
    let in_thread = all.plus("\nIn an incident's thread, mention the bot:");
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
            let text = Mrkdwn::own("There is no command \"").and(&Mrkdwn::text(word)).plus("\"");
            match close {
                Some(usage) => text
                    .plus(" (UNKNOWN_COMMAND). Did you mean ")
                    .and(&line(place, usage))
                    .plus("?"),
                None => text
                    .plus(" (UNKNOWN_COMMAND). To see all commands, type ")
                    .and(&line(place, HELP))
                    .plus("."),
            }
        }
        ParseError::Wrong { usage, why } => Mrkdwn::own("Nothing was done: ")
            .and(&Mrkdwn::recorded(escape(why)))
            .plus(" (WRONG_ARGUMENTS). Type ")
            .and(&line(place, usage))
            .plus("."),
        ParseError::CommandOnly { usage } => Mrkdwn::own("`")
            .plus(usage.names[0])
            .plus("` works only as Tocsin's slash command, in a channel (COMMAND_ONLY). To see what works here, type ")
            .and(&line(place, HELP))
            .plus("."),
    }
}

/// Why a command about no incident in particular had no effect, as mrkdwn.
pub(crate) fn sorry(notice: &Notice) -> String {
    let text = match notice {
        Notice::NotLinked { .. } => {
            "Your Slack account isn't linked to a member in Tocsin. To link it, use the subcommand `link`"
        }
        Notice::Deactivated { help } => {
            return notice.sentence(&format!(
                "Your Tocsin account{} is deactivated",
                help.in_organization()
            ));
        }
        Notice::ReadOnly { help } => {
            return notice.sentence(&format!("You have read-only access{}", help.in_organization()));
        }
        Notice::AmbiguousOrganization => {
            "You are a member of several organisations. Name the service, so that Tocsin knows which one you mean"
        }
        Notice::Disconnected => {
            "Tocsin is disconnected from this workspace: an administrator has to install its app again. Until then, use Tocsin's web pages"
        }
        Notice::Unavailable => "Tocsin isn't answering right now. Try again in a moment",
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
    notice.sentence(text)
}

/// Why a command had no effect, as mrkdwn.
pub(crate) fn refused(notice: &Notice, usage: &Usage) -> String {
    if !usage.of_incident {
        return sorry(notice);
    }
    match notice {
        Notice::NotFound => "There is no such incident in your organisation (NOT_FOUND).".to_owned(),
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
            why: "it needs the incident's number".to_owned(),
        };
        assert_eq!(
            misread(WritingPlace::Command("/i"), &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Type `/i ack N`."
        );
        assert_eq!(
            misread(WritingPlace::Thread, &wrong).as_str(),
            "Nothing was done: it needs the incident's number (WRONG_ARGUMENTS). Type `@bot ack`."
        );
    }
}
