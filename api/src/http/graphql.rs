//! GraphQL over HTTP: POST and GET, after the specification's draft of 2023 and npm `graphql-http`'s audits.
//!
//! A POST must be `application/json`, which no HTML form and no cross-site request without a preflight can send: that
//! is the guard against forged requests, beside the check of where a session comes from ([`super::browser`]). A GET runs queries alone.

use std::{panic::AssertUnwindSafe, time::Instant};

use async_graphql::{
    Executor, Request as GraphqlRequest, Response as GraphqlResponse, parser::types::OperationType,
};
use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request},
    response::{IntoResponse, Redirect, Response},
};
use futures::{FutureExt, StreamExt};
use tracing::{Instrument, field, info_span};

use super::{
    accept::{self, MediaType},
    answer::{HttpAnswer, Recipient},
    endpoint::{Caller, Credentials, Endpoint, TransportSettings},
    outer::RequestId,
    params::{RequestParameters, kind_name},
    phases::RequestProgress,
    refusal::HttpRefusal,
    socket,
};

/// Where GraphQL is served.
pub(super) const PATH: &str = "/graphql";
/// Longest name of an operation that logs carry, in bytes.
pub(super) const NAME_LOGGED_MAX: usize = 100;
/// How much of a body that is too large is read all the same: a client that still writes would miss the answer.
const DRAIN_FACTOR: usize = 16;

/// Every method of `/graphql`, WebSocket upgrades among them.
pub(super) async fn serve<E: Executor>(State(endpoint): State<Endpoint<E>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    if is_upgrade(&parts) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => socket::accept(endpoint, upgrade, &parts, request_id),
            Err(rejection) => {
                let refusal = HttpRefusal::request(
                    rejection.status(),
                    "BAD_REQUEST",
                    format!("The WebSocket handshake is wrong: {}.", rejection.body_text()),
                );
                refuse(MediaType::Json, refusal, request_id.as_str())
            }
        };
    }
    let Some(media) = accept::negotiate(&parts.headers) else {
        let refusal = HttpRefusal::request(
            StatusCode::NOT_ACCEPTABLE,
            "NOT_ACCEPTABLE",
            "Answers are application/graphql-response+json or application/json: accept one of them.",
        );
        return refuse(MediaType::Json, refusal, request_id.as_str());
    };
    if asks_for_a_page(&parts) {
        return Redirect::to("graphiql").into_response();
    }
    let span = info_span!(
        "graphql",
        request.id = request_id.as_str(),
        operation.kind = field::Empty,
        operation.name = field::Empty,
    );
    answer(&endpoint, &parts, body, media, &request_id)
        .instrument(span)
        .await
        .unwrap_or_else(|refusal| refuse(media, refusal, request_id.as_str()))
}

fn is_upgrade(parts: &request::Parts) -> bool {
    parts
        .headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// A person opened the address in a browser.
fn asks_for_a_page(parts: &request::Parts) -> bool {
    parts.method == Method::GET && parts.uri.query().is_none() && accept::wants_html(&parts.headers)
}

async fn answer<E: Executor>(
    endpoint: &Endpoint<E>,
    parts: &request::Parts,
    body: Body,
    media: MediaType,
    request_id: &RequestId,
) -> Result<Response, HttpRefusal> {
    let is_post = match parts.method {
        Method::POST => {
            check_content_type(&parts.headers)?;
            true
        }
        Method::GET | Method::HEAD => false,
        _ => {
            return Err(HttpRefusal::request(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "GraphQL takes POST, and GET for queries.",
            ));
        }
    };
    // Before the body: a stranger's may be short only.
    let credentials = Credentials::of(parts, &endpoint.settings)?.settle(&parts.method)?;
    let caller = (endpoint.authenticator)(credentials, request_id.to_string()).await?;
    let params = if is_post {
        RequestParameters::from_body(&read(&endpoint.settings, body, caller.is_anonymous()).await?)
    } else {
        RequestParameters::from_query_string(parts.uri.query().unwrap_or_default())
    }?;
    let operation_name = params.operation_name.clone();
    let (request, kind) = params.read(endpoint.settings.introspection.refusal(caller.is_anonymous()))?;
    check_kind(&parts.method, kind)?;

    let span = tracing::Span::current();
    span.record("operation.kind", kind_name(kind));
    if let Some(name) = operation_name
        .as_deref()
        .filter(|name| name.len() <= NAME_LOGGED_MAX)
    {
        span.record("operation.name", name);
    }
    let answer = execute(endpoint, &caller, request, kind, request_id.as_str()).await?;
    let status = match media {
        _ if caller.is_anonymous() && answer.needs_a_key() => StatusCode::UNAUTHORIZED,
        MediaType::GraphqlResponse if !answer.has_data() => StatusCode::BAD_REQUEST,
        MediaType::GraphqlResponse | MediaType::Json => StatusCode::OK,
    };
    Ok(respond(media, status, &answer))
}

/// Executes a query or a mutation, within its time, and keeps count.
pub(super) async fn execute<E: Executor>(
    endpoint: &Endpoint<E>,
    caller: &Caller,
    request: GraphqlRequest,
    kind: OperationType,
    request_id: &str,
) -> Result<HttpAnswer, HttpRefusal> {
    let started = Instant::now();
    let progress = RequestProgress::default();
    let request = caller.sign(request, request_id).data(progress.clone());
    let outcome = within(endpoint, request, &progress).await;
    let result = outcome.map(|response| {
        let recipient = Recipient {
            request_id,
            anonymous: caller.is_anonymous(),
        };
        HttpAnswer::executed(response, &progress, recipient)
    });
    let (label, took) = (outcome_label(&result), started.elapsed());
    metrics::histogram!("tocsin_graphql_request_seconds", "kind" => kind_name(kind), "outcome" => label)
        .record(took.as_secs_f64());
    tracing::debug!(
        outcome = label,
        duration_ms = took.as_secs_f64() * 1_000.0,
        "{} answered: {label}",
        kind_name(kind)
    );
    result
}

fn outcome_label(result: &Result<HttpAnswer, HttpRefusal>) -> &'static str {
    match result {
        Ok(answer) if !answer.has_errors() => "ok",
        Ok(answer) if answer.has_data() => "errors",
        Ok(_) => "refused",
        Err(_) => "failed",
    }
}

