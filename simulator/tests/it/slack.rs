//! A workspace and an app, and calls of the Web API.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;
use tocsin_simulator::{CallLimits, DEFAULT_SIGNING_SECRET, Simulator, SimulatorConfig};

use crate::app::App;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Slack {
    pub(crate) sim: Simulator,
    pub(crate) app: App,
    pub(crate) http: Client,
}

pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
    Client::builder().no_proxy().build().unwrap()
}

/// No limits, quick redeliveries, a registered domain: each test tightens what it is about.
pub(crate) fn config() -> SimulatorConfig {
    SimulatorConfig {
        limits: CallLimits::none(),
        unfurl_domains: vec!["incidents.example.com".to_owned()],
        retry_delays: vec![Duration::from_millis(1); 3],
        answer_timeout: Duration::from_millis(500),
        ..SimulatorConfig::default()
    }
}

impl Slack {
    pub(crate) async fn start() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: SimulatorConfig) -> Self {
        let http = client();
        let app = App::start(DEFAULT_SIGNING_SECRET).await;
        let sim = Simulator::start(config).await.unwrap();
        sim.set_callbacks(&app.base);
        Self { sim, app, http }
    }

    /// A call as JSON, with the right token.
    pub(crate) async fn call(&self, method: &str, args: Value) -> Value {
        self.send(method, &args).await.json().await.unwrap()
    }

    pub(crate) async fn send(&self, method: &str, args: &Value) -> Response {
        self.request(method, args).send().await.unwrap()
    }

    /// A call that may meet a broken connection.
    pub(crate) async fn try_send(&self, method: &str, args: &Value) -> reqwest::Result<String> {
        self.request(method, args).send().await?.text().await
    }

    fn request(&self, method: &str, args: &Value) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/{method}", self.sim.api_url()))
            .bearer_auth(self.sim.bot_token())
            .header("content-type", "application/json; charset=utf-8")
            .body(args.to_string())
    }

    /// A call as a query, as read methods take it.
    pub(crate) async fn get(&self, method: &str, args: &[(&str, &str)]) -> Value {
        let request = self
            .http
            .get(format!("{}/{method}", self.sim.api_url()))
            .query(args);
        request
            .bearer_auth(self.sim.bot_token())
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// A call that succeeds.
    pub(crate) async fn ok(&self, method: &str, args: Value) -> Value {
        let reply = self.call(method, args.clone()).await;
        assert_eq!(reply["ok"], true, "{method} {args} was refused: {reply}");
        reply
    }

    /// A call that succeeds once the simulator has seen the app's answer to an event.
    pub(crate) async fn until_ok(&self, method: &str, args: Value) -> Value {
        let asking = async {
            loop {
                let reply = self.call(method, args.clone()).await;
                if reply["ok"] == true {
                    return reply;
                }
                assert_eq!(reply["error"], "cannot_unfurl_url");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap()
    }

    /// The error of a call that is refused.
    pub(crate) async fn refused(&self, method: &str, args: Value) -> String {
        let reply = self.call(method, args.clone()).await;
        assert_eq!(reply["ok"], false, "{method} {args} was not refused: {reply}");
        reply["error"].as_str().unwrap().to_owned()
    }

    pub(crate) fn id(&self, channel: &str) -> String {
        self.sim.channel(channel).unwrap().id
    }
}
