//! People in a simulated workspace, and what becomes of what they do: both halves of the bridge, the API acted.

mod assigned;
mod dialogs;
mod disorder;
mod order;
mod revisions;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_bridge::Pace;
use tocsin_entity::{id::IncidentId, kinds::InboxState};
use tocsin_simulator::{CallLimits, Simulator, SimulatorConfig};
use url::Url;

use crate::{
    outbound::stage::Stage,
    transport::{Transport, over_each_transport},
};

const LINK: &str = "https://tocsin.example.com/ops/incidents/1";

/// A workspace that sends its events to the bridge, and an incident that it shows.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) incident: IncidentId,
    /// The incident's message.
    pub(crate) root: String,
}

impl Scene {
    pub(crate) async fn set(transport: Transport) -> Self {
        Self::with(transport, |_| {}).await
    }

    pub(crate) async fn with(transport: Transport, change: impl FnOnce(&mut SimulatorConfig)) -> Self {
        let stage = Stage::over(transport, CallLimits::none(), Pace::Unlimited, |config| {
            crate::world::SECRET.clone_into(&mut config.signing_secret);
            config.unfurl_domains = vec!["tocsin.example.com".to_owned()];
            change(config);
        })
        .await;
        if transport == Transport::Http {
            stage.serve().await;
        }
        stage.tracker.member("Alice Archer", "RESPONDER");
        stage.tracker.member("Bob Baker", "STAKEHOLDER");
        let incident = stage.tracker.trigger("Payments are failing");
        stage.ring(incident);
        stage.until_shown(incident).await;
        let root = stage.message().ts;
        Self {
            stage,
            incident,
            root,
        }
    }

    /// The bridge is away: nobody takes what Slack has to tell.
    pub(crate) async fn goes_away(&mut self) {
        self.stage.stop().await;
        self.slack().set_callback_urls(None, None, None);
    }

    pub(crate) fn slack(&self) -> &Simulator {
        &self.stage.slack
    }

    pub(crate) fn comments(&self) -> Vec<(String, String)> {
        self.comments_of(self.incident)
    }

    fn comments_of(&self, incident: IncidentId) -> Vec<(String, String)> {
        let entries = self.stage.tracker.entries(incident);
        let comments = entries.iter().filter(|entry| entry["kind"] == "COMMENT");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        comments
            .map(|entry| (text(&entry["author"]["name"]), text(&entry["bodyMarkdown"])))
            .collect()
    }

    /// What people said, as the timeline shows it: by when it was said.
    fn timeline_of(&self, incident: IncidentId) -> Vec<String> {
        let mut entries = self.stage.tracker.entries(incident);
        entries.retain(|entry| entry["kind"] == "COMMENT");
        entries.sort_by_key(|entry| {
            let at = entry["occurredAt"].as_str().expect("a time");
            OffsetDateTime::parse(at, &Rfc3339).expect("a time")
        });
        let body = |entry: &serde_json::Value| entry["bodyMarkdown"].as_str().expect("a text").to_owned();
        entries.iter().map(body).collect()
    }

    pub(crate) async fn until_comments(&self, count: usize) -> Vec<(String, String)> {
        self.until_comments_of(self.incident, count).await
    }

    async fn until_comments_of(&self, incident: IncidentId, count: usize) -> Vec<(String, String)> {
        let waiting = async {
            while self.comments_of(incident).len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::outbound::stage::PATIENCE, waiting)
            .await
            .expect("the comments");
        self.comments_of(incident)
    }

