//! `docs/reference/limits.md` says what the source says.

use std::{collections::BTreeSet, fs};

use super::root;

/// Files whose every limit is in the tables.
const WHOLE: [&str; 9] = [
    "api/src/http/cost.rs",
    "api/src/http/document.rs",
    "api/src/http/endpoint.rs",
    "api/src/http/phases.rs",
    "api/src/http/socket/sockets.rs",
    "domain/src/limits.rs",
    "api/src/graphql/schema.rs",
    "bridge/src/inbound/endpoints.rs",
    "listener/src/limits.rs",
];

/// How the names of limits end.
const ENDINGS: [&str; 4] = ["_MAX", "_MIN", "_WITHIN", "_DEFAULT"];

/// A row of a table: its value as it is written, and the constant that holds it.
struct Row {
    line: String,
    constant: String,
    path: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/reference/limits.md")).expect("the page is there");
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let (constant, path) = cells.last()?.split_once(" in ")?;
            Some(Row {
                line: line.to_owned(),
                constant: constant.strip_prefix('`')?.strip_suffix('`')?.to_owned(),
                path: path.strip_prefix('`')?.strip_suffix('`')?.to_owned(),
            })
        })
        .collect()
}

fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names and values of a file's constants.
fn constants(source: &str) -> Vec<(String, String)> {
    source
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once("const ")?;
            let (name, rest) = rest.split_once(':')?;
            let (_, value) = rest.split_once('=')?;
            Some((name.to_owned(), value.trim().trim_end_matches(';').to_owned()))
        })
        .collect()
}

/// A value as the page writes it: `1,048,576` or `10 s`.
fn written(value: &str) -> String {
    if let Some(seconds) = value.strip_prefix("Duration::from_secs(") {
        return format!("{} s", seconds.trim_end_matches(')'));
    }
    let factors = value.split('*').map(|factor| {
        let digits = factor.trim().replace('_', "");
        digits
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("{value} is no number"))
    });
    let digits = factors.product::<u64>().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[test]
fn the_page_says_what_the_source_says() {
    let rows = rows();
    assert!(rows.len() > 40, "only {} limits were found", rows.len());
    for row in &rows {
        let found = constants(&source(&row.path));
        let value = found.iter().find(|(name, _)| *name == row.constant);
        let (_, value) = value.unwrap_or_else(|| panic!("{} has no {}", row.path, row.constant));
        let written = written(value);
        let says = row
            .line
            .split('|')
            .any(|cell| cell.trim().split(" bytes").next() == Some(written.as_str()));
        assert!(says, "{} is {written}: {}", row.constant, row.line);
    }
}

#[test]
fn no_limit_of_a_request_is_missing_on_the_page() {
    let known: BTreeSet<(String, String)> = rows().into_iter().map(|row| (row.path, row.constant)).collect();
    let mut missing = Vec::new();
    for path in WHOLE {
        for (constant, _) in constants(&source(path)) {
            let is_limit = ENDINGS.iter().any(|ending| constant.ends_with(ending));
            if is_limit && !known.contains(&(path.to_owned(), constant.clone())) {
                missing.push(format!("{constant} in {path}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "not in docs/reference/limits.md: {missing:#?}"
    );
}
