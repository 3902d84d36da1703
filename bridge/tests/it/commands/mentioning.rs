use tocsin_simulator::FileSeed;

use crate::roundtrip::Scene;
use crate::transport::{Transport, over_each_transport};

impl Scene {
    fn says(&self, person: &str, text: &str) {
        let said = format!("@tocsin {text}");
        let person = self.slack().person(person);
        person.reply("incidents", &self.root, &said).expect("a reply");
    }
}

over_each_transport!(
    a_mention_in_the_thread_acts_and_is_no_comment,
    what_is_said_of_the_bot_is_a_comment,
    a_mention_that_can_not_be_done_is_answered_to_the_person_alone,
    a_note_of_a_file_is_the_files_name_and_link,
    a_mention_elsewhere_is_answered_with_help,
);

async fn a_mention_in_the_thread_acts_and_is_no_comment(transport: Transport) {
    let scene = Scene::with(transport, |config| config.duplicate_events = true).await;
    scene.says("alice", "ack");
    scene.stage.until_version(scene.incident, 2).await;
    scene.says("alice", "note the *gateway* is slow");
    scene.until_comments(1).await;
    scene.says("alice", "resolve rolled back");
    scene.stage.until_version(scene.incident, 4).await;
    scene
        .slack()
        .person("alice")
        .reply("incidents", &scene.root, "done")
        .expect("a reply");
    let comments = scene.until_comments(2).await;
    let texts: Vec<_> = comments.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["the **gateway** is slow", "done"]);
    let entries = scene.stage.tracker.entries(scene.incident);
    let kinds: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["TRIGGERED", "ACKNOWLEDGED", "COMMENT", "RESOLVED", "COMMENT"]
    );
    assert_eq!(entries[3]["bodyMarkdown"], "rolled back");
}

async fn what_is_said_of_the_bot_is_a_comment(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.says("alice", "thanks for waking me");
    let comments = scene.until_comments(1).await;
    assert!(comments[0].1.contains("thanks for waking me"), "{comments:?}");
}

async fn a_mention_that_can_not_be_done_is_answered_to_the_person_alone(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.says("bob", "ack");
    scene.until_said_in("incidents", "(READ_ONLY)").await;
    scene.says("alice", "note");
    scene
        .until_said_in("incidents", "the note is empty (WRONG_ARGUMENTS)")
        .await;
    scene.says("alice", "help");
    scene.until_said_in("incidents", "@bot note text").await;
    scene.says("alice", "assign");
    scene.until_said_in("incidents", "Type @bot assign @user.").await;
    assert!(scene.comments().is_empty());
}

async fn a_note_of_a_file_is_the_files_name_and_link(transport: Transport) {
    let scene = Scene::set(transport).await;
    let file = FileSeed {
        name: "graph.png".to_owned(),
        mimetype: "image/png".to_owned(),
        size: 12_345,
    };
    let alice = scene.slack().person("alice");
    let files = std::slice::from_ref(&file);
    let note = alice
        .upload("incidents", Some(&scene.root), "@tocsin note", files)
        .expect("a message");
    let comments = scene.until_comments(1).await;
    assert!(comments[0].1.starts_with("[graph.png](http"), "{comments:?}");
    alice
        .edit("incidents", &note, "@tocsin note the errors since 10:00")
        .expect("an edit");
    let said = async {
        while !scene.comments()[0]
            .1
            .starts_with("the errors since 10:00\n\n[graph.png](http")
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let said = tokio::time::timeout(crate::outbound::stage::PATIENCE, said).await;
    assert!(said.is_ok(), "{:?}", scene.comments());
}

async fn a_mention_elsewhere_is_answered_with_help(transport: Transport) {
    let scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    alice.post("second", "@tocsin ack").expect("a message");
    scene
        .until_said_in("second", "What Tocsin does for you in an incident's thread")
        .await;
    assert_eq!(scene.stage.tracker.version(scene.incident), 1);
}
