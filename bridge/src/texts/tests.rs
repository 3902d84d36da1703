//! All texts with examples, to be read aloud.

use std::{collections::BTreeSet, path::Path};

use tocsin_message::mrkdwn::Mrkdwn;

/// Where links of examples lead.
pub(super) const URL: &str = "https://tocsin.example.com/ops/incidents/42";

/// Texts, each with how it is made.
pub(super) type Examples = Vec<(&'static str, String)>;

/// Constants as examples of themselves.
macro_rules! listed {
    ($($name:ident),* $(,)?) => {
        vec![$((stringify!($name), $name.to_owned())),*]
    };
}
pub(super) use listed;

/// Texts that are made, each with how.
macro_rules! made {
    ($($made:expr),* $(,)?) => {
        vec![$((stringify!($made), $made.as_str().to_owned())),*]
    };
}
pub(super) use made;

/// An incident, as sentences link to it.
pub(super) fn link() -> Mrkdwn {
    Mrkdwn::link(URL, "#42 Payments are failing")
}

/// All areas by the names of their files.
fn areas() -> Vec<(&'static str, Examples)> {
    use super::{CLOSE, FORMAT_HINT, LOADING, NOTHING_DONE};
    vec![
        ("accounts", super::accounts::examples()),
        ("actions", super::actions::examples()),
        ("commands", super::commands::examples()),
        ("create", super::create::examples()),
        ("health", super::health::examples()),
        ("home", super::home::examples()),
        ("incident", super::incident::examples()),
        ("install", super::install::examples()),
        ("mod", listed![LOADING, CLOSE, NOTHING_DONE, FORMAT_HINT]),
        ("notices", super::notices::examples()),
        ("operations", super::operations::examples()),
        ("requests", super::requests::examples()),
        ("workflow", super::workflow::examples()),
    ]
}

#[test]
fn all_texts_read_aloud() {
    let mut page = Vec::new();
    for (area, examples) in areas() {
        page.push(format!("# {area}\n"));
        for (made, text) in examples {
            let made: Vec<_> = made.split_whitespace().collect();
            page.push(format!(
                "{}\n    {}",
                made.join(" "),
                text.replace('\n', "\n    ")
            ));
        }
        page.push(String::new());
    }
    let page = page.join("\n");
    insta::assert_snapshot!(page);
}

/// The public names in the source of an area.
fn declared(source: &str) -> BTreeSet<String> {
    let names = source.lines().filter_map(|line| {
        let rest = line.strip_prefix("pub(crate) ")?;
        let rest = rest.strip_prefix("const ").or(rest.strip_prefix("fn "))?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        Some(rest[..end].to_owned())
    });
    names.collect()
}

#[test]
fn every_text_has_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/texts");
    let areas = areas();
    let known: BTreeSet<_> = areas.iter().map(|(area, _)| format!("{area}.rs")).collect();
    let files = std::fs::read_dir(&folder).expect("the folder");
    let files = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let files: BTreeSet<_> = files
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "rs") && name != "tests.rs")
        .collect();
    assert_eq!(files, known);
    for (area, examples) in areas {
        let source = std::fs::read_to_string(folder.join(format!("{area}.rs"))).expect("the source");
        let shown: Vec<&str> = examples.iter().map(|(made, _)| *made).collect();
        let missing: Vec<_> = declared(&source)
            .into_iter()
            .filter(|name| !shown.iter().any(|made| made.contains(name.as_str())))
            .collect();
        assert!(missing.is_empty(), "{area} has no example of {missing:?}");
    }
}
