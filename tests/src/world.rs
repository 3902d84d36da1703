//! A world of one test's own.

use std::{path::Path, time::Duration};

use anyhow::Context;
use sea_orm::DatabaseConnection;
use serde_json::json;
use tempfile::TempDir;
use tocsin_simulator::{CallLimits, ChannelSnapshot, MessageSnapshot, Simulator, SimulatorConfig};
use url::Url;
use uuid::Uuid;

use crate::{
    binary,
    client::Client,
    outcome, ports,
    process::{Process, give_clocks},
    redis::Redis,
    root::roots_of,
    stack::Stack,
    store::Store,
    wait::{PATIENCE, until},
};

/// The channel to which incidents go.
pub const CHANNEL: &str = "incidents";

/// Seals what is secret at rest.
const SECRET_KEY: &str = "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBUb2NzaW4hISE=";

const BRIDGE_TOKEN: &str = "bridge-token-of-a-test-0123456789abcdef";

/// The host of incident URLs: not where the API listens, as behind a proxy.
const PUBLIC_URL: &str = "https://tocsin.example.com";

/// A world before it is started.
#[derive(Debug, Clone)]
pub struct Plan {
    stack: Stack,
    apis: usize,
    bridges: usize,
    pace: String,
    slack: SimulatorConfig,
    socket_mode: bool,
    clocks: bool,
    /// Settings beside the usual ones, or in their place.
    settings: Vec<(String, String)>,
}

/// A database, the processes that work on it, and a simulated Slack.
pub struct World {
    // In the order in which they are to go.
    processes: Vec<Process>,
    apis: usize,
    redis: Option<Redis>,
    slack: Simulator,
    store: Store,
    admin: Client,
    screen: tokio::sync::Mutex<()>,
    directory: TempDir,
}

impl Plan {
    /// So many replicas of the API; on one SQLite file there is one.
    #[must_use]
    pub fn apis(self, apis: usize) -> Self {
        Self { apis, ..self }
    }

    /// So many workers of the bridge; on one SQLite file there is one.
    #[must_use]
    pub fn bridges(self, bridges: usize) -> Self {
        Self { bridges, ..self }
    }

    /// `TOCSIN_SLACK_PACE`, and what Slack allows. By default neither is limited.
    #[must_use]
    pub fn pace(mut self, pace: &str, limits: CallLimits) -> Self {
        pace.clone_into(&mut self.pace);
        self.slack.limits = limits;
        self
    }

    /// Slack sends what it has to say down WebSockets that the bridge opens.
    #[must_use]
    pub fn socket_mode(self) -> Self {
        Self {
            socket_mode: true,
            ..self
        }
    }

    /// Each process has a wall clock of its own ([`Process::set_clock`]), by libfaketime.
    #[must_use]
    pub fn clocks(self) -> Self {
        Self { clocks: true, ..self }
    }

    /// A setting beside the usual ones, or in place of one, by its variable.
    #[must_use]
    pub fn setting(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Furnishes Slack.
    #[must_use]
    pub fn slack(mut self, furnish: impl FnOnce(&mut SimulatorConfig)) -> Self {
        furnish(&mut self.slack);
        self
    }

    /// Starts everything, and waits until it is ready.
    ///
    /// # Errors
    /// When a process doesn't come up.
    pub async fn start(self) -> anyhow::Result<World> {
        // The first use installs the TLS provider that the simulator needs as well.
        drop(crate::client::http());
        let directory = tempfile::Builder::new().prefix("tocsin-world-").tempdir()?;
        let binary = binary::tocsin()?;
        let store = Store::create(self.stack, directory.path()).await?;
        let slack = Simulator::start(self.slack.clone()).await?;
        let redis = match self.stack {
            Stack::Embedded => None,
            Stack::Servers => Some(Redis::start(directory.path().to_owned()).await?),
        };
        let key = format!("tocsin_test_{}", Uuid::now_v7().simple());
        let mut environment = shared_environment(&self, &store, &slack, &key, directory.path());
        if let Some(redis) = &redis {
            environment.push(("TOCSIN_REDIS_URL".to_owned(), redis.url()));
        }
        if self.socket_mode {
            slack.set_socket_mode(true);
            environment.push(("SLACK_APP_TOKEN".to_owned(), slack.app_token().to_owned()));
        }
        environment.extend(self.settings.iter().cloned());
        if self.stack == Stack::Servers {
            migrate(&binary, &environment).await?;
        }
        let mut processes = self.processes(&binary, &environment, directory.path())?;
        if self.clocks {
            give_clocks(&mut processes)?;
        }
        // One after another: the first API makes the organisation, and a bridge asks its API at once.
        for process in &processes {
            process.start().await?;
        }
        let world = World {
            apis: if self.stack == Stack::Embedded {
                1
            } else {
                self.apis
            },
            admin: Client::new(processes[0].base(), key),
            processes,
            redis,
            slack,
            store,
            screen: tokio::sync::Mutex::default(),
            directory,
        };
        world.send_slack_to(world.bridge(0))?;
        if self.socket_mode {
            until("the bridge has opened WebSockets", async || {
                (world.slack.sockets() > 0).then_some(())
            })
            .await?;
        }
        Ok(world)
    }

    fn processes(
        &self,
        binary: &Path,
        shared: &[(String, String)],
        directory: &Path,
    ) -> anyhow::Result<Vec<Process>> {
        let make = |name: String, role: &'static str, more: &[(&str, String)], address| {
            let more = more.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            let environment = shared.iter().cloned().chain(more).collect();
            Process::new(
                name,
                binary.to_owned(),
                role,
                address,
                environment,
                directory.to_owned(),
            )
        };
        if self.stack == Stack::Embedded {
            let address = ports::free()?;
            let listen = [("TOCSIN_LISTEN", address.to_string())];
            return Ok(vec![make("up".to_owned(), "up", &listen, address)]);
        }
        let mut processes = Vec::new();
        for number in 0..self.apis {
            let address = ports::free()?;
            let listen = [("TOCSIN_LISTEN", address.to_string())];
            processes.push(make(format!("api-{number}"), "api", &listen, address));
        }
        for number in 0..self.bridges {
            let address = ports::free()?;
            let settings = [
                ("TOCSIN_BRIDGE_LISTEN", address.to_string()),
                ("TOCSIN_API_URL", processes[number % self.apis].base()),
            ];
            processes.push(make(format!("bridge-{number}"), "bridge", &settings, address));
        }
        Ok(processes)
    }
}

