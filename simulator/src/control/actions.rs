//! Acting in the workspace.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{BadRequest, body};
use crate::clock;
use crate::config::FileSeed;
use crate::error::ActError;
use crate::faults::Fault;
use crate::limits::{CallLimits, PostLimit};
use crate::outbound::answer::AppAnswer;
use crate::outbound::{command as commands, interaction};
use crate::state::host::{Callbacks, Host, lock};

type Done = Result<Json<Value>, BadRequest>;

/// Fields that several requests share; what is not given is asked for by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    #[serde(rename = "as")]
    person: String,
    channel: String,
    #[serde(default)]
    thread: Option<String>,
    #[serde(default)]
    ts: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    action: Option<String>,
    /// The option of a menu.
    #[serde(default)]
    choice: Option<String>,
    #[serde(default)]
    emoji: Option<String>,
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    broadcast: bool,
    #[serde(default)]
    files: Vec<FileSeed>,
    /// Seconds to wait for a thread that is not there yet.
    #[serde(default = "patience")]
    wait: f64,
}

fn patience() -> f64 {
    5.0
}

fn given<'a>(value: Option<&'a String>, name: &str) -> Result<&'a str, BadRequest> {
    value
        .map(String::as_str)
        .ok_or_else(|| BadRequest::new(format!("\"{name}\" is missing")))
}

/// The `ts` of the message or thread that is meant. `#1` and `latest` are waited for a little: whoever asks
/// has just caused the message.
async fn find_thread(host: &Host, act: &Act, thread: &str) -> Result<String, BadRequest> {
    let find = || {
        host.read(|ws| {
            let channel = ws.find_channel(&act.channel)?;
            ws.find_thread(channel, thread)
        })
    };
    let mut activity = host.activity.subscribe();
    let search = async {
        loop {
            activity.mark_unchanged();
            let found = find();
            if found.is_ok() || clock::is_ts(thread) || activity.changed().await.is_err() {
                return found;
            }
        }
    };
    let found = match tokio::time::timeout(crate::faults::pause(act.wait), search).await {
        Ok(found) => found,
        Err(_) => find(),
    };
    Ok(found?)
}

/// `POST /sim/messages`.
pub(super) async fn post_message(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(
        &bytes,
        r##"{"as":"alice","channel":"incidents","thread":"#1","text":"On it."}"##,
    )?;
    let text = match &act.text {
        None if !act.files.is_empty() => "",
        text => given(text.as_ref(), "text")?,
    };
    let thread = match &act.thread {
        Some(thread) => Some(find_thread(&host, &act, thread).await?),
        None => None,
    };
    let (person, channel, in_thread) = (&act.person, &act.channel, thread.as_deref());
    let ts = host.change(|ws| match act.files.as_slice() {
        [] => ws.post_as(person, channel, in_thread, act.broadcast, text),
        files => ws.upload_as(person, channel, in_thread, text, files),
    })?;
    Ok(Json(json!({ "ok": true, "ts": ts, "thread_ts": thread })))
}

/// `POST /sim/click`.
pub(super) async fn click(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(
        &bytes,
        r##"{"as":"alice","channel":"incidents","thread":"#1","action":"acknowledge"}"##,
    )?;
    let action = given(act.action.as_ref(), "action")?;
    let ts = match (&act.ts, &act.thread) {
        (Some(ts), _) => ts.clone(),
        (None, Some(thread)) => find_thread(&host, &act, thread).await?,
        (None, None) => return Err(BadRequest::new("\"ts\" or \"thread\" is missing")),
    };
    Ok(Json(
        interaction::press(
            &host,
            &act.person,
            &act.channel,
            &ts,
            action,
            act.choice.as_deref(),
        )
        .await?,
    ))
}

/// `POST /sim/edit`.
pub(super) async fn edit(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(
        &bytes,
        r#"{"as":"alice","channel":"incidents","ts":"…","text":"…"}"#,
    )?;
    let (ts, text) = (given(act.ts.as_ref(), "ts")?, given(act.text.as_ref(), "text")?);
    done(host.change(|ws| ws.edit_as(&act.person, &act.channel, ts, text)))
}

