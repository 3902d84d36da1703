//! Modules import downwards: a crate's top-level modules form no circle, those of the bridge stand in layers, and its features know
//! nothing of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{self, Source};

/// Circles that are still there: a crate, and modules that all import each other. A line goes, or gets shorter, with the
/// circle; none is added.
const CIRCLES: &[(&str, &[&str])] = &[];

/// The layers of the bridge, from the ground up: a module imports lower layers alone.
const BRIDGE: &[&[&str]] = &[
    &["polling", "texts"],
    &[
        "config",
        "connector",
        "grammar",
        "reception",
        "restore_watch",
        "store",
        "telemetry",
    ],
    &["failure", "pace"],
    &["workspace"],
    &["installation"],
    &["request"],
    &["identity", "inbox", "notice"],
    &["rich_text"],
    &["acting"],
    &["origin", "sharing", "sighting", "workspace_sync"],
    &["directory", "links", "mirror", "thread"],
    &["features"],
    &["inbound"],
    &["background"],
    &["routes"],
    &["bridge", "manifest"],
    &["checkup"],
];

/// The folder of the bridge's features, and who may name them: where they are put together.
const FEATURES: &str = "features";
const COMPOSITION: &[&str] = &["bridge", "routes"];

/// A module of a crate and those that it imports, each with the files that do.
type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn the_modules_of_a_crate_form_no_circle() {
    let mut found = Vec::new();
    let mut shown = Vec::new();
    for member in super::members() {
        let graph = graph(&sources::production(&[&member]));
        for circle in circles(&graph) {
            for from in &circle {
                for (to, files) in &graph[from] {
                    if circle.contains(to) {
                        shown.push(format!("{member}: {from} → {to} in {files:?}"));
                    }
                }
            }
            found.push((member.clone(), circle));
        }
    }
    let known: Vec<(String, BTreeSet<String>)> = CIRCLES
        .iter()
        .map(|(member, circle)| {
            let circle = circle.iter().map(|&module| module.to_owned());
            ((*member).to_owned(), circle.collect())
        })
        .collect();
    assert!(
        found == known,
        "the circles are {found:#?}\nand not those of CIRCLES; they are made of\n{}",
        shown.join("\n")
    );
}

#[test]
fn a_module_of_the_bridge_imports_lower_layers_alone() {
    let upwards = upwards(BRIDGE, &graph(&sources::production(&["bridge"])));
    assert!(upwards.is_empty(), "against BRIDGE: {upwards:#?}");
}

#[test]
fn a_feature_imports_no_other_and_the_composition_alone_names_features() {
    let sources = sources::production(&["bridge"]);
    let features: BTreeSet<_> = sources.iter().filter_map(feature).collect();
    assert!(features.len() > 10, "only {features:?} were found");
    let wrong = strangers(&sources);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What stands in the way of a graph's being in layers: an import that does not lead down, or a module of no layer.
fn upwards(layers: &[&[&str]], graph: &Graph) -> Vec<String> {
    let layer = |module: &str| layers.iter().position(|layer| layer.contains(&module));
    let mut wrong = Vec::new();
    for (from, imports) in graph {
        let Some(of_from) = layer(from) else {
            wrong.push(format!("{from} stands in no layer"));
            continue;
        };
        for (to, files) in imports {
            if layer(to).is_none_or(|of_to| of_to >= of_from) {
                wrong.push(format!("{from} → {to} in {files:?}"));
            }
        }
    }
    let listed = layers.iter().copied().flatten();
    let gone = listed.filter(|module| !graph.contains_key(**module));
    wrong.extend(gone.map(|module| format!("there is no module {module}")));
    wrong
}

/// The feature that a file belongs to.
fn feature(source: &Source) -> Option<String> {
    match source.module().as_slice() {
        [folder, feature, ..] if folder == FEATURES => Some(feature.clone()),
        _ => None,
    }
}

/// The places that name a feature and may not.
fn strangers(sources: &[Source]) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for source in sources {
        let own = feature(source);
        if source
            .module()
            .first()
            .is_some_and(|module| COMPOSITION.contains(&module.as_str()))
        {
            continue;
        }
        for path in source.paths_from_root() {
            if let [folder, feature, ..] = path.as_slice()
                && folder == FEATURES
                && own.as_ref() != Some(feature)
            {
                wrong.insert(format!("{} names {feature}", source.path));
            }
        }
    }
    wrong.into_iter().collect()
}

