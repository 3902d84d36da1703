//! The queue as its users see it, on both backends.

#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

mod crashes;
mod crew;
mod delivery;
mod failures;
mod metrics;
mod outages;
mod place;
mod shutdown;

/// Makes each behaviour a test on Redis and on SQLite.
macro_rules! on_both_backends {
    ($($behaviour:ident),+ $(,)?) => {
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(crate::place::Place::redis().await).await;
            })+
        }

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(crate::place::Place::sqlite()).await;
            })+
        }
    };
}
pub(crate) use on_both_backends;
