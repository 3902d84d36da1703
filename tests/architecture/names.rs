//! One name means one thing: a type's name stands once in the workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::sources::{self, Source};

/// Crates that show one thing, each in its own way: a GraphQL type is what the domain has, the API shows and the client reads.
const GRAPHQL: &[&str] = &["api", "client", "domain"];

/// Crates that read Slack's documentation, each for itself: what it names is the same thing in each.
const SLACK: &[&str] = &["simulator", "slack", "slack-client"];

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
    let mut places: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for source in sources::production(&crates) {
        for name in types(&source) {
            places
                .entry(name)
                .or_default()
                .push((source.krate.clone(), source.path.clone()));
        }
    }
    assert!(places.len() > 500, "only {} types were found", places.len());
    places.retain(|name, places| places.len() > 1 && !OF_SEA_ORM.contains(&name.as_str()));
    let schema = fs::read_to_string(sources::root().join("bridge.graphql")).expect("the schema");
    let several: Vec<_> = places
        .iter()
        .filter(|(name, places)| !is_one_thing(name, places, &schema))
        .collect();
    assert!(
        several.is_empty(),
        "names that stand for several types: {several:#?}"
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

/// Whether a name means the same wherever it stands: once in each of the crates that show the same thing.
fn is_one_thing(name: &str, places: &[(String, String)], schema: &str) -> bool {
    let crates: BTreeSet<&str> = places.iter().map(|(krate, _)| krate.as_str()).collect();
    let are_among = |known: &[&str]| crates.iter().all(|krate| known.contains(krate));
    let is_in_schema = ["enum", "input", "interface", "type"]
        .iter()
        .any(|keyword| schema.lines().any(|line| is_declared(line, keyword, name)));
    crates.len() == places.len() && (are_among(SLACK) || are_among(GRAPHQL) && is_in_schema)
}

fn is_declared(line: &str, keyword: &str, name: &str) -> bool {
    let mut words = line.split([' ', '{']);
    words.next() == Some(keyword) && words.next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shared_by_views_of_one_thing_alone() {
        let schema = "type Incident implements Node {\n}\n";
        let at = |crates: &[&str]| -> Vec<(String, String)> {
            let place = |krate: &&str| ((*krate).to_owned(), format!("{krate}/src/lib.rs"));
            crates.iter().map(place).collect()
        };
        assert!(is_one_thing("Incident", &at(&["api", "client"]), schema));
        assert!(!is_one_thing("Inciden", &at(&["api", "client"]), schema));
        assert!(!is_one_thing("Incident", &at(&["api", "api"]), schema));
        assert!(!is_one_thing("Incident", &at(&["api", "bridge"]), schema));
        assert!(is_one_thing("View", &at(&["simulator", "slack"]), schema));
    }

    #[test]
    fn a_type_is_found_however_it_is_seen() {
        let text = "pub struct A<T>(T);\npub(crate) enum B {}\n    pub(super) trait C {}\npub(in crate::x) type D = u8;\n\
                    struct Private;\npub fn f() {}\npub const E: u8 = 1;\npub struct $name;";
        let source = Source::of("api", "api/src/lib.rs", text);
        assert_eq!(types(&source), ["A", "B", "C", "D"]);
    }
}
