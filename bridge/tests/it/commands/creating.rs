use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tocsin_entity::{
    kinds::InboxState,
    slack::{inbox, origin},
};
use tocsin_queue::jobs::WorkInbox;
use tocsin_simulator::{MessageSnapshot, Snapshot};

use crate::roundtrip::Scene;
use crate::transport::{Transport, over_each_transport};

/// Whether a channel's top level has a message of the bot's with these words.
fn shows(channel: &'static str, words: &'static str) -> impl Fn(&Snapshot) -> bool {
    move |snapshot| {
        let channel = snapshot.channel(channel).expect("a channel");
        let mut messages = channel.messages.iter();
        messages.any(|message| message.is_from_app && message.words().contains(words))
    }
}

fn count(scene: &Scene, channel: &str, words: &str) -> usize {
    let messages = scene.stage.messages(channel);
    messages
        .iter()
        .filter(|message| message.words().contains(words))
        .count()
}

over_each_transport!(
    a_command_that_says_all_creates_the_incident_and_announces_it_where_it_was_given,
    where_a_connector_leads_anyway_it_is_announced_once,
    a_command_that_says_a_part_is_asked_for_the_rest,
    who_may_not_create_is_told_in_the_dialog,
    the_shortcut_asks_and_its_dialog_tells_what_came_of_it,
    a_message_becomes_an_incident_and_its_thread_the_incidents,
    a_long_message_becomes_a_description_whole_and_its_address_is_that_of_a_private_channel,
    where_the_bot_is_not_the_person_is_told_to_invite_it_and_then_it_is_announced,
    a_crash_between_creating_and_announcing_costs_nothing_and_doubles_nothing,
);

async fn a_command_that_says_all_creates_the_incident_and_announces_it_where_it_was_given(
    transport: Transport,
) {
    let scene = Scene::set(transport).await;
    scene
        .types(
            "alice",
            "create Cards fail service:payments urgency:low severity:sev3",
        )
        .await;
    scene.until_said("You have created #2 Cards fail").await;
    scene.stage.until(shows("general", "Cards fail")).await;
    let id = scene.until_incident(2).await;
    scene.stage.until_shown(id).await;
    let message = scene.stage.messages("general").remove(0);
    assert!(
        message.words().contains("Low") && message.words().contains("SEV3"),
        "{}",
        message.words()
    );
    scene.stage.until(shows("incidents", "Cards fail")).await;
    // From now on it is worked there as anywhere.
    scene.stage.tracker.acknowledge(id);
    scene.stage.ring(id);
    scene
        .stage
        .until(shows("general", "Acknowledged by Alice Archer"))
        .await;
    let alice = scene.slack().person("alice");
    alice.reply("general", &message.ts, "on it").expect("a reply");
    let commented = async {
        while !scene
            .stage
            .tracker
            .entries(id)
            .iter()
            .any(|entry| entry["bodyMarkdown"] == "on it")
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::outbound::stage::PATIENCE, commented)
        .await
        .expect("a comment");
}

async fn where_a_connector_leads_anyway_it_is_announced_once(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene
        .types_in("alice", "incidents", "create Cards fail service:payments")
        .await;
    let id = scene.until_incident(2).await;
    scene.until_said_in("incidents", "You have created #2").await;
    scene.stage.until_shown(id).await;
    scene.stage.tracker.acknowledge(id);
    scene.stage.ring(id);
    scene.stage.until_shown(id).await;
    assert_eq!(count(&scene, "incidents", "Cards fail"), 1);
}

async fn a_command_that_says_a_part_is_asked_for_the_rest(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "create “Cards fail” severity:sev2").await;
    let view = scene.modal("create").await;
    let all = view.content.to_string();
    assert!(
        all.contains(r#""initial_value":"“Cards fail”""#) || all.contains(r#""initial_value":"Cards fail""#),
        "{all}"
    );
    let mut suggestion = scene.interaction_of("alice", "block_suggestion");
    suggestion["view"] = view.content.clone();
    suggestion["action_id"] = json!("service");
    suggestion["value"] = json!("api");
    let options = scene.stage.world.interact(&suggestion).await.json();
    let options = options["options"].as_array().expect("options").clone();
    assert_eq!(options.len(), 1, "{options:?}");
    assert_eq!(options[0]["text"]["text"], "Payments API");
    let wrong = scene
        .submit_new("alice", &view, json!({"title": {"title": {"value": ""}}}))
        .await;
    assert_eq!(wrong["response_action"], "errors");
    assert!(wrong["errors"]["title"].is_string(), "{wrong}");
    let values = json!({
        "title": {"title": {"value": "Cards fail"}},
        "description": {"description": {"value": "*All* of them."}},
        "service": {"service": {"selected_option": options[0]}},
        "urgency": {"urgency": {"selected_option": {"value": "HIGH"}}},
        "severity": {"severity": {"selected_option": {"value": "SEV2"}}},
    });
    assert_eq!(scene.submit_new("alice", &view, values).await, Value::Null);
    scene.until_said("You have created #2 Cards fail").await;
    scene.stage.until(shows("general", "Payments API")).await;
}

