//! Tenants never meet: whatever a request names, whoever has signed it.
//!
//! Every kind of request is tried with every field in which Slack names a workspace null, missing, foreign and contradictory. That no
//! handler lacks a case is tested beside the handlers.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use sea_orm::{EntityTrait, IntoActiveModel};
use secrecy::SecretString;
use serde_json::{Value, json};
use tocsin_entity::{
    id::{IncidentId, OrganizationId, PostId, SlackAppId, WorkspaceId},
    kinds::{InboxState, PostKind, PostState},
    slack::{channel, home, post, user},
};
use tocsin_seal::{Sealer, generate_key};
use tocsin_slack_app::sealing::{app_place, token_place};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::tenants_cases::{CASES, Case, Place, fields, remove, set, speaker_fields};
use crate::{
    acted::{Acted, Call},
    world::{Answer, BOT_TOKEN, SECRET, World, sign},
};

pub(super) const TOKEN_A: &str = "xoxb-of-a";
pub(super) const TOKEN_B: &str = "xoxb-of-b";
pub(super) const SECRET_A: &str = "the-signing-secret-that-organisation-a-knows";

/// What the bridge asks by itself.
const ASKED_ANYWAY: [&str; 14] = [
    "auth.test",
    // After a start: whether Slack shows more than is on record.
    "conversations.history",
    "conversations.list",
    "conversations.replies",
    "SlackApps",
    "SlackWorkspaces",
    "Organizations",
    "ChangedOrganizations",
    "Leads",
    "EventLog",
    "PendingOperations",
    "IncidentToMirror",
    "ChangedTimeline",
    "Connectors",
];

/// Counts refusals, of all worlds of this process.
static REFUSED: LazyLock<Arc<AtomicU64>> = LazyLock::new(|| {
    let counted = Arc::<AtomicU64>::default();
    metrics::set_global_recorder(Refusals(Arc::clone(&counted))).expect("the only recorder");
    counted
});

struct Refusals(Arc<AtomicU64>);

impl Recorder for Refusals {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() == "tocsin_slack_foreign_total" {
            Counter::from_arc(Arc::clone(&self.0))
        } else {
            Counter::noop()
        }
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Two organisations: A has an app of its own in the team T1, B is connected by the server's app in T2. The server's own workspace is T0.
pub(super) struct Tenants {
    pub(super) world: World,
    pub(super) acted: Acted,
    pub(super) a: Place,
    pub(super) b: Place,
    server: Place,
    sent: AtomicU64,
    _running: DropGuard,
}

impl Tenants {
    pub(super) async fn start() -> Self {
        LazyLock::force(&REFUSED);
        let acted = Acted::start().await;
        let sealer = Sealer::new(&[generate_key()]).expect("a key");
        let (a, b, app) = (OrganizationId::new(), OrganizationId::new(), SlackAppId::new());
        for (token, team) in [(BOT_TOKEN, "T0"), (TOKEN_A, "T1"), (TOKEN_B, "T2")] {
            let bot = json!({"ok": true, "team_id": team, "user_id": format!("UBOT{team}"), "bot_id": "B1", "app_id": "A1"});
            acted.answer_to(token, "auth.test", bot);
            let mut person = super::stage::user("Ada", Some("ada@example.com"));
            person["team_id"] = json!(team);
            acted.answer_to(token, "users.info", json!({"ok": true, "user": person}));
        }
        let organization = |id: &OrganizationId| json!({"id": id, "name": "Org", "slug": "org"});
        for operation in ["Organizations", "ChangedOrganizations"] {
            let both = [organization(&a), organization(&b)];
            acted.answer(operation, json!({"data": {"organizations": both}}));
        }
        let secret = sealer.seal(&app_place(app, "signing_secret"), &SecretString::from(SECRET_A));
        acted.answer(
            "SlackApps",
            json!({"data": {"slackApps": [{"id": app, "organizationId": a, "clientId": null,
            "sealed": {"version": 1, "clientSecret": null, "signingSecret": secret, "appToken": null}}]}}),
        );
        let workspace = |organization: OrganizationId, token: &str, app: Option<SlackAppId>| {
            let id = WorkspaceId::new();
            let token = sealer.seal(&token_place(id), &SecretString::from(token));
            json!({"id": id, "organizationId": organization, "name": "Slack", "teamId": null, "ownAppId": app, "features": [],
                "sealedToken": {"sealed": token, "sealedRefresh": null, "expiresAt": null, "version": 1}})
        };
        acted.answer(
            "SlackWorkspaces",
            json!({"data": {"slackWorkspaces": [workspace(a, TOKEN_A, Some(app)), workspace(b, TOKEN_B, None)]}}),
        );
        answer_everything(&acted, a, b);
        let world = World::sealed(&acted.slack_url(), &acted.api_url(), sealer).await;
        let running = CancellationToken::new();
        let (bridge, stop) = (world.bridge.clone(), running.clone());
        tokio::spawn(async move { Box::pin(bridge.run(stop)).await });
        let place =
            |team: &'static str, channel: &'static str, bot: &'static str, of: OrganizationId| Place {
                team,
                channel,
                ts: super::stage::sent(0),
                organization: of.to_string(),
                incident: IncidentId::new().to_string(),
                bot,
                response_url: acted.response_url(),
            };
        let tenants = Self {
            a: place("T1", "C1", "UBOTT1", a),
            b: place("T2", "C2", "UBOTT2", b),
            server: place("T0", "C0", "UBOTT0", b),
            world,
            acted,
            sent: AtomicU64::new(0),
            _running: running.drop_guard(),
        };
        for place in [&tenants.a, &tenants.b, &tenants.server] {
            tenants.furnish(place).await;
        }
        tenants.is_known().await;
        tenants
    }

