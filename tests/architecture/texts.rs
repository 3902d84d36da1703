//! What people read in Slack stands in `bridge/src/texts`: a sentence elsewhere in the bridge is none of theirs, or is moved there.
//!
//! A sentence is a string literal with three words or more. None of people's is what a log line, a panic, a metric's description or an attribute says;
//! what the queue, the database or a worker waits for; and a statement in SQL.

use super::sources::{self, Source};

/// The folder of the texts.
const TEXTS: &str = "bridge/src/texts/";

/// How many words make a sentence.
const SENTENCE: usize = 3;

/// What takes sentences that are for the log.
const FOR_THE_LOG: &[&str] = &[
    "tracing::trace!",
    "tracing::debug!",
    "tracing::info!",
    "tracing::warn!",
    "tracing::error!",
    "expect",
    "panic!",
    "unreachable!",
    "describe_counter!",
    "describe_gauge!",
    "describe_histogram!",
    "FailureLog::new",
    "JobError::RetryAfter",
    "JobError::fail",
    "JobError::retry",
    "JobError::retry_after",
    "DbErr::Custom",
    "InboundError::Unavailable",
    "Stop::later",
    "Wait::error",
];

/// Words of SQL, of which a statement has one.
const SQL: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "WHERE", "CASE", "NULL", "OR",
];

/// Files with sentences that are still to be moved, or to be written where it can be seen that they are for the log, and how many each has. A number only
/// shrinks.
const TO_MOVE: &[(&str, usize)] = &[
    ("bridge/src/manifest/check.rs", 1),
    ("bridge/src/origin/mod.rs", 1),
    ("bridge/src/rich_text/attachments.rs", 1),
    ("bridge/src/features/install/page.rs", 2),
    ("bridge/src/features/home/refresh.rs", 1),
    ("bridge/src/workspace/health.rs", 1),
    ("bridge/src/workspace/registry.rs", 1),
    ("bridge/src/inbound/refusal.rs", 2),
    ("bridge/src/inbound/receive.rs", 1),
    ("bridge/src/store/fence.rs", 1),
    ("bridge/src/mirror/digest/refresh.rs", 1),
    ("bridge/src/mirror/deliver/deleted.rs", 1),
    ("bridge/src/mirror/deliver/preview.rs", 2),
    ("bridge/src/mirror/deliver/mod.rs", 2),
    ("bridge/src/workspace_sync/rotate.rs", 5),
    ("bridge/src/workspace_sync/run.rs", 1),
];

/// A string literal of a source.
struct Literal<'a> {
    line: usize,
    text: &'a str,
    /// What stands before it.
    before: &'a str,
}

/// The string literals of a source without comments.
fn literals(source: &str) -> Vec<Literal<'_>> {
    let bytes = source.as_bytes();
    let (mut all, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let rest = &source[at..];
        let raw = rest
            .strip_prefix('r')
            .map(|raw| {
                (
                    raw.len() - raw.trim_start_matches('#').len(),
                    raw.trim_start_matches('#'),
                )
            })
            .filter(|(_, raw)| {
                raw.starts_with('"') && !source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
        let (start, end, next) = if let Some((hashes, _)) = raw {
            let start = at + 1 + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = source[start..]
                .find(&close)
                .map_or(source.len(), |end| start + end);
            (start, end, end + close.len())
        } else if bytes[at] == b'"' {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            (at + 1, end, end + 1)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") || rest.starts_with("'\\''") {
            at += if rest.starts_with("'\"'") { 3 } else { 4 };
            continue;
        } else {
            line += usize::from(bytes[at] == b'\n');
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        all.push(Literal {
            line,
            text: &source[start..end.min(source.len())],
            before: &source[..at],
        });
        line += source[at..next.min(source.len())].matches('\n').count();
        at = next;
    }
    all
}

/// The words of a literal: what has two letters or more and no underscore, but for what is filled in.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        bare.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && !word.contains(['_', '{', '}'])
            && !bare.contains("::")
    };
    text.split(|c: char| c.is_whitespace() || c == '\\')
        .filter(is_word)
}

/// What a literal is an argument of: the call, macro or attribute whose bracket is open before it.
fn caller(before: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in before.char_indices().rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            '(' | '[' => {
                let head = before[..at].trim_end();
                let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!');
                let rest = head.trim_end_matches(is_name);
                // Of an attribute.
                return if rest.ends_with("#[") {
                    "#["
                } else {
                    &head[rest.len()..]
                };
            }
            '{' => return "",
            _ => {}
        }
    }
    ""
}

fn is_for_people(literal: &Literal<'_>) -> bool {
    if words(literal.text).count() < SENTENCE {
        return false;
    }
    let caller = caller(literal.before);
    let takes = |logs: &&str| {
        caller
            .strip_suffix(*logs)
            .is_some_and(|path| path.is_empty() || path.ends_with(':'))
    };
    let is_logged = caller == "#[" || FOR_THE_LOG.iter().any(takes);
    let is_sql = literal.text.split_whitespace().any(|word| SQL.contains(&word));
    !is_logged && !is_sql
}

/// The sentences of a source that are for people.
fn sentences(source: &Source) -> Vec<String> {
    let all = literals(&source.text);
    all.iter()
        .filter(|literal| is_for_people(literal))
        .map(|literal| format!("{}:{}: {}", source.path, literal.line, literal.text))
        .collect()
}

#[test]
fn what_people_read_in_slack_stands_in_the_table_of_texts() {
    let mut wrong = Vec::new();
    let mut found = Vec::new();
    for source in sources::production(&["bridge"]) {
        if source.path.starts_with(TEXTS) {
            continue;
        }
        let sentences = sentences(&source);
        let known = TO_MOVE.iter().find(|(path, _)| *path == source.path);
        let allowed = known.map_or(0, |(_, count)| *count);
        if !sentences.is_empty() {
            found.push(format!("    (\"{}\", {}),", source.path, sentences.len()));
        }
        if sentences.len() > allowed {
            wrong.extend(sentences);
        } else if sentences.len() < allowed {
            wrong.push(format!(
                "TO_MOVE says {allowed} of {}, which has {} now",
                source.path,
                sentences.len()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "move these to {TEXTS}:\n{}\n\nwhat is found:\n{}",
        wrong.join("\n"),
        found.join("\n")
    );
}

#[test]
fn a_sentence_is_told_from_what_is_for_the_log() {
    let source = Source::of(
        "bridge",
        "bridge/src/x.rs",
        r##"
        #[error("the body is too long")]
        fn f() {
            tracing::warn!(id = 1, "it could not be done: {error}");
            let sql = format!("UPDATE {table} SET due_at = $1");
            call("channel_not_found", '"', "Two words");
            let why = Err(JobError::retry("it is not known yet"));
            say(Mrkdwn::own("You are no longer linked."));
            let raw = r#"So is "this" one"#;
        }
        "##,
    );
    let found = sentences(&source);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].ends_with("You are no longer linked.") && found[1].contains("one"),
        "{found:#?}"
    );
}
