//! Every kind of request that somebody here handles, with every field in which Slack names a workspace.

use serde_json::{Value, json};

/// Whose things a request is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) team: &'static str,
    pub(super) channel: &'static str,
    /// A message of the incident's.
    pub(super) ts: String,
    pub(super) organization: String,
    pub(super) incident: String,
    pub(super) bot: &'static str,
    /// Where answers are taken.
    pub(super) response_url: String,
}

/// A kind of request.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// `event`, `interaction` or `command`.
    pub(super) kind: &'static str,
    make: fn(&Place, &str) -> Value,
}

/// The fields that name the workspace of a request, by kind, as JSON pointers.
pub(super) fn fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "event" => &["/team_id", "/context_team_id", "/authorizations/0/team_id"],
        "interaction" => &[
            "/team",
            "/team/id",
            "/team_id",
            "/view/app_installed_team_id",
            "/view/team_id",
        ],
        _ => &["/team_id", "/context_team_id"],
    }
}

/// Those that may name another: whose person it is.
pub(super) fn speaker_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "event" => &["/event/user_team", "/event/source_team", "/event/team"],
        "interaction" => &["/user/team_id"],
        _ => &["/user_team"],
    }
}

const fn event(name: &'static str, make: fn(&Place, &str) -> Value) -> Case {
    Case {
        name,
        kind: "event",
        make,
    }
}

const fn interaction(name: &'static str, make: fn(&Place, &str) -> Value) -> Case {
    Case {
        name,
        kind: "interaction",
        make,
    }
}

pub(super) const CASES: &[Case] = &[
    event(
        "a reply",
        |at, once| json!({"type": "message", "user": "U1", "channel": at.channel, "ts": once, "thread_ts": at.ts, "text": "Forged"}),
    ),
    event("an edit", |at, once| {
        json!({"type": "message", "subtype": "message_changed", "channel": at.channel, "ts": once,
            "message": {"type": "message", "user": "U1", "ts": "3.3", "thread_ts": at.ts, "text": "b", "edited": {"ts": once}},
            "previous_message": {"type": "message", "user": "U1", "ts": "3.3", "thread_ts": at.ts, "text": "a"}})
    }),
    event("a deletion", |at, once| {
        json!({"type": "message", "subtype": "message_deleted", "channel": at.channel, "ts": once, "deleted_ts": "3.3",
            "previous_message": {"type": "message", "user": "U1", "ts": "3.3", "thread_ts": at.ts, "text": "a"}})
    }),
    event("a deletion of the incident's message", |at, once| {
        json!({"type": "message", "subtype": "message_deleted", "channel": at.channel, "ts": once, "deleted_ts": at.ts,
            "previous_message": {"type": "message", "bot_id": "B1", "user": at.bot, "ts": at.ts, "text": "a"}})
    }),
    event("a mention", |at, once| {
        json!({"type": "app_mention", "user": "U1", "channel": at.channel, "ts": once, "thread_ts": at.ts,
            "text": format!("<@{}> ack", at.bot)})
    }),
    event(
        "an opened Home tab",
        |_, _| json!({"type": "app_home_opened", "user": "U1", "tab": "home", "channel": "D1"}),
    ),
    event("a shared link", |at, once| {
        json!({"type": "link_shared", "user": "U1", "channel": at.channel, "message_ts": once,
            "links": [{"url": "https://tocsin.example.com/ops/incidents/42"}]})
    }),
    event(
        "a changed person",
        |_, _| json!({"type": "user_change", "user": person()}),
    ),
    event(
        "a person who has come",
        |_, _| json!({"type": "team_join", "user": person()}),
    ),
    event("an uninstalled app", |_, _| json!({"type": "app_uninstalled"})),
    event(
        "a revoked token",
        |at, _| json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [at.bot]}}),
    ),
    event("a workflow's step", |_, once| {
        json!({"type": "function_executed", "function": {"callback_id": "trigger_incident"},
            "function_execution_id": format!("Fx{once}"), "inputs": {"title": "Forged", "reporter": "U1"}})
    }),
    event(
        "an archived channel",
        |at, _| json!({"type": "channel_archive", "channel": at.channel}),
    ),
    event(
        "a new channel",
        |_, once| json!({"type": "channel_created", "channel": {"id": format!("CNEW{once}"), "name": "new", "creator": "U1"}}),
    ),
    event(
        "a deleted channel",
        |at, _| json!({"type": "channel_deleted", "channel": at.channel}),
    ),
    event(
        "a channel of another id",
        |at, _| json!({"type": "channel_id_changed", "old_channel_id": at.channel, "new_channel_id": "CSTOLEN"}),
    ),
    event(
        "a renamed channel",
        |at, _| json!({"type": "channel_rename", "channel": {"id": at.channel, "name": "stolen"}}),
    ),
    event(
        "an unarchived channel",
        |at, _| json!({"type": "channel_unarchive", "channel": at.channel}),
    ),
    event(
        "a shared channel",
        |at, _| json!({"type": "channel_shared", "channel": at.channel, "connected_team_id": "T9"}),
    ),
    event(
        "an unshared channel",
        |at, _| json!({"type": "channel_unshared", "channel": at.channel, "is_ext_shared": false}),
    ),
    event(
        "an archived group",
        |at, _| json!({"type": "group_archive", "channel": at.channel}),
    ),
    event(
        "a deleted group",
        |at, _| json!({"type": "group_deleted", "channel": at.channel}),
    ),
    event(
        "a renamed group",
        |at, _| json!({"type": "group_rename", "channel": {"id": at.channel, "name": "stolen"}}),
    ),
    event(
        "an unarchived group",
        |at, _| json!({"type": "group_unarchive", "channel": at.channel}),
    ),
    event(
        "a bot that has come",
        |at, _| json!({"type": "member_joined_channel", "user": at.bot, "channel": at.channel}),
    ),
    event(
        "a bot that has gone",
        |at, _| json!({"type": "member_left_channel", "user": at.bot, "channel": at.channel}),
    ),
    interaction("a press", |at, once| {
        pressed(at, once, "acknowledge", &at.incident)
    }),
    interaction("a press that opens a dialog", |at, once| {
        pressed(at, once, "resolve", &at.incident)
    }),
    interaction("a turned page", |at, once| {
        let page = json!({"t": "list", "o": at.organization, "n": 0}).to_string();
        pressed(at, once, "list_next", &page)
    }),
    interaction("a press on the Home tab", |at, once| {
        let mut press = pressed(at, once, "create_incident", "");
        press["container"] = json!({"type": "view", "view_id": "V1"});
        press
    }),
    interaction("a choice on the Home tab", |at, once| {
        let mut press = pressed(at, once, "acknowledge", &at.incident);
        press["container"] = json!({"type": "view", "view_id": "V1"});
        press
    }),
    interaction("a shortcut", |at, once| {
        of(
            at,
            once,
            &json!({"type": "shortcut", "callback_id": "create_incident"}),
        )
    }),
    interaction("a shortcut on a message", |at, once| {
        of(
            at,
            once,
            &json!({"type": "message_action", "callback_id": "create_incident_from_message", "channel": {"id": at.channel},
            "message_ts": at.ts, "message": {"type": "message", "user": "U1", "ts": at.ts, "text": "It is down"}}),
        )
    }),
    interaction("options of assignees", |at, once| {
        of(
            at,
            once,
            &json!({"type": "block_suggestion", "action_id": "assignees", "block_id": "assignees", "value": "ada",
            "view": dialog(at, once, "reassign", json!({}))}),
        )
    }),
    interaction("options of services", |at, once| {
        of(
            at,
            once,
            &json!({"type": "block_suggestion", "action_id": "service", "block_id": "service", "value": "p",
            "view": dialog(at, once, "create", json!({}))}),
        )
    }),
    interaction("a submitted dialog", |at, once| {
        let values = json!({"note": {"note": {"value": "Forged"}}});
        of(
            at,
            once,
            &json!({"type": "view_submission", "view": dialog(at, once, "note", values)}),
        )
    }),
    interaction("a submitted incident", |at, once| {
        let values = json!({"title": {"title": {"value": "Forged"}}});
        of(
            at,
            once,
            &json!({"type": "view_submission", "view": dialog(at, once, "create", values)}),
        )
    }),
    Case {
        name: "a command that reads",
        kind: "command",
        make: |at, once| command(at, once, "show 42"),
    },
    Case {
        name: "a command that acts",
        kind: "command",
        make: |at, once| command(at, once, "ack 42"),
    },
];

