//! Tokens that Slack will never take.

use secrecy::SecretString;
use tocsin_queue::{Queue, QueueConfig};
use tocsin_simulator::{Fault, FaultKind, Simulator, SimulatorConfig};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Bridge, BridgeConfig, Pace, SlackConfig, store::testing};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn bridge(slack: &Simulator) -> (Bridge, testing::Own) {
    let own = testing::sqlite().await;
    let queue = Queue::connect(&QueueConfig::default()).await.expect("a queue");
    let nowhere: url::Url = "http://127.0.0.1:9".parse().expect("a URL");
    let config = BridgeConfig {
        sealer: None,
        api_url: nowhere.clone(),
        bridge_token: "bridge-token".into(),
        public_url: nowhere,
        slack: SlackConfig {
            api_url: slack.api_url(),
            bot_token: Some(slack.bot_token().into()),
            client: None,
            signing_secrets: vec![],
            socket: Some(SocketConfig::new(SecretString::from(slack.app_token()), 2)),
            pace: Pace::Unlimited,
        },
        instance: "test".to_owned(),
    };
    let bridge = Bridge::new(config, own.database.clone(), queue).await;
    (bridge.expect("a bridge"), own)
}

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
        let (bridge, _own) = bridge(&slack).await;
        let socket = bridge.0.config.slack.socket.clone().expect("a token");
        let given_up = keep(Arc::clone(&bridge.0), None, socket, CancellationToken::new());
        tokio::time::timeout(PATIENCE, given_up)
            .await
            .unwrap_or_else(|_| panic!("{code}: it is tried again"));
        let told = bridge.socket_mode_trouble().expect("trouble");
        assert!(told.contains(code) && told.contains("SLACK_APP_TOKEN"), "{told}");
        let asked = slack.calls();
        let asked = asked.iter().filter(|call| call.method == "apps.connections.open");
        assert_eq!(asked.count(), 2, "{code}: once by each of two");
    }
}