impl World {
    /// A world with one API and one bridge, and a Slack without limits that redelivers soon.
    pub fn on(stack: Stack) -> Plan {
        Plan {
            stack,
            apis: 1,
            bridges: 1,
            pace: "unlimited".to_owned(),
            socket_mode: false,
            clocks: false,
            settings: Vec::new(),
            slack: SimulatorConfig {
                limits: CallLimits::none(),
                unfurl_domains: vec!["tocsin.example.com".to_owned()],
                // Slack's own are nearly at once, 1 minute and 5 minutes.
                retry_delays: [200, 2_000, 8_000].map(Duration::from_millis).to_vec(),
                // Slack's are 3 s. A busy machine that runs tests takes longer, and none of these is about that.
                answer_timeout: Duration::from_secs(30),
                trigger_lives: Duration::from_secs(30),
                ..SimulatorConfig::default()
            },
        }
    }

    /// The one screen of a person that several act as: whoever opens a dialog holds it until the dialog is closed.
    pub async fn screen(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.screen.lock().await
    }

    /// The simulated Slack.
    pub fn slack(&self) -> &Simulator {
        &self.slack
    }

    /// The holder of the admin key, at the first API.
    pub fn admin(&self) -> &Client {
        &self.admin
    }

    /// A replica of the API.
    pub fn api(&self, number: usize) -> &Process {
        &self.processes[number]
    }

    /// A worker of the bridge; on SQLite it is the same process as the API.
    pub fn bridge(&self, number: usize) -> &Process {
        self.processes
            .get(self.apis + number)
            .unwrap_or(&self.processes[0])
    }

    /// Every process, each once.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The Redis, where there is one.
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Leaves the directory with the whole logs where it is, and says where.
    pub fn keep(&mut self) -> std::path::PathBuf {
        self.directory.disable_cleanup(true);
        self.directory.path().to_owned()
    }

    /// From now on Slack's requests go to this bridge.
    ///
    /// # Errors
    /// Never, for a process of the world.
    pub fn send_slack_to(&self, bridge: &Process) -> anyhow::Result<()> {
        self.slack.set_callbacks(&Url::parse(&bridge.base())?);
        Ok(())
    }

