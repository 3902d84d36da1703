//! The reference says what the source says, and nothing else.

use std::{collections::BTreeSet, fs};

use super::{
    docs::{code, page, rows},
    members, root,
    sources::{self, Source},
};

/// What stands between double quotes.
fn literals(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

fn production_of(krate: &str, path: &str) -> Source {
    let found = sources::production(&[krate])
        .into_iter()
        .find(|source| source.path == path);
    found.unwrap_or_else(|| panic!("there is no {path}"))
}

/// Names in capitals, as codes are written.
fn is_code(text: &str) -> bool {
    text.len() > 3
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
}

/// The first cells of a page's rows that are code, each name by itself.
fn first_cells(path: &str) -> BTreeSet<String> {
    let rows = rows(&page(path));
    let cells = rows.iter().filter_map(|row| row.first());
    cells
        .flat_map(|cell| code(cell).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn assert_same(path: &str, source: &BTreeSet<String>, page: &BTreeSet<String>) {
    let missing: Vec<_> = source.difference(page).collect();
    let invented: Vec<_> = page.difference(source).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "{path} lacks {missing:#?}, and the source lacks {invented:#?}"
    );
}

#[test]
fn every_setting_is_in_the_reference_with_its_default() {
    const PATH: &str = "docs/reference/configuration.md";
    let specs = production_of("cli", "cli/src/config/specs.rs");
    let mut known = BTreeSet::new();
    for declared in specs.text.split("pub(crate) const ").skip(1) {
        let declared = declared.split(";\n").next().unwrap_or_default();
        let Some((head, _)) = declared.split_once(": SettingSpec") else {
            continue;
        };
        let (key, variable, flag, default) = match literals(declared)[..] {
            [key, variable, default] => (key, variable, "", default),
            [key, variable, flag, default] => (key, variable, flag, default),
            ref other => panic!("{head} is declared by {other:?}"),
        };
        let key = match key.split_once('.') {
            Some((table, key)) => format!("[{table}] {key}"),
            None => key.to_owned(),
        };
        known.insert([variable, &key, flag, default].map(str::to_owned));
    }
    assert!(known.len() > 15, "only {} settings were found", known.len());
    let table = rows(&page(PATH)).into_iter().filter(|row| row.len() == 4);
    let table = table.filter(|row| row[0].starts_with("`TOCSIN_") || row[0].starts_with("`SLACK_"));
    let told: BTreeSet<[String; 4]> = table
        .map(|row| [0, 1, 2, 3].map(|cell| row[cell].replace('`', "")))
        .collect();
    let known: BTreeSet<[String; 4]> = known
        .into_iter()
        .map(|row| row.map(|cell| cell.replace('`', "")))
        .collect();
    let missing: Vec<_> = known.difference(&told).collect();
    let invented: Vec<_> = told.difference(&known).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "{PATH} lacks {missing:#?}, and the source lacks {invented:#?}"
    );
}

/// The names of metrics that follow these macros.
fn metrics_after(text: &str, macros: [&str; 3], is_described: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in macros {
        for (at, _) in text.match_indices(name) {
            let is_description = text[..at].ends_with("describe_");
            let Some(rest) = text[at + name.len()..].trim_start().strip_prefix('"') else {
                continue;
            };
            if is_description == is_described {
                found.extend(rest.split('"').next().map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn every_metric_is_described_and_in_the_reference() {
    const PATH: &str = "docs/reference/metrics.md";
    const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];
    // Written with each answer, and described there.
    const FIGURES: [&str; 2] = ["cli/src/ops.rs", "cli/src/roles.rs"];
    let members = members();
    let members: Vec<&str> = members
        .iter()
        .map(String::as_str)
        .filter(|member| !["benches", "simulator", "tests"].contains(member))
        .collect();
    let (mut described, mut used) = (BTreeSet::new(), BTreeSet::new());
    for source in sources::production(&members) {
        described.extend(metrics_after(&source.text, MACROS, true));
        used.extend(metrics_after(&source.text, MACROS, false));
        if FIGURES.contains(&source.path.as_str()) {
            let names = literals(&source.text).into_iter().filter(|text| {
                (text.starts_with("process_") || text.starts_with("tocsin_"))
                    && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            });
            described.extend(names.map(str::to_owned));
        }
    }
    assert!(
        described.len() > 40,
        "only {} metrics were found",
        described.len()
    );
    let silent: Vec<_> = used.difference(&described).collect();
    assert!(silent.is_empty(), "not described in the code: {silent:#?}");
    let table = first_cells(PATH);
    let told = table
        .into_iter()
        .filter(|cell| cell.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    assert_same(PATH, &described, &told.collect());
}

#[test]
fn every_code_of_a_user_error_is_in_the_reference() {
    const PATH: &str = "docs/reference/graphql.md";
    let schema = fs::read_to_string(root().join("schema.graphql")).expect("the schema is there");
    let (_, codes) = schema
        .split_once("enum UserErrorCode {")
        .expect("the schema has the codes");
    let codes = codes.split('}').next().unwrap_or_default();
    let codes: BTreeSet<String> = codes
        .lines()
        .map(str::trim)
        .filter(|line| is_code(line))
        .map(str::to_owned)
        .collect();
    let text = page(PATH);
    let (_, section) = text
        .split_once("### User errors")
        .expect("the page has the section");
    let section = section.split("\n### ").next().unwrap_or_default();
    let told = rows(section)
        .iter()
        .flat_map(|row| code(&row[0]).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_same(PATH, &codes, &told);
}

#[test]
fn every_code_of_a_request_error_is_in_the_reference() {
    let known: BTreeSet<String> = sources::production(&["api"])
        .iter()
        .filter(|source| source.path.starts_with("api/src/http/"))
        .flat_map(|source| {
            literals(&source.text)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|text| is_code(text) && text.contains('_'))
        .collect();
    assert!(known.len() > 10, "only {} codes were found", known.len());
    let told = first_cells("docs/reference/graphql.md");
    let missing: Vec<_> = known.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "not in docs/reference/graphql.md: {missing:#?}"
    );
}

#[test]
fn every_finding_of_the_doctor_has_a_page() {
    let pages = production_of("cli", "cli/src/doctor/page.rs");
    let slugs: BTreeSet<String> = pages
        .text
        .split("=> \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    assert!(slugs.len() > 40, "only {} findings were found", slugs.len());
    let folder = fs::read_dir(root().join("docs/reference/doctor")).expect("the pages are there");
    let files = folder
        .map(|entry| entry.expect("a page").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "index.md")
        .map(|name| name.trim_end_matches(".md").to_owned());
    assert_same("docs/reference/doctor", &slugs, &files.collect());
    let index = page("docs/reference/doctor/index.md");
    let unlisted: Vec<_> = slugs
        .iter()
        .filter(|slug| !index.contains(&format!("({slug}.md)")))
        .collect();
    assert!(unlisted.is_empty(), "not in the index: {unlisted:#?}");
}

#[test]
fn every_scope_and_event_is_in_the_reference() {
    let asked = production_of("slack-app", "slack-app/src/feature.rs");
    let (_, asked) = asked
        .text
        .split_once("const fn asks(")
        .expect("the table is there");
    let asked = asked.split("\n}").next().unwrap_or_default();
    let known: BTreeSet<String> = literals(asked).into_iter().map(str::to_owned).collect();
    let text = page("docs/reference/scopes.md");
    let told: BTreeSet<String> = code(&text).into_iter().map(str::to_owned).collect();
    assert!(
        known.len() > 30,
        "only {} scopes and events were found",
        known.len()
    );
    let missing: Vec<_> = known.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "not in docs/reference/scopes.md: {missing:#?}"
    );
}

#[test]
fn every_refusal_in_slack_and_every_fault_of_a_database_is_told() {
    for (krate, source, function, path) in [
        (
            "bridge",
            "bridge/src/notice.rs",
            "fn code(&self)",
            "docs/guides/slack-commands.md",
        ),
        (
            "database",
            "database/src/fault.rs",
            "fn reason(self)",
            "docs/operations/troubleshooting.md",
        ),
    ] {
        let source = production_of(krate, source);
        let (_, body) = source.text.split_once(function).expect("the function is there");
        let body = body.split("\n    }").next().unwrap_or_default();
        let known: BTreeSet<String> = literals(body).into_iter().map(str::to_owned).collect();
        assert!(known.len() > 10, "only {} codes in {function}", known.len());
        let told = first_cells(path);
        let missing: Vec<_> = known.difference(&told).collect();
        assert!(missing.is_empty(), "not in {path}: {missing:#?}");
    }
}

#[test]
fn every_code_that_people_read_in_slack_is_told() {
    const PATH: &str = "docs/guides/slack-commands.md";
    let told = first_cells(PATH);
    let is_code = |text: &&str| text.len() > 3 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let mut missing = Vec::new();
    for source in sources::production(&["bridge"]) {
        // Pages show their codes apart, and what operators are told has its own pages.
        let areas = [
            "accounts", "actions", "commands", "create", "home", "notices", "requests",
        ];
        let is_told = areas
            .iter()
            .any(|area| source.path == format!("bridge/src/texts/{area}.rs"));
        if !is_told {
            continue;
        }
        let shipped = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        let codes = shipped
            .split('(')
            .skip(1)
            .filter_map(|rest| rest.split_once(')').map(|(code, _)| code));
        missing.extend(
            codes
                .filter(is_code)
                .filter(|code| !told.contains(*code))
                .map(str::to_owned),
        );
    }
    assert!(missing.is_empty(), "not in {PATH}: {missing:#?}");
}

#[test]
fn every_subcommand_is_in_the_guide() {
    let told = page("docs/guides/slack-commands.md");
    let mut missing = Vec::new();
    let mut seen = 0;
    for source in sources::production(&["bridge"]) {
        // In place, or in the table of texts.
        let forms = ["form: \"", "_FORM: &str = \""].map(|before| source.text.split(before).skip(1));
        for form in forms
            .into_iter()
            .flatten()
            .filter_map(|rest| rest.split('"').next())
        {
            seen += 1;
            let in_thread = format!("`@bot {}`", form.replacen(" N", "", 1));
            if !told.contains(&format!("`{form}`")) && !told.contains(&in_thread) {
                missing.push(form.to_owned());
            }
        }
    }
    assert!(seen > 10, "only {seen} subcommands were found");
    assert!(
        missing.is_empty(),
        "not in docs/guides/slack-commands.md: {missing:#?}"
    );
}
