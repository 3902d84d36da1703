//! The files of a message, as links to their pages.

use serde_json::Value;

use super::{
    blocks::linked,
    document::{Block, Inline, Style},
};

/// Files, each in a line of its own.
pub(crate) fn file_blocks(files: &[Value]) -> Vec<Block> {
    files.iter().filter_map(file).map(Block::Text).collect()
}

/// A file as a link to its page, which asks who looks at it; its own address (`url_private`) is for programs with a token.
fn file(file: &Value) -> Option<Vec<Inline>> {
    let field = |name: &str| file[name].as_str().filter(|text| !text.trim().is_empty());
    let name = field("name").or(field("title")).unwrap_or("file");
    // Without an address: a file that Slack does not show (`file_access: check_file_info`) or has deleted.
    let url = field("permalink").or(field("external_url"));
    let mut line: Vec<_> = linked(file.is_object().then(|| name.to_owned()), url)
        .into_iter()
        .collect();
    let kind = field("pretty_type").or(field("mimetype")).map(str::to_owned);
    let facts: Vec<_> = kind.into_iter().chain(file["size"].as_u64().map(size)).collect();
    if !line.is_empty() && !facts.is_empty() {
        line.push(Inline::text(format!(" ({})", facts.join(", ")), Style::default()));
    }
    (!line.is_empty()).then_some(line)
}

/// A file's size, for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        1_000_000_000.. => format!("{} GB", bytes / 1_000_000_000),
    }
}
