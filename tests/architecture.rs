//! The rules of `docs/development/` that the compiler does not know: who depends on whom, who writes what, and what is
//! done in one place.

#[path = "architecture/advisories.rs"]
mod advisories;
#[path = "architecture/descriptions.rs"]
mod descriptions;
#[path = "architecture/docs.rs"]
mod docs;
#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/limits.rs"]
mod limits;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/reference.rs"]
mod reference;
#[path = "architecture/sources.rs"]
mod sources;
#[path = "architecture/tables.rs"]
mod tables;
#[path = "architecture/texts.rs"]
mod texts;

use std::fs;

use sources::{Entities, Source, root};

/// Which of the project's crates each may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("backup", &["database", "migration"]),
    ("client", &["entity"]),
    ("clock", &[]),
    ("database", &[]),
    (
        "domain",
        &[
            "clock",
            "database",
            "entity",
            "message",
            "queue",
            "seal",
            "slack-app",
        ],
    ),
    ("entity", &[]),
    ("listener", &[]),
    ("message", &[]),
    ("migration", &[]),
    ("oidc", &[]),
    ("queue", &["clock", "database"]),
    ("seal", &[]),
    ("slack", &["message"]),
    ("slack-app", &["entity", "slack"]),
    ("slack-client", &["clock", "slack"]),
    ("simulator", &["listener"]),
    (
        "api",
        &[
            "clock",
            "database",
            "domain",
            "entity",
            "message",
            "oidc",
            "queue",
            "seal",
            "slack-app",
        ],
    ),
    (
        "bridge",
        &[
            "client",
            "clock",
            "database",
            "entity",
            "message",
            "queue",
            "seal",
            "slack",
            "slack-app",
            "slack-client",
        ],
    ),
    (
        "cli",
        &[
            "api",
            "backup",
            "bridge",
            "client",
            "clock",
            "database",
            "entity",
            "listener",
            "migration",
            "oidc",
            "queue",
            "seal",
            "simulator",
            "slack",
            "slack-app",
            "slack-client",
        ],
    ),
    ("benches", &["clock", "simulator"]),
    ("tests", &["clock", "entity", "migration", "queue", "simulator"]),
];

/// Which more it may depend on for its tests.
const TEST_ARROWS: &[(&str, &[&str])] = &[
    ("clock", &["migration"]),
    ("slack-client", &["simulator"]),
    ("migration", &["clock", "database", "entity"]),
    ("api", &["entity", "migration", "queue", "seal"]),
    ("domain", &["migration"]),
    ("bridge", &["entity", "migration", "queue", "simulator"]),
];

/// Longest file of Rust, in lines: what is longer is about more than one thing.
const LONGEST_FILE: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "manager"];

