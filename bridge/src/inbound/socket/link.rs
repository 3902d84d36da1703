//! Opening a connection: an address from Slack that works once, and the WebSocket at it.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::protocol::WebSocketConfig,
};

use crate::{
    bridge::Parts,
    slack::{SlackError, Token, limits::Limits, method::APPS_CONNECTIONS_OPEN},
};

/// How long the handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest message taken, in bytes; Slack's are far below.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// An open WebSocket to Slack.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
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

impl From<SlackError> for Trouble {
    fn from(error: SlackError) -> Self {
        match error {
            SlackError::Refused { .. } | SlackError::Broken { .. } => Self::Hopeless(error),
            SlackError::RateLimited { retry_after, .. } => Self::Later(retry_after, error),
            SlackError::NotSent { .. } | SlackError::Unknown { .. } => Self::Passing(error.to_string()),
        }
    }
}

/// Asks for an address, and leaves it unused: whether Slack takes the token.
pub(super) async fn check(parts: &Parts, token: SecretString) -> Result<(), Trouble> {
    address(parts, token).await.map(|_| ())
}

async fn address(parts: &Parts, token: SecretString) -> Result<Address, Trouble> {
    let nothing = Map::<String, Value>::new();
    let limits = Limits::new(parts.database.clone(), parts.config.slack.pace, "app");
    let app = parts.http.with_token(Token::new(Some(token)), limits);
    Ok(app.call(APPS_CONNECTIONS_OPEN, &nothing).await?)
}

/// Opens a connection.
pub(super) async fn open(parts: &Parts, token: SecretString) -> Result<Socket, Trouble> {
    let address = address(parts, token).await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    let handshake = connect_async_with_config(&address.url, Some(config), true);
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        // The address holds a ticket: it is not told.
        Ok(Err(error)) => Err(Trouble::Passing(format!("the WebSocket was not opened: {error}"))),
        Err(_) => Err(Trouble::Passing(
            "the WebSocket was not opened in time".to_owned(),
        )),
    }
}
