//! One connection, from its hello to its end.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, interval, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    SocketEnd, SocketHandler,
    frames::{self, Frame},
    proxy::Socket,
};

/// Our pings in the time for which Slack may be silent.
const PINGS_IN_SILENCE: u32 = 6;

/// How long one frame may take to be taken by the network.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what was begun may take to its acknowledgement once the connection is to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// Lives until the connection ends or the process does. `goes` tells once that another connection is due.
pub(super) async fn live(
    handler: SocketHandler,
    socket: Socket,
    silence_max: Duration,
    goes: oneshot::Sender<SocketEnd>,
    shutdown: CancellationToken,
) {
    metrics::gauge!("tocsin_slack_sockets").increment(1.0);
    let mut life = Life {
        handler,
        goes: Some(goes),
        work: TaskTracker::new(),
        heard: Instant::now(),
        silence_max,
    };
    life.talk(socket, &shutdown).await;
    metrics::gauge!("tocsin_slack_sockets").decrement(1.0);
    if !shutdown.is_cancelled() {
        life.go(SocketEnd::Broken);
    }
}

struct Life {
    handler: SocketHandler,
    goes: Option<oneshot::Sender<SocketEnd>>,
    /// Envelopes that are being worked.
    work: TaskTracker,
    /// When Slack last said something of itself. Its answers to our pings only keep the way open: they come also from what stands between.
    heard: Instant,
    silence_max: Duration,
}

impl Life {
    async fn talk(&mut self, socket: Socket, shutdown: &CancellationToken) {
        let (mut sink, mut stream) = socket.split();
        let (acks, mut to_say) = mpsc::unbounded_channel::<String>();
        let mut pings = interval(self.silence_max / PINGS_IN_SILENCE);
        loop {
            let said = tokio::select! {
                () = shutdown.cancelled() => break,
                frame = stream.next() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        self.hear(&text, &acks);
                        continue;
                    }
                    Some(Ok(Message::Ping(_))) => {
                        self.heard = Instant::now();
                        continue;
                    }
                    Some(Ok(Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => break,
                    Some(Err(error)) => {
                        tracing::warn!("a connection to Slack broke: {error}");
                        break;
                    }
                },
                Some(ack) = to_say.recv() => Message::text(ack),
                _ = pings.tick() => {
                    if self.heard.elapsed() > self.silence_max {
                        tracing::warn!("Slack was silent for {:?}: the connection is given up", self.silence_max);
                        break;
                    }
                    Message::Ping("tocsin".into())
                }
            };
            match timeout(SEND_TIMEOUT, sink.send(said)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!("a connection to Slack broke: {error}");
                    break;
                }
                Err(_) => {
                    tracing::warn!("a connection to Slack takes nothing any more: it is given up");
                    break;
                }
            }
        }
        // What was begun is acknowledged while that is possible; else Slack sends it again, and it is known.
        drop(acks);
        self.work.close();
        let farewell = async {
            while let Some(ack) = to_say.recv().await {
                if sink.send(Message::text(ack)).await.is_err() {
                    return;
                }
            }
            // Slack may have closed it first.
            let _closed = sink.close().await;
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!(
                "a connection to Slack ends with {} requests unanswered",
                self.work.len()
            );
        }
    }

    fn hear(&mut self, text: &str, acks: &mpsc::UnboundedSender<String>) {
        self.heard = Instant::now();
        match frames::read(text) {
            Ok(Frame::Hello { connections }) => {
                tracing::info!(
                    connections,
                    "connected to Slack by Socket Mode, {connections} connections in all"
                );
            }
            Ok(Frame::Disconnect { reason }) => self.go(match reason.as_str() {
                "link_disabled" => SocketEnd::Disabled,
                "too_many_websockets" => SocketEnd::TooMany,
                // `warning`, `refresh_requested`, and what may come to be.
                _ => SocketEnd::Renewed,
            }),
            Ok(Frame::Envelope(envelope)) => {
                let (handled, acks) = ((self.handler)(envelope), acks.clone());
                self.work.spawn(async move {
                    if let Some(ack) = handled.await {
                        // Without a connection there is nobody to tell: Slack sends it again.
                        let _gone = acks.send(ack);
                    }
                });
            }
            Err(error) => {
                tracing::warn!(
                    "Slack said what is not understood: {}",
                    tocsin_slack::json::json_fault(&error)
                );
            }
        }
    }

    /// Tells, once, that another connection is due.
    fn go(&mut self, going: SocketEnd) {
        if let Some(goes) = self.goes.take() {
            // Nobody waits any more when the process ends.
            let _gone = goes.send(going);
        }
    }
}
