//! What two workers may rely on.

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{IncidentId, OrganizationId, PostId},
    kinds::{PostKind, PostState},
    slack::{incident, post},
};

use super::{
    GroupWriter,
    claim::{self, Claimant, IncidentChange, IncidentClaim},
    claim_many::{ClaimedIncident, claim_incidents},
    fence::Fence,
    lease::{LeaseSubject, Leases},
    posts,
    record_many::{self, FinishedWork, PostponedWork},
    testing::on_both,
};
use crate::background::bounds;

fn change(version: i64) -> IncidentChange {
    IncidentChange {
        incident_id: IncidentId::new(),
        organization_id: OrganizationId::new(),
        version,
        request_id: Some(format!("req_{version}")),
    }
}

fn claimant(worker: &str) -> Claimant {
    Claimant {
        worker: worker.to_owned(),
        now: Clock::new().now(),
        lost_track: false,
    }
}

async fn claim(writer: &GroupWriter, change: &IncidentChange, worker: &'static str) -> Option<IncidentClaim> {
    claim_as(writer, change, claimant(worker)).await
}

async fn claim_as(writer: &GroupWriter, change: &IncidentChange, by: Claimant) -> Option<IncidentClaim> {
    let wanted = vec![(change.clone(), by)];
    let claimed = claim_all(writer, wanted).await.pop().expect("an answer");
    claimed.map(|claimed| claimed.claim)
}

async fn claim_all(
    writer: &GroupWriter,
    wanted: Vec<(IncidentChange, Claimant)>,
) -> Vec<Option<ClaimedIncident>> {
    let write = writer.write(move |tx| {
        let wanted = wanted.clone();
        Box::pin(async move { claim_incidents(tx, &wanted).await })
    });
    write.await.expect("claims")
}

fn fence(change: &IncidentChange, claim: &IncidentClaim, worker: &str) -> Fence {
    Fence::new(LeaseSubject::Incident(change.incident_id), claim.number, worker)
}

/// Lets go of it, as shown; `None` where it is another's by now.
async fn let_go(
    writer: &GroupWriter,
    fence: &Fence,
    claim: &IncidentClaim,
    shown_version: i64,
    changed: &[post::Model],
) -> Option<bool> {
    let finished = FinishedWork {
        shown_version,
        due_at: claim.due_at,
    };
    record_many::let_go(writer, &Clock::new(), fence, finished, changed.into(), None)
        .await
        .expect("an end")
}

/// Notes the news, as whoever follows the log does.
async fn noted(writer: &GroupWriter, change: &IncidentChange) {
    let change = change.clone();
    let write = writer.write(move |tx| {
        let change = change.clone();
        Box::pin(async move { claim::note(tx, &change, Clock::new().now()).await })
    });
    assert_eq!(write.await, Ok(true));
}

/// Puts it off, by whoever has it.
async fn put_off(writer: &GroupWriter, fence: &Fence, claim: &IncidentClaim, until: PostponedWork) {
    let finished = FinishedWork {
        shown_version: 0,
        due_at: claim.due_at,
    };
    let (clock, changed) = (Clock::new(), Arc::new([]));
    let ended = record_many::let_go(writer, &clock, fence, finished, changed, Some(until)).await;
    assert_eq!(ended, Ok(Some(false)));
}

async fn finish(
    writer: &GroupWriter,
    change: &IncidentChange,
    claim: &IncidentClaim,
    shown_version: i64,
) -> bool {
    let fence = fence(change, claim, "one");
    let ended = let_go(writer, &fence, claim, shown_version, &[]).await;
    ended.expect("the claim was its own")
}

/// The claim runs out, as it does when its worker is away.
async fn run_out(database: &Database, change: &IncidentChange) {
    let past = tocsin_clock::machine_now() - Duration::from_secs(1);
    incident::Entity::update_many()
        .col_expr(incident::Column::ClaimedUntil, Expr::value(past))
        .filter(incident::Column::IncidentId.eq(change.incident_id))
        .exec(database.write())
        .await
        .expect("a claim that has run out");
}

fn post(change: &IncidentChange, ts: Option<&str>, state: PostState) -> post::Model {
    let now = Clock::new().now();
    post::Model {
        id: PostId(change.incident_id.0),
        organization_id: change.organization_id,
        key: format!("root:{}", change.incident_id),
        kind: PostKind::Root,
        incident_id: Some(change.incident_id),
        digest_id: None,
        connector_id: None,
        connector_name: String::new(),
        workspace_id: None,
        team_id: "T1".to_owned(),
        channel_id: "C1".to_owned(),
        channel_name: "#incidents".to_owned(),
        thread_ts: None,
        ts: ts.map(str::to_owned),
        address: None,
        content_hash: Some("hash".to_owned()),
        shown_version: 1,
        state,
        attempts: 1,
        last_error: None,
        not_before: None,
        sent_at: Some(now),
        queued_at: now,
        posted_at: ts.map(|_| now),
        updated_at: None,
        lag_milliseconds: None,
        is_open: None,
        looked_at: None,
    }
}

