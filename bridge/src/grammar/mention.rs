//! What a person says to the bot.

use crate::grammar::{
    parse::{Deed, deed, first_word},
    verb::Verb,
};

/// What is asked of the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Act(Deed),
    Help,
    /// A command that lacks something.
    Wrong(Verb, &'static str),
    /// Nothing that it knows; what is close to it.
    Unknown(String, Option<Verb>),
}

/// Whether a message is a command to one of these bots, and so no comment.
pub(crate) fn is_command(bots: &[String], text: &str) -> bool {
    let mut bots = bots.iter();
    bots.any(|bot| addressed(text, bot).is_some_and(|rest| !matches!(read(rest), Wish::Unknown(..))))
}

/// What follows the mention of the bot with which a message begins.
pub(crate) fn addressed<'a>(text: &'a str, bot: &str) -> Option<&'a str> {
    let inside = text.trim_start().strip_prefix("<@")?;
    let (inside, rest) = inside.split_once('>')?;
    let id = inside.split('|').next().unwrap_or(inside);
    (id == bot).then(|| rest.trim_start_matches([':', ',']))
}

pub(crate) fn read(text: &str) -> Wish {
    let (word, rest) = first_word(text);
    let bare = word.trim_end_matches([':', ',', '!', '.']);
    if word.is_empty() {
        return Wish::Help;
    }
    match Verb::named(bare) {
        Some(verb @ (Verb::Acknowledge | Verb::Resolve | Verb::Note | Verb::Assign | Verb::Snooze)) => {
            match deed(verb, rest) {
                Ok(deed) => Wish::Act(deed),
                Err(why) => Wish::Wrong(verb, why),
            }
        }
        Some(Verb::Help) => Wish::Help,
        Some(
            Verb::Create | Verb::List | Verb::Show | Verb::Status | Verb::WhoAmI | Verb::Link | Verb::Unlink,
        )
        | None => Wish::Unknown(word.to_owned(), Verb::close_to(bare)),
    }
}

impl Wish {
    /// The subcommand that it is, as far as it is one.
    pub(crate) fn verb(&self) -> Verb {
        match self {
            Self::Act(deed) => deed.verb(),
            Self::Wrong(verb, _) => *verb,
            Self::Help | Self::Unknown(..) => Verb::Help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_with_the_bot_and_a_word_that_it_knows() {
        let wish = |text: &str| addressed(text, "UBOT").map(read);
        assert_eq!(wish("<@UBOT> ack"), Some(Wish::Act(Deed::Acknowledge)));
        assert_eq!(wish(" <@UBOT|tocsin>: Ack!"), Some(Wish::Act(Deed::Acknowledge)));
        let note = Deed::Note {
            text: "db is slow".to_owned(),
        };
        assert_eq!(wish("<@UBOT> note: db is slow"), Some(Wish::Act(note)));
        assert_eq!(wish("<@UBOT>"), Some(Wish::Help));
        assert!(matches!(wish("<@UBOT> note"), Some(Wish::Wrong(Verb::Note, _))));
        assert!(matches!(wish("<@UBOT> thanks"), Some(Wish::Unknown(_, None))));
        assert_eq!(
            wish("<@UBOT> resovle it"),
            Some(Wish::Unknown("resovle".to_owned(), Some(Verb::Resolve)))
        );
        assert_eq!(wish("<@UADA> ack"), None);
        assert_eq!(wish("ask <@UBOT> ack"), None);
    }
}