/// Who imports whom among a crate's top-level modules.
fn graph(files: &[Source]) -> Graph {
    let is_root = |source: &&Source| source.module().is_empty();
    let modules: BTreeSet<String> = files
        .iter()
        .filter_map(|source| source.module().into_iter().next())
        .collect();
    // What the crate's root brings in from a module is that module's.
    let mut reached: BTreeMap<String, String> = modules
        .iter()
        .map(|module| (module.clone(), module.clone()))
        .collect();
    for root in files.iter().filter(is_root) {
        for (name, path) in root.names_in_root() {
            if let Some(module) = path.first().filter(|module| modules.contains(*module)) {
                reached.entry(name).or_insert_with(|| module.clone());
            }
        }
    }
    let mut graph: Graph = modules
        .iter()
        .map(|module| (module.clone(), BTreeMap::new()))
        .collect();
    for source in files {
        let Some(from) = source.module().into_iter().next() else {
            continue;
        };
        for path in source.paths_from_root() {
            let to = path.first().and_then(|name| reached.get(name));
            if let Some(to) = to.filter(|to| **to != from) {
                let imports = graph.entry(from.clone()).or_default();
                imports.entry(to.clone()).or_default().insert(source.path.clone());
            }
        }
    }
    graph
}

/// Each set of modules that reach each other, in the order of their names.
fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let mut left: BTreeSet<&String> = graph.keys().collect();
    let mut found = Vec::new();
    while let Some(module) = left.pop_first() {
        let reached = reached_from(graph, module);
        let circle: BTreeSet<String> = reached
            .iter()
            .filter(|other| reached_from(graph, other).contains(module))
            .cloned()
            .collect();
        for other in &circle {
            left.remove(other);
        }
        if !circle.is_empty() {
            found.push(circle);
        }
    }
    found
}

fn reached_from(graph: &Graph, module: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![module.to_owned()];
    while let Some(module) = next.pop() {
        for to in graph[&module].keys() {
            if reached.insert(to.clone()) {
                next.push(to.clone());
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Source {
        Source::of("api", &format!("api/src/{path}"), text)
    }

    fn found(files: &[Source]) -> Vec<Vec<String>> {
        let circles = circles(&graph(files));
        circles
            .into_iter()
            .map(|circle| circle.into_iter().collect())
            .collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_written() {
        for back in [
            "use crate::a::A;",
            "use crate::{b::B, a};",
            "fn f() { crate::a::f() }",
            "use crate::A;",
            "use super::a;",
            "use super::super::a::{self, A};",
        ] {
            let place = if back.contains("super::super") {
                "b/c.rs"
            } else {
                "b.rs"
            };
            let files = [
                file("lib.rs", "mod a;\nmod b;\npub use a::A;"),
                file("a/mod.rs", "use crate::b;"),
                file(place, back),
                file("d.rs", "use crate::a;"),
            ];
            assert_eq!(found(&files), [["a", "b"]], "{back}");
        }
    }

    #[test]
    fn an_import_that_does_not_lead_down_is_found() {
        let files = [
            file("lib.rs", "mod a;\nmod b;\nmod c;"),
            file("a.rs", "use crate::b;"),
            file("b.rs", "use crate::c;"),
            file("c.rs", ""),
        ];
        let graph = graph(&files);
        let found = |layers: &[&[&str]]| upwards(layers, &graph).len();
        assert_eq!(found(&[&["c"], &["b"], &["a"]]), 0);
        assert_eq!(found(&[&["b"], &["c"], &["a"]]), 1, "upwards");
        assert_eq!(found(&[&["c"], &["a", "b"]]), 1, "sideways");
        assert_eq!(found(&[&["c"], &["b"]]), 1, "of no layer");
        assert_eq!(found(&[&["c"], &["b"], &["a"], &["d"]]), 1, "not there");
    }

    #[test]
    fn a_feature_that_is_named_by_another_or_from_below_is_found() {
        for (path, text, is_wrong) in [
            ("features/a/mod.rs", "use super::b;", true),
            ("features/a/c.rs", "use crate::features::b::B;", true),
            ("features/a/c.rs", "use super::super::b::B;", true),
            ("features/a/c.rs", "fn f() { crate::features::b::f() }", true),
            (
                "features/a/c.rs",
                "use super::d;\nuse crate::{features::a::A, store};",
                false,
            ),
            ("store.rs", "use crate::features::a::A;", true),
            ("routes.rs", "use crate::features::{a, b};", false),
        ] {
            let found = strangers(&[file(path, text)]);
            assert_eq!(!found.is_empty(), is_wrong, "{path}: {text}");
        }
    }

    #[test]
    fn what_imports_downwards_is_no_circle() {
        let files = [
            file("lib.rs", "mod a;\nmod b;"),
            file("a/mod.rs", "mod c;\nuse crate::b;\nuse self::c::C;"),
            file("a/c.rs", "use super::D;\nuse crate::a::E;"),
            file("b.rs", "use std::a;"),
        ];
        assert!(found(&files).is_empty());
    }
}
