//! What must hold for any bytes at all that come from outside: fuzzed by `fuzz/`, and tried by ordinary tests.

use pulldown_cmark::{Event, Options, Parser, Tag};
use secrecy::SecretString;
use serde_json::Value;
use tocsin_message::markdown::to_mrkdwn;
use tocsin_slack::{
    envelope::{self, Envelope, EventRequest},
    signature,
};

use crate::inbound::routes;

/// The key of the fuzzed signatures; whoever fuzzes does not know it.
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// A moment that timestamps may be close to: that of Slack's published example.
const NOW: i64 = 1_531_420_618;

/// A request: two lines with its timestamp and its signature, and then its body.
///
/// # Panics
/// When a signature is accepted that is not the body's.
pub fn signature(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (timestamp, signed, body) = (next(), next(), next());
    let header = |bytes| std::str::from_utf8(bytes).ok();
    let (timestamp, signed) = (header(timestamp), header(signed));
    let secrets = [SecretString::from(SECRET)];
    let verdict = signature::verify(&secrets, timestamp, signed, body, NOW);
    let genuine = timestamp.map(|timestamp| signature::sign(&secrets[0], timestamp, body));
    if verdict.is_ok() {
        assert_eq!(
            signed,
            genuine.as_deref(),
            "accepted a signature of something else"
        );
    }
    // With its last character changed it is nobody's.
    if let Some(mut forged) = genuine {
        let last = forged.pop();
        forged.push(if last == Some('0') { '1' } else { '0' });
        let verdict = signature::verify(&secrets, timestamp, Some(&forged), body, NOW);
        assert!(verdict.is_err(), "accepted a forged signature");
    }
}

/// A body of any of Slack's endpoints.
///
/// # Panics
/// When reading it does, or when it loses what tells it from others.
pub fn payload(body: &[u8]) {
    if let Ok(EventRequest::Event(envelope)) = envelope::event(body) {
        look_for_work(&envelope);
    }
    for envelope in [envelope::interaction(body), envelope::command(body)]
        .into_iter()
        .flatten()
    {
        look_for_work(&envelope);
    }
}

/// Each route and prompt reads the payload to see whether it is theirs.
fn look_for_work(envelope: &Envelope) {
    assert!(!envelope.key.is_empty(), "a request without a key: {envelope:?}");
    assert!(
        !holds_nul(&envelope.payload),
        "PostgreSQL can't store a NUL: {envelope:?}"
    );
    let _route = routes::find(envelope.kind, &envelope.name, &envelope.payload);
    let _prompt = routes::prompt(envelope);
}

/// Markdown that somebody wrote, and in its first byte how short it is to be.
///
/// # Panics
/// When the mrkdwn mentions somebody, calls a channel, links where the author did not, is too long or is cut through an escape.
pub fn mrkdwn(data: &[u8]) {
    let Some((room, markdown)) = data.split_first() else {
        return;
    };
    let markdown = String::from_utf8_lossy(markdown);
    let room = usize::from(*room) * 16;
    let mrkdwn = to_mrkdwn(&markdown, room);
    assert!(
        mrkdwn.chars().count() <= room,
        "{} > {room}",
        mrkdwn.chars().count()
    );
    let mut rest = mrkdwn.as_str();
    while let Some((_, after)) = rest.split_once('<') {
        let (token, after) = after
            .split_once('>')
            .unwrap_or_else(|| panic!("an open bracket: {mrkdwn:?}"));
        let links = ["http://", "https://", "mailto:"];
        assert!(
            links.iter().any(|scheme| token.starts_with(scheme)),
            "{token:?} in {mrkdwn:?}"
        );
        assert!(!token.contains('<'), "brackets in brackets: {mrkdwn:?}");
        rest = after;
    }
    let escapes = ["&amp;", "&lt;", "&gt;"];
    let unescaped = escapes
        .iter()
        .fold(mrkdwn.clone(), |text, escape| text.replace(escape, ""));
    assert!(!unescaped.contains('&'), "an escape was cut: {mrkdwn:?}");
    let read = as_read(&markdown);
    let links_written = ["://", "mailto:", "@"].iter().any(|sign| read.contains(sign));
    assert!(
        links_written || !mrkdwn.contains('<'),
        "a link that nobody wrote: {mrkdwn:?}"
    );
}

/// Whether a text or a name in a value holds a NUL.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a reader of Markdown sees: escapes and entities resolved, and where its links lead.
fn as_read(markdown: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut read = String::new();
    for event in Parser::new_ext(markdown, options) {
        if let Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) = event {
            read.push_str(&text);
        } else if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
            read.push_str(&dest_url);
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// What fuzzing began with or has found.
    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/corpus")
            .join(target);
        let files = std::fs::read_dir(folder).expect("a corpus");
        let files: Vec<_> = files
            .map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"))
            .collect();
        assert!(!files.is_empty(), "the corpus of {target} is empty");
        files
    }

    #[test]
    fn what_fuzzing_has_kept_breaks_nothing() {
        for data in corpus("signature") {
            signature(&data);
        }
        for data in corpus("payloads") {
            payload(&data);
        }
        for data in corpus("mrkdwn") {
            mrkdwn(&data);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_at_all_break_nothing(data in prop::collection::vec(any::<u8>(), 0..400)) {
            signature(&data);
            payload(&data);
            mrkdwn(&data);
        }
    }
}
