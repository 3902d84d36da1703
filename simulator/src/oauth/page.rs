//! The page on which a person is asked.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::decision::{self, Decision};
use super::link::{Link, LinkPurpose, LinkRefusal};
use crate::state::codes::RequestedGrant;
use crate::state::host::Host;
use crate::state::workspace::SimulatedWorkspace;

pub(crate) fn routes() -> Router<Arc<Host>> {
    let ask_and_answer = |purpose: LinkPurpose| {
        get(
            async move |State(home): State<Arc<Host>>, RawQuery(query): RawQuery| {
                ask(&home, purpose, &query.unwrap_or_default())
            },
        )
        .post(
            async move |State(home): State<Arc<Host>>,
                        RawQuery(query): RawQuery,
                        Form(pressed): Form<Pressed>| {
                press(&home, purpose, &query.unwrap_or_default(), &pressed)
            },
        )
    };
    Router::new()
        .route("/oauth/v2/authorize", ask_and_answer(LinkPurpose::Install))
        .route("/openid/connect/authorize", ask_and_answer(LinkPurpose::SignIn))
}

/// What the page sends back.
#[derive(Deserialize)]
struct Pressed {
    /// `T…/U…`
    person: String,
    decision: String,
}

fn ask(home: &Host, purpose: LinkPurpose, query: &str) -> Response {
    match Link::read(&home.platform, purpose, query) {
        Ok(link) => page(
            StatusCode::OK,
            &question(home, &link),
            &format!("'self' {}", link.origin()),
        ),
        Err(bad) => refused(bad),
    }
}

fn press(home: &Host, purpose: LinkPurpose, query: &str, pressed: &Pressed) -> Response {
    let link = match Link::read(&home.platform, purpose, query) {
        Ok(link) => link,
        Err(bad) => return refused(bad),
    };
    let (team, person) = pressed.person.split_once('/').unwrap_or_default();
    let decision = if pressed.decision == "allow" {
        Decision::Allow { without: &[] }
    } else {
        Decision::Deny
    };
    let Some(host) = home.platform.team(team) else {
        return shown("There is no such team.");
    };
    match decision::answer(&host, person, &link, decision) {
        Ok(url) => sent_to(url.as_str()),
        Err(error) => shown(&error.to_string()),
    }
}

fn refused(bad: LinkRefusal) -> Response {
    match bad {
        LinkRefusal::Shown(error) => shown(error),
        LinkRefusal::SentBack(url) => sent_to(url.as_str()),
    }
}

fn sent_to(url: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, url.to_owned())]).into_response()
}

fn shown(error: &str) -> Response {
    let text = format!(
        "<h1>Something went wrong</h1><p>The simulated Slack does not go on: <code>{}</code></p>",
        escape(error)
    );
    page(StatusCode::BAD_REQUEST, &text, "'none'")
}

/// A page that loads nothing, and sends its form only where it must: to itself, and from there back to the app.
fn page(status: StatusCode, body: &str, forms_to: &str) -> Response {
    let headers: [(HeaderName, String); 2] = [
        (
            CONTENT_SECURITY_POLICY,
            format!(
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action {forms_to}"
            ),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Simulated Slack</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>"
    );
    (status, headers, Html(html)).into_response()
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}\
    button,select{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}";

fn question(home: &Host, link: &Link) -> String {
    let asked: Vec<&String> = match &link.wanted {
        RequestedGrant::Install { bot, user } => bot.iter().chain(user).collect(),
        RequestedGrant::SignIn { scopes, .. } => scopes.iter().collect(),
    };
    let list: Vec<String> = asked
        .iter()
        .map(|scope| format!("<li><code>{}</code></li>", escape(scope)))
        .collect();
    let list = list.concat();
    format!(
        "<h1>{} asks for permission</h1><p>This is the simulated Slack: no real workspace is touched.</p><ul>{list}</ul>\
         <form method=\"post\"><p><label>You are <select name=\"person\" required>{}</select></label></p>\
         <button name=\"decision\" value=\"allow\">Allow</button><button name=\"decision\" value=\"deny\">Cancel</button></form>",
        escape(&link.app.name),
        people(home, link)
    )
}

/// Who may answer, by team.
fn people(home: &Host, link: &Link) -> String {
    let teams = home.platform.teams().into_iter().filter(|host| link.is_for(host));
    let groups: Vec<String> = teams.map(|host| host.read(group)).collect();
    groups.concat()
}

fn group(ws: &SimulatedWorkspace) -> String {
    let people = ws.people.iter().filter(|p| !p.is_bot && !p.deleted);
    let options: Vec<String> = people
        .map(|person| {
            let value = escape(&format!("{}/{}", ws.team.id, person.id));
            format!("<option value=\"{value}\">{}</option>", escape(&person.real_name))
        })
        .collect();
    let label = escape(&ws.team.name);
    format!("<optgroup label=\"{label}\">{}</optgroup>", options.concat())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
