//! Messages and close codes of `graphql-transport-ws`.

use std::sync::Arc;

use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Utf8Bytes};
use serde_json::{Map, Value as Json, json};

use crate::http::answer::HttpAnswer;

/// Longest reason of a close frame, in bytes. Source: RFC 6455, section 5.5, less the two of the code.
const REASON_BYTES_MAX: usize = 123;
/// Longest id of an operation, in bytes. Clients use a UUID or a number.
const ID_BYTES_MAX: usize = 256;

/// The name an operation has on its socket, chosen by the client.
pub(super) type OperationId = Arc<str>;

/// The words in which an operation's results are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `graphql-transport-ws`.
    Transport,
    /// `graphql-ws`, the older subprotocol of npm `subscriptions-transport-ws`. `PyPI`'s `gql` offers both, looks for the
    /// one that was selected under `Sec-WebSocket-Protocol` in exactly these letters, misses the lowercase header, and
    /// takes it for this one.
    Legacy,
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    ConnectionInit(Map<String, Json>),
    Ping(Option<Json>),
    Pong,
    Subscribe(OperationId, Map<String, Json>, Dialect),
    Complete(OperationId),
    /// [`Dialect::Legacy`]: to be answered with `complete`.
    Stop(OperationId),
    /// [`Dialect::Legacy`]: the client is about to close.
    Terminate,
}

impl ClientMessage {
    /// Reads a text message; the error says what is wrong with it. The older words count only where the client has
    /// offered the older subprotocol as well.
    pub(super) fn parse(text: &str, offers_legacy: bool) -> Result<Self, String> {
        let Ok(Json::Object(mut message)) = serde_json::from_str(text) else {
            return Err("Message is not a JSON object".to_owned());
        };
        let Some(Json::String(kind)) = message.remove("type") else {
            return Err("Message has no 'type' string".to_owned());
        };
        match kind.as_str() {
            "connection_init" => Ok(Self::ConnectionInit(
                optional_payload(&mut message, &kind)?.unwrap_or_default(),
            )),
            "ping" => Ok(Self::Ping(
                optional_payload(&mut message, &kind)?.map(Json::Object),
            )),
            "pong" => optional_payload(&mut message, &kind).map(|_| Self::Pong),
            "complete" => id(&mut message, &kind).map(Self::Complete),
            "subscribe" => subscribe(&mut message, &kind, Dialect::Transport),
            "start" if offers_legacy => subscribe(&mut message, &kind, Dialect::Legacy),
            "stop" if offers_legacy => id(&mut message, &kind).map(Self::Stop),
            "connection_terminate" if offers_legacy => Ok(Self::Terminate),
            _ => Err("Message has an unknown type".to_owned()),
        }
    }
}

fn subscribe(message: &mut Map<String, Json>, kind: &str, dialect: Dialect) -> Result<ClientMessage, String> {
    let id = id(message, kind)?;
    let payload = optional_payload(message, kind)?
        .filter(|payload| payload.get("query").is_some_and(Json::is_string))
        .ok_or_else(|| format!("'{kind}' message has no 'payload' with a 'query' string"))?;
    Ok(ClientMessage::Subscribe(id, payload, dialect))
}

fn id(message: &mut Map<String, Json>, kind: &str) -> Result<OperationId, String> {
    match message.remove("id") {
        Some(Json::String(id)) if id.len() > ID_BYTES_MAX => {
            Err(format!("'{kind}' message has too long an 'id'"))
        }
        Some(Json::String(id)) if !id.is_empty() => Ok(Arc::from(id)),
        _ => Err(format!("'{kind}' message has no 'id' string")),
    }
}

fn optional_payload(
    message: &mut Map<String, Json>,
    kind: &str,
) -> Result<Option<Map<String, Json>>, String> {
    match message.remove("payload") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(format!("'{kind}' message has a 'payload' that is no object")),
    }
}

/// `connection_ack`.
pub(super) fn ack() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#)
}