async fn who_may_not_create_is_told_in_the_dialog(transport: Transport) {
    let scene = Scene::set(transport).await;
    for (person, code) in [("bob", "(READ_ONLY)"), ("guest", "(NOT_LINKED)")] {
        scene.types(person, "create").await;
        let find = |snapshot: &Snapshot| {
            snapshot.views.iter().any(|view| {
                view.content["callback_id"] == "refused" && view.content.to_string().contains(code)
            })
        };
        scene.stage.until(find).await;
    }
    scene.types("bob", "create Cards fail service:payments").await;
    scene.until_said("(READ_ONLY)").await;
    assert_eq!(scene.stage.tracker.by_number(2), None);
}

async fn the_shortcut_asks_and_its_dialog_tells_what_came_of_it(transport: Transport) {
    let scene = Scene::set(transport).await;
    let mut shortcut = scene.interaction_of("alice", "shortcut");
    shortcut["callback_id"] = json!("create_incident");
    shortcut["trigger_id"] = json!(scene.trigger("alice").await);
    assert_eq!(scene.stage.world.interact(&shortcut).await.body, "");
    let view = scene.modal("create").await;
    let values = json!({"title": {"title": {"value": "Cards fail"}}});
    let answer = scene.submit_new("alice", &view, values).await;
    assert_eq!(answer["response_action"], "update");
    let told = scene.modal("told").await;
    assert!(
        told.content.to_string().contains("You have created"),
        "{:?}",
        told.content
    );
    let id = scene.until_incident(2).await;
    scene.stage.until_shown(id).await;
    assert_eq!(count(&scene, "incidents", "Cards fail"), 1);
}

fn in_thread(snapshot: &Snapshot, channel: &str, ts: &str) -> Vec<MessageSnapshot> {
    let channel = snapshot.channel(channel).expect("a channel");
    let message = channel.messages.iter().find(|message| message.ts == ts);
    message.map(|message| message.replies.clone()).unwrap_or_default()
}

