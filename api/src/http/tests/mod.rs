//! The transport over a small schema that fails, waits and panics on demand.

mod exhaustion;
mod over_http;
mod over_websocket;
mod served;
