//! One name means one thing: a type's name stands once in the workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{self, Source};

/// Names that stand for several types. A line goes with the last double; none is added: a new type gets a name of its own, of the field's
/// noun and what it is (`…Error`, `…Request`, `…Outcome`, `…Config`).
const SEVERAL: &[&str] = &[
    "Answer",
    "App",
    "Author",
    "Channel",
    "Channels",
    "Claim",
    "Command",
    "Connector",
    "Delivery",
    "Done",
    "Facts",
    "Fault",
    "Found",
    "Handler",
    "Incident",
    "Kind",
    "Known",
    "Lane",
    "Limits",
    "Line",
    "Member",
    "Message",
    "Meta",
    "Metadata",
    "Method",
    "Operation",
    "Organization",
    "Outcome",
    "Page",
    "Parts",
    "Person",
    "Place",
    "Postmortem",
    "Queue",
    "Reach",
    "Refusal",
    "Registry",
    "Reply",
    "Route",
    "Schema",
    "Service",
    "Settings",
    "Simulator",
    "SlackApp",
    "SlackSettings",
    "SlackWorkspace",
    "Standing",
    "StartError",
    "State",
    "Step",
    "Subject",
    "Tag",
    "Team",
    "Tier",
    "Token",
    "Told",
    "User",
    "UserError",
    "UserErrorCode",
    "Verdict",
    "View",
    "Viewer",
    "Who",
    "Wish",
    "Workspace",
];

/// Names that sea-orm gives to the parts of each entity and migration.
const OF_SEA_ORM: &[&str] = &["Migration", "Model", "Relation"];

/// Crates that ship nothing: what they call theirs is read beside what it stands for.
const NOT_SHIPPED: &[&str] = &["benches", "tests"];

#[test]
fn the_name_of_a_type_stands_once_in_the_workspace() {
    let members = super::members();
    let crates: Vec<&str> = members
        .iter()
        .map(String::as_str)
        .filter(|member| !NOT_SHIPPED.contains(member))
        .collect();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources::production(&crates) {
        for name in types(&source) {
            places.entry(name).or_default().push(source.path.clone());
        }
    }
    assert!(places.len() > 500, "only {} types were found", places.len());
    places.retain(|name, places| places.len() > 1 && !OF_SEA_ORM.contains(&name.as_str()));
    let known: BTreeSet<&str> = SEVERAL.iter().copied().collect();
    let new: Vec<_> = places
        .iter()
        .filter(|(name, _)| !known.contains(name.as_str()))
        .collect();
    assert!(new.is_empty(), "names that stand for several types: {new:#?}");
    let gone: Vec<_> = known.iter().filter(|name| !places.contains_key(**name)).collect();
    assert!(
        gone.is_empty(),
        "take out of SEVERAL, for each stands once: {gone:?}"
    );
}

/// The types that a file declares for others to use.
fn types(source: &Source) -> Vec<String> {
    let declared = source.text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("pub")?;
        let rest = match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(')')?.1,
            None => rest,
        };
        let (keyword, rest) = rest.trim_start().split_once(' ')?;
        let is_type = ["enum", "struct", "trait", "type", "union"].contains(&keyword);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        // A name that a macro is given is not written here.
        (is_type && !name.is_empty()).then(|| name.to_owned())
    });
    declared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_however_it_is_seen() {
        let text = "pub struct A<T>(T);\npub(crate) enum B {}\n    pub(super) trait C {}\npub(in crate::x) type D = u8;\n\
                    struct Private;\npub fn f() {}\npub const E: u8 = 1;\npub struct $name;";
        let source = Source::of("api", "api/src/lib.rs", text);
        assert_eq!(types(&source), ["A", "B", "C", "D"]);
    }
}
