//! The way to Slack without a token: what calls, response addresses and OAuth exchanges have in common.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use url::Url;

use super::{
    address::{Resolver, check_answer},
    client::{Slack, Token, observe, transport_error},
    error::{Refusal, SlackError},
    limits::Limits,
    skew::Skew,
};

/// How long a connection to Slack may take to be made.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long Slack may take to answer, from the first byte sent to the last received.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections kept open to Slack: as many as jobs may be calling at once.
const IDLE_CONNECTIONS: usize = 64;

/// The way to Slack, for whoever has no token or another one. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    /// How far this machine's clock is from Slack's.
    pub(crate) skew: Skew,
}

impl Http {
    /// `base` is that of the Web API, `https://slack.com/api`.
    pub(crate) fn new(base: &Url) -> Result<Self, reqwest::Error> {
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

    /// The Web API for whoever has this token, at this pace.
    pub(crate) fn with_token(&self, token: Token, limits: Limits) -> Slack {
        Slack::new(self.clone(), token, limits)
    }

    /// Where the Web API is.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// A request to a method, with neither token nor body yet.
    pub(super) fn method(&self, name: &str) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{name}", self.base.path().trim_end_matches('/')));
        self.client.post(url)
    }

    /// Answers a slash command or a button at the address that came with it, which needs no token and no place. Any other than Slack's is not called.
    pub(crate) async fn respond(
        &self,
        response_url: &Url,
        message: &impl Serialize,
    ) -> Result<(), SlackError> {
        const METHOD: &str = "response_url";
        let began = Instant::now();
        if let Err(error) = check_answer(&self.base, response_url) {
            let cause = error.to_string();
            let error = SlackError::NotSent {
                method: METHOD,
                cause,
            };
            observe(METHOD, began.elapsed(), Some(&error));
            return Err(error);
        }
        let sent = self.client.post(response_url.clone()).json(message).send().await;
        let outcome = match sent {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => {
                let code = format!("http_{}", response.status().as_u16());
                let refusal = Refusal {
                    code,
                    needed: None,
                    provided: None,
                    messages: Vec::new(),
                };
                Err(SlackError::Refused {
                    method: METHOD,
                    refusal,
                })
            }
            Err(error) => Err(transport_error(METHOD, &error)),
        };
        observe(METHOD, began.elapsed(), outcome.as_ref().err());
        outcome
    }
}