    /// An incident's message, a person and a channel.
    pub(super) async fn furnish(&self, at: &Place) {
        let (write, now) = (self.world.database.write(), tocsin_clock::machine_now());
        let row = post::Model {
            workspace_id: None,
            id: PostId::new(),
            organization_id: at.organization.parse().expect("an id"),
            key: format!("test:{}:{}", at.team, at.channel),
            kind: PostKind::Root,
            incident_id: Some(at.incident.parse().expect("an id")),
            digest_id: None,
            connector_id: None,
            connector_name: "incidents".to_owned(),
            team_id: at.team.to_owned(),
            channel_id: at.channel.to_owned(),
            channel_name: "incidents".to_owned(),
            thread_ts: None,
            ts: Some(at.ts.clone()),
            address: None,
            content_hash: None,
            shown_version: 1,
            state: PostState::Posted,
            attempts: 1,
            last_error: None,
            not_before: None,
            sent_at: Some(now),
            queued_at: now,
            posted_at: None,
            updated_at: None,
            lag_milliseconds: None,
            is_open: None,
            looked_at: None,
        };
        let inserted = post::Entity::insert(row.into_active_model());
        inserted.exec_without_returning(write).await.expect("a post");
    }

    /// Waits until Slack has said where each workspace is, and the bridge has heard it.
    async fn is_known(&self) {
        let all_known = async {
            loop {
                let known = self.world.bridge.workspaces();
                let teams: BTreeSet<_> = known.into_iter().filter_map(|one| one.team).collect();
                if teams.len() == 3 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all_known)
            .await
            .expect("all workspaces are known");
    }

    pub(super) fn once(&self) -> String {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        format!("{}.{number:06}", tocsin_clock::machine_now().unix_timestamp())
    }

    pub(super) async fn post(&self, secret: &str, kind: &str, payload: &Value) -> Answer {
        let (path, body) = match kind {
            "event" => ("/slack/events", payload.to_string()),
            "interaction" => {
                let form = serde_urlencoded::to_string([("payload", payload.to_string())]);
                ("/slack/interactions", form.expect("a form"))
            }
            _ => {
                let fields: Vec<(String, String)> = payload
                    .as_object()
                    .expect("fields")
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect();
                (
                    "/slack/commands",
                    serde_urlencoded::to_string(fields).expect("a form"),
                )
            }
        };
        let now = tocsin_clock::machine_now().unix_timestamp().to_string();
        let signature = sign(secret, &now, body.as_bytes());
        let headers = [
            ("x-slack-request-timestamp", now.as_str()),
            ("x-slack-signature", signature.as_str()),
        ];
        self.world.post_with(path, body.into_bytes(), &headers).await
    }

    /// Waits until everything that was stored was tried.
    pub(super) async fn worked(&self) {
        let all_tried = async {
            loop {
                let rows = self.world.inbox().await;
                if rows
                    .iter()
                    .all(|row| row.state != InboxState::Pending || row.last_error.is_some())
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), all_tried)
            .await
            .expect("everything is tried");
    }

    /// What was asked because of a request, with another tenant's token or in another tenant's name.
    fn meetings(&self) -> Vec<Call> {
        let mut all = self.acted.all();
        all.retain(|call| {
            let is_anothers = [TOKEN_B, BOT_TOKEN].contains(&call.token.as_str())
                || call.organization.as_ref() == Some(&self.b.organization);
            is_anothers && !ASKED_ANYWAY.contains(&call.name.as_str())
        });
        all
    }

    /// What is on record of other tenants.
    async fn others(&self) -> String {
        let read = self.world.database.read();
        let mut posts = post::Entity::find().all(read).await.expect("posts");
        posts.retain(|post| post.team_id != "T1");
        let mut users = user::Entity::find().all(read).await.expect("people");
        users.retain(|user| user.team_id != "T1");
        let mut homes = home::Entity::find().all(read).await.expect("tabs");
        homes.retain(|home| home.team_id != "T1");
        let mut channels = channel::Entity::find().all(read).await.expect("channels");
        channels.retain(|channel| channel.team_id != "T1");
        format!("{posts:?}\n{users:?}\n{homes:?}\n{channels:?}")
    }

    /// Sends all that an app must not say which names another's workspace: wherever Slack does, in each field beside the app's own, and in each alone.
    async fn refuses_what_names(&self, case: &Case, foreign: &str) {
        let payload = case.naming(foreign, &self.b, &self.once());
        self.refused(SECRET_A, case, &payload, foreign).await;
        for field in fields(case.kind) {
            let mut payload = case.naming("T1", &self.b, &self.once());
            set(&mut payload, field, &json!(foreign));
            if payload.pointer(field).is_some() {
                self.refused(SECRET_A, case, &payload, &format!("{field} {foreign}"))
                    .await;
            }
            let mut payload = case.nameless(&self.b, &self.once());
            if case.kind == "event" {
                payload["authorizations"] = json!([{}]);
            }
            set(&mut payload, field, &json!(foreign));
            if payload.pointer(field).is_none() {
                continue;
            }
            if case.kind == "interaction" {
                set(&mut payload, "/user/team_id", &json!("T1"));
            }
            self.refused(SECRET_A, case, &payload, &format!("{field} {foreign} alone"))
                .await;
        }
    }

    /// Sends a request of the server's own app in which no team can be read: Slack has signed it, and need not send it again.
    async fn dropped(&self, case: &Case, payload: &Value) {
        let before = REFUSED.load(Ordering::SeqCst);
        let answer = self.post(SECRET, case.kind, payload).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}: {answer:?}\n{payload}",
            case.name
        );
        assert!(
            REFUSED.load(Ordering::SeqCst) > before,
            "{}: not counted\n{payload}",
            case.name
        );
    }

    /// Sends a request that must not be taken.
    async fn refused(&self, secret: &str, case: &Case, payload: &Value, why: &str) {
        let before = REFUSED.load(Ordering::SeqCst);
        let answer = self.post(secret, case.kind, payload).await;
        // What a person does is answered in words, if not in the answer then at the address that came with it.
        let is_elsewhere = case.kind == "interaction" && !answer.body.contains("response_action");
        let is_told = case.kind != "event"
            && answer.status == StatusCode::OK
            && (is_elsewhere
                || answer.body.contains("(NOT_CONNECTED)")
                || answer.body.contains("(NOT_ALONE)"));
        assert!(
            is_told || answer.status == StatusCode::FORBIDDEN && answer.error_code() == "FOREIGN_WORKSPACE",
            "{} {why}: {answer:?}\n{payload}",
            case.name
        );
        assert!(
            REFUSED.load(Ordering::SeqCst) > before,
            "{} {why}: not counted\n{payload}",
            case.name
        );
    }
}

