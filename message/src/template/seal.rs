//! Foreign text is marked while a template is rendered, so that it can be told afterwards from what the template itself says.
//!
//! A template may write `<https://wiki.example/{{ service.name }}|runbook>`; what stands for a variable there is made part of the address, and
//! never becomes its beginning. `<{{ incident.title }}>` is no link and no mention, whatever the title is.

use std::fmt::Write;

use crate::mrkdwn::{Mrkdwn, with_own_signs};

/// Where foreign text begins and ends: characters that Unicode sets apart for a program's own use, and that no text may have.
const BEGIN: char = '\u{fdd0}';
const END: char = '\u{fdd1}';

/// Foreign text that has been made safe.
pub(super) fn foreign(text: &Mrkdwn) -> String {
    format!("{BEGIN}{}{END}", text.as_str())
}

/// A text from outside, which cannot pretend to be marked.
pub(super) fn unmarked(text: &str) -> String {
    text.replace([BEGIN, END], "")
}

/// A piece of what was rendered.
#[derive(Clone, Copy)]
struct TextPiece<'a> {
    text: &'a str,
    is_foreign: bool,
}

/// The text without marks. What looks like Slack's markup in angle brackets stays where the template wrote it, and where foreign text cannot have
/// made it.
pub(super) fn seal(text: &str) -> String {
    let pieces = pieces(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut offset = 0;
    while let Some(piece) = pieces.get(at) {
        let rest = &piece.text[offset..];
        let open = if piece.is_foreign { None } else { rest.find('<') };
        let Some(open) = open else {
            out.push_str(rest);
            (at, offset) = (at + 1, 0);
            continue;
        };
        out.push_str(&rest[..open]);
        let inside = offset + open + 1;
        if let Some((token, end_at, end_offset)) = token(&pieces[at..], inside) {
            out.push_str(&token);
            (at, offset) = (at + end_at, end_offset);
        } else {
            out.push_str("&lt;");
            offset = inside;
        }
    }
    out
}

fn pieces(text: &str) -> Vec<TextPiece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut is_foreign = false;
    while let Some(at) = rest.find([BEGIN, END]) {
        let (text, after) = rest.split_at(at);
        pieces.push(TextPiece { text, is_foreign });
        is_foreign = after.starts_with(BEGIN);
        rest = &after[BEGIN.len_utf8()..];
    }
    pieces.push(TextPiece {
        text: rest,
        is_foreign,
    });
    pieces
}

/// What stands between angle brackets, with where it ends, if it may stand there.
fn token(pieces: &[TextPiece<'_>], inside: usize) -> Option<(String, usize, usize)> {
    let mut target = String::new();
    let mut label: Option<String> = None;
    let mut foreign_in_target = false;
    for (at, piece) in pieces.iter().enumerate() {
        let from = if at == 0 { inside } else { 0 };
        let text = &piece.text[from..];
        if piece.is_foreign {
            if text.contains(['<', '>']) {
                return None;
            }
            match &mut label {
                Some(label) => label.push_str(text),
                None if leads_somewhere(&target) => {
                    foreign_in_target = true;
                    target.push_str(&percent_encoded(text));
                }
                None => return None,
            }
            continue;
        }
        let end = text.find(['>', '<', '\n']);
        let own = &text[..end.unwrap_or(text.len())];
        match (&mut label, own.split_once('|')) {
            (Some(label), _) => label.push_str(own),
            (None, None) => target.push_str(own),
            (None, Some((more, begun))) => {
                target.push_str(more);
                label = Some(begun.to_owned());
            }
        }
        let Some(end) = end else { continue };
        if !text[end..].starts_with('>') || target.is_empty() {
            return None;
        }
        if foreign_in_target && target.contains(char::is_whitespace) {
            return None;
        }
        let label = label.map_or(String::new(), |label| format!("|{label}"));
        return Some((format!("<{target}{label}>"), at, from + end + 1));
    }
    None
}

/// Whether an address is far enough that nothing that follows can change where it leads.
fn leads_somewhere(address: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .filter_map(|scheme| address.strip_prefix(scheme))
        .any(|rest| rest.find('/').is_some_and(|host| host > 0))
}

fn percent_encoded(escaped: &str) -> String {
    let text = with_own_signs(escaped)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
