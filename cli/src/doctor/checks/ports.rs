//! Whether there is room to listen.

use std::{io::ErrorKind, net::SocketAddr};

use tokio::net::TcpListener;

use super::Scene;
use crate::{
    config::{
        Simulator,
        known::{self, Known},
    },
    doctor::Finding,
};

const SUBJECT: &str = "port";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let settings = scene.settings;
    let mut findings = vec![port(&known::LISTEN, settings.listen).await];
    if settings.simulator != Simulator::Off && !settings.slack.is_configured() {
        findings.push(port(&known::SIMULATOR_LISTEN, settings.simulator_listen).await);
    }
    findings
}

async fn port(known: &Known, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::good(SUBJECT, format!("{address} is free for {}", known.variable)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::doubtful(
            SUBJECT,
            format!(
                "{address} is in use; unless Tocsin itself runs there, set {} to another",
                known.variable
            ),
        ),
        Err(error) => Finding::bad(
            SUBJECT,
            format!("{address}: {error}; set {} to another", known.variable),
        ),
    }
}