async fn a_message_becomes_an_incident_and_its_thread_the_incidents(transport: Transport) {
    let scene = Scene::set(transport).await;
    let carol = scene.slack().person("carol");
    let ts = carol
        .post("general", "*Checkout* is down\nsince 10:00")
        .expect("a message");
    let message = json!({"type": "message", "user": scene.id_of("carol"), "ts": ts, "text": "*Checkout* is down\nsince 10:00"});
    let mut action = scene.interaction_of("alice", "message_action");
    action["callback_id"] = json!("create_incident_from_message");
    action["trigger_id"] = json!(scene.trigger("alice").await);
    action["channel"] = json!({"id": scene.id_of_channel("general"), "name": "general"});
    action["message_ts"] = json!(ts);
    action["message"] = message;
    // The bot is there, or it could not hear the thread.
    scene
        .slack()
        .person("alice")
        .invite_app("general")
        .expect("an invitation");
    assert_eq!(scene.stage.world.interact(&action).await.body, "");
    let view = scene.modal("create").await;
    let blocks = view.content["blocks"].as_array().expect("blocks");
    let initial = |name: &str| {
        let block = blocks
            .iter()
            .find(|block| block["block_id"] == name)
            .expect("an input");
        block["element"]["initial_value"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    assert_eq!(initial("title"), "Checkout is down");
    let description = initial("description");
    assert!(description.starts_with("*Checkout* is down"), "{description}");
    assert!(
        description.contains("— Carol Chen, <http") && description.contains("|in Slack>"),
        "{description}"
    );
    let values = json!({"title": {"title": {"value": "Checkout is down"}}, "description": {"description": {"value": description}}});
    assert_eq!(scene.submit_new("alice", &view, values).await, Value::Null);
    let id = scene.until_incident(2).await;
    scene
        .stage
        .until(|snapshot| {
            in_thread(snapshot, "general", &ts)
                .iter()
                .any(|reply| reply.words().contains("#2"))
        })
        .await;
    carol.reply("general", &ts, "cards too").expect("a reply");
    let comments = || {
        let entries = scene.stage.tracker.entries(id);
        entries.iter().filter(|entry| entry["kind"] == "COMMENT").count()
    };
    let commented = async {
        while comments() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::outbound::stage::PATIENCE, commented)
        .await
        .expect("a comment");
    scene.stage.tracker.resolve(id, "Rolled back.");
    scene.stage.ring(id);
    scene
        .stage
        .until(|snapshot| {
            in_thread(snapshot, "general", &ts)
                .iter()
                .any(|reply| reply.words().contains("Rolled back."))
        })
        .await;
    assert_eq!(comments(), 1);
    assert_eq!(count(&scene, "general", "#2"), 0, "nothing but in the thread");
    let said: Vec<_> = in_thread(&scene.slack().snapshot(), "general", &ts);
    let echoes = said
        .iter()
        .filter(|reply| reply.is_from_app && reply.words().contains("cards too"));
    assert_eq!(echoes.count(), 0, "{said:#?}");
}

async fn a_long_message_becomes_a_description_whole_and_its_address_is_that_of_a_private_channel(
    transport: Transport,
) {
    let scene = Scene::set(transport).await;
    let text = format!("*Checkout* is down\n{}the end", "12345 789\n".repeat(3_990));
    let alice = scene.slack().person("alice");
    let ts = alice.post("secret", &text).expect("a message");
    let address = format!(
        "archives/{}/p{}",
        scene.id_of_channel("secret"),
        ts.replace('.', "")
    );
    let titled = |title: &str, description: &str| json!({"title": {"title": {"value": title}}, "description": {"description": {"value": description}}});
    for (number, becomes) in [(2, None), (3, Some("In my own words."))] {
        let chosen = alice.message_shortcut("create_incident_from_message", "secret", &ts);
        assert!(chosen.await.expect("a shortcut").is_ok());
        // Submitted from outside, the one before is open still.
        let is_filled = |snapshot: &Snapshot| {
            let views = snapshot.views.iter();
            let filled = views.filter(|view| view.content["callback_id"] == "create");
            i64::try_from(filled.count()) == Ok(number - 1)
        };
        scene.stage.until(is_filled).await;
        let view = scene.modal("create").await;
        let all = view.content.to_string();
        assert!(
            all.contains("Leave this text as it is") && all.contains(&address),
            "{all}"
        );
        let blocks = view.content["blocks"].as_array().expect("blocks");
        let mut shown = blocks.iter().filter(|block| block["block_id"] == "description");
        let shown = shown.next().expect("an input")["element"]["initial_value"].as_str();
        let shown = shown.expect("a text");
        assert!(
            shown.chars().count() <= 3_000 && !shown.contains("the end"),
            "{shown}"
        );
        // Slack trims what is submitted.
        let values = titled("Checkout is down", becomes.unwrap_or(&format!("{shown}\n ")));
        assert_eq!(scene.submit_new("alice", &view, values).await, Value::Null);
        let id = scene.until_incident(number).await;
        scene
            .until_said_in("secret", &format!("You have created #{number}"))
            .await;
        let description = scene.stage.tracker.description(id);
        match becomes {
            None => {
                assert!(description.starts_with("**Checkout** is down"), "{description}");
                assert!(
                    description.contains("the end") && description.contains(&address),
                    "{description}"
                );
                assert_eq!(description.matches("12345 789").count(), 3_990);
            }
            Some(words) => assert_eq!(description, words),
        }
    }
}

async fn where_the_bot_is_not_the_person_is_told_to_invite_it_and_then_it_is_announced(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene
        .types_in("alice", "secret", "create Cards fail service:payments")
        .await;
    scene.until_said_in("secret", "(NOT_ANNOUNCED)").await;
    scene.until_said_in("secret", "/invite").await;
    scene
        .slack()
        .person("alice")
        .invite_app("secret")
        .expect("an invitation");
    scene.stage.until(shows("secret", "Cards fail")).await;
    assert_eq!(count(&scene, "secret", "Cards fail"), 1);
}

async fn a_crash_between_creating_and_announcing_costs_nothing_and_doubles_nothing(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "create Cards fail service:payments").await;
    scene.until_said("You have created #2").await;
    let id = scene.until_incident(2).await;
    scene.stage.until(shows("general", "Cards fail")).await;
    scene.stage.until_shown(id).await;
    let command = async || {
        let mut rows = scene.stage.world.inbox().await;
        rows.retain(|row| row.kind == "command");
        rows.pop().expect("a stored command")
    };
    let settled = async || {
        let worked = async {
            while command().await.state == InboxState::Pending {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::outbound::stage::PATIENCE, worked)
            .await
            .expect("the work");
    };
    settled().await;
    let database = &scene.stage.world.database;
    let noted = origin::Entity::find_by_id(id).one(database.read()).await;
    let noted = noted.expect("the origins").expect("an origin");
    // As if nobody had come to finish the work: once with, and once without the note of where it was.
    for forgets in [false, true] {
        if forgets {
            origin::Entity::delete_by_id(id)
                .exec(database.write())
                .await
                .expect("no origin");
        }
        let row = command().await;
        let again = inbox::ActiveModel {
            id: Set(row.id),
            state: Set(InboxState::Pending),
            due_at: Set(tocsin_clock::machine_now()),
            ..Default::default()
        };
        again.update(database.write()).await.expect("a stored command");
        scene.stage.world.queue.enqueue(&WorkInbox {
            inbox_id: row.id.to_string(),
        });
        settled().await;
    }
    assert_eq!(scene.stage.tracker.by_number(3), None);
    let again = origin::Entity::find_by_id(id).one(database.read()).await;
    let again = again.expect("the origins").expect("an origin, noted anew");
    assert_eq!(again.channel_id, noted.channel_id);
    scene.stage.until_shown(id).await;
    assert_eq!(count(&scene, "general", "Cards fail"), 1);
}