/// The schema's response, or why there is none: it is too large, the time is up, or a resolver panicked.
async fn within<E: Executor>(
    endpoint: &Endpoint<E>,
    request: GraphqlRequest,
    progress: &RequestProgress,
) -> Result<GraphqlResponse, HttpRefusal> {
    let execution = AssertUnwindSafe(endpoint.executor.execute(request)).catch_unwind();
    let execution = tokio::time::timeout(endpoint.settings.execution_max, execution);
    let outcome = tokio::select! {
        biased;
        () = progress.overflowed() => return Err(HttpRefusal::too_large()),
        outcome = execution => outcome,
    };
    match outcome {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => {
            tracing::error!("a resolver panicked; the request was answered with INTERNAL_ERROR");
            Err(HttpRefusal::fault())
        }
        Err(_) => {
            tracing::warn!("a request took longer than allowed and was given up");
            Err(HttpRefusal::timed_out())
        }
    }
}

/// A GET must not change anything, and neither can carry a subscription.
fn check_kind(method: &Method, kind: OperationType) -> Result<(), HttpRefusal> {
    match kind {
        OperationType::Query => Ok(()),
        OperationType::Mutation if method == Method::POST => Ok(()),
        OperationType::Mutation => Err(HttpRefusal::request(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "A GET runs queries only: send mutations by POST.",
        )),
        OperationType::Subscription => Err(HttpRefusal::document(
            "SUBSCRIPTION_NEEDS_WEBSOCKET",
            "Subscriptions are served over WebSocket (graphql-transport-ws) at this address.",
            None,
        )),
    }
}

pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let refuse = |message: &str| {
        Err(HttpRefusal::request(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            message,
        ))
    };
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return refuse("Compressed bodies are not supported.");
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/json"))
    {
        return refuse("A POST must have the Content-Type application/json.");
    }
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    match charset {
        Some((_, charset)) if !accept::is_utf8(charset.trim().trim_matches('"')) => {
            refuse("The body must be UTF-8.")
        }
        _ => Ok(()),
    }
}

/// The body, unless it is too large or too slow.
async fn read(settings: &TransportSettings, body: Body, anonymous: bool) -> Result<Vec<u8>, HttpRefusal> {
    let most = if anonymous {
        settings.anonymous_body_bytes_max
    } else {
        settings.body_bytes_max
    };
    let reading = async {
        let mut bytes = Vec::new();
        let mut seen = 0;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk
                .map_err(|error| HttpRefusal::bad_request(format!("The body could not be read: {error}.")))?;
            seen += chunk.len();
            if seen <= most {
                bytes.extend_from_slice(&chunk);
            } else if seen > most.saturating_mul(DRAIN_FACTOR) {
                break;
            }
        }
        if seen <= most {
            Ok(bytes)
        } else {
            Err(HttpRefusal::request(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                format!("The body is larger than {most} bytes."),
            ))
        }
    };
    tokio::time::timeout(settings.body_within, reading)
        .await
        .unwrap_or_else(|_| {
            Err(HttpRefusal::request(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                "The body did not arrive in time.",
            ))
        })
}

fn refuse(media: MediaType, refusal: HttpRefusal, request_id: &str) -> Response {
    let status = refusal.status.unwrap_or(match media {
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        MediaType::Json => StatusCode::OK,
    });
    tracing::debug!(
        request.id = request_id,
        "a GraphQL request was refused: {} {}",
        refusal.code,
        refusal.message
    );
    respond(media, status, &HttpAnswer::refused(refusal, request_id))
}

fn respond(media: MediaType, status: StatusCode, answer: &HttpAnswer) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.content_type()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Accept, Authorization")),
    ];
    let mut response = (status, headers, answer.to_json()).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    } else if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
