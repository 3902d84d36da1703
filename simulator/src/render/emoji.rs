//! Emoji names as emoji: the few that an incident bridge and its people use.

/// Names follow iamcal/emoji-data, as Slack's do.
const KNOWN: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("bell", "🔔"),
    ("eyes", "👀"),
    ("fire", "🔥"),
    ("heavy_check_mark", "✔️"),
    ("hourglass_flowing_sand", "⏳"),
    ("large_blue_circle", "🔵"),
    ("large_green_circle", "🟢"),
    ("large_orange_circle", "🟠"),
    ("large_yellow_circle", "🟡"),
    ("memo", "📝"),
    ("no_bell", "🔕"),
    ("pushpin", "📌"),
    ("red_circle", "🔴"),
    ("repeat", "🔁"),
    ("rotating_light", "🚨"),
    ("speech_balloon", "💬"),
    ("tada", "🎉"),
    ("warning", "⚠️"),
    ("wave", "👋"),
    ("white_check_mark", "✅"),
    ("x", "❌"),
];

/// The text with known names replaced.
pub(crate) fn shown(text: &str) -> String {
    KNOWN.iter().fold(text.to_owned(), |text, (name, emoji)| {
        if text.contains(':') {
            text.replace(&format!(":{name}:"), emoji)
        } else {
            text
        }
    })
}
