//! Which teams a request names, and as what. The only place that reads these fields of a payload.
//!
//! Sources: Slack, "Events API" (`authorizations`, `context_team_id`, `team_id`), "Handling user interaction" (`team`, null where an app is installed for
//! a whole enterprise), "Slack Connect"; Bolt for Python, `request/internals.py` (`app_installed_team_id`).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use tocsin_slack::{envelope::RequestKind, lenient};

/// What a request says of where it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestOrigin {
    /// The teams for which it may be, the best first.
    pub(super) candidates: Vec<String>,
    /// Every team that it names in a field that says for which installation it is, or where it happened.
    pub(super) all: BTreeSet<String>,
    /// Those among them that may be others than the installation's, since Slack puts there whose person it is: in a channel that is shared with another
    /// company, by Slack Connect.
    pub(super) of_speaker: BTreeSet<String>,
}

/// Reads the fields of a request.
pub(super) fn request_origin(kind: RequestKind, payload: &Value) -> RequestOrigin {
    match kind {
        RequestKind::Event => of_event(payload),
        RequestKind::Interaction => of_interaction(payload),
        RequestKind::Command => of_command(payload),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A team or an enterprise, as its id or as an object that has it.
fn id(value: &Value) -> Option<String> {
    text(value).or_else(|| text(&value["id"]))
}

/// Slack says it as a value, and in forms as a text.
fn is_true(value: &Value) -> bool {
    *value == true || *value == "true"
}

impl RequestOrigin {
    fn new(candidates: impl IntoIterator<Item = Option<String>>) -> Self {
        let candidates: Vec<_> = candidates.into_iter().flatten().collect();
        Self {
            all: candidates.iter().cloned().collect(),
            candidates,
            of_speaker: BTreeSet::new(),
        }
    }

    fn and(mut self, more: impl IntoIterator<Item = Option<String>>) -> Self {
        self.all.extend(more.into_iter().flatten());
        self
    }

    fn speaker(mut self, team: Option<String>) -> Self {
        self.of_speaker.extend(team);
        self
    }
}

fn of_event(payload: &Value) -> RequestOrigin {
    let authorizations = payload["authorizations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let first = authorizations.first().unwrap_or(&Value::Null);
    let (context, team) = (text(&payload["context_team_id"]), text(&payload["team_id"]));
    let is_for_enterprise = is_true(&first["is_enterprise_install"]);
    let enterprise = || text(&first["enterprise_id"]).or_else(|| text(&payload["enterprise_id"]));
    let authorized = if is_for_enterprise {
        enterprise()
    } else {
        text(&first["team_id"])
    };
    let named = RequestOrigin::new([authorized.clone().or(context.clone()).or(team.clone())]);
    if is_for_enterprise {
        // Each workspace of the enterprise is named beside it.
        return named;
    }
    let others = authorizations.iter().map(|one| text(&one["team_id"]));
    let named = named.and(others).and([context, team.clone()]);
    if is_true(&payload["is_ext_shared_channel"]) {
        named.speaker(team)
    } else {
        named
    }
}

/// The person who acts, as far as the request says more of them than their id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ActingUser {
    /// Their own team, which may be another company's.
    pub(crate) team_id: Option<String>,
    pub(crate) name: Option<String>,
}

impl ActingUser {
    /// Whoever has said a message.
    pub(crate) fn of_event(payload: &Value) -> Self {
        let event = &payload["event"];
        let team = ["user_team", "source_team", "team"]
            .into_iter()
            .find_map(|field| text(&event[field]));
        let profile = &event["user_profile"];
        let name = ["display_name", "real_name", "name"]
            .into_iter()
            .find_map(|field| text(&profile[field]));
        Self { team_id: team, name }
    }
}

fn of_interaction(payload: &Value) -> RequestOrigin {
    let (view, message, user) = (&payload["view"], &payload["message"], &payload["user"]);
    let (team, more, home) = (
        id(&payload["team"]),
        text(&payload["team_id"]),
        text(&user["team_id"]),
    );
    let installed = text(&view["app_installed_team_id"]);
    if is_true(&payload["is_enterprise_install"]) {
        let enterprise = id(&payload["enterprise"]).or(installed);
        return RequestOrigin::new([enterprise]);
    }
    // A button stands in a message of the app's own: whose message that is says whose button it is.
    let posted = text(&message["team"]).filter(|_| payload["type"] == "block_actions");
    // Of somebody from elsewhere Slack names their own team.
    let is_guest = team.is_some() && team == home;
    let theirs = posted
        .clone()
        .filter(|posted| is_guest && team.as_ref() != Some(posted));
    let alone = if team.is_none() && more.is_none() {
        home.clone()
    } else {
        None
    };
    let named = RequestOrigin::new([installed.clone(), theirs.clone(), team.clone(), more, alone]);
    let named = named.and([posted, text(&view["team_id"])]);
    let shared = installed.or(theirs);
    if shared.is_some_and(|shared| team.as_ref() != Some(&shared)) && is_guest {
        named
            .speaker(home.clone())
            .speaker(text(&view["team_id"]).filter(|team| Some(team) == home.as_ref()))
    } else {
        named
    }
}

fn of_command(payload: &Value) -> RequestOrigin {
    let team = text(&payload["team_id"]);
    if is_true(&payload["is_enterprise_install"]) {
        return RequestOrigin::new([text(&payload["enterprise_id"]).or(team)]);
    }
    RequestOrigin::new([team]).and([id(&payload["team"]), text(&payload["context_team_id"])])
}

/// What an unverified body says of the app that it is of: nothing but where to look for the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ClaimedOrigin {
    /// The Slack app (`A…`). Shortcuts do not say it.
    #[serde(deserialize_with = "lenient::lenient")]
    pub(crate) api_app_id: Option<String>,
    #[serde(deserialize_with = "lenient::lenient")]
    team_id: Option<String>,
    #[serde(deserialize_with = "lenient::id")]
    team: Option<String>,
}

impl ClaimedOrigin {
    /// Reads a body, which may be JSON, a form, or JSON in a form.
    pub(crate) fn of(body: &[u8]) -> Self {
        let of_json = |text: &[u8]| serde_json::from_slice::<Self>(text).unwrap_or_default();
        if body.first() == Some(&b'{') {
            return of_json(body);
        }
        let Ok(fields) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(body) else {
            return Self::default();
        };
        let field = |name: &str| {
            let mut fields = fields.iter();
            fields.find(|(found, _)| found == name).map(|(_, value)| value)
        };
        match field("payload") {
            Some(payload) => of_json(payload.as_bytes()),
            None => Self {
                api_app_id: field("api_app_id").cloned(),
                team_id: field("team_id").cloned(),
                team: None,
            },
        }
    }

    /// Whether it names a team.
    pub(crate) fn is_in(&self, team_id: &str) -> bool {
        [&self.team_id, &self.team]
            .into_iter()
            .any(|named| named.as_deref() == Some(team_id))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(kind: RequestKind, payload: &Value) -> Option<String> {
        request_origin(kind, payload).candidates.into_iter().next()
    }

    #[test]
    fn an_event_is_for_whom_it_was_authorized_and_not_for_where_it_happened() {
        let shared = json!({"team_id": "T_SOURCE", "context_team_id": "T1", "authorizations": [{"team_id": "T1"}],
            "is_ext_shared_channel": true});
        let of = request_origin(RequestKind::Event, &shared);
        assert_eq!(of.candidates, ["T1"]);
        assert_eq!(of.of_speaker.into_iter().collect::<Vec<_>>(), ["T_SOURCE"]);
        assert_eq!(
            first(
                RequestKind::Event,
                &json!({"team_id": "T1", "authorizations": null})
            )
            .as_deref(),
            Some("T1")
        );
        let enterprise = json!({"team_id": "T1", "enterprise_id": "E1",
            "authorizations": [{"team_id": null, "enterprise_id": "E1", "is_enterprise_install": true}]});
        assert_eq!(first(RequestKind::Event, &enterprise).as_deref(), Some("E1"));
        assert_eq!(first(RequestKind::Event, &json!({"event": {"team": "T1"}})), None);
    }

    #[test]
    fn an_interaction_is_for_its_team_and_without_one_for_its_users() {
        let of = |payload: Value| first(RequestKind::Interaction, &payload);
        assert_eq!(
            of(json!({"team": {"id": "T1"}, "user": {"team_id": "T1"}})).as_deref(),
            Some("T1")
        );
        assert_eq!(
            of(json!({"team": null, "user": {"team_id": "T1"}})).as_deref(),
            Some("T1")
        );
        assert_eq!(
            of(json!({"team": null, "team_id": "T2", "user": {"team_id": "T1"}})).as_deref(),
            Some("T2")
        );
        let enterprise = json!({"team": null, "enterprise": {"id": "E1"}, "is_enterprise_install": true,
            "user": {"team_id": "T1"}});
        assert_eq!(of(enterprise).as_deref(), Some("E1"));
        assert_eq!(of(json!({"user": {"id": "U1"}})), None);
    }

    #[test]
    fn the_press_of_a_partner_is_for_whoever_has_posted_the_message() {
        let press = json!({"type": "block_actions", "team": {"id": "T9"}, "user": {"id": "U9", "team_id": "T9"},
            "message": {"bot_id": "B1", "team": "T1"}});
        let of = request_origin(RequestKind::Interaction, &press);
        assert_eq!(of.candidates, ["T1", "T9"]);
        assert!(of.of_speaker.contains("T9"));
        let view = json!({"type": "view_submission", "team": {"id": "T9"}, "user": {"id": "U9", "team_id": "T9"},
            "view": {"team_id": "T9", "app_installed_team_id": "T1"}});
        assert_eq!(first(RequestKind::Interaction, &view).as_deref(), Some("T1"));
        // A shortcut is used on anybody's message.
        let shortcut = json!({"type": "message_action", "team": {"id": "T1"}, "user": {"team_id": "T1"},
            "message": {"bot_id": "B9", "team": "T9"}});
        assert_eq!(first(RequestKind::Interaction, &shortcut).as_deref(), Some("T1"));
    }

    #[test]
    fn a_body_says_of_which_app_it_is_in_each_of_its_shapes() {
        let json = json!({"api_app_id": "A1"}).to_string();
        let form = serde_urlencoded::to_string([("payload", json.clone())]).expect("a form");
        for body in [json.as_str(), form.as_str(), "command=%2Fx&api_app_id=A1"] {
            assert_eq!(
                ClaimedOrigin::of(body.as_bytes()).api_app_id.as_deref(),
                Some("A1"),
                "{body}"
            );
        }
        for body in ["", "{", "payload=1", r#"{"api_app_id":7}"#, "a=b"] {
            assert_eq!(
                ClaimedOrigin::of(body.as_bytes()),
                ClaimedOrigin::default(),
                "{body}"
            );
        }
        let shortcut = json!({"api_app_id": null, "team": {"id": "T1"}, "team_id": 7}).to_string();
        let form = serde_urlencoded::to_string([("payload", shortcut.clone())]).expect("a form");
        for body in [shortcut.as_str(), form.as_str(), "command=%2Fx&team_id=T1"] {
            let claimed = ClaimedOrigin::of(body.as_bytes());
            assert!(claimed.is_in("T1") && !claimed.is_in("T2"), "{body}");
            assert_eq!(claimed.api_app_id, None, "{body}");
        }
    }
}