    /// Waits until the bridge has taken so many events of a type, and has worked all that it has taken.
    pub(crate) async fn until_worked(&self, event: &str, count: usize) {
        let worked = async {
            loop {
                let deliveries = self.slack().deliveries();
                let taken = deliveries
                    .iter()
                    .filter(|one| one.what == event && one.failure.is_none());
                let rows = self.stage.world.inbox().await;
                if taken.count() >= count && rows.iter().all(|row| row.state != InboxState::Pending) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::outbound::stage::PATIENCE, worked)
            .await
            .expect("all worked");
    }

    /// Waits until somebody is told something that nobody else sees.
    pub(crate) async fn until_told(&self, channel: &str, code: &str) {
        let told = |snapshot: &tocsin_simulator::Snapshot| {
            let channel = snapshot.channel(channel).expect("a channel");
            channel
                .ephemeral
                .iter()
                .any(|message| message.words().contains(code))
        };
        self.stage.until(told).await;
    }
}

over_each_transport!(
    what_people_say_in_the_thread_is_on_the_timeline_once_and_not_said_again,
    what_is_said_through_the_api_does_not_come_back_as_a_comment,
    who_may_only_read_is_told_in_the_thread,
    a_pressed_button_changes_the_message_and_who_may_not_press_it_is_told,
    a_pasted_link_has_a_preview_that_follows_the_incident,
    a_link_in_the_composer_has_a_preview,
);

async fn what_people_say_in_the_thread_is_on_the_timeline_once_and_not_said_again(transport: Transport) {
    let scene = Scene::with(transport, |config| config.duplicate_events = true).await;
    let alice = scene.slack().person("alice");
    alice
        .reply(
            "incidents",
            &scene.root,
            "*restarted* the `gateway`, see <https://example.com/a_b>",
        )
        .expect("a reply");
    scene.until_comments(1).await;
    scene
        .slack()
        .person("guest")
        .reply_and_broadcast("incidents", &scene.root, "thanks & bye")
        .expect("a reply");
    let comments = scene.until_comments(2).await;
    assert_eq!(comments[0].0, "Alice Archer");
    assert!(comments[0].1.contains("restarted"), "{comments:?}");
    assert_eq!(comments[1], ("Gus Guest".to_owned(), "thanks & bye".to_owned()));
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    let message = scene.stage.message();
    let from_app = message.replies.iter().filter(|reply| reply.is_from_app).count();
    assert_eq!(from_app, 0, "{:#?}", message.replies);
}

async fn what_is_said_through_the_api_does_not_come_back_as_a_comment(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.stage.tracker.comment(scene.incident, "Looking into it");
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    let alice = scene.slack().person("alice");
    alice.reply("incidents", &scene.root, "good").expect("a reply");
    let comments = scene.until_comments(2).await;
    assert_eq!(
        comments.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(),
        ["Looking into it", "good"]
    );
}

async fn who_may_only_read_is_told_in_the_thread(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene
        .slack()
        .person("bob")
        .reply("incidents", &scene.root, "let me help")
        .expect("a reply");
    scene.until_told("incidents", "(READ_ONLY)").await;
    assert!(scene.comments().is_empty());
}

async fn a_pressed_button_changes_the_message_and_who_may_not_press_it_is_told(transport: Transport) {
    let scene = Scene::set(transport).await;
    for (person, code) in [("bob", "(READ_ONLY)"), ("guest", "(NOT_LINKED)")] {
        let pressed = scene
            .slack()
            .person(person)
            .click("incidents", &scene.root, "acknowledge")
            .await;
        assert!(pressed.expect("a button").is_ok());
        scene.until_told("incidents", code).await;
    }
    let pressed = scene
        .slack()
        .person("alice")
        .click("incidents", &scene.root, "acknowledge")
        .await;
    assert!(pressed.expect("a button").is_ok());
    scene
        .stage
        .until_row(scene.incident, |row| row.shown_version >= 2)
        .await;
    let words = scene.stage.message().words();
    assert!(words.contains("Acknowledged by Alice Archer"), "{words}");
}

async fn a_pasted_link_has_a_preview_that_follows_the_incident(transport: Transport) {
    let scene = Scene::set(transport).await;
    let link: Url = LINK.parse().expect("a URL");
    let ts = scene
        .slack()
        .person("alice")
        .paste_link("general", &link)
        .expect("a message");
    let shows = |words: &'static str| {
        let ts = ts.clone();
        move |snapshot: &tocsin_simulator::Snapshot| {
            let message = snapshot
                .channel("general")
                .and_then(|channel| channel.message(&ts));
            message.is_some_and(|message| !message.attachments.is_empty() && message.words().contains(words))
        }
    };
    scene.stage.until(shows("Payments are failing")).await;
    scene.stage.tracker.acknowledge(scene.incident);
    scene.stage.ring(scene.incident);
    scene.stage.until(shows("Acknowledged")).await;
}

async fn a_link_in_the_composer_has_a_preview(transport: Transport) {
    let scene = Scene::set(transport).await;
    let link: Url = LINK.parse().expect("a URL");
    let alice = scene.slack().person("alice");
    let id = alice
        .compose_link("general", &link)
        .expect("a channel")
        .expect("a registered domain");
    scene
        .stage
        .until(|_| !alice.composer_previews(&id).is_empty())
        .await;
}
