//! Which media type an answer takes: RFC 9110, section 12.5.1, for the two types GraphQL over HTTP knows.

use axum::http::{HeaderMap, HeaderValue, header};

/// A media type that a GraphQL answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: whatever the document says, the status is 200.
    Json,
    /// `application/graphql-response+json`: the status tells whether the document could be executed.
    GraphqlResponse,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => HeaderValue::from_static("application/json; charset=utf-8"),
            Self::GraphqlResponse => {
                HeaderValue::from_static("application/graphql-response+json; charset=utf-8")
            }
        }
    }

    const fn subtype(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::GraphqlResponse => "graphql-response+json",
        }
    }
}

/// One entry of an `Accept` header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Thousandths, as qualities have at most three decimals.
    quality: u32,
    utf8: bool,
}

impl<'a> Range<'a> {
    fn parse(entry: &'a str) -> Option<Self> {
        let mut parts = entry.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range = Self {
            kind,
            subtype,
            quality: 1_000,
            utf8: true,
        };
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("q") {
                range.quality = quality(value)?;
            } else if name.trim().eq_ignore_ascii_case("charset") {
                range.utf8 = is_utf8(value);
            }
        }
        Some(range)
    }

    /// How closely the range names the type: the closest range decides about it.
    fn closeness(&self, media: MediaType) -> Option<u8> {
        if !self.utf8 {
            None
        } else if self.kind == "*" && self.subtype == "*" {
            Some(0)
        } else if !self.kind.eq_ignore_ascii_case("application") {
            None
        } else if self.subtype == "*" {
            Some(1)
        } else {
            self.subtype.eq_ignore_ascii_case(media.subtype()).then_some(2)
        }
    }
}

/// Thousandths from `1`, `0.9`, `0.125`; nothing for what is no quality.
fn quality(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    Some((whole * 1_000 + fraction).min(1_000))
}

/// Whether a charset parameter names UTF-8.
pub(super) fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// The type the caller likes best; `None` when it takes neither.
///
/// Among equals the more closely named wins, then the one named first, then JSON: `*/*` gets JSON, and a client
/// that lists both without qualities gets the one it lists first.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let text: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    let entries: Vec<&str> = text
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    if entries.is_empty() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<Range<'_>> = entries.iter().filter_map(|entry| Range::parse(entry)).collect();
    [MediaType::Json, MediaType::GraphqlResponse]
        .into_iter()
        .filter_map(|media| {
            let (closeness, position, quality) = ranges
                .iter()
                .enumerate()
                .filter_map(|(at, range)| Some((range.closeness(media)?, at, range.quality)))
                .max_by_key(|(closeness, at, _)| (*closeness, usize::MAX - at))?;
            (quality > 0).then_some((quality, closeness, usize::MAX - position, media))
        })
        .reduce(|best, next| {
            if (next.0, next.1, next.2) > (best.0, best.1, best.2) {
                next
            } else {
                best
            }
        })
        .map(|(_, _, _, media)| media)
}

/// Whether a browser is asking: the caller names HTML.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(value));
        negotiate(&headers)
    }

    #[test]
    fn without_a_wish_the_answer_is_json() {
        assert_eq!(negotiate(&HeaderMap::new()), Some(MediaType::Json));
        assert_eq!(accept(""), Some(MediaType::Json));
        assert_eq!(accept("*/*"), Some(MediaType::Json));
        assert_eq!(accept("application/*"), Some(MediaType::Json));
    }

    #[test]
    fn quality_decides_before_order() {
        assert_eq!(
            accept("application/json;q=0.8, application/graphql-response+json;q=0.9"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            accept("application/graphql-response+json;q=0.1, */*"),
            Some(MediaType::Json)
        );
    }

    #[test]
    fn among_equals_the_first_named_wins() {
        assert_eq!(
            accept("application/graphql-response+json, application/graphql+json, application/json"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            accept("application/json, application/graphql-response+json"),
            Some(MediaType::Json)
        );
        assert_eq!(
            accept("*/*, application/graphql-response+json"),
            Some(MediaType::GraphqlResponse)
        );
    }

    #[test]
    fn what_is_refused_is_not_sent() {
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("application/json;q=0"), None);
        assert_eq!(
            accept("application/json;q=0, */*;q=0.1"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(accept("application/json;charset=latin1"), None);
    }

    #[test]
    fn several_headers_count_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(header::ACCEPT, HeaderValue::from_static("application/json"));
        assert_eq!(negotiate(&headers), Some(MediaType::Json));
    }
}
