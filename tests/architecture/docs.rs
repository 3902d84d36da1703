//! The documentation holds together: every page is in the table of contents, every link leads somewhere, and what everybody reads is short.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::root;

/// Most words on the page that every developer reads first.
const ARCHITECTURE_MAX: usize = 1_500;

/// Most words of the README.
const README_MAX: usize = 600;

/// Most steps to a first message with buttons that work.
const STEPS_MAX: usize = 9;

/// Pages that are not below `docs/`.
const OUTSIDE: [&str; 3] = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

/// The pages below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found
}

/// A page of the documentation, by its path from the root of the project.
pub(super) fn page(path: &str) -> String {
    read(&root().join(path))
}

/// The rows of all tables of a page, by their cells.
pub(super) fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().map(str::trim).filter(|line| line.starts_with('|'));
    rows.map(|row| {
        let row = row.strip_prefix('|').unwrap_or(row);
        let row = row.strip_suffix('|').unwrap_or(row);
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// What stands between backticks.
pub(super) fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A page without its blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line);
        }
    }
    lines
}

/// Where a page's links lead: the file, which is the page itself where none is named, and the anchor in it.
fn links(page: &Path) -> Vec<(PathBuf, Option<String>)> {
    let text = read(page);
    let folder = page.parent().expect("a folder");
    let mut found = Vec::new();
    for line in prose(&text) {
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            let (file, anchor) = match target.split_once('#') {
                Some((file, anchor)) => (file, Some(anchor.to_owned())),
                None => (target, None),
            };
            let file = if file.is_empty() {
                page.to_owned()
            } else {
                folder.join(file)
            };
            found.push((file, anchor));
        }
    }
    found
}

/// The anchors of a page: its headings as mdBook and GitHub name them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = read(page);
    let headings = prose(&text).into_iter().filter_map(|line| {
        line.strip_prefix('#')
            .map(|rest| rest.trim_start_matches('#').trim())
    });
    headings
        .map(|heading| {
            let kept = heading
                .chars()
                .filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
            kept.map(|sign| {
                if sign == ' ' {
                    '-'
                } else {
                    sign.to_ascii_lowercase()
                }
            })
            .collect()
        })
        .collect()
}

fn all() -> Vec<PathBuf> {
    let mut all = pages(&root().join("docs"));
    all.extend(OUTSIDE.map(|name| root().join(name)));
    all
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let listed: Vec<PathBuf> = links(&summary).into_iter().map(|(page, _)| page).collect();
    let once: BTreeSet<&PathBuf> = listed.iter().collect();
    assert!(once.len() > 20, "only {} pages are listed", once.len());
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let pages = pages(&docs);
    let missing: Vec<&PathBuf> = pages
        .iter()
        .filter(|page| **page != summary && !once.contains(page))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:#?}");
    let gone: Vec<&&PathBuf> = once.iter().filter(|page| !pages.contains(page)).collect();
    assert!(gone.is_empty(), "in docs/SUMMARY.md alone: {gone:#?}");
}

#[test]
fn every_link_leads_somewhere() {
    let dead: Vec<String> = all()
        .iter()
        .flat_map(|page| links(page).into_iter().map(move |target| (page, target)))
        .filter(|(_, (file, anchor))| match anchor {
            Some(anchor) if file.exists() => !anchors(file).contains(anchor),
            Some(_) | None => !file.exists(),
        })
        .map(|(page, (file, anchor))| {
            let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
            format!("{} → {}{anchor}", page.display(), file.display())
        })
        .collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

/// mdBook makes a book of the pages alone: what is beside them is not in it.
#[test]
fn no_link_of_the_book_leads_out_of_it() {
    let docs = root().join("docs").canonicalize().expect("there are docs");
    let outside: Vec<String> = pages(&docs)
        .iter()
        .flat_map(|page| links(page).into_iter().map(move |(file, _)| (page, file)))
        .filter(|(_, file)| file.canonicalize().is_ok_and(|file| !file.starts_with(&docs)))
        .map(|(page, file)| format!("{} → {}", page.display(), file.display()))
        .collect();
    assert!(outside.is_empty(), "{outside:#?}");
}

#[test]
fn every_page_begins_with_its_one_title() {
    for page in pages(&root().join("docs")) {
        if page.ends_with("SUMMARY.md") {
            continue;
        }
        let text = read(&page);
        let lines = prose(&text);
        let titles = lines.iter().filter(|line| line.starts_with("# ")).count();
        assert!(
            lines.first().is_some_and(|first| first.starts_with("# ")) && titles == 1,
            "{} has {titles} titles",
            page.display()
        );
    }
}

#[test]
fn the_readme_and_the_architecture_are_read_in_minutes() {
    for (path, max) in [
        ("README.md", README_MAX),
        ("docs/development/architecture.md", ARCHITECTURE_MAX),
    ] {
        let words = page(path).split_whitespace().count();
        assert!(words <= max, "{path} has {words} words");
    }
}

#[test]
fn few_steps_lead_to_a_first_message_and_none_needs_graphql() {
    let text = page("docs/setup/slack.md");
    let (_, section) = text
        .split_once("## Get your first incident in Slack\n")
        .expect("the page begins with it");
    let section = section.split("\n## ").next().unwrap_or_default();
    let is_step = |line: &&str| {
        line.split_once(". ")
            .is_some_and(|(number, _)| number.parse::<usize>().is_ok())
    };
    let steps = section.lines().filter(is_step).count();
    assert!((4..=STEPS_MAX).contains(&steps), "{steps} steps");
    assert!(
        !section.to_lowercase().contains("graphql"),
        "a step needs GraphQL"
    );
}
