//! The WebSockets of an app in Socket Mode: which are open, and what waits on them to be acknowledged.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// Connections of one app.
const CONNECTIONS_MAX: usize = 10;

/// What a connection is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocketOrder {
    /// Send this.
    Say(String),
    /// Send this, and close after so many milliseconds.
    Leave(String, u64),
    /// Say nothing more, and hear nothing, as when what stands between keeps a connection open that leads nowhere.
    Hush,
    /// Be gone, without a word.
    Drop,
}

/// An open connection.
#[derive(Debug)]
struct Open {
    id: u64,
    orders: mpsc::UnboundedSender<SocketOrder>,
}

/// An envelope that waits for its acknowledgement.
#[derive(Debug)]
struct Pending {
    connection: u64,
    answer: oneshot::Sender<Option<Value>>,
}

/// The sockets of the app.
#[derive(Debug, Default)]
pub(crate) struct AppSockets {
    /// Whether the app is in Socket Mode: then nothing goes over HTTP.
    enabled: bool,
    /// Addresses that were given out and not used yet.
    tickets: Vec<String>,
    open: Vec<Open>,
    pending: HashMap<String, Pending>,
    last_id: u64,
    /// Whose turn it is.
    turn: usize,
}

impl AppSockets {
    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.open.len()
    }

    /// How many envelopes wait for their acknowledgement.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// An address that may be used once.
    pub(crate) fn issue_ticket(&mut self) -> String {
        let ticket = crate::random::hex();
        self.tickets.push(ticket.clone());
        ticket
    }

    /// Whether this address was given out and not used yet.
    pub(crate) fn has_ticket(&self, ticket: &str) -> bool {
        self.tickets.iter().any(|known| known == ticket)
    }

    /// Whether an address may be used, which it may be once.
    pub(crate) fn take_ticket(&mut self, ticket: &str) -> bool {
        let found = self.tickets.iter().position(|known| known == ticket);
        found.map(|at| self.tickets.swap_remove(at)).is_some()
    }

    /// Adds a connection; none where there are too many.
    pub(crate) fn add(&mut self, orders: mpsc::UnboundedSender<SocketOrder>) -> Option<u64> {
        if self.open.len() >= CONNECTIONS_MAX {
            return None;
        }
        self.last_id += 1;
        self.open.push(Open {
            id: self.last_id,
            orders,
        });
        Some(self.last_id)
    }

    /// Forgets a connection; what it had not acknowledged has failed.
    pub(crate) fn remove(&mut self, id: u64) {
        self.open.retain(|open| open.id != id);
        self.pending.retain(|_, pending| pending.connection != id);
    }

    /// An envelope has come.
    pub(crate) fn acknowledge(&mut self, envelope_id: &str, payload: Option<Value>) {
        if let Some(pending) = self.pending.remove(envelope_id) {
            // Whoever sent it may have given up.
            let _gone = pending.answer.send(payload);
        }
    }

    /// Sends an envelope to the connection whose turn it is; none where there is no connection.
    pub(crate) fn push(&mut self, envelope_id: &str, text: &str) -> Option<oneshot::Receiver<Option<Value>>> {
        let count = self.open.len();
        for _ in 0..count {
            self.turn = (self.turn + 1) % count;
            let open = &self.open[self.turn];
            if open.orders.send(SocketOrder::Say(text.to_owned())).is_ok() {
                let (answer, answered) = oneshot::channel();
                let pending = Pending {
                    connection: open.id,
                    answer,
                };
                self.pending.insert(envelope_id.to_owned(), pending);
                return Some(answered);
            }
        }
        None
    }

    /// Forgets an envelope for which nobody waits any more; an acknowledgement that comes late changes nothing.
    pub(crate) fn give_up(&mut self, envelope_id: &str) {
        self.pending.remove(envelope_id);
    }

    fn order_all(&self, order: &SocketOrder) {
        for open in &self.open {
            // One that has gone by itself needs no order.
            let _gone = open.orders.send(order.clone());
        }
    }

    /// Switches Socket Mode on or off; off, all connections are told `link_disabled`.
    pub(crate) fn switch(&mut self, enabled: bool) {
        self.enabled = enabled;
        if !enabled {
            self.order_all(&SocketOrder::Leave(goodbye("link_disabled"), 0));
        }
    }

    /// Tells all connections to go: `warning` leaves them the ten seconds that Slack does, `refresh_requested` a moment.
    pub(crate) fn disconnect(&self, reason: &str) {
        let milliseconds = if reason == "warning" { 10_000 } else { 200 };
        self.order_all(&SocketOrder::Leave(goodbye(reason), milliseconds));
    }

    /// Makes all connections that are open now fall silent.
    pub(crate) fn hush(&self) {
        self.order_all(&SocketOrder::Hush);
    }

    /// Cuts all connections without a word.
    pub(crate) fn cut(&self) {
        self.order_all(&SocketOrder::Drop);
    }
}

/// What a connection is told before it is closed.
pub(crate) fn goodbye(reason: &str) -> String {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-simulated"}}).to_string()
}
