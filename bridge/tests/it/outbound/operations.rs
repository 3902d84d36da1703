//! What administrators ask the bridge to do in a simulated workspace.

use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tocsin_bridge::Pace;
use tocsin_entity::{
    id::ConnectorId,
    kinds::ConnectorStatus,
    slack::{channel, directory},
};
use tocsin_queue::jobs::RunSlackOperation;
use tocsin_simulator::{CallLimits, ChannelSeed, Fault, FaultKind, When};

use super::stage::{PATIENCE, Stage};

fn connector(channel: &str) -> Value {
    json!({"connector": {"id": ConnectorId::new(), "name": "payments", "channel": channel,
        "isChannelTaken": false, "appearanceName": "Payments", "appearanceIcon": ":fire:"}})
}

/// Waits until what is known of a channel is so; what is not known is no row.
async fn until_known(stage: &Stage, name: &str, so: impl Fn(Option<&channel::Model>) -> bool) {
    let known = async {
        loop {
            let all = channel::Entity::find().all(stage.world.database.read()).await;
            let all = all.expect("channels");
            if so(all.iter().find(|row| row.name == name)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.expect("the channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_says_that_it_is_one_and_is_posted_once_however_often_it_is_done() {
    let stage = Stage::set().await;
    let id = stage.tracker.ask("TEST_MESSAGE", connector("#second"));
    stage.world.queue.enqueue(&RunSlackOperation {
        operation_id: id.to_string(),
    });
    let sent = stage.until_over(id).await["testMessage"].clone();
    let messages = stage.messages("second");
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].words().contains("nothing has happened"),
        "{}",
        messages[0].words()
    );
    assert_eq!(
        (&sent["ts"], &sent["channel"]),
        (&json!(messages[0].ts), &json!("#second"))
    );
    assert!(
        sent["permalink"]
            .as_str()
            .is_some_and(|link| link.starts_with("http")),
        "{sent}"
    );
    stage.tracker.forget_the_end(id);
    assert_eq!(stage.until_over(id).await["testMessage"], sent, "it is found");
    assert_eq!(stage.messages("second").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_whose_answer_is_lost_is_looked_up_before_another_is_sent() {
    let stage = Stage::set().await;
    stage.slack.add_fault(Fault {
        when: When::After,
        ..Fault::on("chat.postMessage", FaultKind::Drop)
    });
    let sent = stage.comes_of("TEST_MESSAGE", connector("#second")).await;
    let messages = stage.messages("second");
    assert_eq!(messages.len(), 1);
    assert_eq!(sent["testMessage"]["ts"], json!(messages[0].ts));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_joins_a_public_channel_for_a_test_message_and_a_private_one_says_to_invite_it() {
    let stage = Stage::with(CallLimits::none(), Pace::Unlimited, |config| {
        config.channels.push(ChannelSeed::public("open"));
        config.channels.push(ChannelSeed::private("board", &["alice"]));
    })
    .await;
    let sent = stage.comes_of("TEST_MESSAGE", connector("#open")).await;
    assert_eq!(sent["testMessage"]["channel"], "#open", "{sent}");
    assert_eq!(stage.messages("open").len(), 1);
    let refused = stage.comes_of("TEST_MESSAGE", connector("#board")).await;
    assert_eq!(refused["code"], "channel_not_found");
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|told| told.contains("/invite")),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_to_an_archived_channel_says_so_and_the_connector_as_well() {
    let stage = Stage::set().await;
    stage
        .slack
        .person("alice")
        .archive("second", true)
        .expect("archived");
    let fields = connector("#second");
    let refused = stage.comes_of("TEST_MESSAGE", fields.clone()).await;
    assert_eq!(refused["code"], "is_archived");
    stage
        .until_connector(&fields["connector"]["id"], ConnectorStatus::Failing)
        .await;
    stage
        .slack
        .person("alice")
        .archive("second", false)
        .expect("unarchived");
    let sent = stage.comes_of("TEST_MESSAGE", fields.clone()).await;
    assert!(
        sent["testMessage"]["ts"].is_string(),
        "it is looked at again at once: {sent}"
    );
    stage
        .until_connector(&fields["connector"]["id"], ConnectorStatus::Active)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_and_a_refused_token_is_told_with_what_to_do() {
    let stage = Stage::set().await;
    let found = stage.comes_of("TEST_CONNECTION", json!({})).await["connection"].clone();
    assert_eq!(found["teamName"], "Tocsin Demo");
    assert!(
        found["scopes"]
            .as_array()
            .is_some_and(|all| all.contains(&json!("chat:write"))),
        "{found}"
    );
    let error = "token_revoked".to_owned();
    stage
        .slack
        .add_fault(Fault::on("auth.test", FaultKind::Error { error }).times(None));
    let refused = stage.comes_of("TEST_CONNECTION", json!({})).await;
    assert_eq!(refused["code"], "token_revoked");
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|told| told.contains("SLACK_BOT_TOKEN")),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_not_connected_is_told_as_such() {
    let stage = Stage::set().await;
    let elsewhere = json!({"workspace": {"id": tocsin_entity::id::WorkspaceId::new()}});
    for kind in ["TEST_CONNECTION", "REFRESH_CHANNELS"] {
        let refused = stage.comes_of(kind, elsewhere.clone()).await;
        assert!(
            refused["message"]
                .as_str()
                .is_some_and(|told| told.contains("connect it")),
            "{kind}: {refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_found_by_their_address_or_by_their_own_word_or_it_is_said_why_not() {
    let stage = Stage::set().await;
    let alice = stage.slack.snapshot().person("alice").expect("Alice").id.clone();
    let member = |email: &str| json!({"user": {"name": "Alice Archer", "email": email}});
    let found = stage.comes_of("TEST_IDENTITY", member("alice@example.com")).await["identity"].clone();
    assert_eq!(
        (&found["slackUserId"], &found["match"]),
        (&json!(alice), &json!("EMAIL"))
    );
    let nobody = stage
        .comes_of("TEST_IDENTITY", member("nobody@example.com"))
        .await;
    assert_eq!(nobody["code"], "users_not_found");
    assert!(
        nobody["message"]
            .as_str()
            .is_some_and(|told| told.contains("nobody@example.com")),
        "{nobody}"
    );
    let mut linked = member("nobody@example.com");
    linked["linkedSlackUserId"] = json!(alice);
    linked["linkedBy"] = json!("OPENID");
    let found = stage.comes_of("TEST_IDENTITY", linked.clone()).await["identity"].clone();
    assert_eq!(
        (&found["slackUserId"], &found["match"]),
        (&json!(alice), &json!("OPENID"))
    );
    linked["linkedSlackUserId"] = json!("U0NOBODY00");
    assert_eq!(
        stage.comes_of("TEST_IDENTITY", linked).await["code"],
        "user_not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_channels_are_known_after_the_start_and_what_is_gone_is_forgotten_when_they_are_read_again() {
    let stage = Stage::set().await;
    until_known(&stage, "general", |known| known.is_some()).await;
    let own = directory::Entity::find().one(stage.world.database.read()).await;
    let own = own.expect("a directory").expect("a row");
    assert!(own.is_servers);
    let row = channel::ActiveModel {
        team_id: Set(own.team_id),
        channel_id: Set("C0GONE".to_owned()),
        name: Set("gone".to_owned()),
        is_private: Set(false),
        is_member: Set(false),
        is_archived: Set(false),
        is_shared: Set(false),
        seen_by: Set(None),
        refreshed_at: Set(tocsin_clock::machine_now()),
    };
    channel::Entity::insert(row)
        .exec_without_returning(stage.world.database.write())
        .await
        .expect("a row");
    let read = stage.comes_of("REFRESH_CHANNELS", json!({})).await;
    let count = read["channelCount"].as_u64().expect("a count");
    assert!(count >= 3, "{read}");
    until_known(&stage, "gone", |known| known.is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_archived_and_comes_back_is_heard_of_and_what_failed_there_is_tried_at_once() {
    let stage = Stage::with(CallLimits::none(), Pace::Unlimited, |config| {
        crate::world::SECRET.clone_into(&mut config.signing_secret);
    })
    .await;
    stage.serve().await;
    until_known(&stage, "incidents", |known| {
        known.is_some_and(|known| known.is_member)
    })
    .await;
    let alice = stage.slack.person("alice");
    alice.archive("incidents", true).expect("archived");
    until_known(&stage, "incidents", |known| {
        known.is_some_and(|known| known.is_archived)
    })
    .await;
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_failing(incident).await;
    alice.archive("incidents", false).expect("unarchived");
    stage.until_shown(incident).await;
    until_known(&stage, "incidents", |known| {
        known.is_some_and(|known| !known.is_archived)
    })
    .await;
    alice.remove_app("incidents").expect("removed");
    until_known(&stage, "incidents", |known| {
        known.is_some_and(|known| !known.is_member)
    })
    .await;
    alice.invite_app("incidents").expect("invited");
    until_known(&stage, "incidents", |known| {
        known.is_some_and(|known| known.is_member)
    })
    .await;
}
