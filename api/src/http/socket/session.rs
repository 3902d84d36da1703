//! One socket, from upgrade to close.

use std::{collections::HashMap, time::Duration};

use async_graphql::Executor;
use axum::{
    Error,
    extract::ws::{Message, Utf8Bytes, WebSocket},
    http::Method,
};
use bytes::Bytes;
use futures::SinkExt;
use serde_json::{Map, Value as Json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    operation::{self, OperationOutput, OutgoingMessage, OutgoingQueue},
    protocol::{self, ClientMessage, CloseCode, Dialect, OperationId},
    revocations::KeyCheck,
    sockets::{OperationPermit, SocketPermit},
};
use crate::http::{
    answer::HttpAnswer,
    endpoint::{Caller, Credentials, Endpoint},
    outer::RequestId,
    params::RequestParameters,
    refusal::HttpRefusal,
};

/// Messages that wait for a socket before its operations wait.
const QUEUE_LENGTH: usize = 16;
/// How long a socket that is being closed may take to hear of it.
const GOODBYE: Duration = Duration::from_secs(5);

/// Why a socket ends.
enum End {
    /// The client is gone, or the connection broke.
    Gone,
    /// We close it.
    Close(CloseCode),
}

impl From<CloseCode> for End {
    fn from(code: CloseCode) -> Self {
        Self::Close(code)
    }
}

/// An operation that runs; dropping it ends it.
struct Running {
    serial: u64,
    _task: AbortOnDropHandle<()>,
    _counted: OperationPermit,
}

struct Session<E> {
    endpoint: Endpoint<E>,
    socket: WebSocket,
    place: SocketPermit,
    /// Of the upgrade; what it lacks, `connection_init` says.
    credentials: Result<Credentials, HttpRefusal>,
    request_id: RequestId,
    caller: Option<(Caller, KeyCheck)>,
    running: HashMap<OperationId, Running>,
    serial: u64,
    sender: OutgoingQueue,
    heard: Instant,
    /// The client has offered the older subprotocol as well, and may speak it.
    offers_legacy: bool,
}

/// Serves a socket until it closes.
pub(super) async fn run<E: Executor>(
    endpoint: Endpoint<E>,
    socket: WebSocket,
    place: SocketPermit,
    credentials: Result<Credentials, HttpRefusal>,
    request_id: RequestId,
    offers_legacy: bool,
) {
    let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
    let session = Session {
        endpoint,
        socket,
        place,
        credentials,
        request_id,
        caller: None,
        running: HashMap::new(),
        serial: 0,
        sender,
        heard: Instant::now(),
        offers_legacy,
    };
    metrics::gauge!("tocsin_graphql_sockets").increment(1.0);
    session.serve(receiver).await;
    metrics::gauge!("tocsin_graphql_sockets").decrement(1.0);
}

/// Closes a socket and waits for the client to agree.
pub(super) async fn close(mut socket: WebSocket, code: CloseCode) {
    metrics::counter!("tocsin_graphql_socket_closes_total", "code" => code.code().to_string()).increment(1);
    let goodbye = socket.send(Message::Close(Some(code.frame())));
    match timeout(GOODBYE, goodbye).await {
        Ok(Ok(())) => drain(&mut socket).await,
        Ok(Err(error)) => tracing::debug!("a socket broke before it was closed: {error}"),
        Err(_) => tracing::debug!("a client took no notice of the closing of its socket"),
    }
}

/// Reads to the end of a closing socket: what is left unread when a connection ends resets it, and the close code is lost.
async fn drain(socket: &mut WebSocket) {
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    if timeout(GOODBYE, rest).await.is_err() {
        tracing::debug!("a client did not answer the closing of its socket");
    }
}

/// Waits for the verdict on the caller's key, if there is a caller.
async fn lost(caller: Option<&mut (Caller, KeyCheck)>) -> CloseCode {
    match caller {
        Some((_, key_check)) => key_check.lost().await,
        None => std::future::pending().await,
    }
}

