//! Each table has one owner: the crate that writes it.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{self, Entities};

/// Crates that write what is not theirs, and why they may.
const STRANGERS: &[&str] = &[
    // It fills an empty schema.
    "backup",
    // They make the schema, and carry its rows from one version to the next.
    "migration",
    // They look at what real processes have written.
    "tests",
    "benches",
];

/// A crate that knows another's tables by GraphQL alone.
const WORKERS: &[&str] = &["bridge"];

#[test]
fn each_table_is_written_by_its_owner_alone() {
    let entities = Entities::read();
    let owners = owners();
    let mut wrong = Vec::new();
    let mut idle: BTreeSet<&String> = owners.values().collect();
    let members = super::members();
    let crates: Vec<&str> = members
        .iter()
        .map(String::as_str)
        .filter(|member| !STRANGERS.contains(member))
        .collect();
    for source in sources::production(&crates) {
        for table in source.tables_written(&entities) {
            let Some(owner) = owners.get(&table) else {
                continue;
            };
            idle.remove(owner);
            if source.krate != *owner {
                wrong.push(format!("{} writes {table}, which is {owner}'s", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(idle.is_empty(), "these were not seen to write: {idle:?}");
}

#[test]
fn a_worker_names_no_table_of_another_crate() {
    let entities = Entities::read();
    let owners = owners();
    let mut wrong = Vec::new();
    for source in sources::production(WORKERS) {
        for table in source.tables_named(&entities) {
            if owners.get(&table).is_some_and(|owner| *owner != source.krate) {
                wrong.push(format!("{} names {table}", source.path));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "workers know incidents by GraphQL alone: {wrong:#?}"
    );
}

#[test]
fn each_entity_has_an_owner_that_there_is() {
    let (entities, owners, members) = (Entities::read(), owners(), super::members());
    let entities = entities.tables();
    assert!(entities.contains("incident"), "the entities were not found");
    let without: Vec<_> = entities
        .iter()
        .filter(|table| !owners.contains_key(**table))
        .collect();
    assert!(without.is_empty(), "not in OWNERS of entity: {without:?}");
    let lost: Vec<_> = owners.values().filter(|owner| !members.contains(owner)).collect();
    assert!(lost.is_empty(), "owners that are no crates: {lost:?}");
}

/// `OWNERS` of `entity`: each table, and the folder of the crate that writes it.
fn owners() -> BTreeMap<String, String> {
    let files = sources::production(&["entity"]);
    let list = files
        .iter()
        .find(|source| source.path == "entity/src/owners.rs")
        .expect("the list is there");
    let lines = list.text.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("(\"")?.strip_suffix("\"),")?;
        let (table, owner) = line.split_once("\", \"")?;
        Some((table.to_owned(), owner.to_owned()))
    });
    let all: Vec<_> = lines.collect();
    let owners: BTreeMap<_, _> = all.iter().cloned().collect();
    assert!(owners.len() > 20, "only {} tables were found", owners.len());
    assert_eq!(owners.len(), all.len(), "a table stands twice in OWNERS");
    owners
}
