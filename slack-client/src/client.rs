//! One call to Slack's Web API: paced, timed, counted, and its outcome told apart.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tocsin_slack::{
    error::{NO_TOKEN, SlackError},
    method::{AUTH_TEST, Method, Tier},
};

use super::{
    answer::{observe, read, transport_error},
    http::Http,
    pacer::{PaceSlot, Pacer},
};

/// How long a call other than a post waits for its place before its caller is told to come back later.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A token, which may be changed while calls are made with it: Slack's rotate. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Token(Arc<RwLock<Option<SecretString>>>);

impl Token {
    /// A token; none where there is none yet.
    pub fn new(token: Option<SecretString>) -> Self {
        Self(Arc::new(RwLock::new(token)))
    }

    /// Calls are made with this one from now on.
    pub fn set(&self, token: Option<SecretString>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    fn get(&self) -> Option<SecretString> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether calls are made with this one by now.
    fn is(&self, token: Option<&SecretString>) -> bool {
        let now = self.get();
        now.as_ref().map(ExposeSecret::expose_secret) == token.map(ExposeSecret::expose_secret)
    }
}

/// Who is told of calls that have failed: some failures say something of the token, and others of all of Slack.
pub trait FailureListener: std::fmt::Debug + Send + Sync {
    /// A call has failed that was made with the present token.
    fn call_failed(&self, error: &SlackError);
}

/// The Web API, as whoever has the token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Slack {
    http: Http,
    token: Token,
    pacer: Arc<dyn Pacer>,
    /// Who is told what failed calls say of the token: whichever call it is, and whoever makes it.
    listener: Option<Arc<dyn FailureListener>>,
}

impl Http {
    /// The Web API for whoever has this token, at this pace.
    pub fn with_token(&self, token: Token, pacer: Arc<dyn Pacer>) -> Slack {
        Slack {
            http: self.clone(),
            token,
            pacer,
            listener: None,
        }
    }
}

impl Slack {
    /// The same, whose failures are told there.
    #[must_use]
    pub fn heard_by(self, listener: Arc<dyn FailureListener>) -> Self {
        Self {
            listener: Some(listener),
            ..self
        }
    }

    /// The same with another token, at the same pace. What Slack says of that one is nobody else's matter.
    #[must_use]
    pub fn with_token(&self, token: SecretString) -> Self {
        Self {
            token: Token::new(Some(token)),
            listener: None,
            ..self.clone()
        }
    }

    /// Calls a method, waiting for its place for a few seconds; [`SlackError::RateLimited`] tells to come back later.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        arguments: &impl Serialize,
    ) -> Result<T, SlackError> {
        self.take_place(method).await?;
        self.call_in_place(method, arguments).await
    }

    /// Calls a method whose place the caller has already taken.
    pub async fn call_in_place<T: DeserializeOwned>(
        &self,
        method: Method,
        arguments: &impl Serialize,
    ) -> Result<T, SlackError> {
        Ok(self.call_with_scopes(method, arguments).await?.0)
    }

    /// Also gives the scopes that Slack says the token has. Takes no place.
    pub async fn call_with_scopes<T: DeserializeOwned>(
        &self,
        method: Method,
        arguments: &impl Serialize,
    ) -> Result<(T, Option<String>), SlackError> {
        let began = Instant::now();
        let token = self.token.get();
        let outcome = self.send(method, arguments, token.as_ref()).await;
        observe(method.name, began.elapsed(), outcome.as_ref().err());
        if let Err(error) = &outcome {
            self.report(method, error, token.as_ref());
        }
        if let Err(SlackError::RateLimited {
            retry_after,
            by_slack: true,
            ..
        }) = &outcome
            && method.tier != Tier::Post
        {
            self.pacer.block(method, *retry_after).await;
        }
        outcome
    }

    /// Tells what a failure says of the token, unless it was of one that is used no more, or whoever asks tells it.
    fn report(&self, method: Method, error: &SlackError, token: Option<&SecretString>) {
        if let Some(listener) = &self.listener
            && method.name != AUTH_TEST.name
            && self.token.is(token)
        {
            listener.call_failed(error);
        }
    }

    async fn take_place(&self, method: Method) -> Result<(), SlackError> {
        match self.pacer.reserve(method, LONGEST_WAIT).await {
            PaceSlot::At(wait) => {
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                Ok(())
            }
            PaceSlot::WouldWait(retry_after) => {
                let error = SlackError::RateLimited {
                    method: method.name,
                    retry_after,
                    by_slack: false,
                };
                observe(method.name, Duration::ZERO, Some(&error));
                Err(error)
            }
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        arguments: &impl Serialize,
        token: Option<&SecretString>,
    ) -> Result<(T, Option<String>), SlackError> {
        let Some(token) = token else {
            return Err(SlackError::Broken {
                method: method.name,
                code: NO_TOKEN.to_owned(),
            });
        };
        let request = self.http.method(method.name).bearer_auth(token.expose_secret());
        let request = if method.json {
            // Without a charset, Slack answers with a warning (`missing_charset`).
            request
                .header(CONTENT_TYPE, "application/json; charset=utf-8")
                .json(arguments)
        } else {
            request.form(&flat(arguments))
        };
        let sent = Instant::now();
        let response = request
            .send()
            .await
            .map_err(|error| transport_error(method.name, &error))?;
        self.http.skew.seen(response.headers(), sent.elapsed());
        let scopes = response
            .headers()
            .get("x-oauth-scopes")
            .and_then(|scopes| scopes.to_str().ok())
            .map(ToOwned::to_owned);
        Ok((read(method.name, response).await?, scopes))
    }
}

/// Arguments as form fields: what is nested goes as JSON text, what is absent is left out.
fn flat(arguments: &impl Serialize) -> Vec<(String, String)> {
    let fields = match serde_json::to_value(arguments) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    };
    fields
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Some((name, value.to_string()))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_fields_leave_out_what_is_absent_and_nest_as_json() {
        let fields =
            flat(&serde_json::json!({"channel": "C1", "cursor": null, "limit": 200, "types": ["a"]}));
        let expected = [("channel", "C1"), ("limit", "200"), ("types", "[\"a\"]")];
        assert_eq!(
            fields,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
