//! Tokens that Slack will never take.

use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use tocsin_simulator::{Fault, FaultKind, Simulator, SimulatorConfig};

use super::*;
use crate::pacer::NoPacing;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_will_never_take_is_not_tried_again_and_it_is_said_what_to_do() {
    // Another test may have been first.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    for code in [
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "user_removed_from_team",
        "team_disabled",
        "token_revoked",
    ] {
        let slack = Simulator::start(SimulatorConfig::default())
            .await
            .expect("a workspace");
        slack.set_socket_mode(true);
        let refusal = FaultKind::Error {
            error: code.to_owned(),
        };
        slack.add_fault(Fault::on("apps.connections.open", refusal).times(2));
        let told = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&told);
        let mode = SocketMode {
            http: Http::new(&slack.api_url()).expect("a client"),
            pacer: Arc::new(NoPacing::default()),
            config: SocketConfig::new(slack.app_token().into(), 2),
            handler: Arc::new(|_| async { None }.boxed()),
            report: Arc::new(move |trouble| {
                *tell.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
            }),
        };
        tokio::time::timeout(PATIENCE, mode.keep(CancellationToken::new()))
            .await
            .unwrap_or_else(|_| panic!("{code}: it is tried again"));
        let told = told.lock().expect("nobody else").take().expect("trouble");
        assert!(told.is_lasting, "{code}");
        let told = told.text;
        assert!(told.contains(code) && told.contains("SLACK_APP_TOKEN"), "{told}");
        let asked = slack.calls();
        let asked = asked.iter().filter(|call| call.method == "apps.connections.open");
        assert_eq!(asked.count(), 2, "{code}: once by each of two");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_slack_takes_a_token_is_asked_without_opening_a_connection() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let slack = Simulator::start(SimulatorConfig::default())
        .await
        .expect("a workspace");
    slack.set_socket_mode(true);
    let http = Http::new(&slack.api_url()).expect("a client");
    let ask = |token: &str| check(&http, Arc::new(NoPacing::default()), token.to_owned().into());
    assert_eq!(ask(slack.app_token()).await, Ok(()));
    let told = ask("xapp-1-of-another-app").await.expect_err("a refusal");
    assert!(
        told.contains("invalid_auth") && told.contains("SLACK_APP_TOKEN"),
        "{told}"
    );
    assert_eq!(slack.sockets(), 0);
}