/// Every question that a handler asks, with both organisations where there may be several: what then keeps them apart is the bridge.
fn answer_everything(acted: &Acted, a: OrganizationId, b: OrganizationId) {
    let user = json!({"id": "usr_01930000000070008000000000000001", "email": "ada@example.com", "name": "Ada", "role": "OWNER",
        "deactivatedAt": null});
    let of = |id: OrganizationId| json!({"organizationId": id, "matchedBy": "EMAIL", "user": user});
    acted.answer("SlackMembers", json!({"data": {"slackMembers": [of(a), of(b)]}}));
    acted.answer(
        "users.info",
        json!({"ok": true, "user": super::stage::user("Ada", Some("ada@example.com"))}),
    );
    acted.answer("conversations.list", json!({"ok": true, "channels": []}));
    for view in ["views.open", "views.update", "views.publish"] {
        acted.answer(view, json!({"ok": true, "view": {"id": "V1", "hash": "h"}}));
    }
    for done in [
        "chat.postEphemeral",
        "functions.completeSuccess",
        "functions.completeError",
    ] {
        acted.answer(done, json!({"ok": true, "message_ts": "1.0"}));
    }
    acted.answer(
        "conversations.info",
        json!({"ok": true, "channel": {"id": "C1", "name": "incidents"}}),
    );
    acted.answer(
        "chat.getPermalink",
        json!({"ok": true, "permalink": "https://x.slack.com/p1"}),
    );
    acted.answer("respond", json!({}));
    let channels = json!({"data": {"recordSlackChannelChange": {"connectors": [], "userErrors": []}}});
    acted.answer("RecordSlackChannelChange", channels);
    acted.answer("SlackPreviews", json!({"data": {"slackPreviews": []}}));
    let comment = |field: &str| json!({"data": {field: {"entry": {"id": "tle_1"}, "userErrors": []}}});
    acted.answer("AddComment", comment("addComment"));
    acted.answer("EditComment", comment("editComment"));
    acted.answer("RetractComment", comment("retractComment"));
    let incident = json!({"id": "inc_01930000000070008000000000000001", "number": 42, "title": "T", "url": "https://tocsin.example.com/ops/incidents/42",
        "status": "ACKNOWLEDGED", "version": 2, "acknowledgedBy": null, "resolvedBy": null});
    let acknowledged = json!({"data": {"acknowledgeIncident": {"incident": incident, "userErrors": []}}});
    acted.answer("AcknowledgeIncident", acknowledged);
}

