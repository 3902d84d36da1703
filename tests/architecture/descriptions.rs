//! Each description in the schemas can be read alone: at least four words, and no pronoun without the noun that it stands for.

use std::fs;

use super::root;

/// Words that stand for a noun.
const PRONOUNS: [&str; 9] = [
    "it", "its", "they", "them", "their", "theirs", "one's", "oneself", "those",
];

/// Words after which a noun comes.
const BEFORE_A_NOUN: [&str; 16] = [
    "a", "all", "an", "another", "any", "both", "each", "every", "no", "other", "several", "that", "the",
    "these", "this", "your",
];

/// A description, and what it describes.
struct Described {
    text: String,
    what: String,
}

/// The descriptions of a schema, without the codes of a mutation's errors.
fn descriptions(schema: &str) -> Vec<Described> {
    let text = fs::read_to_string(root().join(schema)).expect("the schema is there");
    let mut parts = text.split("\"\"\"").skip(1);
    let mut found = Vec::new();
    while let (Some(description), Some(after)) = (parts.next(), parts.next()) {
        let prose = description.split("Errors: `").next().unwrap_or_default();
        found.push(Described {
            text: prose.split_whitespace().collect::<Vec<_>>().join(" "),
            what: after.trim_start().lines().next().unwrap_or_default().to_owned(),
        });
    }
    found
}

/// The words of a text, in lower case, without the signs around them.
fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric() && c != '`')
            .to_lowercase()
    };
    text.split_whitespace().map(bare).collect()
}

/// Whether a word is a pronoun without a noun before it.
fn dangles(words: &[String], at: usize) -> bool {
    let is_noun = |place: usize| {
        let follows = place > 0 && BEFORE_A_NOUN.contains(&words[place - 1].as_str());
        follows && !PRONOUNS.contains(&words[place].as_str()) || words[place].starts_with('`')
    };
    PRONOUNS.contains(&words[at].as_str()) && !(0..at).any(is_noun)
}

#[test]
fn every_description_can_be_read_alone() {
    let mut wrong = Vec::new();
    let all: Vec<_> = ["schema.graphql", "bridge.graphql"]
        .into_iter()
        .flat_map(descriptions)
        .collect();
    assert!(all.len() > 2_000, "only {} descriptions were found", all.len());
    for Described { text, what } in &all {
        let words = words(text);
        if words.len() < 4 {
            wrong.push(format!("fewer than four words: {text} ({what})"));
        }
        if let Some(at) = (0..words.len()).find(|at| dangles(&words, *at)) {
            wrong.push(format!("{} has no noun before it: {text} ({what})", words[at]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_riddle_is_found() {
    let riddle = words("Until when it rests.");
    assert!(dangles(&riddle, 2));
    let plain = words("The time when the snooze ends, and its beginning.");
    assert!(!(0..plain.len()).any(|at| dangles(&plain, at)));
}