async fn recorded(database: &Database, change: &IncidentChange) -> post::Model {
    post::Entity::find_by_id(PostId(change.incident_id.0))
        .one(database.read())
        .await
        .expect("a look")
        .expect("a record")
}

async fn row(database: &Database, change: &IncidentChange) -> incident::Model {
    incident::Entity::find_by_id(change.incident_id)
        .one(database.read())
        .await
        .expect("a look")
        .expect("a row")
}

on_both! {
    async fn an_incident_is_worked_by_one_worker_at_a_time(database: Database) {
        let (writer, told) = (GroupWriter::new(database), change(3));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        assert_eq!((first.wanted_version, first.shown_version, first.is_first), (3, 0, true));
        assert_eq!(claim(&writer, &told, "two").await, None);
        assert!(!finish(&writer, &told, &first, 3).await);
        assert_eq!(claim(&writer, &told, "two").await, None, "nothing is left to do");
        let newer = IncidentChange { version: 4, ..told };
        let second = claim(&writer, &newer, "two").await.expect("a claim");
        assert_eq!((second.wanted_version, second.shown_version, second.is_first), (4, 3, false));
    }

    async fn news_that_come_during_the_work_are_not_forgotten(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let newer = IncidentChange { version: 2, request_id: Some("req_2".to_owned()), ..told.clone() };
        assert_eq!(claim(&writer, &newer, "two").await, None);
        assert!(finish(&writer, &told, &first, 1).await, "there is more to do");
        let row = row(&database, &told).await;
        assert_eq!((row.shown_version, row.wanted_version, row.request_id.as_deref()), (1, 2, Some("req_2")));
    }

    async fn an_incident_whose_menu_was_used_is_shown_again_with_another_one(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(3));
        let use_menu = || writer.write({
            let id = told.incident_id;
            move |tx| Box::pin(async move { claim::use_menu(tx, id, Clock::new().now()).await })
        });
        assert_eq!(use_menu().await.expect("a look"), None, "of which nobody has heard");
        let first = claim(&writer, &told, "one").await.expect("a claim");
        assert_eq!(first.menu_uses, 0);
        let during = use_menu().await.expect("a write");
        assert_eq!(during, Some((told.organization_id, 3)));
        assert!(finish(&writer, &told, &first, 3).await, "there is more to do");
        let second = claim(&writer, &told, "one").await.expect("a claim");
        assert_eq!(second.menu_uses, 1);
        assert!(!finish(&writer, &told, &second, 3).await);
        use_menu().await.expect("a write");
        let third = claim(&writer, &told, "two").await.expect("a claim");
        assert_eq!((third.menu_uses, third.shown_version, third.wanted_version), (2, 2, 3));
    }

    async fn whoever_makes_an_incident_due_during_the_work_has_it_done_again(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(5));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        assert!(!finish(&writer, &told, &first, 5).await);
        let newer = IncidentChange { version: 6, ..told.clone() };
        let second = claim(&writer, &newer, "one").await.expect("a claim");
        let mut due: incident::ActiveModel = row(&database, &told).await.into();
        due.due_at = sea_orm::ActiveValue::Set(tocsin_clock::machine_now());
        incident::Entity::update(due).exec(database.write()).await.expect("a wish");
        assert!(finish(&writer, &newer, &second, 6).await, "there is more to do");
        let third = claim(&writer, &newer, "one").await.expect("a claim");
        assert_eq!(third.shown_version, 5);
    }

    async fn what_is_put_off_is_left_alone_until_it_is_due_or_news_come(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let due_at = tocsin_clock::machine_now() + Duration::from_secs(60);
        let put_off = PostponedWork { due_at, error: Some("no such channel".to_owned()) };
        self::put_off(&writer, &fence(&told, &first, "one"), &first, put_off).await;
        assert_eq!(claim(&writer, &told, "two").await, None);
        let row = row(&database, &told).await;
        assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some("no such channel")));
        let claimed = claim(&writer, &IncidentChange { version: 2, ..told }, "two").await.expect("a claim");
        assert_eq!(claimed.attempts, 1);
    }

    async fn an_older_version_is_no_news(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(7));
        for (version, is_news) in [(7, true), (7, false), (3, false), (8, true)] {
            let told = IncidentChange { version, ..told.clone() };
            let noted = writer.write(move |tx| {
                let told = told.clone();
                Box::pin(async move { claim::note(tx, &told, Clock::new().now()).await })
            });
            assert_eq!(noted.await, Ok(is_news), "{version}");
        }
        assert_eq!(row(&database, &told).await.wanted_version, 8);
    }

    async fn a_write_that_fails_takes_no_other_with_it(database: Database) {
        let writer = GroupWriter::new(database.clone());
        let attempts = (1..=40).map(|version| {
            let (writer, told) = (writer.clone(), change(version));
            async move {
                let write = writer.write(move |tx| {
                    let told = told.clone();
                    Box::pin(async move {
                        claim::note(tx, &told, Clock::new().now()).await?;
                        if told.version % 7 == 0 {
                            return Err(DbErr::Custom("refused".to_owned()));
                        }
                        Ok(())
                    })
                });
                (version, write.await)
            }
        });
        for (version, outcome) in futures::future::join_all(attempts).await {
            assert_eq!(outcome.is_ok(), version % 7 != 0, "{version}");
        }
        let rows = incident::Entity::find().all(database.read()).await.expect("rows");
        assert_eq!(rows.len(), 35);
    }

    async fn a_worker_that_has_lost_its_claim_writes_nothing(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let away = fence(&told, &first, "one");
        let sending = post(&told, None, PostState::Sending);
        assert_eq!(record_many::save_under(&writer, &Clock::new(), &away, [sending].into()).await, Ok(true));
        run_out(&database, &told).await;
        let second = claim(&writer, &told, "two").await.expect("a claim");
        let posted = post(&told, Some("2.2"), PostState::Posted);
        let other = fence(&told, &second, "two");
        assert_eq!(let_go(&writer, &other, &second, 1, std::slice::from_ref(&posted)).await, Some(false));
        // It wakes, and believes that Slack wants it to come back later.
        let stale = [post(&told, None, PostState::Retrying)];
        assert_eq!(record_many::save_under(&writer, &Clock::new(), &away, stale.clone().into()).await, Ok(false));
        assert_eq!(let_go(&writer, &away, &first, 7, &stale).await, None);
        let record = recorded(&database, &told).await;
        assert_eq!((record.ts, record.state), (posted.ts, PostState::Posted));
        assert_eq!(row(&database, &told).await.shown_version, 1);
    }

    async fn the_same_worker_does_not_write_under_an_earlier_claim_of_its_own(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        run_out(&database, &told).await;
        let second = claim(&writer, &told, "one").await.expect("a claim");
        assert!(second.number > first.number);
        let away = fence(&told, &first, "one");
        let stale = [post(&told, None, PostState::Retrying)];
        assert_eq!(record_many::save_under(&writer, &Clock::new(), &away, stale.clone().into()).await, Ok(false));
        assert_eq!(let_go(&writer, &away, &first, 1, &stale).await, None);
        assert_eq!(let_go(&writer, &fence(&told, &second, "one"), &second, 1, &[]).await, Some(false));
    }

    async fn a_claim_that_a_process_has_lost_track_of_is_taken_by_itself_alone(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        claim(&writer, &told, "one").await.expect("a claim");
        assert_eq!(claim(&writer, &told, "one").await, None, "another job of the same process is at it");
        let by = |worker| Claimant { lost_track: true, ..claimant(worker) };
        assert_eq!(claim_as(&writer, &told, by("two")).await, None);
        assert!(claim_as(&writer, &told, by("one")).await.is_some());
    }

    async fn a_lease_ends_when_another_has_claimed_meanwhile(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let leases = Leases::new("one");
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let of = LeaseSubject::Incident(told.incident_id);
        let lease = leases.hold(of, first.number, std::time::Instant::now());
        assert!(lease.holds());
        run_out(&database, &told).await;
        claim(&writer, &told, "two").await.expect("a claim");
        let clock = Clock::new();
        tokio::select! {
            () = leases.run(&database, &clock) => {}
            () = async { while lease.holds() { tokio::task::yield_now().await; } } => {}
        }
        let kept = row(&database, &told).await;
        assert_eq!(kept.claimed_by.as_deref(), Some("two"));
    }

    async fn what_is_in_doubt_is_shown_anew_by_whoever_claims_it_next(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let doubt = || writer.write({
            let of = LeaseSubject::Incident(told.incident_id);
            move |tx| Box::pin(async move { claim::doubt(tx, of, Clock::new().now()).await })
        });
        // While another is at work, whose end does not settle it.
        doubt().await.expect("a doubt");
        let posted = post(&told, Some("1.1"), PostState::Posted);
        let own = fence(&told, &first, "one");
        assert_eq!(let_go(&writer, &own, &first, 1, &[posted]).await, Some(true));
        let second = claim(&writer, &told, "two").await.expect("a claim");
        assert_eq!(recorded(&database, &told).await.content_hash, None);
        assert_eq!(let_go(&writer, &fence(&told, &second, "two"), &second, 1, &[]).await, Some(false));
    }

    async fn what_a_wrong_clock_has_put_off_is_due_at_once(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let ahead = |by: Duration| {
            let clock = tocsin_clock::machine_now() + by;
            Claimant { now: clock, ..claimant("one") }
        };
        let hour = Duration::from_secs(3_600);
        claim_as(&writer, &told, ahead(hour)).await.expect("a claim");
        let newer = IncidentChange { version: 2, ..told.clone() };
        assert_eq!(claim(&writer, &newer, "two").await, None);
        bounds::repair(&database, Clock::new().now()).await.expect("a repair");
        let claimed = async {
            loop {
                if let Some(claim) = claim(&writer, &newer, "two").await {
                    return claim;
                }
                tokio::task::yield_now().await;
            }
        };
        let claim = tokio::time::timeout(Duration::from_secs(30), claimed).await.expect("a claim");
        assert_eq!(claim.wanted_version, 2);
    }

    async fn what_is_put_off_for_no_longer_than_any_pause_is_left_alone(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        let due_at = first.due_at + Duration::from_secs(1_800);
        let put_off = PostponedWork { due_at, error: None };
        self::put_off(&writer, &fence(&told, &first, "one"), &first, put_off).await;
        bounds::repair(&database, Clock::new().now()).await.expect("a look");
        assert_eq!(row(&database, &told).await.due_at, due_at);
    }

    async fn a_post_whose_name_in_slack_is_noted_meanwhile_is_never_overlooked(database: Database) {
        for number in 0..50 {
            let (change, ts) = (change(1), format!("1700000000.{number:06}"));
            let coming = post(&change, None, PostState::Sending);
            posts::save(database.write(), &coming).await.expect("on record");
            let noted = post::Entity::update_many()
                .col_expr(post::Column::Ts, Expr::value(ts.clone()))
                .filter(post::Column::Id.eq(coming.id))
                .exec(database.write());
            let looks = async {
                loop {
                    let found = posts::at_or_coming(database.read(), "T1", "C1", &ts).await.expect("a look");
                    let found = found.expect("it is there, or on its way");
                    assert_eq!(found.id, coming.id);
                    if found.ts.is_some() {
                        return;
                    }
                }
            };
            let (noted, ()) = tokio::join!(noted, looks);
            noted.expect("noted");
        }
    }

    async fn claims_that_are_made_together_are_as_if_each_was_made_alone(database: Database) {
        let writer = GroupWriter::new(database.clone());
        let [new, noted, held, over] = [(); 4].map(|()| change(1));
        self::noted(&writer, &noted).await;
        claim(&writer, &held, "other").await.expect("a claim");
        let done = claim(&writer, &over, "other").await.expect("a claim");
        assert_eq!(let_go(&writer, &fence(&over, &done, "other"), &done, 1, &[post(&over, Some("1.0"), PostState::Posted)]).await, Some(false));
        let newer = IncidentChange { version: 2, ..held.clone() };
        let changed = IncidentChange { version: 2, ..over.clone() };
        let wanted = [&new, &noted, &newer, &over, &changed, &new].map(|change| (change.clone(), claimant("one")));
        let claims = claim_all(&writer, wanted.to_vec()).await;
        let told: Vec<_> = claims
            .iter()
            .map(|claimed| claimed.as_ref().map(|one| (one.claim.number, one.claim.is_first, one.recorded.len())))
            .collect();
        // What is over is no news, until its next version is told.
        assert_eq!(told, [Some((1, true, 0)), Some((1, false, 0)), None, None, Some((2, false, 1)), None]);
        assert_eq!(row(&database, &held).await.wanted_version, 2);
    }

    async fn an_earlier_claim_writes_nothing_beside_the_one_that_is_held(database: Database) {
        let (writer, told) = (GroupWriter::new(database.clone()), change(1));
        let first = claim(&writer, &told, "one").await.expect("a claim");
        run_out(&database, &told).await;
        let second = claim(&writer, &told, "one").await.expect("a claim");
        let stale = [post(&told, None, PostState::Sending)];
        let (away, own) = (fence(&told, &first, "one"), fence(&told, &second, "one"));
        // While the first write is made, the others gather.
        let before = writer.write(|_| Box::pin(async { Ok(()) }));
        let (_, lost, kept) = tokio::join!(
            before,
            let_go(&writer, &away, &first, 1, &stale),
            let_go(&writer, &own, &second, 1, &[])
        );
        assert_eq!((lost, kept), (None, Some(false)));
        let found = post::Entity::find_by_id(PostId(told.incident_id.0)).one(database.read()).await;
        assert_eq!(found, Ok(None));
    }
}
