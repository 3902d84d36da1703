//! A server below a path of its host: with `https://ops.example.com/tocsin` as the public URL, a proxy may hand on `/tocsin/graphql`, or take
//! the path off first. Both work. The figures of `/metrics` are not served below it: they are for the machine, and a proxy keeps them from the
//! public by their path.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{Uri, uri::PathAndQuery},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

/// Serves these routes below the path of the public URL as well. A request that a route takes as it is keeps its path: a proxy may have taken
/// the path off, and the rest may begin alike.
pub(crate) fn serve_below(public: &Url, router: Router) -> Router {
    let path = public.path().trim_end_matches('/');
    if path.is_empty() {
        return router;
    }
    let below = Router::new()
        .fallback_service(router.clone())
        .layer(middleware::from_fn_with_state(Arc::<str>::from(path), take_off));
    router.fallback_service(below)
}

/// Takes the path off a request that has it. The routes see the rest.
async fn take_off(State(path): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    match rest(request.uri(), &path) {
        Some(Rest::Nothing) => return Redirect::permanent(&format!("{path}/")).into_response(),
        Some(Rest::Below(uri)) => *request.uri_mut() = uri,
        None => {}
    }
    next.run(request).await
}

/// What a request asks for below a path.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// The path itself, without the slash that pages need for their relative addresses.
    Nothing,
    Below(Uri),
}

/// None where the request is not below the path.
fn rest(uri: &Uri, path: &str) -> Option<Rest> {
    let rest = uri.path().strip_prefix(path)?;
    if rest.is_empty() {
        return Some(Rest::Nothing);
    }
    // `/tocsins` is not below `/tocsin`.
    if !rest.starts_with('/') {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let below: PathAndQuery = format!("{rest}{query}").parse().ok()?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(below);
    Uri::from_parts(parts).ok().map(Rest::Below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_off_whole() {
        let below = |uri: &'static str| Some(Rest::Below(Uri::from_static(uri)));
        for (asked, expected) in [
            ("/tocsin", Some(Rest::Nothing)),
            ("/tocsin?x=1", Some(Rest::Nothing)),
            ("/tocsin/", below("/")),
            ("/tocsin/graphql?query=x", below("/graphql?query=x")),
            ("/tocsin//graphql", below("//graphql")),
            ("/tocsins", None),
            ("/graphql", None),
            ("/", None),
        ] {
            assert_eq!(rest(&Uri::from_static(asked), "/tocsin"), expected, "{asked}");
        }
    }
}
