//! A client of the API, for the commands that play or prepare a scenario.

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

/// A client that holds a key.
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: Url,
    key: SecretString,
}

impl Client {
    /// A client of the API at `base`.
    pub(crate) fn new(base: &Url, key: SecretString) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            endpoint: base.join("graphql")?,
            key,
        })
    }

    /// The data that the document asks for.
    pub(crate) async fn ask(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let answer: Value = self
            .http
            .post(self.endpoint.clone())
            .bearer_auth(self.key.expose_secret())
            .json(&json!({ "query": document, "variables": variables }))
            .send()
            .await?
            .json()
            .await
            .context("the API's answer is no JSON")?;
        if !answer["errors"].is_null() {
            bail!("the API refused: {}", answer["errors"]);
        }
        Ok(answer["data"].clone())
    }

    /// What a mutation of this name did; its user errors are errors.
    pub(crate) async fn change(&self, name: &str, document: &str, variables: Value) -> anyhow::Result<Value> {
        let data = self.ask(document, variables).await?;
        let payload = &data[name];
        match payload["userErrors"].as_array() {
            Some(errors) if errors.is_empty() => Ok(payload.clone()),
            Some(_) | None => bail!("{name} was refused: {}", payload["userErrors"]),
        }
    }
}
