//! Which part of Jinja templates may use: printing, `if`, `for`, filters, comparisons and comments.
//!
//! The engine counts steps, not the memory that one step takes. So nothing is let in that makes a value larger than those that are given:
//! no `~`, `+` and `*`, no lists and maps written out, no `set` and no captured blocks. Filters are short-lived and bounded by themselves.

/// The statements that there are.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Finds the first thing that is not part of the language, with its line.
pub(super) fn check(source: &str) -> Result<(), (usize, String)> {
    if source.contains(|c: char| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
        return Err((1, "There is a control character in it.".to_owned()));
    }
    let mut rest = source;
    while let Some(open) = next_open(rest) {
        let line = |rest: &str| source[..source.len() - rest.len()].matches('\n').count() + 1;
        let begun = &rest[open..];
        let at = line(begun);
        let (kind, inside) = begun.split_at(2);
        let size = match kind {
            "{#" => inside.find("#}"),
            "{%" => end(inside, "%}"),
            _ => end(inside, "}}"),
        };
        let Some(size) = size else {
            return Err((at, format!("`{kind}` is never closed.")));
        };
        if kind != "{#" {
            expression(kind == "{%", &inside[..size]).map_err(|message| (at, message))?;
        }
        rest = &inside[size + 2..];
    }
    Ok(())
}

fn next_open(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"].iter().filter_map(|open| text.find(open)).min()
}

/// Where the closing stands, outside of quotes.
fn end(text: &str, closing: &str) -> Option<usize> {
    unquoted(text)
        .find(|(at, _)| text[*at..].starts_with(closing))
        .map(|(at, _)| at)
}

/// The characters that are not inside quotes, with where they stand. Of a quoted text only its first quote is among them.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut escaped = false;
    text.char_indices().filter(move |(_, c)| {
        let Some(open) = quote else {
            if matches!(c, '"' | '\'') {
                quote = Some(*c);
            }
            return true;
        };
        if escaped {
            escaped = false;
        } else if *c == '\\' {
            escaped = true;
        } else if *c == open {
            quote = None;
        }
        false
    })
}

fn expression(is_statement: bool, inside: &str) -> Result<(), String> {
    let inside = inside
        .trim_start_matches(['-', '+'])
        .trim_end_matches(['-', '+'])
        .trim();
    if is_statement {
        let word = inside
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        if !STATEMENTS.contains(&word) {
            return Err(format!(
                "There is no statement `{word}`; there are `if` and `for`."
            ));
        }
        if word == "for" && inside.split_whitespace().any(|word| word == "recursive") {
            return Err("A loop cannot be recursive.".to_owned());
        }
    }
    for (at, c) in unquoted(inside) {
        if matches!(c, '~' | '+' | '*' | '{') {
            return Err(format!("`{c}` is not part of the language."));
        }
        if c == '[' && !is_subscript(&inside[..at]) {
            return Err("A list cannot be written out.".to_owned());
        }
    }
    Ok(())
}

/// Whether a bracket after that picks something out of a value, and does not begin a list.
fn is_subscript(before: &str) -> bool {
    if before.ends_with([']', ')']) {
        return true;
    }
    let word = before
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    !word.is_empty() && !["if", "elif", "else", "in", "is", "not", "and", "or"].contains(&word)
}
