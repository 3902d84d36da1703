use crate::roundtrip::Scene;
use crate::transport::{Transport, over_each_transport};

over_each_transport!(
    help_and_mistakes_are_answered_under_the_commands_own_name,
    a_person_is_told_who_they_are_and_how_things_stand,
    an_incident_is_shown_by_its_number,
    incidents_are_listed_in_pages_that_take_each_others_place,
    lists_are_filtered,
    while_the_api_is_away_a_command_says_so,
);

async fn help_and_mistakes_are_answered_under_the_commands_own_name(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "").await;
    scene.until_said("/störung resolve N [note]").await;
    scene.types("alice", "akc 3").await;
    scene
        .until_said("(UNKNOWN_COMMAND). Did you mean /störung ack N?")
        .await;
    scene.types("alice", "show").await;
    scene.until_said("(WRONG_ARGUMENTS). Type /störung show N").await;
    scene.types("alice", "snooze 1 soon").await;
    scene.until_said("/störung snooze N 30m").await;
}

async fn a_person_is_told_who_they_are_and_how_things_stand(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "whoami").await;
    scene
        .until_said("You are Alice Archer (alice@example.com), responder of Org")
        .await;
    scene.types("guest", "whoami").await;
    scene.until_said("(NOT_LINKED)").await;
    scene.types("bob", "status").await;
    scene
        .until_said("1 triggered, 0 acknowledged; 1 of high urgency, 0 yours")
        .await;
    scene.until_said("Tocsin is connected to Tocsin Demo").await;
}

async fn an_incident_is_shown_by_its_number(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.stage.tracker.comment(scene.incident, "Looking into it");
    scene.types("bob", "show #1").await;
    scene.until_said("Looking into it").await;
    let told = scene.told("general").pop().expect("an answer");
    assert!(
        told.contains("#1 Payments are failing") && told.contains("Triggered"),
        "{told}"
    );
    scene.types("bob", "show 99").await;
    scene.until_said("(NOT_FOUND)").await;
}

async fn incidents_are_listed_in_pages_that_take_each_others_place(transport: Transport) {
    let scene = Scene::set(transport).await;
    for number in 2..=25 {
        scene.stage.tracker.trigger(&format!("Incident {number}"));
    }
    scene.types("alice", "list").await;
    scene.until_said("Org: incidents 1–10 of 25").await;
    let press = async |button: &str| {
        let channel = scene.slack().channel("general").expect("a channel");
        let list = channel.ephemeral.last().expect("a list").ts.clone();
        let pressed = scene
            .slack()
            .person("alice")
            .click("general", &list, button)
            .await;
        assert!(pressed.expect("a button").is_ok());
    };
    press("Next").await;
    scene.until_said("incidents 11–20 of 25").await;
    press("Next").await;
    scene.until_said("incidents 21–25 of 25").await;
    let told = scene.told("general");
    assert_eq!(told.len(), 1, "one message that changes: {told:#?}");
    assert!(
        told[0].contains("#1 Payments are failing") && !told[0].contains("Next"),
        "{}",
        told[0]
    );
    press("Previous").await;
    scene.until_said("incidents 11–20 of 25").await;
    press("Previous").await;
    scene.until_said("incidents 1–10 of 25").await;
    assert!(!scene.told("general")[0].contains("Previous"));
}

async fn lists_are_filtered(transport: Transport) {
    let scene = Scene::set(transport).await;
    let other = scene.stage.tracker.trigger("Disk is full");
    scene.stage.tracker.acknowledge(other);
    scene.types("alice", "list acknowledged service:payments").await;
    scene.until_said("incidents 1–1 of 1").await;
    assert!(scene.told("general")[0].contains("Disk is full"));
    scene.types("alice", "list mine").await;
    scene.until_said("no such incidents").await;
    scene.types("alice", "list service:payment-api").await;
    scene.until_said("did you mean \"Payments API\"?").await;
    scene.types("alice", "list yours").await;
    scene
        .until_said("there is no filter \"yours\" (WRONG_ARGUMENTS)")
        .await;
    scene.types("guest", "list").await;
    scene.until_said("(NOT_LINKED)").await;
}

async fn while_the_api_is_away_a_command_says_so(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.stage.tracker.set_down(true);
    scene.types("alice", "list").await;
    scene.until_said("(UNAVAILABLE)").await;
}
