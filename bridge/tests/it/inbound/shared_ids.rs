//! Slack's ids that several tenants see: a channel that two companies share is in both of their workspaces, under one id. What an organisation says of it
//! through a Slack app of its own, which it may have made up, is nobody else's.

use axum::http::StatusCode;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_entity::slack::{channel, user};

use super::{
    tenants::{SECRET_A, TOKEN_A, Tenants},
    tenants_cases::Place,
};
use crate::world::SECRET;

/// The channel that both are in.
const SHARED: &str = "CSHARED";

fn event(team: &str, id: &str, event: &Value) -> Value {
    json!({"type": "event_callback", "team_id": team, "event_id": format!("Ev{id}"), 
        "authorizations": [{"team_id": team, "user_id": format!("UBOT{team}")}], "event": event})
}

fn reply(of: &Place, ts: &str) -> Value {
    json!({"type": "message", "user": "U1", "team": of.team, "channel": SHARED, "ts": ts, "thread_ts": of.ts, "text": "on it"})
}

fn deletion(of: &Place, ts: &str) -> Value {
    json!({"type": "message", "subtype": "message_deleted", "channel": SHARED, "ts": ts, "deleted_ts": ts,
        "previous_message": {"type": "message", "user": "U1", "ts": ts, "thread_ts": of.ts, "text": "on it"}})
}

fn in_shared_channel(place: &Place, ts: String) -> Place {
    Place {
        team: place.team,
        channel: SHARED,
        ts,
        organization: place.organization.clone(),
        incident: place.incident.clone(),
        bot: place.bot,
        response_url: place.response_url.clone(),
    }
}

impl Tenants {
    async fn takes(&self, secret: &str, team: &str, told: &Value) {
        let answer = self.post(secret, "event", &event(team, &self.once(), told)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        self.worked().await;
    }

    fn comments_of(&self, place: &Place) -> usize {
        let all = self.acted.calls("AddComment");
        all.iter()
            .filter(|call| call.organization.as_ref() == Some(&place.organization))
            .count()
    }
}

#[tokio::test]
async fn an_own_app_buries_nobody_else_s_message() {
    let tenants = Tenants::start().await;
    let ours = in_shared_channel(&tenants.a, tenants.once());
    let theirs = in_shared_channel(&tenants.b, tenants.once());
    for place in [&ours, &theirs] {
        tenants.furnish(place).await;
    }
    let said = tenants.once();
    tenants.takes(SECRET_A, "T1", &deletion(&ours, &said)).await;
    tenants.takes(SECRET, "T2", &reply(&theirs, &said)).await;
    assert_eq!(tenants.comments_of(&theirs), 1, "their own reply is a comment");
    // What was deleted stays deleted where it was.
    tenants.takes(SECRET_A, "T1", &reply(&ours, &said)).await;
    assert_eq!(tenants.comments_of(&ours), 0);
    let deleted = tenants.once();
    tenants.takes(SECRET, "T2", &deletion(&theirs, &deleted)).await;
    tenants.takes(SECRET, "T2", &reply(&theirs, &deleted)).await;
    assert_eq!(tenants.comments_of(&theirs), 1);
}

#[tokio::test]
async fn what_an_own_app_says_of_people_and_channels_is_asked_of_slack() {
    let tenants = Tenants::start().await;
    let ours = in_shared_channel(&tenants.a, tenants.once());
    tenants.furnish(&ours).await;
    tenants
        .takes(SECRET_A, "T1", &reply(&ours, &tenants.once()))
        .await;
    let forged = json!({"type": "user_change", "user": {"id": "U1", "team_id": "T1", "name": "eve",
        "profile": {"email": "victim@example.com", "display_name": "Victim"}}});
    tenants.takes(SECRET_A, "T1", &forged).await;
    let read = tenants.world.database.read();
    let person = user::Entity::find_by_id(("T1".to_owned(), "U1".to_owned()));
    let person = person.one(read).await.expect("people").expect("Ada");
    assert_eq!(person.email.as_deref(), Some("ada@example.com"));
    assert_eq!(
        person.refreshed_at,
        OffsetDateTime::UNIX_EPOCH,
        "Slack is asked anew"
    );

    let asked = json!({"ok": true, "channel": {"id": SHARED, "name": "as-slack-says"}});
    tenants.acted.answer_to(TOKEN_A, "conversations.info", asked);
    let forged =
        json!({"type": "channel_created", "channel": {"id": SHARED, "name": "forged", "creator": "U1"}});
    tenants.takes(SECRET_A, "T1", &forged).await;
    let archived = json!({"type": "channel_archive", "channel": SHARED, "user": "U1"});
    tenants.takes(SECRET_A, "T1", &archived).await;
    let row = channel::Entity::find_by_id(("T1".to_owned(), SHARED.to_owned()));
    let row = row.one(read).await.expect("channels").expect("the channel");
    assert_eq!((row.name.as_str(), row.is_archived), ("as-slack-says", false));
}
