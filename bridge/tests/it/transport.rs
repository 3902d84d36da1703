//! The ways by which Slack's requests come in.

use tocsin_bridge::SocketConfig;
use tocsin_simulator::Simulator;

/// How the workspace hands its requests to the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// To the bridge's addresses.
    Http,
    /// Down WebSockets that the bridge has opened.
    Socket,
}

/// Connections of one bridge.
pub(crate) const CONNECTIONS: u8 = 2;

impl Transport {
    /// Sets the workspace up; what the bridge needs to know.
    pub(crate) fn prepare(self, slack: &Simulator) -> Option<SocketConfig> {
        match self {
            Self::Http => None,
            Self::Socket => {
                slack.set_socket_mode(true);
                Some(SocketConfig::new(slack.app_token().into(), CONNECTIONS))
            }
        }
    }
}

/// Makes two tests of each function that takes a [`Transport`]: `name::over_http` and `name::by_socket_mode`.
macro_rules! over_each_transport {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn over_http() {
                super::$name($crate::transport::Transport::Http).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn by_socket_mode() {
                super::$name($crate::transport::Transport::Socket).await;
            }
        }
    )+ };
}

pub(crate) use over_each_transport;
