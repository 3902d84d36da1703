//! Text that Markdown shows as it is.

/// Escapes the characters that mean something in Markdown wherever they stand.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut previous = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next();
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            // Within a word an underscore is an underscore.
            '_' => !(is_word(previous) && is_word(next)),
            // What follows the text may make an entity of it.
            '&' => next.is_none_or(|next| next.is_ascii_alphanumeric() || next == '#'),
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        // A NUL means nothing to anybody, and PostgreSQL refuses it.
        if c != '\0' {
            escaped.push(c);
        }
        previous = Some(c);
    }
    escaped
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// Escapes what means something at the beginning of a line: a heading, a list, a quote, a rule, a table.
pub(crate) fn guard_line_start(line: &str) -> String {
    let bare = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let hashes = line.trim_start_matches('#');
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = line.len() - digits.len();
    let is_rule = line.starts_with(['-', '=', '|', ':', '+'])
        && line
            .chars()
            .all(|c| matches!(c, '-' | '=' | '|' | ':' | '+' | ' ' | '\t'));
    if (1..=9).contains(&number) && digits.starts_with(['.', ')']) && bare(&digits[1..]) {
        return format!("{}\\{digits}", &line[..number]);
    }
    let special = line.starts_with('>')
        || (hashes.len() < line.len() && bare(hashes))
        || (line.starts_with(['-', '+']) && bare(&line[1..]))
        || is_rule;
    if special {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
}