#[tokio::test]
async fn an_own_app_reads_changes_and_calls_nothing_of_another_tenant_s() {
    let tenants = Tenants::start().await;
    let before = tenants.others().await;
    for case in CASES {
        for foreign in ["T2", "T0", "T9"] {
            tenants.refuses_what_names(case, foreign).await;
        }
        let nameless = case.nameless(&tenants.b, &tenants.once());
        tenants.refused(SECRET_A, case, &nameless, "nameless").await;
    }
    assert!(tenants.world.inbox().await.is_empty(), "nothing of it is stored");
    // What is the app's own to say of another's things: each field null, missing, and another's person.
    for case in CASES {
        for field in fields(case.kind).iter().chain(speaker_fields(case.kind)) {
            let mut null = case.naming("T1", &tenants.b, &tenants.once());
            set(&mut null, field, &Value::Null);
            tenants.post(SECRET_A, case.kind, &null).await;
            let mut missing = case.naming("T1", &tenants.b, &tenants.once());
            remove(&mut missing, field);
            tenants.post(SECRET_A, case.kind, &missing).await;
        }
        for field in speaker_fields(case.kind) {
            let mut payload = case.naming("T1", &tenants.server, &tenants.once());
            set(&mut payload, field, &json!("T2"));
            tenants.post(SECRET_A, case.kind, &payload).await;
        }
    }
    tenants.worked().await;
    assert_eq!(
        tenants
            .meetings()
            .iter()
            .map(|call| format!("{call:?}"))
            .collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    assert_eq!(tenants.others().await, before);
}

#[tokio::test]
async fn the_server_s_app_serves_no_workspace_that_is_not_connected_through_it() {
    let tenants = Tenants::start().await;
    let before = (tenants.others().await, tenants.world.inbox().await.len());
    for case in CASES {
        for about in [&tenants.a, &tenants.b, &tenants.server] {
            // T1 is connected, and by another app.
            for stranger in ["T9", "T1"] {
                let payload = case.naming(stranger, about, &tenants.once());
                tenants.refused(SECRET, case, &payload, stranger).await;
            }
            let nameless = case.nameless(about, &tenants.once());
            tenants.dropped(case, &nameless).await;
        }
    }
    let mut all = tenants.acted.all();
    all.retain(|call| call.name != "respond" && !ASKED_ANYWAY.contains(&call.name.as_str()));
    assert_eq!(
        all.iter().map(|call| format!("{call:?}")).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    assert_eq!(
        (tenants.others().await, tenants.world.inbox().await.len()),
        before
    );
}

#[tokio::test]
async fn a_request_of_a_connected_workspace_is_worked_in_its_own_organisation_alone() {
    let tenants = Tenants::start().await;
    for case in CASES {
        let payload = case.naming("T2", &tenants.b, &tenants.once());
        let answer = tenants.post(SECRET, case.kind, &payload).await;
        assert_eq!(answer.status, StatusCode::OK, "{}: {answer:?}", case.name);
    }
    tenants.worked().await;
    let acknowledged = tenants.acted.calls("AcknowledgeIncident");
    assert!(!acknowledged.is_empty(), "a press is worked");
    let mut all = tenants.acted.all();
    all.retain(|call| !ASKED_ANYWAY.contains(&call.name.as_str()));
    for call in all {
        assert!(![TOKEN_A, BOT_TOKEN].contains(&call.token.as_str()), "{call:?}");
        assert_ne!(
            call.organization.as_ref(),
            Some(&tenants.a.organization),
            "{call:?}"
        );
    }
}
