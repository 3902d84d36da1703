//! The page that says why somebody is not signed in.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::http::pages::POLICY;

/// What the page says.
pub(super) struct RefusalPage<'a> {
    /// What is wrong and what to do.
    pub(super) text: &'a str,
    /// Stable.
    pub(super) code: &'a str,
    pub(super) request_id: &'a str,
    /// The way up to the start page: the server may stand below a path of its host.
    pub(super) up: &'static str,
}

/// Text as it stands in HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// The page as HTML.
pub(super) fn show(status: StatusCode, said: &RefusalPage<'_>) -> Response {
    let RefusalPage {
        text,
        code,
        request_id,
        up,
    } = said;
    let (text, code, request_id) = (escaped(text), escaped(code), escaped(request_id));
    let html = format!(
        r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Not signed in · Tocsin</title>
    <link rel="icon" href="{up}assets/icon.svg" />
    <link rel="stylesheet" href="{up}assets/incident/style.css" />
  </head>
  <body>
    <header class="bar">
      <a class="brand" href="{up}"><img src="{up}assets/icon.svg" alt="" width="22" height="22" /> Tocsin</a>
    </header>
    <main>
      <section class="card">
        <h1>You are not signed in</h1>
        <p class="notice" role="alert">{text}</p>
        <div class="row"><a class="button" href="{up}sign-in">Sign in</a></div>
        <p class="faint">Code <code id="code">{code}</code>, request <code>{request_id}</code></p>
      </section>
    </main>
  </body>
</html>
"#
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_an_issuer_says_never_becomes_markup() {
        assert_eq!(
            escaped("<script>alert(\"a\")</script>&'"),
            "&lt;script&gt;alert(&quot;a&quot;)&lt;/script&gt;&amp;&#39;"
        );
    }
}
