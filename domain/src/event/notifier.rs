//! Doorbells between replicas. One that is lost costs a second: every follower also looks by itself.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::StreamExt;
use tocsin_entity::id::OrganizationId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::hub::Subscribers;
use crate::viewer::Keyring;

/// The channel of Redis on which replicas ring one another; the message is the organisation's id.
const CHANNEL: &str = "tocsin:events";
/// The channel on which a replica says that it has taken somebody's rights away; the message says no more.
const RIGHTS_CHANNEL: &str = "tocsin:rights";
/// How long to wait before Redis is tried again.
const REDIAL_AFTER: Duration = Duration::from_secs(1);
/// How long Redis may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a silent subscription is believed to live: of a machine that is gone, nobody hears.
const PING_AFTER: Duration = Duration::from_secs(20);

/// Rings the followers of an organisation, here and in other replicas.
#[derive(Debug, Clone)]
pub(crate) struct EventNotifier {
    subscribers: Arc<Subscribers>,
    outside: Option<Arc<RemoteNotifier>>,
}

#[derive(Debug)]
struct RemoteNotifier {
    client: redis::Client,
    rung: Mutex<Rung>,
    wake: Notify,
}

/// What the other replicas have not been told yet.
#[derive(Debug, Default)]
struct Rung {
    organizations: HashSet<OrganizationId>,
    rights: bool,
}

impl EventNotifier {
    pub(super) fn new(
        subscribers: Arc<Subscribers>,
        redis_url: Option<&str>,
    ) -> Result<Self, redis::RedisError> {
        let outside = redis_url
            .map(|url| {
                Ok::<_, redis::RedisError>(Arc::new(RemoteNotifier {
                    client: redis::Client::open(url)?,
                    rung: Mutex::default(),
                    wake: Notify::new(),
                }))
            })
            .transpose()?;
        Ok(Self { subscribers, outside })
    }

    /// Something has happened in the organisation. Never waits.
    pub(crate) fn ring(&self, organization_id: OrganizationId) {
        self.subscribers.wake(organization_id);
        self.ring_outside(|rung| {
            rung.organizations.insert(organization_id);
        });
    }

    /// Somebody's rights have become less: the other replicas look for it at once. Never waits.
    pub(crate) fn ring_rights(&self) {
        self.ring_outside(|rung| rung.rights = true);
    }

    fn ring_outside(&self, add: impl FnOnce(&mut Rung)) {
        if let Some(outside) = &self.outside {
            add(&mut outside.rung.lock().unwrap_or_else(PoisonError::into_inner));
            outside.wake.notify_one();
        }
    }

    /// Carries rings between replicas, until `shutdown`.
    pub(super) async fn run(&self, keyring: &Keyring, shutdown: CancellationToken) {
        let Some(outside) = &self.outside else { return };
        tokio::join!(
            shutdown.run_until_cancelled(redial("ringing", || outside.ring_others())),
            shutdown
                .run_until_cancelled(redial("listening", || outside.hear_others(&self.subscribers, keyring))),
        );
    }
}

/// Does it again whenever Redis fails.
async fn redial<F: Future<Output = Result<(), redis::RedisError>>>(what: &str, mut work: impl FnMut() -> F) {
    let mut down = false;
    loop {
        let began = Instant::now();
        let ended = work().await;
        // One line for an outage, not one for each try of it: a try that Redis leaves without an answer takes its time.
        let lasted = began.elapsed() > 2 * ANSWER_WITHIN;
        if lasted || !down {
            let why = ended.map_or_else(
                |error| error.to_string(),
                |()| "Redis closed the connection".to_owned(),
            );
            tracing::warn!("{what} between replicas failed; followers look every second meanwhile: {why}");
        }
        down = true;
        tokio::time::sleep(REDIAL_AFTER).await;
    }
}

impl RemoteNotifier {
    async fn ring_others(&self) -> Result<(), redis::RedisError> {
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_WITHIN));
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        loop {
            self.wake.notified().await;
            let rung = std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner));
            if rung.organizations.is_empty() && !rung.rights {
                // The ring that woke us was carried the time before.
                continue;
            }
            let mut pipe = redis::pipe();
            if rung.rights {
                pipe.publish(RIGHTS_CHANNEL, "").ignore();
            }
            for organization_id in rung.organizations {
                pipe.publish(CHANNEL, organization_id.to_string()).ignore();
            }
            pipe.exec_async(&mut connection).await?;
        }
    }

    async fn hear_others(
        &self,
        subscribers: &Subscribers,
        keyring: &Keyring,
    ) -> Result<(), redis::RedisError> {
        let mut subscription = in_time(async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(&[CHANNEL, RIGHTS_CHANNEL]).await?;
            Ok(subscription)
        })
        .await?;
        // What was rung before is not heard again.
        keyring.ring();
        loop {
            let ring = tokio::time::timeout(PING_AFTER, async { subscription.on_message().next().await });
            match ring.await {
                Ok(Some(ring)) if ring.get_channel_name() == RIGHTS_CHANNEL => keyring.ring(),
                Ok(Some(ring)) => match ring.get_payload::<String>()?.parse() {
                    Ok(organization_id) => subscribers.wake(organization_id),
                    Err(error) => tracing::warn!("a ring from another replica can't be read: {error}"),
                },
                Ok(None) => return Ok(()),
                Err(_silent) => {
                    in_time(subscription.ping::<redis::Value>()).await?;
                }
            }
        }
    }
}

/// Gives up where Redis does not answer.
async fn in_time<T>(
    call: impl Future<Output = Result<T, redis::RedisError>>,
) -> Result<T, redis::RedisError> {
    let late = |_| {
        let cause = format!("Redis does not answer within {} s", ANSWER_WITHIN.as_secs());
        redis::RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, cause))
    };
    tokio::time::timeout(ANSWER_WITHIN, call).await.map_err(late)?
}