fn person() -> Value {
    json!({"id": "U1", "name": "mallory", "profile": {"display_name": "Mallory", "email": "ada@example.com"}})
}

fn of(at: &Place, once: &str, more: &Value) -> Value {
    let mut payload = json!({"user": {"id": "U1"}, "trigger_id": once, "response_url": at.response_url});
    payload
        .as_object_mut()
        .expect("fields")
        .extend(more.as_object().expect("fields").clone());
    payload
}

fn pressed(at: &Place, once: &str, action: &str, value: &str) -> Value {
    of(
        at,
        once,
        &json!({"type": "block_actions", "channel": {"id": at.channel},
            "container": {"type": "message", "message_ts": at.ts, "channel_id": at.channel},
            "actions": [{"type": "button", "action_id": action, "value": value, "action_ts": once}]}),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "made where it is given")]
fn dialog(at: &Place, once: &str, callback: &str, values: Value) -> Value {
    let meta = json!({"organization": at.organization, "incident": at.incident, "channel": at.channel,
        "response_url": at.response_url});
    json!({"id": format!("V{once}"), "hash": once, "callback_id": callback, "private_metadata": meta.to_string(),
        "state": {"values": values}})
}

fn command(at: &Place, once: &str, text: &str) -> Value {
    json!({"command": "/incident", "text": text, "user_id": "U1", "channel_id": at.channel, "trigger_id": once,
        "response_url": at.response_url})
}

impl Case {
    /// A request about these things, which names no workspace yet; `once` tells it from all others.
    pub(super) fn nameless(&self, about: &Place, once: &str) -> Value {
        let made = (self.make)(about, once);
        if self.kind == "event" {
            json!({"type": "event_callback", "event_id": format!("Ev{once}"), "event": made})
        } else {
            made
        }
    }

    /// A request that names this workspace wherever Slack does.
    pub(super) fn naming(&self, team: &str, about: &Place, once: &str) -> Value {
        let mut payload = self.nameless(about, once);
        match self.kind {
            "event" => {
                set(&mut payload, "/team_id", &json!(team));
                set(&mut payload, "/context_team_id", &json!(team));
                payload["authorizations"] =
                    json!([{"team_id": team, "user_id": about.bot, "is_enterprise_install": false}]);
            }
            "interaction" => {
                payload["team"] = json!({"id": team});
                payload["user"]["team_id"] = json!(team);
                if payload["view"].is_object() {
                    payload["view"]["team_id"] = json!(team);
                    payload["view"]["app_installed_team_id"] = json!(team);
                }
            }
            _ => set(&mut payload, "/team_id", &json!(team)),
        }
        payload
    }
}

/// Sets a field, where there is something that has it.
pub(super) fn set(payload: &mut Value, pointer: &str, value: &Value) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(fields) = payload.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.insert(name.to_owned(), value.clone());
    }
}

/// Takes a field away.
pub(super) fn remove(payload: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(fields) = payload.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.remove(name);
    }
}
