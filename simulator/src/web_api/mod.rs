//! The Web API: `/api/{method}`.
//!
//! Every call passes the same gates in the same order: the method exists, its faults, the token, the rate
//! limit, the scopes, the arguments. Then the method itself decides.

mod arguments;
mod auth;
mod blocks;
mod call;
mod chat;
mod conversations;
mod functions;
mod paging;
mod reactions;
pub(crate) mod refusal;
mod registry;
pub(crate) mod reply;
mod unfurl;
mod usergroups;
mod users;
pub(crate) mod views;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method as Verb, Uri};
use axum::response::Response;
use axum::routing::any;
use serde_json::json;

use crate::calls;
use crate::clock;
use crate::faults::When;
use crate::host::{Host, lock};
use crate::workspace::Workspace;
use arguments::{Arguments, Incoming};
use call::Call;
use refusal::{Outcome, Refusal};
use registry::Method;
use reply::Reply;

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new().route("/api/{method}", any(serve))
}

async fn serve(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    verb: Verb,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = Incoming {
        verb: &verb,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let at_micros = clock::now_micros();
    let method = registry::find(&name);
    let read = Arguments::read(&incoming, method.is_some_and(|m| m.json));
    let (args, unreadable) = match read {
        Ok(args) => (args, None),
        Err(refusal) => (Arguments::default(), Some(refusal)),
    };
    let mut record = calls::Call {
        at_micros,
        method: name.clone(),
        args: args.values().clone(),
        status: Some(200),
        error: None,
        retry_after: None,
        done: false,
        notes: args.notes.clone(),
    };
    let channel = args.text("channel");
    let fault = lock(&host.faults).take(&name, channel.as_deref());
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
    reply.into_response(&host.config.scopes)
}

/// The proper answer, and its effect.
fn answer(
    host: &Host,
    method: Option<&'static Method>,
    args: &Arguments,
    unreadable: Option<Refusal>,
    record: &mut calls::Call,
) -> Reply {
    let Some(method) = method else {
        let mut refusal = Refusal::from("unknown_method");
        refusal
            .fields
            .insert("req_method".to_owned(), json!(record.method));
        return Reply::refused(refusal);
    };
    if let Some(refusal) = unreadable {
        return Reply::refused(refusal);
    }
    let call = Call { host, method, args };
    if let Err(refusal) = authenticate(&call) {
        return Reply::refused(refusal);
    }
    let channel = args
        .text("channel")
        .map(|named| host.read(|ws| paced_channel(ws, named)));
    if let Err(retry_after) = lock(&host.limiter).take(method.name, method.tier, channel.as_deref()) {
        return Reply::RateLimited { retry_after };
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
            Reply::Ok(fields)
        }
        Err(refusal) => Reply::refused(refusal),
    }
}

/// The channel that a post counts for, whether it is named or given by id.
fn paced_channel(ws: &Workspace, named: String) -> String {
    let name = named.trim_start_matches('#');
    ws.channels
        .iter()
        .find(|c| !c.is_im() && c.name == name)
        .map_or(named, |c| c.id.clone())
}

fn authenticate(call: &Call<'_>) -> Result<(), Refusal> {
    if call.method.open {
        return Ok(());
    }
    match &call.args.token {
        None => Err("not_authed".into()),
        Some(token) if token.is_empty() => Err("not_authed".into()),
        Some(token) if *token == call.host.config.bot_token => Ok(()),
        Some(token)
            if call
                .host
                .read(|ws| ws.executions.iter().any(|run| run.has_token(token))) =>
        {
            Ok(())
        }
        Some(token) if token.starts_with("xwfp-") => Err("token_expired".into()),
        Some(_) => Err("invalid_auth".into()),
    }
}

fn run(call: &Call<'_>) -> Outcome {
    call.require_method_scopes()?;
    if let Some(&name) = call.method.required.iter().find(|name| !call.args.has(name)) {
        return Err(arguments::missing_argument(name));
    }
    (call.method.run)(call)
}
