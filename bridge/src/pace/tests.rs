//! The pace, as workers see it.

use std::time::Duration;

use sea_orm::EntityTrait;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::pace;
use tocsin_slack::method::CHAT_UPDATE;
use tocsin_slack_client::pacer::PaceSlot;

use super::{Purpose, WorkspacePace};
use crate::{config::Pace, store::testing::on_both};

const LONG: Duration = Duration::from_secs(3_600);

async fn post(limits: &WorkspacePace, purpose: Purpose, max_wait: Duration) -> PaceSlot {
    limits.reserve_post("C1", purpose, max_wait).await
}

/// When all of this happens, in microseconds since 1970.
const NOW: i64 = 1_795_214_167_000_000;

/// Limits whose clock stands still.
fn limits(database: &Database, pace: Pace) -> WorkspacePace {
    limits_at(database, pace, time::Duration::ZERO)
}

/// Limits whose clock stands still, and is off by so much.
fn limits_at(database: &Database, pace: Pace, off: time::Duration) -> WorkspacePace {
    let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(NOW) * 1_000).expect("a time") + off;
    WorkspacePace::new(database.clone(), Clock::told_by(move || now), pace, "T1")
}

/// The wait in seconds; `Err` when no place was taken.
fn seconds(place: PaceSlot) -> Result<u64, u64> {
    match place {
        PaceSlot::At(wait) => Ok(wait.as_secs()),
        PaceSlot::WouldWait(wait) => Err(wait.as_secs()),
    }
}