impl<E: Executor> Session<E> {
    async fn serve(mut self, mut outgoing: mpsc::Receiver<Box<OutgoingMessage>>) {
        let shutdown = self.endpoint.shutdown.clone();
        let opened = Instant::now();
        let mut wake = opened + self.endpoint.settings.init_within;
        let end = loop {
            let step = tokio::select! {
                message = self.socket.recv() => self.hear(message).await,
                Some(first) = outgoing.recv() => self.tell(first, &mut outgoing).await,
                () = sleep_until(wake) => {
                    wake = Instant::now() + self.endpoint.settings.ping_every;
                    self.tick().await
                }
                code = lost(self.caller.as_mut()) => Err(code.into()),
                () = self.place.lost(), if self.caller.is_none() => Err(CloseCode::InitTimeout.into()),
                () = shutdown.cancelled() => Err(CloseCode::GoingAway.into()),
            };
            if let Err(end) = step {
                break end;
            }
        };
        self.running.clear();
        match end {
            End::Gone => {}
            End::Close(code) => {
                tracing::debug!(request.id = %self.request_id, "closing a socket: {code:?}");
                close(self.socket, code).await;
            }
        }
    }

    /// Takes what came over the wire.
    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match message {
            None => return Err(End::Gone),
            Some(Err(error)) => return Err(broken(&error)),
            Some(Ok(Message::Close(_))) => {
                // The protocol's answer to a close is written by the next read.
                drain(&mut self.socket).await;
                return Err(End::Gone);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => {
                return Err(bad_request("Message is binary: send text".to_owned()));
            }
            Some(Ok(Message::Text(text))) => text,
        };
        match ClientMessage::parse(&text, self.offers_legacy).map_err(bad_request)? {
            ClientMessage::ConnectionInit(payload) => self.initialise(&payload).await,
            ClientMessage::Ping(payload) => self.send(protocol::pong(payload.as_ref())).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe(id, payload, dialect) => self.subscribe(id, payload, dialect).await,
            ClientMessage::Complete(id) => {
                self.running.remove(&id);
                Ok(())
            }
            ClientMessage::Stop(id) => {
                self.running.remove(&id);
                self.send(protocol::complete(&id)).await
            }
            ClientMessage::Terminate => Err(CloseCode::Normal.into()),
        }
    }

    async fn initialise(&mut self, payload: &Map<String, Json>) -> Result<(), End> {
        if self.caller.is_some() {
            return Err(CloseCode::TooManyInits.into());
        }
        let credentials = self
            .credentials
            .clone()
            .and_then(|credentials| credentials.with_payload(payload))
            // A browser says with every upgrade from which page it comes.
            .and_then(|credentials| credentials.settle(&Method::POST))
            .map_err(unwelcome)?;
        let generation = self.endpoint.revocations.generation();
        let caller = (self.endpoint.authenticator)(credentials.clone(), self.request_id.to_string())
            .await
            .map_err(unwelcome)?;
        if caller.is_anonymous() {
            let reason = "Unauthorized: sign in, or send a key as Authorization in connection_init's payload";
            return Err(CloseCode::Unauthorized(reason.to_owned()).into());
        }
        if !self.place.take_for(credentials.key_digest()) {
            return Err(CloseCode::TooManySockets.into());
        }
        let key_check = self.endpoint.revocations.watch(&credentials, &caller, generation);
        self.caller = Some((caller, key_check));
        self.send(protocol::ack()).await
    }

