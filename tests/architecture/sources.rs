//! The project's own sources, read closely enough to see which tables they name and write.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Statements of an entity that write.
const WRITES: &[&str] = &[
    "insert",
    "insert_many",
    "update",
    "update_many",
    "delete",
    "delete_many",
    "delete_by_id",
];

/// Words of SQL after which a table stands that is read.
const READS: [&str; 2] = ["FROM ", "JOIN "];

/// Words of SQL after which a table stands that is written.
const CHANGES: [&str; 3] = ["INSERT INTO ", "UPDATE ", "DELETE FROM "];

/// A file of Rust.
pub(crate) struct Source {
    /// The folder of its crate.
    pub(crate) krate: String,
    /// Its path from the root of the project.
    pub(crate) path: String,
    /// How many lines it has, all counted.
    pub(crate) lines: usize,
    /// What is in it, without comments, and for production code without its tests.
    pub(crate) text: String,
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of Rust, as it is.
pub(crate) fn all() -> Vec<Source> {
    let mut files = Vec::new();
    for krate in super::members() {
        collect(&krate, &root().join(&krate), &mut files);
    }
    files
}

/// What these crates ship: no tests.
pub(crate) fn production(crates: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for krate in crates {
        collect(krate, &root().join(krate).join("src"), &mut files);
    }
    let for_tests: Vec<String> = files.iter().flat_map(modules_for_tests).collect();
    files.retain(|source| {
        let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        !for_tests
            .iter()
            .any(|test| module == test || source.path.starts_with(&format!("{test}/")))
    });
    for source in &mut files {
        if let Some(tests) = source.text.find("#[cfg(test)]\nmod tests {") {
            source.text.truncate(tests);
        }
    }
    files
}

fn collect(krate: &str, folder: &Path, files: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" {
            collect(krate, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            let root = root();
            let path = path.strip_prefix(&root).expect("below the root");
            files.push(Source::of(krate, &path.display().to_string(), &text));
        }
    }
}

/// The paths, without extension, of the modules that a file declares for tests alone.
fn modules_for_tests(source: &Source) -> Vec<String> {
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let below = match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    let declared = source.text.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let (declaration, _) = rest.split_once(['{', ';'])?;
        let whole = rest.as_bytes().get(declaration.len()) == Some(&b';');
        let name = declaration.trim().rsplit_once("mod ").map(|(_, name)| name);
        name.filter(|_| whole)
    });
    declared.map(|name| format!("{below}/{name}")).collect()
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        ""
    } else {
        line
    }
}

impl Source {
    /// A file with this text.
    pub(crate) fn of(krate: &str, path: &str, text: &str) -> Self {
        Self {
            krate: krate.to_owned(),
            path: path.to_owned(),
            lines: text.lines().count(),
            text: text.lines().map(without_comment).collect::<Vec<_>>().join("\n"),
        }
    }

    /// The module that a file below `src` is; empty for the crate's root.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs");
        let below = path.split_once("/src/").map_or(path, |(_, below)| below);
        let mut names: Vec<String> = below.split('/').map(str::to_owned).collect();
        if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            names.pop();
        }
        names
    }

    /// What the crate's root imports: each name, and its path in the crate.
    pub(crate) fn names_in_root(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        imports(&self.text).into_iter().map(|(name, path)| {
            let local = |name: &&String| *name == "crate" || *name == "self";
            let skipped = path.iter().take_while(local).count();
            (name, path[skipped..].to_vec())
        })
    }

    /// Every path in the file that leads into its own crate, from the crate's root.
    pub(crate) fn paths_from_root(&self) -> Vec<Vec<String>> {
        let here = self.module();
        let resolve = |path: &Vec<String>| {
            let (mut base, mut rest) = match path.first()?.as_str() {
                "crate" => (Vec::new(), &path[1..]),
                "self" => (here.clone(), &path[1..]),
                "super" => (here.clone(), &path[..]),
                _ => return None,
            };
            while let Some(("super", after)) =
                rest.split_first().map(|(first, after)| (first.as_str(), after))
            {
                base.pop()?;
                rest = after;
            }
            base.extend(rest.iter().cloned());
            Some(base)
        };
        self.paths().iter().filter_map(resolve).collect()
    }

    /// Whether a path in the file begins with this name, or an import or an attribute has it.
    pub(crate) fn names(&self, name: &str) -> bool {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.text.split(|c| !is_name(c)).any(|word| word == name)
    }

    /// The tables that the file names at all: by their entity, or in SQL.
    pub(crate) fn tables_named(&self, entities: &Entities) -> BTreeSet<String> {
        let paths = self.paths();
        let named = paths.iter().filter_map(|path| entities.table(path));
        named
            .chain(self.after(&READS))
            .chain(self.after(&CHANGES))
            .collect()
    }

    /// The tables that the file writes: by an active model, by a statement of an entity, or in SQL.
    pub(crate) fn tables_written(&self, entities: &Entities) -> BTreeSet<String> {
        let paths = self.paths();
        let written = paths.iter().filter(|path| writes(path));
        let written = written.filter_map(|path| entities.table(path));
        written.chain(self.after(&CHANGES)).collect()
    }

    /// The names that stand after these words of SQL.
    fn after(&self, words: &[&str]) -> impl Iterator<Item = String> {
        words.iter().flat_map(|word| {
            self.text.split(word).skip(1).filter_map(|rest| {
                let rest = rest.trim_start_matches(['"', '\\']);
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = &rest[..end.unwrap_or(rest.len())];
                Some(name.to_owned()).filter(|name| !name.is_empty())
            })
        })
    }

    /// Every path in the file, its first name replaced by what the file imports under it.
    fn paths(&self) -> Vec<Vec<String>> {
        let imports = imports(&self.text);
        let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let mut paths: Vec<Vec<String>> = imports.values().cloned().collect();
        for word in self.text.split(|c: char| !is_path(c)) {
            let mut names: Vec<String> = word
                .split("::")
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
            let Some(first) = names.first() else { continue };
            if let Some(full) = imports.get(first) {
                names.splice(..1, full.iter().cloned());
            }
            paths.push(names);
        }
        paths
    }
}