/// `POST /sim/delete`.
pub(super) async fn delete(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(&bytes, r#"{"as":"alice","channel":"incidents","ts":"…"}"#)?;
    let ts = given(act.ts.as_ref(), "ts")?;
    done(host.change(|ws| ws.delete_as(&act.person, &act.channel, ts)))
}

/// `POST /sim/react`.
pub(super) async fn react(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(
        &bytes,
        r#"{"as":"alice","channel":"incidents","ts":"…","emoji":"eyes"}"#,
    )?;
    let (ts, emoji) = (given(act.ts.as_ref(), "ts")?, given(act.emoji.as_ref(), "emoji")?);
    done(host.change(|ws| ws.react_as(&act.person, &act.channel, ts, emoji.trim_matches(':'))))
}

/// `POST /sim/command`.
pub(super) async fn command(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(
        &bytes,
        r#"{"as":"alice","channel":"incidents","command":"/incident","text":"list"}"#,
    )?;
    let command = given(act.command.as_ref(), "command")?;
    let text = act.text.as_deref().unwrap_or_default();
    Ok(Json(
        commands::run(&host, &act.person, &act.channel, command, text).await?,
    ))
}

/// `POST /sim/invite`: brings the app into a channel.
pub(super) async fn invite(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(&bytes, r#"{"as":"alice","channel":"general"}"#)?;
    done(host.change(|ws| ws.set_bot_membership(&act.person, &act.channel, true)))
}

fn done(result: Result<(), ActError>) -> Done {
    result?;
    Ok(Json(json!({ "ok": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCallbacks {
    base: Option<String>,
    events: Option<String>,
    interactions: Option<String>,
    commands: Option<String>,
}

/// `POST /sim/callbacks`: where requests to the app go.
pub(super) async fn callbacks(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let new: NewCallbacks = body(&bytes, r#"{"base":"http://127.0.0.1:8081"}"#)?;
    let url = |text: Option<String>| text.map(|text| address(&text)).transpose();
    let callbacks = match new.base {
        Some(base) => Callbacks::under(&address(&base)?),
        None => Callbacks {
            events: url(new.events)?,
            interactions: url(new.interactions)?,
            commands: url(new.commands)?,
            options: None,
        },
    };
    *lock(&host.app.callbacks) = callbacks;
    Ok(Json(json!({ "ok": true })))
}

fn address(text: &str) -> Result<Url, BadRequest> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| BadRequest::new(format!("\"{text}\" is no http address")))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NewLimits {
    Posts { posts_per_second: f64 },
    All(CallLimits),
}

/// `POST /sim/limits`.
pub(super) async fn limits(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let new: NewLimits = body(&bytes, r#"{"posts_per_second":1}"#)?;
    let limits = match new {
        NewLimits::Posts { posts_per_second } => CallLimits::posts_per_second(posts_per_second),
        NewLimits::All(limits) => limits,
    };
    let sound = |p: PostLimit| p.per_second.is_finite() && p.per_second > 0.0;
    if !limits.posts_per_channel.is_none_or(sound) {
        return Err(BadRequest::new("posts a second must be more than 0"));
    }
    lock(&host.limiter).set(limits);
    Ok(Json(json!({ "ok": true })))
}

/// Fields of a fault. Serde cannot refuse others beside a flattened enum.
const FAULT_FIELDS: &[&str] = &[
    "method",
    "channel",
    "times",
    "skip",
    "when",
    "kind",
    "status",
    "error",
    "retry_after",
    "seconds",
];

/// `POST /sim/faults`.
pub(super) async fn add_fault(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    const EXAMPLE: &str =
        r#"{"method":"chat.postMessage","kind":"http_error","status":500,"when":"after","times":1}"#;
    let given: Map<String, Value> = body(&bytes, EXAMPLE)?;
    if let Some(unknown) = given.keys().find(|key| !FAULT_FIELDS.contains(&key.as_str())) {
        return Err(BadRequest::new(format!(
            "there is no field \"{unknown}\"; for example: {EXAMPLE}"
        )));
    }
    let fault: Fault = body(&bytes, EXAMPLE)?;
    if fault.times == Some(0) {
        return Err(BadRequest::new("\"times\" is at least 1; null is until cleared"));
    }
    lock(&host.faults).add(fault);
    Ok(Json(json!({ "ok": true })))
}

/// `DELETE /sim/faults`.
pub(super) async fn clear_faults(State(host): State<Arc<Host>>) -> Json<Value> {
    lock(&host.faults).clear();
    Json(json!({ "ok": true }))
}