on_both! {
    async fn a_rested_channel_takes_five_posts_at_once_and_then_one_a_second(database: Database) {
        let limits = limits(&database, Pace::Documented);
        let mut waits = Vec::new();
        for _ in 0..8 {
            waits.push(seconds(post(&limits, Purpose::NewIncident, LONG).await));
        }
        assert_eq!(waits, [Ok(0), Ok(0), Ok(0), Ok(0), Ok(0), Ok(1), Ok(2), Ok(3)]);
        let other = limits.reserve_post("C2", Purpose::NewIncident, LONG).await;
        assert_eq!(seconds(other), Ok(0), "another channel has its own pace");
    }

    async fn a_place_too_far_away_is_not_taken(database: Database) {
        let limits = limits(&database, Pace::PostsPerSecond(0.1));
        let wait = Duration::from_secs(15);
        let mut waits = Vec::new();
        for _ in 0..4 {
            waits.push(seconds(post(&limits, Purpose::NewIncident, wait).await));
        }
        assert_eq!(waits, [Ok(0), Ok(10), Err(20), Err(20)]);
        assert_eq!(seconds(post(&limits, Purpose::NewIncident, LONG).await), Ok(20));
    }

    async fn changes_leave_the_last_places_of_a_burst_to_new_incidents(database: Database) {
        let limits = limits(&database, Pace::Documented);
        for _ in 0..3 {
            assert_eq!(seconds(post(&limits, Purpose::Change, Duration::ZERO).await), Ok(0));
        }
        assert_eq!(seconds(post(&limits, Purpose::Change, Duration::ZERO).await), Err(1));
        assert_eq!(seconds(post(&limits, Purpose::NewIncident, Duration::ZERO).await), Ok(0));
    }

    async fn after_a_retry_after_all_workers_wait_and_there_is_no_burst(database: Database) {
        let one = limits(&database, Pace::Documented);
        let two = limits(&database, Pace::Documented);
        assert_eq!(seconds(post(&one, Purpose::NewIncident, LONG).await), Ok(0));
        one.block_posts("C1", Duration::from_secs(7)).await;
        assert_eq!(two.blocked_for("C1"), None);
        let mut waits = Vec::new();
        for _ in 0..3 {
            waits.push(seconds(post(&two, Purpose::NewIncident, LONG).await));
        }
        assert_eq!(waits, [Ok(7), Ok(8), Ok(9)]);
        assert!(one.blocked_for("C1").is_some(), "places that were taken before are void");
    }

    async fn a_refusal_gives_no_place_away_that_is_taken(database: Database) {
        let limits = limits(&database, Pace::PostsPerSecond(1.0));
        let mut waits = Vec::new();
        for _ in 0..3 {
            waits.push(seconds(post(&limits, Purpose::NewIncident, LONG).await));
        }
        limits.block_posts("C1", Duration::from_secs(1)).await;
        for _ in 0..2 {
            waits.push(seconds(post(&limits, Purpose::NewIncident, LONG).await));
        }
        assert_eq!(waits, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
    }

    async fn workers_who_ask_at_the_same_moment_get_places_of_their_own(database: Database) {
        let asked = (0..20).map(|_| {
            let limits = limits(&database, Pace::PostsPerSecond(1.0));
            async move { seconds(post(&limits, Purpose::NewIncident, LONG).await) }
        });
        let mut waits = futures::future::join_all(asked).await;
        waits.sort_unstable();
        assert_eq!(waits, (0..20).map(Ok).collect::<Vec<_>>());
    }

    async fn a_full_workspace_gives_the_channels_place_back(database: Database) {
        let limits = limits(&database, Pace::Documented);
        for channel in 0..150 {
            limits.reserve_post(&format!("C{channel}"), Purpose::NewIncident, LONG).await;
        }
        let full = limits.reserve_post("C9999", Purpose::NewIncident, Duration::ZERO).await;
        assert!(matches!(full, PaceSlot::WouldWait(_)), "{full:?}");
        let own = pace::Entity::find_by_id("T1/chat.postMessage/C9999").one(database.read()).await;
        let free_at = own.expect("a look").expect("a row").free_at;
        assert!(free_at <= NOW, "the channel is as rested as before");
    }

    async fn without_limits_nothing_is_kept_but_what_slack_says(database: Database) {
        let limits = limits(&database, Pace::Unlimited);
        assert_eq!(post(&limits, Purpose::NewIncident, Duration::ZERO).await, PaceSlot::At(Duration::ZERO));
        limits.block_method(CHAT_UPDATE, Duration::from_secs(9)).await;
        let update = limits.reserve_method(CHAT_UPDATE, Duration::from_secs(1)).await;
        assert!(matches!(update, PaceSlot::WouldWait(_)), "{update:?}");
        assert!(pace::Entity::find().all(database.read()).await.expect("rows").is_empty());
    }

    async fn a_clock_that_was_an_hour_off_holds_nothing_up_when_it_is_right_again(database: Database) {
        for off in [time::Duration::HOUR, time::Duration::DAY] {
            let wrong = limits_at(&database, Pace::Documented, off);
            for _ in 0..6 {
                post(&wrong, Purpose::NewIncident, LONG).await;
            }
            wrong.block_posts("C1", Duration::from_secs(30)).await;
            wrong.block_method(CHAT_UPDATE, Duration::from_secs(30)).await;
            let right = limits(&database, Pace::Documented);
            assert_eq!(seconds(post(&right, Purpose::NewIncident, Duration::ZERO).await), Ok(0), "{off}");
            let update = right.reserve_method(CHAT_UPDATE, Duration::ZERO).await;
            assert_eq!(seconds(update), Ok(0), "{off}");
        }
    }

    async fn a_clock_that_was_set_back_holds_nothing_up(database: Database) {
        let before = limits(&database, Pace::PostsPerSecond(1.0));
        for _ in 0..3 {
            post(&before, Purpose::NewIncident, LONG).await;
        }
        before.block_posts("C1", Duration::from_secs(3)).await;
        let after = limits_at(&database, Pace::PostsPerSecond(1.0), -time::Duration::HOUR);
        let waits = [
            seconds(post(&after, Purpose::NewIncident, LONG).await),
            seconds(post(&after, Purpose::NewIncident, LONG).await),
        ];
        assert_eq!(waits, [Ok(0), Ok(1)]);
    }

    async fn the_longest_pause_that_slack_can_ask_for_is_a_day(database: Database) {
        let limits = limits(&database, Pace::Documented);
        limits.block_posts("C1", Duration::MAX).await;
        let blocked = limits.blocked_for("C1").expect("a limit");
        assert!(blocked <= Duration::from_secs(86_400), "{blocked:?}");
        assert_eq!(seconds(post(&limits, Purpose::NewIncident, LONG).await), Err(86_400));
    }
}