    /// The channel of incidents as it is now.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn channel(&self) -> anyhow::Result<ChannelSnapshot> {
        self.slack.channel(CHANNEL).context("the channel of incidents")
    }

    /// Waits until an incident has a message of its own that is so.
    ///
    /// # Errors
    /// When it hasn't in time; the error shows the workspace.
    pub async fn root(
        &self,
        number: i64,
        so: impl Fn(&MessageSnapshot) -> bool,
    ) -> anyhow::Result<MessageSnapshot> {
        let found = self.slack.wait_for(
            |snapshot| {
                let roots = roots_of(snapshot.channel(CHANNEL)?, number);
                roots.into_iter().find(|root| so(root)).cloned()
            },
            PATIENCE,
        );
        found
            .await
            .with_context(|| format!("waited for the message of #{number}"))
    }

    /// Makes a member with a key of their own, who acts as themselves.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn member(&self, name: &str, email: &str, role: &str) -> anyhow::Result<Client> {
        const USER: &str = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code message } } }";
        const KEY: &str = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code message } } }";
        let input = json!({"name": name, "email": email, "role": role});
        let data = self.admin.insist(USER, &json!({"input": input})).await?;
        let input =
            json!({"name": name, "userId": data["createUser"]["user"]["id"], "scopes": ["READ", "WRITE"]});
        let data = self.admin.insist(KEY, &json!({"input": input})).await?;
        let secret = data["createApiKey"]["secret"].as_str().context("a secret")?;
        Ok(self.admin.with_key(secret))
    }

    /// Makes an organisation with the command line, whose incidents go to this channel, and gives its admin.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn organization(&self, name: &str, channel: &str) -> anyhow::Result<Client> {
        let binary = binary::tocsin()?;
        let url = ("TOCSIN_DATABASE_URL".to_owned(), self.store.url().to_owned());
        let printed = binary::run(&binary, &["org", "create", name, "--channel", channel], &[url]).await?;
        let key = printed
            .split_whitespace()
            .next_back()
            .context("the command prints the key last")?;
        Ok(self.admin.with_key(key))
    }

    /// How many rows each table has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(&self) -> anyhow::Result<Vec<(&'static str, i64)>> {
        self.store.rows().await
    }

    /// How many rows a table has, such as `slack_inbox WHERE state = 'pending'`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self, table_and_condition: &str) -> anyhow::Result<i64> {
        self.store.count(table_and_condition).await
    }

    /// Executes a statement, as an operator in need may.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        self.store.execute(statement).await
    }

    /// A connection of the test's own, by which it can hold a lock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connect(&self) -> anyhow::Result<DatabaseConnection> {
        self.store.connect().await
    }

    /// Waits until nothing is left to be done for Slack: everything is shown, and everything that came is worked.
    ///
    /// # Errors
    /// When it isn't so in time.
    pub async fn settled(&self) -> anyhow::Result<()> {
        const BEHIND: [&str; 3] = [
            "incident LEFT JOIN slack_incident ON slack_incident.incident_id = incident.id \
             WHERE slack_incident.shown_version IS NULL OR slack_incident.shown_version < incident.version",
            "slack_digest WHERE shown_version < wanted_version",
            "slack_inbox WHERE state = 'pending'",
        ];
        until("the bridge had done everything", async || {
            for behind in BEHIND {
                if self.store.count(behind).await.ok()? > 0 {
                    return None;
                }
            }
            Some(())
        })
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let mut logs = String::new();
        for process in &self.processes {
            let name = process.name();
            for part in ["\n--- ", name, " ---\n", &process.tail(), "\n"] {
                logs.push_str(part);
            }
        }
        outcome::keep(logs);
    }
}

fn shared_environment(
    plan: &Plan,
    store: &Store,
    slack: &Simulator,
    key: &str,
    directory: &Path,
) -> Vec<(String, String)> {
    let settings = [
        ("HOME", directory.display().to_string()),
        ("RUST_BACKTRACE", "1".to_owned()),
        ("TOCSIN_DATABASE_URL", store.url().to_owned()),
        ("TOCSIN_DATABASE_CONNECTIONS", "5".to_owned()),
        ("TOCSIN_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("TOCSIN_BRIDGE_TOKEN", BRIDGE_TOKEN.to_owned()),
        ("TOCSIN_ADMIN_KEY", key.to_owned()),
        ("TOCSIN_SECRET_KEY", SECRET_KEY.to_owned()),
        (
            "TOCSIN_LOG",
            "info,tocsin_bridge=debug,tocsin_slack_client=debug,tocsin_api=debug,tocsin_domain=debug"
                .to_owned(),
        ),
        ("TOCSIN_LOG_FORMAT", "json".to_owned()),
        ("TOCSIN_SLACK_PACE", plan.pace.clone()),
        ("SLACK_API_URL", slack.api_url().to_string()),
        ("SLACK_BOT_TOKEN", slack.bot_token().to_owned()),
        ("SLACK_CLIENT_ID", slack.client_id().to_owned()),
        ("SLACK_CLIENT_SECRET", slack.client_secret().to_owned()),
        ("SLACK_SIGNING_SECRET", slack.signing_secret().to_owned()),
        ("SLACK_CHANNEL", format!("#{CHANNEL}")),
    ];
    let settings = settings.into_iter();
    // Where the app is not installed yet, nobody has a token of it.
    let settings = settings.filter(|(name, _)| plan.slack.installed || *name != "SLACK_BOT_TOKEN");
    settings.map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn migrate(binary: &Path, environment: &[(String, String)]) -> anyhow::Result<()> {
    binary::run(binary, &["migrate"], environment).await.map(|_| ())
}
