//! Whether there is room to listen.

use std::{io::ErrorKind, net::SocketAddr};

use tokio::net::TcpListener;

use super::CheckContext;
use crate::{
    config::{
        SimulatorSettings,
        specs::{self, SettingSpec},
    },
    doctor::{DoctorPage, Finding},
};

const SUBJECT: &str = "port";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let mut findings = vec![port(&specs::LISTEN, settings.listen).await];
    if settings.simulator != SimulatorSettings::Off && !settings.slack.is_configured() {
        findings.push(port(&specs::SIMULATOR_LISTEN, settings.simulator_listen).await);
    }
    findings
}

async fn port(known: &SettingSpec, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::good(SUBJECT, format!("{address} is free for {}", known.variable)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::doubtful(
            SUBJECT,
            DoctorPage::PortInUse,
            format!(
                "{address} is in use; unless Tocsin itself runs there, set {} to another",
                known.variable
            ),
        ),
        Err(error) => Finding::bad(
            SUBJECT,
            DoctorPage::PortUnusable,
            format!("{address}: {error}; set {} to another", known.variable),
        ),
    }
}
