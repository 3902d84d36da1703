//! What README.md and `docs/` tell people to type can be typed, and says what they say it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::{Place, Running, client, complaint, printed};

/// What stands in a transcript for what differs each time.
const ANYTHING: char = '…';

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A block of code on a page.
struct Block {
    page: String,
    language: String,
    lines: Vec<String>,
}

/// All pages, in order.
fn pages() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    let mut found = vec![root().join("README.md")];
    below(&root().join("docs"), &mut found);
    found.sort();
    found
}

/// The blocks of code of all pages. Those in a list are indented by what the list is.
fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(&path).expect("pages are text");
        let mut open: Option<(usize, Block)> = None;
        for line in text.lines() {
            let trimmed = line.trim_start();
            match (trimmed.strip_prefix("```"), open.take()) {
                (Some(language), None) => {
                    let block = Block {
                        page: path.display().to_string(),
                        language: language.to_owned(),
                        lines: Vec::new(),
                    };
                    open = Some((line.len() - trimmed.len(), block));
                }
                (Some(_), Some((_, block))) => blocks.push(block),
                (None, Some((indent, mut block))) => {
                    block
                        .lines
                        .push(line.get(indent..).unwrap_or_default().to_owned());
                    open = Some((indent, block));
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "a block without an end in {}", path.display());
    }
    blocks
}

/// The GraphQL documents of all pages, with their variables where a block of JSON follows.
fn documents() -> Vec<(String, String, Value)> {
    let blocks = blocks();
    let mut found = Vec::new();
    for (place, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.language == "graphql")
    {
        let next = blocks.get(place + 1);
        let variables = next.filter(|next| next.language == "json" && next.page == block.page);
        let variables = variables.map_or(Value::Null, |next| {
            serde_json::from_str(&next.lines.join("\n")).expect("the variables are JSON")
        });
        let mut documents: Vec<String> = Vec::new();
        for line in &block.lines {
            let begins = ["query", "mutation", "subscription", "{"]
                .iter()
                .any(|word| line.starts_with(word));
            match documents.last_mut() {
                Some(last) if !begins => last.extend(["\n", line]),
                Some(_) | None => documents.push(line.clone()),
            }
        }
        for document in documents {
            let variables = if document.contains('$') {
                variables.clone()
            } else {
                Value::Null
            };
            found.push((block.page.clone(), document, variables));
        }
    }
    found
}

#[tokio::test]
async fn every_graphql_document_in_the_docs_is_taken() {
    const KEY: &str = "an-admin-key-of-the-docs-in-tests";
    let place = Place::new();
    let tocsin = place.up(&[("TOCSIN_ADMIN_KEY", KEY)]).await;
    let mut asked = 0;
    for (page, document, variables) in documents() {
        // Those go over a WebSocket; tests/judges holds them against the schema.
        if document.starts_with("subscription") {
            continue;
        }
        let answer = ask(&tocsin, KEY, &document, &variables).await;
        // That an id in an example is nobody's is found when the document is executed, and then it was taken.
        let error = &answer["errors"][0];
        assert!(
            error.is_null() || error["path"].is_array(),
            "{page}: {document}: {answer}"
        );
        asked += 1;
    }
    assert!(asked > 30, "only {asked} were found");
    assert_eq!(tocsin.stop().await.0, Some(0));
}

async fn ask(tocsin: &Running, key: &str, document: &str, variables: &Value) -> Value {
    let request = client()
        .post(tocsin.url("/graphql"))
        .bearer_auth(key)
        .json(&json!({ "query": document, "variables": variables }));
    let answer = request.send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[tokio::test]
async fn every_manifest_in_the_docs_is_printed() {
    let lines: Vec<String> = blocks()
        .into_iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block| block.lines)
        .collect();
    let commands: Vec<_> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("tocsin manifest"))
        .map(|line| line.split(['#', '>', '|']).next().unwrap_or_default().trim())
        .collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        // As a shell reads them: words in quotes are one.
        let parts: Vec<_> = command.split('"').collect();
        let mut arguments = vec!["manifest"];
        for (place, part) in parts.iter().enumerate() {
            if place % 2 == 1 {
                arguments.push(part);
            } else {
                arguments.extend(part.split_whitespace());
            }
        }
        let output = Place::new().run(&arguments, &[]).await;
        assert_eq!(output.status.code(), Some(0), "{command}: {}", complaint(&output));
    }
}

/// What the help of a command tells of: its subcommands and its flags.
async fn help_of(place: &Place, command: &[String]) -> (Vec<String>, BTreeSet<String>) {
    let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    arguments.push("--help");
    let output = place.run(&arguments, &[]).await;
    assert_eq!(
        output.status.code(),
        Some(0),
        "{command:?}: {}",
        complaint(&output)
    );
    let help = printed(&output);
    let (mut subcommands, mut flags) = (Vec::new(), BTreeSet::new());
    let mut section = "";
    for line in help.lines() {
        if !line.starts_with(' ') {
            section = line;
        } else if section == "Commands:" && line.starts_with("  ") && !line.starts_with("   ") {
            subcommands.extend(line.split_whitespace().next().map(str::to_owned));
        }
        // What stands behind a gap says what the flag does, and may name others.
        let named = line.trim_start().split("  ").next().unwrap_or_default();
        let words = named.split([' ', ',']);
        if named.starts_with('-') {
            flags.extend(words.filter(|word| word.starts_with("--")).map(str::to_owned));
        }
    }
    (subcommands, flags)
}

