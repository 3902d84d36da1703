//! A client of the API, as a script would be.

use std::{
    sync::{LazyLock, PoisonError, RwLock},
    time::Duration,
};

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    incident::{FIELDS, Incident, Triggered},
    wait::until,
};

/// How long an answer may take; a process that was killed never gives one.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

const LOG: &str =
    "query($after: String) { eventLog(after: $after, first: 100) { pageInfo { hasNextPage endCursor } } }";

/// A client that keeps no connections: the processes it speaks to are killed and started again.
pub(crate) fn http() -> reqwest::Client {
    static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // Another part of this process may have installed it; either is the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(ANSWER_WITHIN)
            .build();
        #[expect(clippy::expect_used, reason = "the provider has just been installed")]
        client.expect("an HTTP client without any certificates")
    });
    HTTP.clone()
}

/// Someone with a key.
#[derive(Debug)]
pub struct Client {
    base: RwLock<String>,
    key: String,
}

/// An answer of the API, whatever it is.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The stable code of what was refused: of the first error, or of the first user error.
    pub fn code(&self) -> Option<&str> {
        if let Some(code) = self.body["errors"][0]["extensions"]["code"].as_str() {
            return Some(code);
        }
        let data = self.body["data"].as_object()?;
        data.values()
            .find_map(|payload| payload["userErrors"][0]["code"].as_str())
    }

    /// Whether it is a success without any error.
    pub fn is_clean(&self) -> bool {
        self.status.is_success() && self.body["errors"].is_null() && self.code().is_none()
    }

    /// Whether the same request may succeed later.
    fn is_passing(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || matches!(self.code(), Some("INTERNAL_ERROR" | "EXECUTION_TIMEOUT"))
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self {
            base: RwLock::new(self.base()),
            key: self.key.clone(),
        }
    }
}

impl Client {
    /// A client of the API at this base.
    pub fn new(base: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            base: RwLock::new(base.into()),
            key: key.into(),
        }
    }

    /// The same person, at another replica.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self::new(base, &self.key)
    }

    /// Someone else, at the same replica.
    #[must_use]
    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self::new(self.base(), key)
    }

    /// Where the API is.
    pub fn base(&self) -> String {
        self.base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Sends a document, and gives the answer, whatever it is.
    ///
    /// # Errors
    /// When there is no answer, or it is no JSON.
    pub async fn send(&self, document: &str, variables: &Value) -> anyhow::Result<Answer> {
        self.send_as(None, document, variables).await
    }

    /// As [`Client::send`], with a request id.
    ///
    /// # Errors
    /// When there is no answer, or it is no JSON.
    pub async fn send_as(
        &self,
        request_id: Option<&str>,
        document: &str,
        variables: &Value,
    ) -> anyhow::Result<Answer> {
        let mut request = http()
            .post(format!("{}/graphql", self.base()))
            .bearer_auth(&self.key)
            .json(&json!({"query": document, "variables": variables}));
        if let Some(id) = request_id {
            request = request.header("X-Request-Id", id);
        }
        let answer = request.send().await.context("asking the API")?;
        let status = answer.status();
        let body = answer.json().await.context("the API's answer")?;
        Ok(Answer { status, body })
    }

    /// Asks; the data of an answer without errors.
    ///
    /// # Errors
    /// When there is any error in the answer.
    pub async fn ask(&self, document: &str, variables: &Value) -> anyhow::Result<Value> {
        let answer = self.send(document, variables).await?;
        ensure!(answer.is_clean(), "{document} was refused: {}", answer.body);
        Ok(answer.body["data"].clone())
    }

    /// Asks again and again until there is an answer that is not a fault of the server; as clients with idempotency
    /// keys do.
    ///
    /// # Errors
    /// When the answer is a refusal, or there is none in time.
    pub async fn insist(&self, document: &str, variables: &Value) -> anyhow::Result<Value> {
        let answer = until("the API answered", async || {
            let answer = self.send(document, variables).await.ok()?;
            (!answer.is_passing()).then_some(answer)
        })
        .await?;
        ensure!(answer.is_clean(), "{document} was refused: {}", answer.body);
        Ok(answer.body["data"].clone())
    }

    /// Triggers an incident of the default service.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn trigger(&self, title: &str) -> anyhow::Result<Triggered> {
        self.trigger_with(json!({"title": title})).await
    }

    /// Triggers an incident with this input.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn trigger_with(&self, input: Value) -> anyhow::Result<Triggered> {
        const TRIGGER: &str = "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) {
            incident { id number url } userErrors { code message field } } }";
        let data = self.insist(TRIGGER, &json!({"input": input})).await?;
        Ok(serde_json::from_value(
            data["triggerIncident"]["incident"].clone(),
        )?)
    }

    /// Changes an incident: `acknowledgeIncident`, `resolveIncident` or `reopenIncident`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn change(&self, mutation: &str, id: &str) -> anyhow::Result<()> {
        self.change_with(mutation, json!({"id": id})).await
    }

    /// Changes an incident with this input.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn change_with(&self, mutation: &str, input: Value) -> anyhow::Result<()> {
        let mut name = mutation.to_owned();
        name[..1].make_ascii_uppercase();
        let document = format!(
            "mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code message field }} }} }}"
        );
        self.insist(&document, &json!({"input": input})).await.map(|_| ())
    }

    /// Comments on an incident.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn comment(&self, id: &str, body: &str) -> anyhow::Result<()> {
        self.change_with("addComment", json!({"incidentId": id, "bodyMarkdown": body}))
            .await
    }

    /// Says what becomes of what people say in Slack whom nothing matches with a member: `REFUSE` or `ATTRIBUTE`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn unmatched(&self, policy: &str) -> anyhow::Result<()> {
        self.change_with("updateSlackSettings", json!({"unmatchedPolicy": policy}))
            .await
    }

    /// Where the newest event stands: a subscription after it sees all that is begun from now on.
    ///
    /// # Errors
    /// When nothing has happened yet, and there is no such place.
    pub async fn newest_cursor(&self) -> anyhow::Result<String> {
        let mut newest: Option<String> = None;
        loop {
            let data = self.insist(LOG, &json!({"after": newest})).await?;
            let page = &data["eventLog"]["pageInfo"];
            newest = page["endCursor"].as_str().map(str::to_owned).or(newest);
            if page["hasNextPage"] != true {
                return newest.context("nothing has happened yet");
            }
        }
    }

    /// Reads an incident.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn incident(&self, number: i64) -> anyhow::Result<Incident> {
        let document = format!("query($number: Int!) {{ incident(number: $number) {{ {FIELDS} }} }}");
        let data = self.insist(&document, &json!({"number": number})).await?;
        serde_json::from_value(data["incident"].clone()).with_context(|| format!("reading #{number}"))
    }

    /// Waits until an incident is so.
    ///
    /// # Errors
    /// When it isn't in time; the error shows it.
    pub async fn until(&self, number: i64, so: impl Fn(&Incident) -> bool) -> anyhow::Result<Incident> {
        let last = RwLock::new(None);
        let what = format!("#{number} was as expected");
        let found = until(&what, async || {
            let now = self.incident(number).await.ok()?;
            if so(&now) {
                return Some(now);
            }
            *last.write().unwrap_or_else(PoisonError::into_inner) = Some(now);
            None
        });
        found
            .await
            .with_context(|| format!("the last that was seen: {last:#?}"))
    }
}
