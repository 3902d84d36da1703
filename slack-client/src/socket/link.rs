//! Opening a connection: an address from Slack that works once, and the WebSocket at it.

use std::{sync::Arc, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use tocsin_slack::{
    error::{SlackError, SlackRefusal},
    method::APPS_CONNECTIONS_OPEN,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::proxy::{self, Socket};
use crate::{Http, Token, address::check_socket, pacer::Pacer};

/// How long the handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest message taken, in bytes; Slack's are far below.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// What Slack says of a token that it will not take again, whoever acts: another is needed, and so another start.
///
/// Source: the Node SDK's `UnrecoverableSocketModeStartError`; a token that was revoked never comes back either.
const FINAL: [&str; 6] = [
    "not_authed",
    "invalid_auth",
    "account_inactive",
    "user_removed_from_team",
    "team_disabled",
    "token_revoked",
];

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// For ever.
    #[error(
        "{0}: Slack will not take this app-level token again. Copy one with the scope connections:write from the Slack app's page Basic \
         Information to SLACK_APP_TOKEN, and start the bridge again"
    )]
    Final(SlackError),
    /// Until a person acts.
    #[error(
        "{0}; copy an app-level token with the scope connections:write from the Slack app's page Basic Information to SLACK_APP_TOKEN, and switch Socket Mode on"
    )]
    Hopeless(SlackError),
    /// Slack says when.
    #[error("{1}")]
    Later(Duration, SlackError),
    /// It may work in a moment.
    #[error("{0}")]
    Passing(String),
}

#[derive(Deserialize)]
struct Address {
    url: String,
}

impl From<SlackError> for SocketError {
    fn from(error: SlackError) -> Self {
        match error {
            SlackError::Refused {
                refusal: SlackRefusal { ref code, .. },
                ..
            }
            | SlackError::Broken { ref code, .. } => {
                if FINAL.contains(&code.as_str()) {
                    Self::Final(error)
                } else {
                    Self::Hopeless(error)
                }
            }
            SlackError::RateLimited { retry_after, .. } => Self::Later(retry_after, error),
            SlackError::NotSent { .. } | SlackError::Unknown { .. } => Self::Passing(error.to_string()),
        }
    }
}

/// Asks for an address, and leaves it unused: whether Slack takes the token.
pub(super) async fn check(
    http: &Http,
    pacer: Arc<dyn Pacer>,
    token: SecretString,
) -> Result<(), SocketError> {
    address(http, pacer, token).await.map(|_| ())
}

async fn address(http: &Http, pacer: Arc<dyn Pacer>, token: SecretString) -> Result<Address, SocketError> {
    let nothing = Map::<String, Value>::new();
    let app = http.with_token(Token::new(Some(token)), pacer);
    Ok(app.call(APPS_CONNECTIONS_OPEN, &nothing).await?)
}

/// Opens a connection.
pub(super) async fn open(
    http: &Http,
    pacer: Arc<dyn Pacer>,
    token: SecretString,
    proxies: &Matcher,
) -> Result<Socket, SocketError> {
    let address = address(http, pacer, token).await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    let address =
        check_socket(http.base(), &address.url).map_err(|error| SocketError::Passing(error.to_string()))?;
    let handshake = proxy::connect(&address, config, proxies);
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(trouble)) => Err(SocketError::Passing(trouble.to_string())),
        Err(_) => Err(SocketError::Passing(
            "the WebSocket was not opened in time".to_owned(),
        )),
    }
}
