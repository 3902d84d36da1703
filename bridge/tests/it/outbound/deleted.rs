//! Incidents' messages that somebody deletes in Slack, where no event tells of it.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use time::Duration;
use tocsin_entity::{kinds::PostKind, slack::post};

use super::stage::Stage;

impl Stage {
    /// As if the incidents' messages had been posted and changed an hour ago.
    async fn lets_an_hour_pass(&self) {
        let database = &self.world.database;
        let posts = post::Entity::find()
            .filter(post::Column::Kind.eq(PostKind::Root))
            .all(database.read());
        let earlier = tocsin_clock::machine_now() - Duration::hours(1);
        for found in posts.await.expect("posts") {
            let aged = post::ActiveModel {
                id: Set(found.id),
                posted_at: Set(found.posted_at.map(|_| earlier)),
                updated_at: Set(found.updated_at.map(|_| earlier)),
                ..Default::default()
            };
            aged.update(database.write()).await.expect("a post");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_gone_is_posted_again_though_nothing_tells_of_it() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let ts = stage.message().ts;
    stage.delete_as_administrator(&ts).await;
    stage.lets_an_hour_pass().await;
    let is_back = |snapshot: &tocsin_simulator::Snapshot| {
        let channel = snapshot.channel("incidents").expect("a channel");
        let mut messages = channel.messages.iter();
        messages.any(|message| !message.deleted && format!("{message:?}").contains("Posted again"))
    };
    stage.until(is_back).await;
    assert_ne!(stage.message().ts, ts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_there_costs_one_look_and_that_of_a_resolved_incident_none() {
    let stage = Stage::set().await;
    let (open, resolved) = (
        stage.tracker.trigger("Payments are failing"),
        stage.tracker.trigger("Over"),
    );
    stage.tracker.resolve(resolved, "done");
    for id in [open, resolved] {
        stage.ring(id);
        stage.until_shown(id).await;
    }
    stage.lets_an_hour_pass().await;
    let looked = async {
        loop {
            let root = stage.root(open).await;
            if root.looked_at.is_some() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(super::stage::PATIENCE, looked)
        .await
        .expect("a look");
    assert_eq!(stage.root(resolved).await.looked_at, None);
    assert_eq!(stage.calls("chat.update"), 0);
    assert_eq!(stage.messages("incidents").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_may_not_see_the_channel_leaves_it_alone() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let refusal = tocsin_simulator::FaultKind::Error {
        error: "channel_not_found".to_owned(),
    };
    stage
        .slack
        .add_fault(tocsin_simulator::Fault::on("chat.getPermalink", refusal).times(1));
    stage.lets_an_hour_pass().await;
    let left = async {
        loop {
            let root = stage.root(id).await;
            if root.looked_at.is_some_and(|at| at > tocsin_clock::machine_now()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(super::stage::PATIENCE, left)
        .await
        .expect("it is left alone for a while");
    assert_eq!(stage.calls("chat.update"), 0);
}
