//! The exchanges of OAuth: calls that need no bot token, but the app's own id and secret.
//!
//! Source: docs.slack.dev, "Installing with OAuth" and "Using token rotation".

use std::time::Instant;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use tocsin_slack::{
    error::SlackError,
    lenient::{lenient, nullable},
};

use super::{
    answer::{observe, read, transport_error},
    http::Http,
};

const ACCESS: &str = "oauth.v2.access";
const SIGNED_IN: &str = "openid.connect.token";
const WHO: &str = "openid.connect.userInfo";

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
pub struct OauthGrant {
    /// The bot token.
    #[serde(default)]
    pub access_token: Option<SecretString>,
    /// By which the next one is had, where Slack changes it.
    #[serde(default)]
    pub refresh_token: Option<SecretString>,
    /// For how many seconds the bot token works, where Slack changes it; none where what Slack says is no such number. The pair is good all
    /// the same.
    #[serde(default, deserialize_with = "lenient")]
    pub expires_in: Option<u32>,
    /// None where the app was installed for a whole enterprise.
    #[serde(default)]
    pub team: Option<Team>,
    /// Whether the app was installed for a whole enterprise.
    #[serde(default, deserialize_with = "nullable")]
    pub is_enterprise_install: bool,
}

/// The workspace of an installation.
#[derive(Debug, Deserialize)]
pub struct Team {
    /// Its id (`T…`).
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

/// What Slack gives for the code of somebody who has signed in.
#[derive(Debug, Deserialize)]
pub struct SignInTokens {
    /// By which it is asked who they are.
    pub access_token: SecretString,
    /// A JSON Web Token that carries what was asked to be carried.
    #[serde(default)]
    pub id_token: Option<String>,
}

/// Who has signed in.
#[derive(Debug, Deserialize)]
pub struct SlackProfile {
    /// The person (`U…`).
    #[serde(rename = "https://slack.com/user_id")]
    pub user_id: String,
    /// Their workspace.
    #[serde(rename = "https://slack.com/team_id")]
    pub team_id: String,
    /// Their e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether Slack has seen that it is theirs.
    #[serde(default, deserialize_with = "nullable")]
    pub email_verified: bool,
}

impl Http {
    /// What the code of somebody who has signed in is good for, once.
    pub async fn signed_in(
        &self,
        client: &ClientConfig,
        code: &str,
        redirect_uri: &str,
    ) -> Result<SignInTokens, SlackError> {
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.expose_secret()),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        call(SIGNED_IN, self.method(SIGNED_IN).form(&form)).await
    }

    /// Who has signed in.
    pub async fn who(&self, token: &SecretString) -> Result<SlackProfile, SlackError> {
        call(WHO, self.method(WHO).bearer_auth(token.expose_secret())).await
    }

    /// What a code is good for, once.
    pub async fn redeem(
        &self,
        client: &ClientConfig,
        code: &str,
        redirect_uri: &str,
    ) -> Result<OauthGrant, SlackError> {
        self.access(client, &[("code", code), ("redirect_uri", redirect_uri)])
            .await
    }

    /// The next pair of tokens.
    pub async fn refresh(
        &self,
        client: &ClientConfig,
        refresh_token: &SecretString,
    ) -> Result<OauthGrant, SlackError> {
        let refresh_token = refresh_token.expose_secret();
        self.access(
            client,
            &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)],
        )
        .await
    }

    async fn access(&self, client: &ClientConfig, fields: &[(&str, &str)]) -> Result<OauthGrant, SlackError> {
        let secret = client.secret.expose_secret();
        let mut form = vec![("client_id", client.id.as_str()), ("client_secret", secret)];
        form.extend_from_slice(fields);
        call(ACCESS, self.method(ACCESS).form(&form)).await
    }
}

async fn call<T: DeserializeOwned>(method: &'static str, request: RequestBuilder) -> Result<T, SlackError> {
    let began = Instant::now();
    let outcome = match request.send().await {
        Ok(response) => read(method, response).await,
        Err(error) => Err(transport_error(method, &error)),
    };
    observe(method, began.elapsed(), outcome.as_ref().err());
    outcome
}
