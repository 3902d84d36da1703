//! The exchanges of OAuth: calls that need no bot token, but the app's own id and secret.
//!
//! Source: docs.slack.dev, "Installing with OAuth" and "Using token rotation".

use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    client::{observe, read, transport_error},
    error::SlackError,
    http::Http,
};

const ACCESS: &str = "oauth.v2.access";

/// The id and the secret by which Slack knows an app.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `SLACK_CLIENT_ID`.
    pub id: String,
    /// `SLACK_CLIENT_SECRET`.
    pub secret: SecretString,
}

/// What Slack gives for a code or for a refresh token.
#[derive(Debug, Deserialize)]
pub(crate) struct Granted {
    /// The bot token.
    #[serde(default)]
    pub(crate) access_token: Option<SecretString>,
    /// By which the next one is had, where Slack changes it.
    #[serde(default)]
    pub(crate) refresh_token: Option<SecretString>,
    /// For how many seconds the bot token works, where Slack changes it.
    #[serde(default)]
    pub(crate) expires_in: Option<u32>,
    /// None where the app was installed for a whole enterprise.
    #[serde(default)]
    pub(crate) team: Option<Team>,
    #[serde(default)]
    pub(crate) is_enterprise_install: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl Http {
    /// What a code is good for, once.
    pub(crate) async fn redeem(
        &self,
        client: &ClientConfig,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Granted, SlackError> {
        self.access(client, &[("code", code), ("redirect_uri", redirect_uri)])
            .await
    }

    /// The next pair of tokens.
    pub(crate) async fn refresh(
        &self,
        client: &ClientConfig,
        refresh_token: &SecretString,
    ) -> Result<Granted, SlackError> {
        let refresh_token = refresh_token.expose_secret();
        self.access(
            client,
            &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)],
        )
        .await
    }

    async fn access(&self, client: &ClientConfig, fields: &[(&str, &str)]) -> Result<Granted, SlackError> {
        let began = Instant::now();
        let secret = client.secret.expose_secret();
        let mut form = vec![("client_id", client.id.as_str()), ("client_secret", secret)];
        form.extend_from_slice(fields);
        let sent = self.method(ACCESS).form(&form).send().await;
        let outcome = match sent {
            Ok(response) => read(ACCESS, response).await,
            Err(error) => Err(transport_error(ACCESS, &error)),
        };
        observe(ACCESS, began.elapsed(), outcome.as_ref().err());
        outcome
    }
}
