//! Pages for people: `/`, `/graphiql`, `/link`, `/sign-in`, `/sessions`, `/incidents/{number}`, `/incidents/{number}/postmortem`. All of them are in the binary, and none has inline code.
//!
//! Their addresses are relative: the server may stand below a path of its host.

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Only what this server itself sends, and connections to itself alone.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// `GraphiQL`'s editor makes style elements while it runs, and its style sheet has images as data.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// A file of `api/assets/`.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

/// An asset that is kept gzipped has a path ending so on disk, and not on the web.
macro_rules! asset {
    ($path:literal, $content_type:expr) => {
        Asset {
            path: concat!("/assets/", $path),
            content_type: $content_type,
            body: include_bytes!(concat!("../../assets/", $path)),
        }
    };
    ($path:literal, $content_type:expr, gzip) => {
        Asset {
            path: concat!("/assets/", $path),
            content_type: $content_type,
            body: include_bytes!(concat!("../../assets/", $path, ".gz")),
        }
    };
}

static ASSETS: [Asset; 20] = [
    asset!("icon.svg", "image/svg+xml"),
    asset!("incident/style.css", STYLE),
    asset!("incident/api.js", SCRIPT),
    asset!("incident/view.js", SCRIPT),
    asset!("incident/page.js", SCRIPT),
    asset!("link/page.js", SCRIPT),
    asset!("sign-in/next.js", SCRIPT),
    asset!("sign-in/page.js", SCRIPT),
    asset!("sessions/style.css", STYLE),
    asset!("sessions/page.js", SCRIPT),
    asset!("postmortem/style.css", STYLE),
    asset!("postmortem/markdown.js", SCRIPT),
    asset!("postmortem/page.js", SCRIPT),
    asset!("graphiql/page.css", STYLE),
    asset!("graphiql/page.js", SCRIPT),
    asset!("graphiql/graphiql.min.css", STYLE, gzip),
    asset!("graphiql/graphiql.min.js", SCRIPT, gzip),
    asset!("graphiql/react.min.js", SCRIPT, gzip),
    asset!("graphiql/react-dom.min.js", SCRIPT, gzip),
    asset!("graphiql/graphql-ws.min.js", SCRIPT, gzip),
];

/// First bytes of gzip. Source: RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl IntoResponse for &'static Asset {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        // An hour: the pages and their scripts change together, with the binary.
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=3600"),
        );
        if self.body.starts_with(&GZIP) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

fn page(status: StatusCode, policy: &'static str, html: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (status, headers, html).into_response()
}

async fn index() -> Response {
    page(StatusCode::OK, POLICY, include_str!("../../assets/index.html"))
}

async fn graphiql() -> Response {
    page(
        StatusCode::OK,
        GRAPHIQL_POLICY,
        include_str!("../../assets/graphiql/index.html"),
    )
}

/// Where a person in Slack, who was given the page's address with a code, says with a key which member they are.
async fn link() -> Response {
    page(
        StatusCode::OK,
        POLICY,
        include_str!("../../assets/link/index.html"),
    )
}

/// Where people sign in. Which ways there are, and whom a link signs in, the page asks for.
async fn sign_in() -> Response {
    page(
        StatusCode::OK,
        POLICY,
        include_str!("../../assets/sign-in/index.html"),
    )
}

/// Where people see in which browsers they are signed in, and end it.
async fn sessions() -> Response {
    page(
        StatusCode::OK,
        POLICY,
        include_str!("../../assets/sessions/index.html"),
    )
}

/// Whether an incident may have this number.
fn status_of(number: &str) -> StatusCode {
    if number.parse::<u32>().is_ok_and(|number| number > 0) {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }
}

/// The same page for every number: what it shows, it reads by GraphQL with the visitor's session or key.
async fn incident(Path(number): Path<String>) -> Response {
    let html = include_str!("../../assets/incident/index.html");
    page(status_of(&number), POLICY, html)
}

/// Likewise.
async fn postmortem(Path(number): Path<String>) -> Response {
    let html = include_str!("../../assets/postmortem/index.html");
    page(status_of(&number), POLICY, html)
}

/// The pages and what they load.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let pages = Router::new()
        .route("/", get(index))
        .route("/graphiql", get(graphiql))
        .route("/link", get(link))
        .route("/sign-in", get(sign_in))
        .route("/sessions", get(sessions))
        .route("/incidents/{number}", get(incident))
        .route("/incidents/{number}/postmortem", get(postmortem));
    ASSETS.iter().fold(pages, |router, asset| {
        router.route(asset.path, get(move || async move { asset }))
    })
}
