//! One operation on a socket.

use std::panic::AssertUnwindSafe;

use async_graphql::{Executor, Request, Response, Value, parser::types::OperationType};
use axum::extract::ws::Utf8Bytes;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tracing::Instrument;

use super::protocol::{self, Dialect, OperationId};
use crate::http::{
    answer::{HttpAnswer, Recipient},
    endpoint::{Caller, Endpoint},
    graphql,
    outer::RequestId,
    params::{RequestParameters, kind_name},
    phases::RequestProgress,
    refusal::HttpRefusal,
};

/// What an operation sends through its socket.
#[derive(Debug)]
pub(super) struct OutgoingMessage {
    pub(super) id: OperationId,
    /// Tells an operation from an earlier one of the same id.
    pub(super) serial: u64,
    pub(super) text: Utf8Bytes,
    /// The operation is over.
    pub(super) last: bool,
}

/// What waits for a socket. Boxed: a channel makes room for 32 items ahead, and most sockets never fill it.
pub(super) type OutgoingQueue = mpsc::Sender<Box<OutgoingMessage>>;

/// The way from an operation to its socket. When it is full, the operation waits.
pub(super) struct OperationOutput {
    pub(super) id: OperationId,
    pub(super) serial: u64,
    pub(super) queue: OutgoingQueue,
    pub(super) dialect: Dialect,
}

impl OperationOutput {
    /// Whether anybody still listens.
    async fn send(&self, text: Utf8Bytes, last: bool) -> bool {
        let outgoing = OutgoingMessage {
            id: OperationId::clone(&self.id),
            serial: self.serial,
            text,
            last,
        };
        self.queue.send(Box::new(outgoing)).await.is_ok()
    }

    async fn next(&self, answer: &HttpAnswer) -> bool {
        self.send(protocol::next(&self.id, answer, self.dialect), false)
            .await
    }

    async fn complete(&self) {
        self.send(protocol::complete(&self.id), true).await;
    }

    async fn error(&self, answer: HttpAnswer) {
        self.send(
            protocol::error(&self.id, &answer.into_errors(), self.dialect),
            true,
        )
        .await;
    }
}

/// Runs an operation to its end.
pub(super) async fn run<E: Executor>(
    endpoint: Endpoint<E>,
    caller: Caller,
    params: Result<RequestParameters, HttpRefusal>,
    outlet: OperationOutput,
) {
    let request_id = RequestId::new();
    let name = params
        .as_ref()
        .ok()
        .and_then(|params| params.operation_name.clone())
        .filter(|name| name.len() <= graphql::NAME_LOGGED_MAX);
    let span = tracing::info_span!(
        "graphql",
        request.id = request_id.as_str(),
        operation.kind = tracing::field::Empty,
        operation.name = name,
    );
    let operation = async {
        let request = params
            .and_then(|params| params.read(endpoint.settings.introspection.refusal(caller.is_anonymous())));
        match request {
            Err(refusal) => Err(refusal),
            Ok((request, kind)) => {
                tracing::Span::current().record("operation.kind", kind_name(kind));
                match kind {
                    OperationType::Query | OperationType::Mutation => {
                        // Boxed: execution is large, and ten thousand subscriptions don't need the room.
                        let answer = answer(&endpoint, &caller, request, kind, &request_id, &outlet);
                        Box::pin(answer).await
                    }
                    OperationType::Subscription => {
                        let ends =
                            AssertUnwindSafe(subscribe(&endpoint, &caller, request, &request_id, &outlet));
                        ends.catch_unwind().await.map_err(|_| {
                            tracing::error!("a subscription panicked and was ended");
                            HttpRefusal::fault()
                        })
                    }
                }
            }
        }
    };
    if let Err(refusal) = operation.instrument(span).await {
        outlet
            .error(HttpAnswer::refused(refusal, request_id.as_str()))
            .await;
    }
}

/// A query or a mutation: one result.
async fn answer<E: Executor>(
    endpoint: &Endpoint<E>,
    caller: &Caller,
    request: Request,
    kind: OperationType,
    request_id: &RequestId,
    outlet: &OperationOutput,
) -> Result<(), HttpRefusal> {
    let answer = graphql::execute(endpoint, caller, request, kind, request_id.as_str()).await?;
    if !answer.has_data() {
        outlet.error(answer).await;
    } else if outlet.next(&answer).await {
        outlet.complete().await;
    }
    Ok(())
}

/// A subscription: results until it ends, or until nobody listens.
async fn subscribe<E: Executor>(
    endpoint: &Endpoint<E>,
    caller: &Caller,
    request: Request,
    request_id: &RequestId,
    outlet: &OperationOutput,
) {
    let progress = RequestProgress::default();
    let request = caller.sign(request, request_id.as_str()).data(progress.clone());
    let recipient = Recipient {
        request_id: request_id.as_str(),
        anonymous: caller.is_anonymous(),
    };
    let mut responses = endpoint.executor.execute_stream(request, None);
    loop {
        let response = tokio::select! {
            biased;
            () = progress.overflowed() => {
                return outlet.error(HttpAnswer::refused(HttpRefusal::too_large(), request_id.as_str())).await;
            }
            response = responses.next() => response,
        };
        let Some(response) = response else { break };
        let unopened = !progress.executed() && !response_has_data(&response);
        let answer = HttpAnswer::executed(response, &progress, recipient);
        if unopened || !answer.has_data() {
            return outlet.error(answer.without_data()).await;
        }
        if !outlet.next(&answer).await {
            return;
        }
    }
    outlet.complete().await;
}

fn response_has_data(response: &Response) -> bool {
    response.data != Value::Null
}
