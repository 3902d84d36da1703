//! The way to Slack without a token: what calls, response addresses and OAuth exchanges have in common.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde::Serialize;
use tocsin_slack::{
    error::{LATER_UNSAID, SlackError, SlackRefusal},
    retry_after,
};
use url::Url;

use super::{
    address::{Resolver, check_answer},
    answer::{observe, transport_error},
    skew::Skew,
};

/// How long a connection to Slack may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long Slack may take to answer, from the first byte sent to the last received.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// For how long Slack takes an answer at a response address, and how often: five times in half an hour. Source: Slack, "Handling user interaction".
const TAKEN_FOR: Duration = Duration::from_secs(30 * 60);

/// What an answer at a response address is counted as.
const ANSWER: &str = "response_url";

/// How long whoever waits for an answer's sending waits at the most.
const WAITED_FOR: Duration = Duration::from_secs(4);

/// When an answer is sent again by whoever waits for that: they have other things to do.
const ANSWERED_AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// When it is sent again where nobody waits for it. Each may count as one of the five.
const ANSWERED_LATER_AFTER: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(90),
    Duration::from_secs(600),
];

/// The pause before an answer is sent again; none where that makes no sense. Told twice is better than not at all: only the person sees it.
fn again_after(error: &SlackError, pause: Duration) -> Option<Duration> {
    match error {
        SlackError::RateLimited { retry_after, .. } => Some(pause.max(*retry_after)),
        SlackError::Unknown { .. } | SlackError::NotSent { .. } => Some(pause),
        SlackError::Refused { .. } | SlackError::Broken { .. } => None,
    }
}

/// Connections kept open to Slack: as many as jobs may be calling at once.
const IDLE_CONNECTIONS: usize = 64;

/// The way to Slack, for whoever has no token or another one. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    /// How far this machine's clock is from Slack's.
    pub skew: Skew,
}

impl Http {
    /// `base` is that of the Web API, `https://slack.com/api`.
    pub fn new(base: &Url) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver))
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            base: base.clone(),
            skew: Skew::default(),
        })
    }

    /// Where the Web API is.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A request to a method, with neither token nor body yet.
    pub(super) fn method(&self, name: &str) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{name}", self.base.path().trim_end_matches('/')));
        self.client.post(url)
    }

    /// Answers a slash command or a button at the address that came with it, which needs no token and no place. Any other than Slack's is not called.
    pub async fn respond(&self, response_url: &Url, message: &impl Serialize) -> Result<(), SlackError> {
        self.may_answer(response_url)?;
        let began = Instant::now();
        let mut pauses = ANSWERED_AGAIN_AFTER.into_iter();
        loop {
            let outcome = self.answer(response_url, message).await;
            let Err(error) = &outcome else { return outcome };
            let again = pauses.next().and_then(|pause| again_after(error, pause));
            match again.filter(|pause| began.elapsed() + *pause < WAITED_FOR) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return outcome,
            }
        }
    }

    /// The same, and where Slack does not take it, again beside the caller's work: what a person is told last is told for as long as Slack takes it.
    pub async fn respond_in_time(&self, response_url: &Url, message: serde_json::Value) {
        let began = Instant::now();
        let mut outcome = match self.may_answer(response_url) {
            Ok(()) => self.answer(response_url, &message).await,
            Err(_) => return,
        };
        let (http, response_url) = (self.clone(), response_url.clone());
        let again = async move {
            for pause in ANSWERED_LATER_AFTER {
                let Err(error) = &outcome else { return };
                let pause = again_after(error, pause).filter(|pause| began.elapsed() + *pause < TAKEN_FOR);
                let Some(pause) = pause else { break };
                tokio::time::sleep(pause).await;
                outcome = http.answer(&response_url, &message).await;
            }
            if let Err(error) = outcome {
                tracing::warn!(
                    "a person in Slack can't be told what came of it, and it is not tried again: {error}"
                );
            }
        };
        tokio::spawn(again);
    }

    /// Whether an address is Slack's.
    fn may_answer(&self, response_url: &Url) -> Result<(), SlackError> {
        check_answer(&self.base, response_url).map_err(|error| {
            let error = SlackError::NotSent {
                method: ANSWER,
                cause: error.to_string(),
            };
            observe(ANSWER, Duration::ZERO, Some(&error));
            error
        })
    }

    async fn answer(&self, response_url: &Url, message: &impl Serialize) -> Result<(), SlackError> {
        let began = Instant::now();
        let sent = self.client.post(response_url.clone()).json(message).send().await;
        let outcome = match sent {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                Err(SlackError::RateLimited {
                    method: ANSWER,
                    retry_after: retry_after::read(response.headers(), tocsin_clock::machine_now())
                        .unwrap_or(LATER_UNSAID),
                    by_slack: true,
                })
            }
            Ok(response) if response.status().is_server_error() => Err(SlackError::Unknown {
                method: ANSWER,
                cause: format!("HTTP {}", response.status()),
            }),
            Ok(response) => {
                let code = format!("http_{}", response.status().as_u16());
                let refusal = SlackRefusal {
                    code,
                    needed: None,
                    provided: None,
                    messages: Vec::new(),
                };
                Err(SlackError::Refused {
                    method: ANSWER,
                    refusal,
                })
            }
            Err(error) => Err(transport_error(ANSWER, &error)),
        };
        observe(ANSWER, began.elapsed(), outcome.as_ref().err());
        outcome
    }
}
