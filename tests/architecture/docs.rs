//! The documentation holds together: every page is in the table of contents, and every link leads somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::root;

/// Most words on the page that everybody reads first.
const ARCHITECTURE_MAX: usize = 1_500;

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

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where a page's links to other files lead.
fn links(page: &Path) -> Vec<PathBuf> {
    let text = read(page);
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| {
            !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:")
        })
        .map(|target| target.split('#').next().unwrap_or(target).to_owned());
    let folder = page.parent().expect("a folder");
    targets.map(|target| folder.join(target)).collect()
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> = links(&summary).into_iter().collect();
    assert!(listed.len() > 20, "only {} pages are listed", listed.len());
    let missing: Vec<PathBuf> = pages(&docs)
        .into_iter()
        .filter(|page| *page != summary && !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:#?}");
}

#[test]
fn every_link_leads_somewhere() {
    let mut all = pages(&root().join("docs"));
    all.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name)));
    let dead: Vec<String> = all
        .iter()
        .flat_map(|page| links(page).into_iter().map(move |target| (page, target)))
        .filter(|(_, target)| !target.exists())
        .map(|(page, target)| format!("{} → {}", page.display(), target.display()))
        .collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn the_architecture_is_read_in_minutes() {
    let words = read(&root().join("docs/development/architecture.md"))
        .split_whitespace()
        .count();
    assert!(words <= ARCHITECTURE_MAX, "{words} words");
}
