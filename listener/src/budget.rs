//! The bytes that the bodies of all requests hold: they share one number.
//!
//! The bytes of a body count until its request is answered. Where all together are too many, the longest of those that are
//! still incomplete is given up: a body of a few kilobytes, which comes at once, is taken also while somebody keeps
//! hundreds of long ones open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio_util::sync::CancellationToken;

/// Why a body was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// It did not come in time.
    TooSlow,
    /// All bodies together are too long.
    TooManyBytes,
}

impl BodyRefusal {
    fn reason(self) -> &'static str {
        match self {
            Self::TooSlow => "too_slow",
            Self::TooManyBytes => "too_many_bytes",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TooSlow => "The body did not arrive in time: send it at once, after the head.",
            Self::TooManyBytes => {
                "The server holds as many bytes of unfinished requests as it may: send the request again."
            }
        }
    }
}

impl IntoResponse for BodyRefusal {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Self::TooManyBytes => (StatusCode::SERVICE_UNAVAILABLE, "SERVER_BUSY"),
        };
        let error = serde_json::json!({"message": self.message(), "extensions": {"code": code}});
        let body = axum::Json(serde_json::json!({ "errors": [error] }));
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        let mut response = (status, close, body).into_response();
        if self == Self::TooManyBytes {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The bytes that all bodies may hold together.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    name: &'static str,
    most: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    next: u64,
    bodies: HashMap<u64, HeldBody>,
}

#[derive(Debug)]
struct HeldBody {
    bytes: usize,
    is_complete: bool,
    giving_up: CancellationToken,
}

/// One request's part of the budget, until the request is answered.
#[derive(Debug)]
pub(crate) struct Share {
    id: u64,
    name: &'static str,
    most: usize,
    held: Arc<Mutex<Held>>,
    /// Cancelled when this body must make room for others.
    pub(crate) giving_up: CancellationToken,
    refusal: Mutex<Option<BodyRefusal>>,
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BodyBudget {
    pub(crate) fn new(name: &'static str, most: usize) -> Self {
        Self {
            name,
            most,
            held: Arc::default(),
        }
    }

    /// The share of a request that begins.
    pub(crate) fn share(&self) -> Arc<Share> {
        let giving_up = CancellationToken::new();
        let mut held = lock(&self.held);
        held.next += 1;
        let id = held.next;
        held.bodies.insert(
            id,
            HeldBody {
                bytes: 0,
                is_complete: false,
                giving_up: giving_up.clone(),
            },
        );
        drop(held);
        Arc::new(Share {
            id,
            name: self.name,
            most: self.most,
            held: Arc::clone(&self.held),
            giving_up,
            refusal: Mutex::default(),
        })
    }
}

impl Share {
    /// Why the body was given up, if it was.
    pub(crate) fn refusal(&self) -> Option<BodyRefusal> {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refuse(&self, refusal: BodyRefusal) {
        let mut own = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        if own.is_none() {
            *own = Some(refusal);
            metrics::counter!("tocsin_http_bodies_refused_total", "listener" => self.name, "reason" => refusal.reason())
                .increment(1);
        }
    }

    /// Counts bytes that have come. Where they are too many, the longest incomplete body is told to give up.
    pub(crate) fn take(&self, bytes: usize) {
        let mut held = lock(&self.held);
        held.bytes += bytes;
        if let Some(own) = held.bodies.get_mut(&self.id) {
            own.bytes += bytes;
        }
        let mut too_many = held.bytes.saturating_sub(self.most);
        while too_many > 0 {
            let longest = held
                .bodies
                .values()
                .filter(|body| !body.is_complete && !body.giving_up.is_cancelled())
                .max_by_key(|body| body.bytes);
            let Some(longest) = longest else { return };
            longest.giving_up.cancel();
            too_many = too_many.saturating_sub(longest.bytes.max(1));
        }
    }

    /// It has come to its end, or is waited for no more.
    pub(crate) fn complete(&self) {
        if let Some(own) = lock(&self.held).bodies.get_mut(&self.id) {
            own.is_complete = true;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        if let Some(own) = held.bodies.remove(&self.id) {
            held.bytes -= own.bytes;
        }
    }
}
