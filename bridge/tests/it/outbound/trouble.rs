//! What is wrong is told on the delivery, and healing needs no restart.

use tocsin_bridge::Pace;
use tocsin_entity::kinds::PostState;
use tocsin_simulator::{CallLimits, ChannelSeed, Fault, FaultKind};

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_slack_is_told_and_got_over() {
    let stage = Stage::set().await;
    stage.slack.add_fault(Fault::down());
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    let row = stage.until_row(id, |row| row.attempts > 0).await;
    assert!(
        row.last_error.is_some_and(|error| error.contains("503")),
        "the error names what Slack said"
    );
    stage.slack.clear_faults();
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents").len(), 1);
    assert_eq!(stage.root(id).await.last_error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_api_is_got_over() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.tracker.set_down(true);
    stage.ring(id);
    let row = stage.until_row(id, |row| row.attempts > 0).await;
    assert!(row.last_error.is_some_and(|error| error.contains("503")));
    stage.tracker.set_down(false);
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_told_and_the_posts_are_made_when_it_works_again() {
    let stage = Stage::set().await;
    stage.slack.add_fault(Fault::token_revoked());
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    let (fate, error) = stage.until_failing(id).await;
    assert_eq!(fate, PostState::Retrying);
    assert!(error.contains("token_revoked"), "{error}");
    stage.slack.clear_faults();
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_channel_asks_for_an_invitation_and_is_posted_to_after_it() {
    let seed = |config: &mut tocsin_simulator::SimulatorConfig| {
        config.channels.push(ChannelSeed::private("war-room", &["alice"]));
    };
    let stage = Stage::with(CallLimits::none(), Pace::Unlimited, seed).await;
    stage.tracker.connect_only("#war-room");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    let (fate, error) = stage.until_failing(id).await;
    assert_eq!(fate, PostState::Retrying);
    assert!(
        error.contains("#war-room") && error.contains("/invite @"),
        "{error}"
    );
    stage
        .slack
        .person("alice")
        .invite_app("war-room")
        .expect("an invitation");
    stage.until_shown(id).await;
    assert_eq!(stage.messages("war-room").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_channel_is_joined() {
    let stage = Stage::set().await;
    stage.tracker.connect_only("general");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(stage.messages("general").len(), 1);
    assert!(stage.slack.channel("general").expect("a channel").bot_is_member);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_channel_says_so() {
    let stage = Stage::set().await;
    stage
        .slack
        .person("alice")
        .archive("second", true)
        .expect("archived");
    stage.tracker.connect_only("#second");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    let (_, error) = stage.until_failing(id).await;
    assert!(error.contains("#second is archived"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_in_trouble_holds_up_no_other() {
    let stage = Stage::set().await;
    stage.tracker.connector("missing", "#missing");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_row(id, |row| row.attempts > 0).await;
    assert_eq!(stage.messages("incidents").len(), 1);
    let missing = stage
        .posts(id)
        .await
        .into_iter()
        .find(|post| post.channel_name == "#missing")
        .expect("a record");
    assert!(missing.last_error.is_some_and(|error| error.contains("#missing")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_person_deleted_is_posted_again_once_with_the_next_change_and_says_why() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let only_root = || {
        let mut roots = stage.messages("incidents");
        roots.retain(|message| message.thread_ts.is_none());
        assert_eq!(roots.len(), 1, "{roots:#?}");
        roots.remove(0)
    };
    let ts = only_root().ts;
    stage.delete_as_administrator(&ts).await;
    // What it says when it comes back must outlast a refusal.
    stage.slack.add_fault(Fault::on(
        "chat.postMessage",
        FaultKind::RateLimited { retry_after: 1 },
    ));
    stage.tracker.acknowledge(id);
    stage.ring(id);
    stage.until_shown(id).await;
    let root = stage.root(id).await;
    assert_eq!(
        (root.state, root.last_error.as_deref()),
        (PostState::Posted, None)
    );
    let again = only_root();
    assert_ne!(again.ts, ts);
    let content = format!("{again:?}");
    assert!(
        content.contains("Posted again: the earlier message was deleted."),
        "{content}"
    );
    stage.tracker.resolve(id, "done");
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(only_root().ts, again.ts);
    let content = format!("{:?}", only_root());
    assert!(
        !content.contains("Posted again"),
        "the next change takes the note away: {content}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_for_whose_thread_the_message_was_deleted_has_it_posted_again() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let ts = stage.message().ts;
    stage.delete_as_administrator(&ts).await;
    stage.tracker.comment(id, "the provider is down");
    stage.ring(id);
    stage.until_shown(id).await;
    let root = stage.root(id).await;
    assert_ne!(root.ts.as_deref(), Some(ts.as_str()));
    let again = stage.message();
    assert_eq!(Some(again.ts), root.ts);
    let replies = again.replies.iter();
    let texts: Vec<_> = replies.map(|reply| reply.text.as_str()).collect();
    assert!(
        texts.len() == 1 && texts[0].contains("the provider is down"),
        "{texts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_is_waited_for() {
    let stage = Stage::set().await;
    stage.slack.add_fault(Fault::on(
        "chat.postMessage",
        FaultKind::RateLimited { retry_after: 1 },
    ));
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let posts: Vec<_> = stage
        .slack
        .calls()
        .into_iter()
        .filter(|call| call.method == "chat.postMessage")
        .collect();
    assert_eq!(posts.len(), 2);
    assert!(
        posts[1].at_micros - posts[0].at_micros >= 1_000_000,
        "the second call came too soon"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_own_blocks_a_message_goes_out_as_plain_text() {
    let stage = Stage::set().await;
    let error = FaultKind::Error {
        error: "invalid_blocks".to_owned(),
    };
    stage.slack.add_fault(Fault::on("chat.postMessage", error));
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    assert!(
        stage
            .message()
            .text
            .contains("#1 Payments are failing (Triggered, High urgency, payments)")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_is_over_leaves_no_trace_on_a_message_that_was_right_all_along() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    stage.slack.add_fault(Fault::token_revoked());
    stage.tracker.comment(id, "Looking");
    stage.ring(id);
    stage.until_row(id, |row| row.attempts > 0).await;
    stage.slack.clear_faults();
    stage.until_shown(id).await;
    let root = stage.root(id).await;
    assert_eq!((root.state, root.last_error), (PostState::Posted, None));
    assert_eq!(stage.message().replies.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_slack_shows_though_it_did_not_say_so_is_taken_back() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    stage
        .slack
        .add_fault(Fault::lost_answer("chat.update").times(None));
    stage.tracker.acknowledge(id);
    stage.ring(id);
    stage.until_row(id, |row| row.attempts > 0).await;
    assert!(stage.message().text.contains("Acknowledged"));
    // What is wanted now is what was last known to be shown.
    stage.tracker.reopen(id);
    stage.slack.clear_faults();
    stage.ring(id);
    stage.until_shown(id).await;
    let text = stage.message().text;
    assert!(text.contains("Triggered"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_found_in_slack_shows_what_was_sent_until_it_is_changed() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.slack.add_fault(Fault::lost_answer("chat.postMessage"));
    stage.ring(id);
    stage.until_row(id, |row| row.attempts > 0).await;
    stage.tracker.acknowledge(id);
    let refused = Fault::on("chat.update", FaultKind::RateLimited { retry_after: 1 });
    stage.slack.add_fault(refused);
    stage.ring(id);
    stage.until_shown(id).await;
    let text = stage.message().text;
    assert!(text.contains("Acknowledged"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_wait_for_a_channel_are_posted_when_it_works_again() {
    let seed = |config: &mut tocsin_simulator::SimulatorConfig| {
        config.channels.push(ChannelSeed::private("war-room", &["alice"]));
    };
    let stage = Stage::with(CallLimits::none(), Pace::Unlimited, seed).await;
    stage.tracker.connect_only("#war-room");
    let ids: Vec<_> = (0..5)
        .map(|_| stage.tracker.trigger("Payments are failing"))
        .collect();
    for id in &ids {
        stage.ring(*id);
        stage.until_failing(*id).await;
    }
    stage
        .slack
        .person("alice")
        .invite_app("war-room")
        .expect("an invitation");
    for id in &ids {
        stage.until_shown(*id).await;
    }
    assert_eq!(stage.messages("war-room").len(), 5);
}