/// `pong`, with the ping's payload.
pub(super) fn pong(payload: Option<&Json>) -> Utf8Bytes {
    match payload {
        None => Utf8Bytes::from_static(r#"{"type":"pong"}"#),
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string().into(),
    }
}

/// `next`: one result of an operation.
pub(super) fn next(id: &str, answer: &HttpAnswer, dialect: Dialect) -> Utf8Bytes {
    let kind = match dialect {
        Dialect::Transport => "next",
        Dialect::Legacy => "data",
    };
    let (id, answer) = (Json::from(id), answer.to_json());
    format!(r#"{{"id":{id},"type":"{kind}","payload":{answer}}}"#).into()
}

/// `error`: the operation could not be executed, and is over.
pub(super) fn error(id: &str, errors: &[ServerError], dialect: Dialect) -> Utf8Bytes {
    let payload = match dialect {
        Dialect::Transport => json!(errors),
        Dialect::Legacy => json!(errors.first()),
    };
    json!({ "id": id, "type": "error", "payload": payload })
        .to_string()
        .into()
}

/// `complete`: the operation is over.
pub(super) fn complete(id: &str) -> Utf8Bytes {
    json!({ "id": id, "type": "complete" }).to_string().into()
}

/// Why the server closes a socket. Codes of 4400 and above are the protocol's; clients don't try again after
/// 4400, 4401, 4406, 4409 and 4429, and do after all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CloseCode {
    /// 1000: the client has said that it is done.
    Normal,
    /// 1001: the process is to end.
    GoingAway,
    /// 1009: a message was larger than allowed.
    TooLarge,
    /// 1013: the key has as many sockets as it may; the client may come back.
    TooManySockets,
    /// 4008: the client leaves messages unread.
    TooSlow,
    /// 4001: what the key may do has changed; the client may come back with it.
    StandingChanged,
    /// 4400: a message that the protocol does not know.
    BadRequest(String),
    /// 4401: not yet, or not at all, allowed in.
    Unauthorized(String),
    /// 4406: another subprotocol.
    SubprotocolNotAcceptable,
    /// 4408: no `connection_init` in time.
    InitTimeout,
    /// 4409: the operation's id is taken.
    SubscriberExists(OperationId),
    /// 4429: a second `connection_init`.
    TooManyInits,
    /// 4500: a fault of ours.
    InternalError,
}

impl CloseCode {
    /// The number that goes over the wire.
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Normal => 1_000,
            Self::GoingAway => 1_001,
            Self::TooLarge => 1_009,
            Self::TooManySockets => 1_013,
            Self::StandingChanged => 4_001,
            Self::TooSlow => 4_008,
            Self::BadRequest(_) => 4_400,
            Self::Unauthorized(_) => 4_401,
            Self::SubprotocolNotAcceptable => 4_406,
            Self::InitTimeout => 4_408,
            Self::SubscriberExists(_) => 4_409,
            Self::TooManyInits => 4_429,
            Self::InternalError => 4_500,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Normal => "Goodbye".to_owned(),
            Self::GoingAway => "The server is shutting down".to_owned(),
            Self::TooLarge => "Message is too large".to_owned(),
            Self::TooManySockets => "This key has as many sockets as it may".to_owned(),
            Self::StandingChanged => "What the key may do has changed".to_owned(),
            Self::TooSlow => "The client reads too slowly".to_owned(),
            Self::BadRequest(what) | Self::Unauthorized(what) => what.clone(),
            Self::SubprotocolNotAcceptable => "Subprotocol not acceptable".to_owned(),
            Self::InitTimeout => "Connection initialisation timeout".to_owned(),
            Self::SubscriberExists(id) => format!("Subscriber for {id} already exists"),
            Self::TooManyInits => "Too many initialisation requests".to_owned(),
            Self::InternalError => "Internal server error".to_owned(),
        }
    }

    /// The close frame, its reason cut to what fits.
    pub(super) fn frame(&self) -> CloseFrame {
        let mut reason = self.reason();
        if reason.len() > REASON_BYTES_MAX {
            let mut end = REASON_BYTES_MAX - '…'.len_utf8();
            while !reason.is_char_boundary(end) {
                end -= 1;
            }
            reason.truncate(end);
            reason.push('…');
        }
        CloseFrame {
            code: self.code(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_of_the_protocol_is_named() {
        for (text, fault) in [
            ("", "Message is not a JSON object"),
            ("[]", "Message is not a JSON object"),
            ("{}", "Message has no 'type' string"),
            (r#"{"type":"next"}"#, "Message has an unknown type"),
            (
                r#"{"type":"ping","payload":1}"#,
                "'ping' message has a 'payload' that is no object",
            ),
            (r#"{"type":"complete"}"#, "'complete' message has no 'id' string"),
            (
                r#"{"type":"subscribe","id":""}"#,
                "'subscribe' message has no 'id' string",
            ),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
                "'subscribe' message has no 'payload' with a 'query' string",
            ),
        ] {
            assert_eq!(ClientMessage::parse(text, false), Err(fault.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_reason_never_exceeds_what_a_close_frame_holds() {
        for id in ["x".repeat(ID_BYTES_MAX), "ü".repeat(128), "🔥".repeat(64)] {
            let frame = CloseCode::SubscriberExists(Arc::from(id)).frame();
            assert!(frame.reason.len() <= REASON_BYTES_MAX, "{}", frame.reason);
            assert!(frame.reason.ends_with('…'));
        }
        let frame = CloseCode::SubscriberExists(Arc::from("1")).frame();
        assert_eq!(frame.reason.as_str(), "Subscriber for 1 already exists");
    }
}