/// The entities: the path of each one's module below `tocsin_entity`, and its table.
pub(crate) struct Entities(BTreeMap<Vec<String>, String>);

impl Entities {
    /// Those of the crate `entity`.
    pub(crate) fn read() -> Self {
        let files = production(&["entity"]);
        let table = |source: &Source| {
            let (_, rest) = source.text.split_once("table_name = \"")?;
            let (name, _) = rest.split_once('"')?;
            Some((source.module(), name.to_owned()))
        };
        Self(files.iter().filter_map(table).collect())
    }

    /// All tables.
    pub(crate) fn tables(&self) -> BTreeSet<&str> {
        self.0.values().map(String::as_str).collect()
    }

    /// The table in a path of `tocsin_entity`.
    fn table(&self, path: &[String]) -> Option<String> {
        let start = path.iter().position(|name| name == "tocsin_entity")? + 1;
        let found = |end: usize| self.0.get(path.get(start..end)?);
        found(start + 1).or_else(|| found(start + 2)).cloned()
    }
}

fn writes(path: &[String]) -> bool {
    let entity = path.iter().position(|name| name == "Entity");
    let statement = entity.and_then(|at| path.get(at + 1));
    path.iter().any(|name| name == "ActiveModel")
        || statement.is_some_and(|name| WRITES.contains(&name.as_str()))
}

/// What a file imports: the name used in it, and the full path.
fn imports(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for part in text.split("use ").skip(1) {
        if let Some((tree, _)) = part.split_once(';') {
            expand(&[], tree.trim(), &mut found);
        }
    }
    found
}

/// Expands `a::{b, c::{D, E as F}}`.
fn expand(prefix: &[String], tree: &str, found: &mut BTreeMap<String, Vec<String>>) {
    let (head, group) = match tree.split_once('{') {
        Some((head, rest)) => (head, Some(rest.trim_end().trim_end_matches('}'))),
        None => (tree, None),
    };
    let mut path = prefix.to_vec();
    let (names, alias) = head
        .split_once(" as ")
        .map_or((head, None), |(names, alias)| (names, Some(alias)));
    path.extend(
        names
            .split("::")
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
    );
    let Some(group) = group else {
        if path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        if let Some(name) = alias
            .map(|alias| alias.trim().to_owned())
            .or_else(|| path.last().cloned())
        {
            found.insert(name, path);
        }
        return;
    };
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&path, group[start..at].trim(), found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !group[start..].trim().is_empty() {
        expand(&path, group[start..].trim(), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::of("api", "api/src/lib.rs", text)
    }

    fn entities() -> Entities {
        let all = [
            "incident",
            "event",
            "timer",
            "service",
            "slack::post",
            "slack::user",
        ];
        let module = |name: &str| name.split("::").map(str::to_owned).collect();
        Entities(all.map(|name| (module(name), name.replace("::", "_"))).into())
    }

    fn written(text: &str) -> Vec<String> {
        source(text).tables_written(&entities()).into_iter().collect()
    }

    #[test]
    fn a_write_is_recognised_however_it_is_imported() {
        assert_eq!(
            written("use tocsin_entity::incident; incident::ActiveModel {}"),
            ["incident"]
        );
        assert_eq!(
            written("use tocsin_entity::{id::UserId, slack::{self, user}}; user::Entity::insert(x)"),
            ["slack_user"]
        );
        assert_eq!(
            written("use tocsin_entity::slack::post::{ActiveModel as Row, Column}; Row {}"),
            ["slack_post"]
        );
        assert_eq!(written("tocsin_entity::event::Entity::update_many()"), ["event"]);
        assert_eq!(
            written("\"UPDATE slack_pace SET\" \"DELETE FROM timer WHERE\""),
            ["slack_pace", "timer"]
        );
        assert!(written("use tocsin_entity::incident; incident::Entity::find()").is_empty());
        assert!(written("use sea_orm::{ActiveModelTrait, IntoActiveModel};").is_empty());
    }

    #[test]
    fn a_module_for_tests_is_told_from_one_that_ships() {
        let text = "#[cfg(test)]\npub(crate) mod testing;\nmod real;\n#[cfg(test)]\nmod tests {\n}";
        assert_eq!(modules_for_tests(&source(text)), ["api/src/testing"]);
    }

    #[test]
    fn a_table_is_named_also_when_it_is_only_read() {
        for text in [
            "use tocsin_entity::{id::UserId, service}; service::Entity::find()",
            "\"SELECT name FROM service WHERE\"",
            "\"SELECT name FROM \\\"service\\\"\"",
        ] {
            let named = source(text).tables_named(&entities());
            assert!(named.contains("service"), "{text}");
        }
    }
}
