//! What a person says to the bot.

/// What follows the mention of the bot with which a message begins.
pub(crate) fn addressed<'a>(text: &'a str, bot: &str) -> Option<&'a str> {
    let inside = text.trim_start().strip_prefix("<@")?;
    let (inside, rest) = inside.split_once('>')?;
    let id = inside.split('|').next().unwrap_or(inside);
    (id == bot).then(|| rest.trim_start_matches([':', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_addressed_to_the_bot_with_which_it_begins() {
        assert_eq!(addressed("<@UBOT> ack", "UBOT"), Some(" ack"));
        assert_eq!(addressed(" <@UBOT|tocsin>: Ack!", "UBOT"), Some(" Ack!"));
        assert_eq!(addressed("<@UBOT>", "UBOT"), Some(""));
        assert_eq!(addressed("<@UADA> ack", "UBOT"), None);
        assert_eq!(addressed("ask <@UBOT> ack", "UBOT"), None);
    }
}
