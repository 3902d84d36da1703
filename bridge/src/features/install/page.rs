//! What people see in their browser who come from Slack: the console again, or a small page of our own.

use crate::texts::install as texts;
use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tocsin_slack_app::public_url::below;
use url::Url;

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstallResult {
    /// `OK`, or what went wrong. Stable.
    pub(crate) code: String,
    /// The same for people, with what to do.
    pub(crate) text: String,
    /// The object that it is about, by its global id.
    pub(crate) id: Option<String>,
}

/// The code of what went well.
pub(crate) const OK: &str = "OK";

/// Codes that label metrics. A code may also come from an address that anybody can open, and each label is kept for ever.
const COUNTED: [&str; 21] = [
    OK,
    "ACCESS_DENIED",
    "ALREADY_EXISTS",
    "BAD_CLIENT_SECRET",
    "BAD_REDIRECT_URI",
    "CONFLICT",
    "ENTERPRISE_INSTALL",
    "INVALID_CLIENT_ID",
    "LINK_EXPIRED",
    "LINK_INVALID",
    "LINK_USED",
    "MEMBER_DEACTIVATED",
    "NONCE_MISMATCH",
    "NOT_LINKED",
    "NO_BOT_TOKEN",
    "NO_CODE",
    "OTHER_BROWSER",
    "OTHER_WORKSPACE",
    "SECRET_KEY_MISSING",
    "SLACK_UNREACHABLE",
    "UNAVAILABLE",
];

impl InstallResult {
    /// The code as it labels metrics.
    pub(crate) fn label(&self) -> &'static str {
        COUNTED
            .into_iter()
            .find(|code| *code == self.code)
            .unwrap_or("OTHER")
    }

    pub(crate) fn failed(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
            id: None,
        }
    }

    /// It was installed. Whoever has done so need not be who asked: they are told whose their workspace is now.
    pub(crate) fn connected(team: &str, organization: &str, id: String) -> Self {
        Self {
            code: OK.to_owned(),
            text: texts::connected(team, organization),
            id: Some(id),
        }
    }

    /// Leads back to the console, which is told by `slack`, `code`, `reason` and `id`; or shows it, where nobody said where to go.
    pub(crate) fn show(&self, public_url: &Url, return_to: Option<&str>) -> Response {
        let target = return_to.and_then(|path| {
            let url = Url::parse(&below(public_url.as_str(), path)).ok()?;
            // A path could only lead elsewhere by a mistake of ours.
            (url.origin() == public_url.origin()).then_some(url)
        });
        match target {
            Some(mut url) => {
                let outcome = if self.code == OK { "connected" } else { "failed" };
                url.query_pairs_mut()
                    .append_pair("slack", outcome)
                    .append_pair("code", &self.code)
                    .append_pair("reason", &self.text)
                    .extend_pairs(self.id.as_ref().map(|id| ("id", id)));
                Redirect::to(url.as_str()).into_response()
            }
            None => self.page(),
        }
    }

    fn page(&self) -> Response {
        let (status, title) = if self.code == OK {
            (StatusCode::OK, texts::DONE)
        } else {
            (StatusCode::BAD_REQUEST, texts::FAILED)
        };
        (status, HEADERS, html(title, &self.text, &self.code)).into_response()
    }
}

/// A page that says something.
pub(crate) fn notice(title: &str, text: &str) -> Response {
    (StatusCode::OK, HEADERS, html(title, text, "")).into_response()
}

/// Somewhere to go on.
pub(super) struct Choice<'a> {
    pub(super) label: &'a str,
    pub(super) address: &'a str,
}

/// A page on which somebody chooses.
pub(super) fn choose(title: &str, text: &str, choices: &[Choice<'_>]) -> Response {
    let mut items = String::new();
    for choice in choices {
        let (address, label) = (escape(choice.address), escape(choice.label));
        items.extend(["<li><a href=\"", &address, "\">", &label, "</a></li>"]);
    }
    let page = html(title, text, "").replace("</html>", &format!("<ul>{items}</ul></html>"));
    (StatusCode::OK, HEADERS, page).into_response()
}

/// Nothing is loaded, framed, kept or told on.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'",
    ),
];

fn html(title: &str, text: &str, code: &str) -> String {
    let (title, text, code) = (escape(title), escape(text), escape(code));
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Tocsin</title>\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#101828}}code{{color:#667085}}</style>\
         <h1>{title}</h1><p>{text}</p><p><code>{code}</code></p></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_somebody_made_up_is_no_label() {
        assert_eq!(InstallResult::failed("NO_CODE", "").label(), "NO_CODE");
        assert_eq!(InstallResult::failed("MADE_UP_7", "").label(), "OTHER");
    }

    fn location(public: &str, return_to: &str) -> Option<String> {
        let public = Url::parse(public).expect("a URL");
        let shown = InstallResult::failed("ACCESS_DENIED", "a & <b>").show(&public, Some(return_to));
        let location = shown.headers().get(header::LOCATION)?;
        Some(location.to_str().expect("text").to_owned())
    }

    #[test]
    fn people_come_back_to_the_console_and_nowhere_else() {
        let console = "https://tocsin.example.com";
        assert_eq!(
            location(&format!("{console}/ops"), "/settings?tab=slack").as_deref(),
            Some(
                "https://tocsin.example.com/ops/settings?tab=slack&slack=failed&code=ACCESS_DENIED&reason=a+%26+%3Cb%3E"
            )
        );
        for elsewhere in ["@evil.example/", ".evil.example/", ":1@evil.example"] {
            assert_eq!(location(console, elsewhere), None, "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn the_page_says_to_whom_the_workspace_is_connected() {
        let public = Url::parse("https://tocsin.example.com").expect("a URL");
        let ending = InstallResult::connected("Acme <Inc>", "<b>Ops</b>", "wsp_1".to_owned());
        let body = ending.show(&public, None).into_body();
        let page = axum::body::to_bytes(body, usize::MAX).await.expect("a page");
        let page = String::from_utf8_lossy(&page);
        assert!(
            page.contains(
                "The Slack workspace Acme &lt;Inc&gt; is connected to the organisation &lt;b&gt;Ops&lt;/b&gt; of Tocsin."
            ),
            "{page}"
        );
    }

    #[test]
    fn nothing_foreign_is_taken_for_html() {
        let page = html("Done", "<script>alert('x')</script>", "&");
        assert!(
            page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")
                && page.contains("<code>&amp;</code>")
        );
    }
}
