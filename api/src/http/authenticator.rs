//! Who is let in: the transport's view of [`viewer::authenticate`].

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::http::StatusCode;
use futures::future::BoxFuture;
use tocsin_domain::viewer::{self, AuthError, ShownCredentials, Viewer};

use super::{
    endpoint::{Authenticators, Caller, Credentials},
    refusal::HttpRefusal,
    wrong_keys::{HOLD, WrongKeyResponse, WrongKeys},
};
use crate::Api;

/// How the API finds out who asks.
pub(super) fn authenticators(api: Api, wrong_keys: &Arc<WrongKeys>) -> Authenticators {
    let changes = api.keyring().changes();
    let wrong_keys = Arc::clone(wrong_keys);
    let guarded = api.clone();
    let clock = api.clock().clone();
    Authenticators {
        entrance: Arc::new(move |credentials, request_id| -> BoxFuture<'static, _> {
            let (api, wrong_keys) = (guarded.clone(), Arc::clone(&wrong_keys));
            Box::pin(async move { guard(&api, &wrong_keys, credentials, request_id).await })
        }),
        recheck: Arc::new(move |credentials, request_id| -> BoxFuture<'static, _> {
            let api = api.clone();
            Box::pin(async move {
                let_in(&api, credentials, request_id)
                    .await
                    .map_err(|error| refusal(&error))
            })
        }),
        changes,
        clock,
    }
}

/// Lets in who shows a key that is right, and slows down who shows wrong ones.
async fn guard(
    api: &Api,
    wrong_keys: &WrongKeys,
    credentials: Credentials,
    request_id: String,
) -> Result<Caller, HttpRefusal> {
    let address = credentials.address;
    let is_guess = !viewer::is_known(api, &shown(&credentials));
    if is_guess {
        look_at_flood(wrong_keys, address)?;
    }
    let error = match let_in(api, credentials, request_id).await {
        Ok(caller) => return Ok(caller),
        Err(error) => error,
    };
    match error {
        AuthError::BadKey | AuthError::BadSession => slow_down(wrong_keys, address).await?,
        AuthError::BadHeader(_) | AuthError::NoMember(_) | AuthError::Fault(_) => {}
    }
    Err(refusal(&error))
}

/// Turns away an address from which so many wrong secrets are under way that another is not even looked at.
pub(super) fn look_at_flood(wrong_keys: &WrongKeys, address: Option<IpAddr>) -> Result<(), HttpRefusal> {
    if wrong_keys.is_flooding(address) {
        wrong_keys.note(address, Instant::now());
        return Err(turned_away());
    }
    Ok(())
}

/// Slows down an address from which a wrong secret came: the answer is given at once, held back, or another one.
pub(super) async fn slow_down(wrong_keys: &WrongKeys, address: Option<IpAddr>) -> Result<(), HttpRefusal> {
    match wrong_keys.note(address, Instant::now()) {
        WrongKeyResponse::Answer => Ok(()),
        WrongKeyResponse::Hold => {
            let _held = DelayedAnswer { wrong_keys, address };
            tokio::time::sleep(HOLD).await;
            Ok(())
        }
        WrongKeyResponse::TurnAway => Err(turned_away()),
    }
}

/// An answer that is held back, until it is given or nobody waits for it any more.
struct DelayedAnswer<'a> {
    wrong_keys: &'a WrongKeys,
    address: Option<IpAddr>,
}

impl Drop for DelayedAnswer<'_> {
    fn drop(&mut self) {
        self.wrong_keys.release(self.address);
    }
}

fn turned_away() -> HttpRefusal {
    HttpRefusal::request(
        StatusCode::TOO_MANY_REQUESTS,
        "TOO_MANY_WRONG_KEYS",
        "Too many wrong API keys, sessions or links come from your address. Wait a few seconds, then try again with one that is valid.",
    )
}

async fn let_in(api: &Api, credentials: Credentials, request_id: String) -> Result<Caller, AuthError> {
    let Viewer { who, address, .. } = viewer::authenticate(api, shown(&credentials), request_id).await?;
    Ok(Caller::new(who.clone(), move |request, request_id| {
        request.data(Viewer {
            who: who.clone(),
            address,
            request_id: request_id.to_owned(),
        })
    }))
}

fn shown(credentials: &Credentials) -> ShownCredentials<'_> {
    ShownCredentials {
        bearer: credentials.bearer.as_deref(),
        session: credentials.session.as_deref(),
        organization: credentials.organization.as_deref(),
        on_behalf_of: credentials.on_behalf_of.as_deref(),
        address: credentials.address,
    }
}

fn refusal(error: &AuthError) -> HttpRefusal {
    let status = match error {
        AuthError::BadKey | AuthError::BadSession => StatusCode::UNAUTHORIZED,
        AuthError::BadHeader(_) => StatusCode::BAD_REQUEST,
        AuthError::NoMember(_) => StatusCode::FORBIDDEN,
        AuthError::Fault(fault) => {
            tracing::error!("a key could not be checked: {fault}");
            return HttpRefusal::request(
                StatusCode::SERVICE_UNAVAILABLE,
                error.code(),
                "Tocsin can't check the API key just now. Nothing was changed: try again.",
            );
        }
    };
    HttpRefusal::request(status, error.code(), error.to_string())
}
