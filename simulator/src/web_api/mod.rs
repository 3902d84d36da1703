//! The Web API: `/api/{method}`.
//!
//! Every call passes the same gates in the same order: the method exists, its faults, the token, the rate
//! limit, the scopes, the arguments. Then the method itself decides.

mod auth;
mod blocks;
mod chat;
mod conversations;
mod functions;
mod installed;
mod paging;
mod reactions;
mod registry;
pub(crate) mod reply;
mod token_methods;
mod unfurl;
mod usergroups;
mod users;
pub(crate) mod views;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method as Verb, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::json;

use crate::calls;
use crate::clock;
use crate::faults::When;
use crate::method::arguments::{self, IncomingRequest, MethodArguments};
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal};
use crate::method::{Method, TokenKinds};
use crate::state::host::{Host, lock};
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::installation::Holder;
use reply::MethodReply;

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new().route("/api/{method}", any(serve))
}

async fn serve(
    State(home): State<Arc<Host>>,
    Path(name): Path<String>,
    verb: Verb,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = IncomingRequest {
        verb: &verb,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let at_micros = clock::now_micros();
    let method = registry::find(&name);
    let read = MethodArguments::read(&incoming, method.is_some_and(|m| m.json));
    let (args, unreadable) = match read {
        Ok(args) => (args, None),
        Err(refusal) => (MethodArguments::default(), Some(refusal)),
    };
    let host = team_of(&home, &args);
    let mut record = calls::Call {
        at_micros,
        method: name.clone(),
        args: args.for_the_record(),
        status: Some(200),
        error: None,
        retry_after: None,
        done: false,
        notes: args.notes.clone(),
    };
    let channel = args.text("channel");
    let fault = lock(&host.faults).take(&name, channel.as_deref());
    // Slack finishes what it has begun, whether its caller still listens or not.
    let answered = tokio::spawn(async move {
        let reply = match fault {
            Some((kind, When::Before)) => match reply::spoil(&host, kind).await {
                Some(reply) => reply,
                None => answer(&host, method, &args, unreadable, &mut record),
            },
            Some((kind, When::After)) => {
                let reply = answer(&host, method, &args, unreadable, &mut record);
                reply::spoil(&host, kind).await.unwrap_or(reply)
            }
            None => answer(&host, method, &args, unreadable, &mut record),
        };
        record.status = reply.status();
        record.error = reply.error();
        record.retry_after = reply.retry_after();
        host.log_call(record);
        let granted = args
            .token
            .as_deref()
            .and_then(|token| standing(&host, token).ok());
        let scopes = granted.map(|(_, scopes)| scopes);
        reply.into_response(scopes.as_deref())
    });
    answered
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The team that a call is about: its token says so, or what it wants to exchange for one.
fn team_of(home: &Arc<Host>, args: &MethodArguments) -> Arc<Host> {
    let platform = &home.platform;
    let by_token = args.token.as_deref().and_then(|token| platform.of_token(token));
    let by_code = || {
        let team = lock(&platform.codes).team(&args.text("code")?)?;
        platform.team(&team)
    };
    let by_refresh = || platform.of_refresh_token(&args.text("refresh_token")?);
    by_token
        .or_else(by_code)
        .or_else(by_refresh)
        .unwrap_or_else(|| Arc::clone(home))
}

/// The proper answer, and its effect.
fn answer(
    host: &Host,
    method: Option<&'static Method>,
    args: &MethodArguments,
    unreadable: Option<MethodRefusal>,
    record: &mut calls::Call,
) -> MethodReply {
    let Some(method) = method else {
        let mut refusal = MethodRefusal::from("unknown_method");
        refusal
            .fields
            .insert("req_method".to_owned(), json!(record.method));
        return MethodReply::refused(refusal);
    };
    if let Some(refusal) = unreadable {
        return MethodReply::refused(refusal);
    }
    let (holder, scopes) = match authenticate(host, method, args) {
        Ok(authenticated) => authenticated,
        Err(refusal) => return MethodReply::refused(refusal),
    };
    let call = MethodCall {
        host,
        method,
        args,
        holder,
        scopes,
    };
    let channel = args
        .text("channel")
        .map(|named| host.read(|ws| paced_channel(ws, named)));
    if let Err(retry_after) = lock(&host.limiter).take(method.name, method.tier, channel.as_deref()) {
        return MethodReply::RateLimited { retry_after };
    }
    for unknown in args
        .values()
        .keys()
        .filter(|name| !method.args.contains(&name.as_str()) && !method.open)
    {
        record.notes.push(format!("there is no argument \"{unknown}\""));
    }
    match run(&call) {
        Ok(mut fields) => {
            record.done = true;
            if args.json_without_charset {
                fields.insert("warning".to_owned(), json!("missing_charset"));
                fields.insert(
                    "response_metadata".to_owned(),
                    reply::with_warning(&fields, "missing_charset"),
                );
            }
            MethodReply::Ok(fields)
        }
        Err(refusal) => MethodReply::refused(refusal),
    }
}

/// The channel that a post counts for, whether it is named or given by id.
fn paced_channel(ws: &SimulatedWorkspace, named: String) -> String {
    let name = named.trim_start_matches('#');
    ws.channels
        .iter()
        .find(|c| !c.is_im() && c.name == name)
        .map_or(named, |c| c.id.clone())
}

/// Whose token a call carries, and what it may; nobody's and nothing where none is needed.
fn authenticate(
    host: &Host,
    method: &Method,
    args: &MethodArguments,
) -> Result<(Option<Holder>, Vec<String>), MethodRefusal> {
    if method.open {
        return Ok((None, Vec::new()));
    }
    let token = args.token.as_deref().filter(|token| !token.is_empty());
    let (holder, scopes) = standing(host, token.ok_or("not_authed")?)?;
    let fits = match holder {
        Holder::Bot => method.tokens != TokenKinds::Users,
        Holder::User { .. } => method.tokens != TokenKinds::Bots,
    };
    if !fits {
        return Err("not_allowed_token_type".into());
    }
    Ok((Some(holder), scopes))
}

/// Whose token it is, and what it may.
fn standing(host: &Host, token: &str) -> Result<(Holder, Vec<String>), &'static str> {
    host.read(|ws| {
        if ws.executions.iter().any(|run| run.has_token(token)) {
            return Ok((Holder::Bot, ws.installation.scopes().to_vec()));
        }
        if token.starts_with("xwfp-") {
            return Err("token_expired");
        }
        ws.installation.holder(token)
    })
}

fn run(call: &MethodCall<'_>) -> MethodOutcome {
    call.require_method_scopes()?;
    if let Some(&name) = call.method.required.iter().find(|name| !call.args.has(name)) {
        return Err(arguments::missing_argument(name));
    }
    (call.method.run)(call)
}