#[tokio::test]
async fn every_command_and_flag_is_in_the_reference() {
    let reference = fs::read_to_string(root().join("docs/reference/commands.md")).expect("the page is there");
    let place = Place::new();
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(command) = commands.pop() {
        let (subcommands, flags) = help_of(&place, &command).await;
        let is_told =
            |name: &str| reference.contains(&format!("`{name}`")) || reference.contains(&format!("`{name} "));
        missing.extend(flags.iter().filter(|flag| !is_told(flag)).cloned());
        seen.extend(flags);
        if subcommands.is_empty() && !command.is_empty() {
            let name = format!("tocsin {}", command.join(" "));
            if !is_told(&name) {
                missing.push(name.clone());
            }
            seen.insert(name);
        }
        for subcommand in subcommands {
            commands.push(command.iter().cloned().chain([subcommand]).collect());
        }
    }
    assert!(seen.len() > 30, "only {seen:?} were found");
    assert!(
        missing.is_empty(),
        "not in docs/reference/commands.md: {missing:#?}"
    );
    // What a table or a heading names is there.
    let told = reference
        .lines()
        .filter(|line| line.starts_with("| `--") || line.starts_with("### `tocsin "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|name| name.starts_with("--") || name.starts_with("tocsin "))
        .map(|name| {
            let words = name.split(' ');
            let own = words.take_while(|word| word.starts_with("--") || word.bytes().all(is_of_a_command));
            own.collect::<Vec<_>>().join(" ")
        });
    let invented: Vec<String> = told.filter(|name| !seen.contains(name)).collect();
    assert!(
        invented.is_empty(),
        "in docs/reference/commands.md alone: {invented:#?}"
    );
}

/// Whether the name of a command may have this letter; those of arguments have others.
fn is_of_a_command(letter: u8) -> bool {
    letter.is_ascii_lowercase() || letter == b'-'
}

/// A line without the figures that differ each time.
fn without_figures(line: &str) -> String {
    let mut text = String::new();
    for sign in line.trim_end().chars() {
        if !sign.is_ascii_digit() {
            text.push(sign);
        } else if !text.ends_with('0') {
            text.push('0');
        }
    }
    text
}

/// Whether a line is as a transcript has it, which may leave out parts of it.
fn fits(told: &str, seen: &str) -> bool {
    let (told, seen) = (without_figures(told), without_figures(seen));
    let parts: Vec<&str> = told.split(ANYTHING).collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return told == seen;
    };
    let Some(mut rest) = seen.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether an output is as a transcript has it; a line of its own may stand for any lines.
fn agrees(told: &[String], seen: &[&str]) -> bool {
    match (told.split_first(), seen.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line.trim().chars().eq([ANYTHING]) => {
            (0..=seen.len()).any(|skipped| agrees(rest, &seen[skipped..]))
        }
        (Some((line, told)), Some((own, seen))) => fits(line, own) && agrees(told, seen),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Runs a command as a reader would in a directory of the page's own, and gives what it printed.
async fn run(place: &Place, command: &str) -> String {
    let command = match command.strip_prefix("cargo run") {
        Some(rest) => format!("tocsin {}", rest.trim_start().trim_start_matches("-- ")),
        None => command.to_owned(),
    };
    if matches!(command.trim(), "tocsin" | "tocsin up") {
        let tocsin = place.up(&[]).await;
        let welcome = tocsin.welcome.clone();
        assert_eq!(tocsin.stop().await.0, Some(0));
        return welcome;
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_tocsin"))
        .parent()
        .expect("a folder");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display());
    let shell = Command::new("bash")
        .args(["-ceu", "-o", "pipefail", &command])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", path)
        .envs(["TOCSIN_LISTEN", "TOCSIN_SIMULATOR_LISTEN"].map(|name| (name, "127.0.0.1:0")))
        .kill_on_drop(true)
        .output()
        .await
        .expect("there is bash");
    assert!(shell.status.success(), "{command}: {}", complaint(&shell));
    printed(&shell)
}

#[tokio::test]
async fn every_transcript_in_the_docs_is_what_the_commands_print() {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for block in blocks().into_iter().filter(|block| block.language == "console") {
        let place = places.entry(block.page.clone()).or_insert_with(Place::new);
        let mut lines = block.lines.into_iter().peekable();
        while let Some(line) = lines.next() {
            let command = line
                .strip_prefix("$ ")
                .expect("a transcript begins with a command");
            let mut told = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                told.push(line);
            }
            while told.first().is_some_and(String::is_empty) {
                told.remove(0);
            }
            let output = run(place, command).await;
            let own: Vec<&str> = output.trim_matches('\n').lines().collect();
            assert!(
                agrees(&told, &own),
                "{}: {command} prints\n{output}\nand not\n{}",
                block.page,
                told.join("\n")
            );
            seen.insert(command.to_owned());
        }
    }
    for wanted in [
        "cargo run",
        "cargo run -- demo",
        "tocsin schema",
        "tocsin manifest",
        "tocsin org create",
        "tocsin backup",
    ] {
        assert!(
            seen.iter().any(|command| command.starts_with(wanted)),
            "no transcript of {wanted}"
        );
    }
}
