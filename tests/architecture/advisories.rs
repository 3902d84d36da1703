//! No dependency has a known flaw: `Cargo.lock` against the copy of `RustSec`'s list in `tests/advisories/`.
//!
//! `./test` asks the database itself where it can be reached, and says how old the copy is.

use std::fs;

use semver::{Version, VersionReq};

use super::{manifest, root};

/// One advisory, from a line of the list.
struct Advisory {
    package: String,
    id: String,
    kind: String,
    not_affected: Vec<VersionReq>,
}

fn advisories() -> Vec<Advisory> {
    let list = fs::read_to_string(root().join("tests/advisories/list.tsv")).expect("the list is there");
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [package, id, kind, patched, unaffected] = fields[..] else {
                panic!("a line of another form: {line}")
            };
            let versions = patched.split('|').chain(unaffected.split('|'));
            Advisory {
                package: package.to_owned(),
                id: id.to_owned(),
                kind: kind.to_owned(),
                not_affected: versions
                    .filter(|version| !version.is_empty())
                    .map(|version| VersionReq::parse(version).expect("a range of versions"))
                    .collect(),
            }
        })
        .collect()
}

/// Advisories about a version of a crate.
fn about<'a>(advisories: &'a [Advisory], package: &str, version: &Version) -> Vec<&'a Advisory> {
    advisories
        .iter()
        .filter(|advisory| advisory.package == package)
        .filter(|advisory| !advisory.not_affected.iter().any(|range| range.matches(version)))
        .collect()
}

/// The advisories that `deny.toml` says do not concern us, each with its reason.
fn ignored() -> Vec<String> {
    let deny = manifest("deny.toml");
    let all = deny["advisories"]["ignore"].as_array().expect("a list");
    all.iter()
        .map(|one| {
            assert!(
                one["reason"].as_str().is_some_and(|reason| reason.len() > 30),
                "{one}"
            );
            one["id"].as_str().expect("an id").to_owned()
        })
        .collect()
}

#[test]
fn no_dependency_has_a_known_advisory() {
    let advisories = advisories();
    assert!(
        advisories.len() > 1_000,
        "only {} advisories were found",
        advisories.len()
    );
    let lock = manifest("Cargo.lock");
    let packages = lock["package"].as_array().expect("a list of packages");
    let ignored = ignored();
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let version = package["version"].as_str().expect("a version");
        let version = Version::parse(version).expect("a version");
        for advisory in about(&advisories, name, &version) {
            if !ignored.contains(&advisory.id) {
                found.push(format!("{name} {version}: {} ({})", advisory.id, advisory.kind));
            }
        }
    }
    assert!(found.is_empty(), "https://rustsec.org/advisories/: {found:#?}");
}

#[test]
fn a_version_with_an_advisory_is_found_and_a_patched_one_is_not() {
    let advisories = advisories();
    let of = |version: &str| about(&advisories, "lru", &Version::parse(version).expect("a version")).len();
    assert_eq!((of("0.16.4"), of("0.18.2")), (1, 0));
}
