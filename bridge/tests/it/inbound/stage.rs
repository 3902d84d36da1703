//! An organisation with an incident in a channel, and people in Slack.

use std::time::Duration;

use axum::http::StatusCode;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tocsin_entity::{
    id::{IncidentId, OrganizationId, PostId, UserId},
    kinds::{InboxState, PostKind, PostState},
    slack::{inbox, post},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{acted::Acted, world::World};

/// An incident `#42` whose message is `1.0` in `C1`, and a bridge at work.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) acted: Acted,
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    pub(crate) member: UserId,
    /// Another message of the incident's in `C1`, sent today: on the other one nobody acts any more.
    pub(crate) today: String,
    _running: DropGuard,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let acted = Acted::start().await;
        let world = World::between(&acted.slack_url(), &acted.api_url()).await;
        let running = CancellationToken::new();
        let (bridge, stop) = (world.bridge.clone(), running.clone());
        tokio::spawn(async move { Box::pin(bridge.run(stop)).await });
        acted.answer(
            "AdministratorsOf",
            json!({"data": {"organization": {"name": "Acme"}, "users": {"nodes": [{"name": "Olga Owner"}]}}}),
        );
        acted.answer(
            "auth.test",
            json!({"ok": true, "team_id": "T1", "user_id": "UBOT", "bot_id": "BBOT", "app_id": "A1"}),
        );
        let stage = Self {
            world,
            acted,
            organization: OrganizationId::new(),
            incident: IncidentId::new(),
            member: UserId::new(),
            today: sent(0),
            _running: running.drop_guard(),
        };
        stage.organizations(&[stage.organization]);
        // Nothing is connected beside the server's own workspace.
        for (operation, field) in [("SlackApps", "slackApps"), ("SlackWorkspaces", "slackWorkspaces")] {
            let none = json!({"data": {field: []}});
            stage.acted.answer(operation, none);
        }
        // Whoever asks is answered once it is known where the bot is.
        stage.world.own_workspace_is_known().await;
        stage.is_nobody();
        stage.record_post(PostKind::Root, Some("1.0"), |_| {}).await;
        stage
            .record_post(PostKind::Root, Some(&stage.today), |_| {})
            .await;
        stage
    }

    pub(crate) fn organizations(&self, all: &[OrganizationId]) {
        let all: Vec<Value> = all
            .iter()
            .map(|id| json!({"id": id, "name": "Org", "slug": "org"}))
            .collect();
        for operation in ["Organizations", "ChangedOrganizations"] {
            self.acted
                .answer(operation, json!({"data": {"organizations": all}}));
        }
    }

    /// Records a message of the incident's, in `C1` if nothing else is said.
    pub(crate) async fn record_post(
        &self,
        kind: PostKind,
        ts: Option<&str>,
        change: impl FnOnce(&mut post::Model),
    ) -> PostId {
        let now = tocsin_clock::machine_now();
        let id = PostId::new();
        let mut row = post::Model {
            workspace_id: None,
            id,
            organization_id: self.organization,
            key: format!("test:{id}"),
            kind,
            incident_id: Some(self.incident),
            digest_id: None,
            connector_id: None,
            connector_name: "incidents".to_owned(),
            team_id: "T1".to_owned(),
            channel_id: "C1".to_owned(),
            channel_name: "incidents".to_owned(),
            thread_ts: None,
            ts: ts.map(str::to_owned),
            address: None,
            content_hash: None,
            shown_version: 1,
            state: if ts.is_some() {
                PostState::Posted
            } else {
                PostState::Sending
            },
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
        change(&mut row);
        post::Entity::insert(row.into_active_model())
            .exec_without_returning(self.world.database.write())
            .await
            .expect("a post");
        id
    }

    /// Slack had the message after all.
    pub(crate) async fn post_arrived(&self, id: PostId, ts: &str) {
        let row = post::ActiveModel {
            id: Set(id),
            ts: Set(Some(ts.to_owned())),
            state: Set(PostState::Posted),
            ..Default::default()
        };
        row.update(self.world.database.write()).await.expect("a post");
    }

    /// A person in Slack.
    pub(crate) fn slack_user(&self, name: &str, email: Option<&str>) {
        self.acted
            .answer("users.info", json!({"ok": true, "user": user(name, email)}));
    }

    /// The member with the e-mail address `ada@example.com`.
    pub(crate) fn is_member(&self, role: &str, deactivated_at: Option<&str>) {
        self.is_member_of(&[self.organization], "EMAIL", role, deactivated_at);
        let member = json!({"id": self.member, "email": "ada@example.com", "role": role, "deactivatedAt": deactivated_at});
        self.acted
            .answer("UserByEmail", json!({"data": {"users": {"nodes": [member]}}}));
    }

    /// A member of these organisations, matched so.
    pub(crate) fn is_member_of(
        &self,
        organizations: &[OrganizationId],
        matched_by: &str,
        role: &str,
        deactivated_at: Option<&str>,
    ) {
        let user = json!({"id": self.member, "email": "ada@example.com", "role": role, "deactivatedAt": deactivated_at});
        let of = |id: &OrganizationId| json!({"organizationId": id, "matchedBy": matched_by, "user": user});
        let all: Vec<Value> = organizations.iter().map(of).collect();
        self.acted
            .answer("SlackMembers", json!({"data": {"slackMembers": all}}));
    }

    pub(crate) fn is_nobody(&self) {
        self.is_member_of(&[], "EMAIL", "OWNER", None);
    }

    /// What the API says that pasted links show.
    pub(crate) fn links_show(&self, incidents: &[Value], shows_postmortem: bool) {
        let shown: Vec<Value> = incidents
            .iter()
            .map(|incident| json!({"incident": incident, "showsPostmortem": shows_postmortem}))
            .collect();
        self.acted
            .answer("SlackPreviews", json!({"data": {"slackPreviews": shown}}));
    }

    pub(crate) fn comments_are_taken(&self) {
        self.acted.answer(
            "AddComment",
            json!({"data": {"addComment": {"entry": {"id": "tle_1"}, "userErrors": []}}}),
        );
    }

    /// The incident, as the API answers with it.
    pub(crate) fn incident_fields(&self, number: i64) -> Value {
        json!({"id": self.incident, "organizationId": self.organization, "number": number, "title": "Payments are failing",
            "descriptionMarkdown": "", "status": "TRIGGERED", "urgency": "HIGH", "severity": null, "version": 1,
            "url": format!("https://tocsin.example.com/ops/incidents/{number}"), "service": {"name": "Payments"},
            "assignees": [], "tags": [], "triggeredAt": "2026-11-20T10:00:00Z", "triggeredBy": null,
            "acknowledgedAt": null, "acknowledgedBy": null, "resolvedAt": null, "resolvedBy": null,
            "snoozedUntil": null, "slackMuted": false, "slackReplyMode": null, "updatedAt": "2026-11-20T10:00:00Z"})
    }

    pub(crate) fn refuses(&self, operation: &str, field: &str, code: &str) {
        let payload = json!({"entry": null, "incident": null, "userErrors": [{"code": code, "message": "No <!here>."}]});
        self.acted.answer(operation, json!({"data": {field: payload}}));
    }

    /// Somebody replies in the thread of the message `1.0` in `C1`.
    pub(crate) async fn reply(&self, ts: &str, change: impl FnOnce(&mut Value)) -> inbox::Model {
        let mut event = json!({"type": "message", "user": "U1", "channel": "C1", "ts": ts, "thread_ts": "1.0", "text": "on it"});
        change(&mut event);
        self.event(&format!("Ev{ts}"), event).await
    }

    pub(crate) async fn event(&self, event_id: &str, event: Value) -> inbox::Model {
        let request =
            json!({"type": "event_callback", "team_id": "T1", "event_id": event_id, "event": event});
        assert_eq!(
            self.world.post("/slack/events", request.to_string()).await.status,
            StatusCode::OK
        );
        self.last().await
    }

    /// The request that was stored last.
    pub(crate) async fn last(&self) -> inbox::Model {
        self.world.inbox().await.pop().expect("a stored request")
    }

    /// Waits until a request was worked.
    pub(crate) async fn worked(&self, row: &inbox::Model) -> inbox::Model {
        self.until(row, |row| row.state != InboxState::Pending).await
    }

    /// Waits until a request has come so far.
    pub(crate) async fn until(
        &self,
        row: &inbox::Model,
        wanted: impl Fn(&inbox::Model) -> bool,
    ) -> inbox::Model {
        let looking = async {
            loop {
                let row = inbox::Entity::find_by_id(row.id)
                    .one(self.world.database.read())
                    .await
                    .expect("the inbox");
                match row.filter(&wanted) {
                    Some(row) => return row,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), looking)
            .await
            .expect("worked in time")
    }
}

/// The name of a message that was sent so many days ago.
pub(crate) fn sent(days_ago: i64) -> String {
    let sent = tocsin_clock::machine_now() - time::Duration::days(days_ago);
    format!("{}.000100", sent.unix_timestamp())
}

pub(crate) fn user(name: &str, email: Option<&str>) -> Value {
    json!({"id": "U1", "team_id": "T1", "name": "ada.l", "real_name": null, "is_bot": false, "deleted": false,
        "profile": {"display_name": name, "real_name": "Ada Lovelace", "email": email}})
}
