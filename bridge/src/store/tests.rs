//! What two workers may rely on.

use std::time::Duration;

use sea_orm::{DbErr, EntityTrait};
use time::OffsetDateTime;
use tocsin_entity::{
    database::Database,
    id::{IncidentId, OrganizationId},
    slack::incident,
};

use super::{
    Lane,
    claim::{self, Claim, Finished, News, PutOff},
    testing::on_both,
};

fn news(version: i64) -> News {
    News {
        incident_id: IncidentId::new(),
        organization_id: OrganizationId::new(),
        version,
        request_id: Some(format!("req_{version}")),
    }
}

async fn claim(lane: &Lane, news: &News, worker: &'static str) -> Option<Claim> {
    let news = news.clone();
    let write = lane.write(move |tx| {
        let news = news.clone();
        Box::pin(async move { claim::claim_incident(tx, &news, worker).await })
    });
    write.await.expect("a claim or none")
}

async fn finish(lane: &Lane, news: &News, claim: &Claim, shown_version: i64) -> bool {
    let (id, finished) = (
        news.incident_id,
        Finished {
            shown_version,
            due_at: claim.due_at,
        },
    );
    let write = lane.write(move |tx| Box::pin(claim::finish_incident(tx, id, finished, "one")));
    write.await.expect("an end")
}

async fn row(database: &Database, news: &News) -> incident::Model {
    incident::Entity::find_by_id(news.incident_id)
        .one(database.read())
        .await
        .expect("a look")
        .expect("a row")
}

on_both! {
    async fn an_incident_is_worked_by_one_worker_at_a_time(database: Database) {
        let (lane, told) = (Lane::new(database), news(3));
        let first = claim(&lane, &told, "one").await.expect("a claim");
        assert_eq!((first.wanted_version, first.shown_version, first.is_first), (3, 0, true));
        assert_eq!(claim(&lane, &told, "two").await, None);
        assert!(!finish(&lane, &told, &first, 3).await);
        assert_eq!(claim(&lane, &told, "two").await, None, "nothing is left to do");
        let newer = News { version: 4, ..told };
        let second = claim(&lane, &newer, "two").await.expect("a claim");
        assert_eq!((second.wanted_version, second.shown_version, second.is_first), (4, 3, false));
    }

    async fn news_that_come_during_the_work_are_not_forgotten(database: Database) {
        let (lane, told) = (Lane::new(database.clone()), news(1));
        let first = claim(&lane, &told, "one").await.expect("a claim");
        let newer = News { version: 2, request_id: Some("req_2".to_owned()), ..told.clone() };
        assert_eq!(claim(&lane, &newer, "two").await, None);
        assert!(finish(&lane, &told, &first, 1).await, "there is more to do");
        let row = row(&database, &told).await;
        assert_eq!((row.shown_version, row.wanted_version, row.request_id.as_deref()), (1, 2, Some("req_2")));
    }

    async fn an_incident_whose_menu_was_used_is_shown_again_with_another_one(database: Database) {
        let (lane, told) = (Lane::new(database.clone()), news(3));
        let use_menu = || lane.write({
            let id = told.incident_id;
            move |tx| Box::pin(async move { claim::use_menu(tx, id).await })
        });
        assert_eq!(use_menu().await.expect("a look"), None, "of which nobody has heard");
        let first = claim(&lane, &told, "one").await.expect("a claim");
        assert_eq!(first.menu_uses, 0);
        let during = use_menu().await.expect("a write");
        assert_eq!(during, Some((told.organization_id, 3)));
        assert!(finish(&lane, &told, &first, 3).await, "there is more to do");
        let second = claim(&lane, &told, "one").await.expect("a claim");
        assert_eq!(second.menu_uses, 1);
        assert!(!finish(&lane, &told, &second, 3).await);
        use_menu().await.expect("a write");
        let third = claim(&lane, &told, "two").await.expect("a claim");
        assert_eq!((third.menu_uses, third.shown_version, third.wanted_version), (2, 2, 3));
    }

    async fn whoever_makes_an_incident_due_during_the_work_has_it_done_again(database: Database) {
        let (lane, told) = (Lane::new(database.clone()), news(5));
        let first = claim(&lane, &told, "one").await.expect("a claim");
        assert!(!finish(&lane, &told, &first, 5).await);
        let newer = News { version: 6, ..told.clone() };
        let second = claim(&lane, &newer, "one").await.expect("a claim");
        let mut due: incident::ActiveModel = row(&database, &told).await.into();
        due.due_at = sea_orm::ActiveValue::Set(OffsetDateTime::now_utc());
        incident::Entity::update(due).exec(database.write()).await.expect("a wish");
        assert!(finish(&lane, &newer, &second, 6).await, "there is more to do");
        let third = claim(&lane, &newer, "one").await.expect("a claim");
        assert_eq!(third.shown_version, 5);
    }

    async fn what_is_put_off_is_left_alone_until_it_is_due_or_news_come(database: Database) {
        let (lane, told) = (Lane::new(database.clone()), news(1));
        claim(&lane, &told, "one").await.expect("a claim");
        let due_at = OffsetDateTime::now_utc() + Duration::from_secs(60);
        let put_off = PutOff { due_at, error: Some("no such channel".to_owned()) };
        let id = told.incident_id;
        let write = lane.write(move |tx| {
            let put_off = put_off.clone();
            Box::pin(async move { claim::put_off_incident(tx, id, &put_off, "one").await })
        });
        write.await.expect("put off");
        assert_eq!(claim(&lane, &told, "two").await, None);
        let row = row(&database, &told).await;
        assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some("no such channel")));
        let claimed = claim(&lane, &News { version: 2, ..told }, "two").await.expect("a claim");
        assert_eq!(claimed.attempts, 1);
    }

    async fn an_older_version_is_no_news(database: Database) {
        let (lane, told) = (Lane::new(database.clone()), news(7));
        for (version, is_news) in [(7, true), (7, false), (3, false), (8, true)] {
            let told = News { version, ..told.clone() };
            let noted = lane.write(move |tx| {
                let told = told.clone();
                Box::pin(async move { claim::note(tx, &told).await })
            });
            assert_eq!(noted.await, Ok(is_news), "{version}");
        }
        assert_eq!(row(&database, &told).await.wanted_version, 8);
    }

    async fn a_write_that_fails_takes_no_other_with_it(database: Database) {
        let lane = Lane::new(database.clone());
        let writes = (1..=40).map(|version| {
            let (lane, told) = (lane.clone(), news(version));
            async move {
                let write = lane.write(move |tx| {
                    let told = told.clone();
                    Box::pin(async move {
                        claim::note(tx, &told).await?;
                        if told.version % 7 == 0 {
                            return Err(DbErr::Custom("refused".to_owned()));
                        }
                        Ok(())
                    })
                });
                (version, write.await)
            }
        });
        for (version, outcome) in futures::future::join_all(writes).await {
            assert_eq!(outcome.is_ok(), version % 7 != 0, "{version}");
        }
        let rows = incident::Entity::find().all(database.read()).await.expect("rows");
        assert_eq!(rows.len(), 35);
    }
}