#[test]
fn crates_depend_along_the_arrows_and_never_against_them() {
    let mut wrong = Vec::new();
    for member in members() {
        let allowed = ARROWS.iter().find(|(name, _)| *name == member);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{member} has no line in ARROWS"));
            continue;
        };
        let manifest = manifest(&format!("{member}/Cargo.toml"));
        let for_tests = TEST_ARROWS
            .iter()
            .find(|(name, _)| *name == member)
            .map_or(&[][..], |(_, more)| more);
        for (section, allowed) in [("dependencies", *allowed), ("dev-dependencies", for_tests)] {
            for dependency in own_crates(&manifest, section) {
                if !allowed.contains(&dependency.as_str()) {
                    wrong.push(format!("{member} → {dependency} ({section})"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that ARROWS does not know: {wrong:#?}");
}

#[test]
fn an_incident_is_changed_in_one_place() {
    let entities = Entities::read();
    let sources = sources::production(&["api", "domain"]);
    let inside =
        |path: &str| path == "domain/src/incident/apply.rs" || path.starts_with("domain/src/incident/batch/");
    let (own, beside): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .filter(|source| source.tables_written(&entities).contains("incident"))
        .partition(|source| inside(&source.path));
    assert!(!own.is_empty(), "nobody was seen to write incidents");
    let beside: Vec<&String> = beside.iter().map(|source| &source.path).collect();
    assert!(
        beside.is_empty(),
        "incidents are written beside incident::apply: {beside:#?}"
    );

    let callers: Vec<&String> = sources
        .iter()
        .filter(|source| !inside(&source.path) && source.text.contains("batch::"))
        .map(|source| &source.path)
        .collect();
    assert!(
        callers.is_empty(),
        "incident::apply alone writes by batch: {callers:#?}"
    );
}

#[test]
fn the_domain_knows_no_transport_and_graphql_is_the_faces_alone() {
    let mut wrong = Vec::new();
    for member in members() {
        let sources = sources::production(&[&member]);
        let names = |name: &str| sources.iter().find(|source| source.names(name));
        if !["api", "entity"].contains(&member.as_str())
            && let Some(source) = names("async_graphql")
        {
            wrong.push(format!("{} names async-graphql", source.path));
        }
        if member != "domain" {
            continue;
        }
        for transport in ["axum", "hyper", "reqwest"] {
            wrong.extend(names(transport).map(|source| format!("{} names {transport}", source.path)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_api_builds_no_sql_and_writes_nothing() {
    let sources = sources::production(&["api"]);
    let names = |name: &str| -> Vec<&String> {
        sources
            .iter()
            .filter(|source| source.names(name))
            .map(|source| &source.path)
            .collect()
    };
    for of_domain in ["sea_orm", "ActiveModel", "begin_write"] {
        let wrong = names(of_domain);
        assert!(wrong.is_empty(), "{of_domain} is the domain's: {wrong:#?}");
    }
    assert!(!names("async_graphql").is_empty(), "no source was read");
}

#[test]
fn the_environment_is_read_in_one_place() {
    let readers: Vec<String> = sources::production(&[
        "api",
        "benches",
        "bridge",
        "cli",
        "domain",
        "entity",
        "migration",
        "queue",
        "simulator",
    ])
    .iter()
    .filter(|source| source.text.contains("env::var"))
    .map(|source| source.path.clone())
    .collect();
    let allowed = ["cli/src/config/source.rs", "benches/"];
    let wrong: Vec<&String> = readers
        .iter()
        .filter(|path| !allowed.iter().any(|prefix| path.starts_with(prefix)))
        .collect();
    assert!(wrong.is_empty(), "configuration is read once, in cli: {wrong:#?}");
    assert!(!readers.is_empty(), "nobody was seen to read the environment");
}

#[test]
fn files_are_short_and_named_after_what_is_in_them() {
    let all = sources::all();
    assert!(all.len() > 50, "only {} files of Rust were found", all.len());
    let mut wrong = Vec::new();
    for Source { path, lines, .. } in &all {
        if *lines > LONGEST_FILE {
            wrong.push(format!("{path} has {lines} lines"));
        }
        // A file of `entity` has its table's name, and a service's managers are people.
        if path.starts_with("entity/") {
            continue;
        }
        let named = path.trim_end_matches(".rs").split(['/', '_']);
        wrong.extend(
            named
                .filter(|part| EMPTY_NAMES.contains(part))
                .map(|part| format!("{path}: \"{part}\" says nothing")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_shuts_for_clippy_what_the_workspace_shuts() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("clippy is configured");
    let (workspace, domain) = (read("clippy.toml"), read("domain/clippy.toml"));
    let missing: Vec<&str> = workspace
        .lines()
        .filter(|line| !domain.lines().any(|own| own == *line))
        .collect();
    assert!(missing.is_empty(), "not in domain/clippy.toml: {missing:#?}");
    for path in ["sea_orm::EntityTrait::find", "sea_orm::EntityTrait::find_by_id"] {
        assert!(
            domain.contains(&format!("{{ path = \"{path}\"")),
            "{path} is open"
        );
    }
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    for member in members() {
        let manifest = manifest(&format!("{member}/Cargo.toml"));
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(
            inherits.and_then(toml::Value::as_bool),
            Some(true),
            "{member} has lints of its own"
        );
    }
}

#[test]
fn every_dependency_is_used() {
    let all = sources::all();
    let mut unused = Vec::new();
    for member in members() {
        let manifest = manifest(&format!("{member}/Cargo.toml"));
        for section in ["dependencies", "dev-dependencies"] {
            let names = manifest
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flat_map(toml::Table::keys);
            for name in names {
                let module = name.replace('-', "_");
                let mut own = all.iter().filter(|source| source.krate == member);
                if !own.any(|source| source.names(&module)) {
                    unused.push(format!("{member}: {name}"));
                }
            }
        }
    }
    assert!(unused.is_empty(), "in a manifest and in no source: {unused:#?}");
}

fn members() -> Vec<String> {
    let workspace = manifest("Cargo.toml");
    let members = workspace["workspace"]["members"]
        .as_array()
        .expect("a list")
        .clone();
    members
        .iter()
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

fn manifest(path: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(path)).expect("the manifest is there");
    text.parse().expect("the manifest is TOML")
}

/// The project's own crates among the dependencies, by the names of their folders.
fn own_crates(manifest: &toml::Table, section: &str) -> Vec<String> {
    let dependencies = manifest.get(section).and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(toml::Table::keys);
    names
        .filter_map(|name| name.strip_prefix("tocsin-").map(str::to_owned))
        .collect()
}
