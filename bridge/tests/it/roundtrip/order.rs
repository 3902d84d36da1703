//! The order of what is said in threads.

use super::{Scene, disorder::another_start};
use crate::transport::{Transport, over_each_transport};

over_each_transport!(
    two_hundred_replies_of_two_threads_that_are_caught_up_with_are_in_order,
    what_is_said_at_once_by_several_is_on_the_timeline_once_each,
);

async fn two_hundred_replies_of_two_threads_that_are_caught_up_with_are_in_order(transport: Transport) {
    let mut scene = Scene::set(transport).await;
    let other = scene.stage.tracker.trigger("Mail is late");
    scene.stage.ring(other);
    scene.stage.until_shown(other).await;
    let other_root = scene.stage.root(other).await.ts.expect("a message");
    scene.goes_away().await;
    let said = |number: usize| format!("said {number:03}");
    for number in 0..200 {
        let person = scene
            .slack()
            .person(if number % 3 == 0 { "guest" } else { "alice" });
        let root = if number % 2 == 0 { &scene.root } else { &other_root };
        person.reply("incidents", root, &said(number)).expect("a reply");
    }
    let _stop = another_start(&scene).await;
    for (incident, parity) in [(scene.incident, 0), (other, 1)] {
        let expected: Vec<_> = (0..100).map(|number| said(2 * number + parity)).collect();
        let came = scene.until_comments_of(incident, 100).await;
        assert_eq!(scene.timeline_of(incident), expected);
        // Over a socket Slack may send again what it could not bring before, and that is heard first.
        if transport == Transport::Http {
            let came: Vec<_> = came.into_iter().map(|(_, body)| body).collect();
            assert_eq!(came, expected);
        }
    }
}

async fn what_is_said_at_once_by_several_is_on_the_timeline_once_each(transport: Transport) {
    let scene = Scene::with(transport, |config| {
        config.duplicate_events = true;
        config.reorder = true;
    })
    .await;
    let _second = another_start(&scene).await;
    let mut said = Vec::new();
    for number in 0..40 {
        let text = format!("said {number:02}");
        let person = scene.slack().person(["alice", "guest"][number % 2]);
        person.reply("incidents", &scene.root, &text).expect("a reply");
        said.push(text);
    }
    scene.until_worked("message", 80).await;
    assert_eq!(scene.timeline_of(scene.incident), said);
}