    async fn subscribe(
        &mut self,
        id: OperationId,
        payload: Map<String, Json>,
        dialect: Dialect,
    ) -> Result<(), End> {
        let Some((caller, key_check)) = &mut self.caller else {
            return Err(CloseCode::Unauthorized("Unauthorized".to_owned()).into());
        };
        key_check.confirm().await?;
        if self.running.contains_key(&id) {
            return Err(CloseCode::SubscriberExists(id).into());
        }
        let most = self.endpoint.settings.operations_max;
        if self.running.len() >= most {
            let refusal = HttpRefusal::bad_request(format!(
                "The socket already has {most} operations: complete some, or open another."
            ));
            let refusal = HttpRefusal {
                code: "TOO_MANY_OPERATIONS",
                ..refusal
            };
            let answer = HttpAnswer::refused(refusal, self.request_id.as_str());
            return self
                .send(protocol::error(&id, &answer.into_errors(), dialect))
                .await;
        }
        let Some(operation) = self.place.operation() else {
            let refusal = HttpRefusal {
                code: "TOO_MANY_OPERATIONS",
                ..HttpRefusal::bad_request(
                    "This key has as many operations on its sockets as it may: complete some.",
                )
            };
            let answer = HttpAnswer::refused(refusal, self.request_id.as_str());
            return self
                .send(protocol::error(&id, &answer.into_errors(), dialect))
                .await;
        };
        self.serial += 1;
        let outlet = OperationOutput {
            id: OperationId::clone(&id),
            serial: self.serial,
            queue: self.sender.clone(),
            dialect,
        };
        let task = tokio::spawn(operation::run(
            self.endpoint.clone(),
            caller.clone(),
            RequestParameters::from_json(payload),
            outlet,
        ));
        let running = Running {
            serial: self.serial,
            _task: AbortOnDropHandle::new(task),
            _counted: operation,
        };
        self.running.insert(id, running);
        Ok(())
    }

    /// Sends what operations have to say: the first message, and what else waits already.
    async fn tell(
        &mut self,
        first: Box<OutgoingMessage>,
        outgoing: &mut mpsc::Receiver<Box<OutgoingMessage>>,
    ) -> Result<(), End> {
        // What was found out for this caller may be nothing for them any more.
        if let Some((_, key_check)) = &mut self.caller {
            key_check.confirm().await?;
        }
        let mut batch = vec![first];
        while let Ok(another) = outgoing.try_recv() {
            batch.push(another);
            if batch.len() >= QUEUE_LENGTH {
                break;
            }
        }
        let mut texts = Vec::with_capacity(batch.len());
        for message in batch {
            match self.running.get(&message.id) {
                Some(running) if running.serial == message.serial => {
                    if message.last {
                        self.running.remove(&message.id);
                    }
                    texts.push(message.text);
                }
                // The client has completed it meanwhile.
                Some(_) | None => {}
            }
        }
        self.write(texts.into_iter().map(Message::Text)).await
    }

    /// The time for `connection_init` is over, or it is time to ping.
    async fn tick(&mut self) -> Result<(), End> {
        if self.caller.is_none() {
            return Err(CloseCode::InitTimeout.into());
        }
        if self.heard.elapsed() > self.endpoint.settings.ping_every * 5 / 2 {
            tracing::debug!(request.id = %self.request_id, "a socket is dropped: its client answers no ping");
            return Err(End::Gone);
        }
        self.write([Message::Ping(Bytes::new())]).await
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.write([Message::Text(text)]).await
    }

    /// Writes to the wire, unless the client leaves it full for too long.
    async fn write(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let stall_max = self.endpoint.settings.stall_max;
        let writing = async {
            for message in messages {
                self.socket.feed(message).await?;
            }
            self.socket.flush().await
        };
        let Ok(written) = timeout(stall_max, writing).await else {
            tracing::warn!(
                request.id = %self.request_id,
                "a client leaves its messages unread for {stall_max:?}: closing its socket"
            );
            return Err(CloseCode::TooSlow.into());
        };
        written.map_err(|error| broken(&error))
    }
}

fn bad_request(what: String) -> End {
    CloseCode::BadRequest(what).into()
}

fn unwelcome(refusal: HttpRefusal) -> End {
    match refusal.status {
        Some(status) if status.is_server_error() => CloseCode::InternalError.into(),
        Some(_) | None => CloseCode::Unauthorized(refusal.message).into(),
    }
}

/// What a failed read or write means for the socket. axum hides the error's type; its text is all there is.
fn broken(error: &Error) -> End {
    let text = error.to_string();
    if text.contains("Message too long") {
        CloseCode::TooLarge.into()
    } else if text.contains("UTF-8") {
        bad_request("Message is not UTF-8".to_owned())
    } else {
        tracing::debug!("a socket broke: {error}");
        End::Gone
    }
}
