//! Where the tests' queues live: a private Redis, or a SQLite file.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tocsin_queue::{Queue, QueueConfig};

/// How long any test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A queue's place, and whatever must be cleaned up after it.
pub(crate) struct Place {
    pub(crate) config: QueueConfig,
    _server: Option<RedisServer>,
    _directory: Option<TempDir>,
}

impl Place {
    /// In the Redis that `TOCSIN_TEST_REDIS_URL` names, or in a private one.
    pub(crate) async fn redis() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "which server to test on is not the product's configuration"
        )]
        let named = std::env::var("TOCSIN_TEST_REDIS_URL");
        let (url, server) = if let Ok(url) = named {
            (url, None)
        } else {
            let server = RedisServer::start().await;
            (server.url(), Some(server))
        };
        let namespace = format!("test-{}", uuid::Uuid::now_v7().simple());
        let config = QueueConfig {
            redis_url: Some(url.into()),
            namespace,
            ..QueueConfig::default()
        };
        Self {
            config,
            _server: server,
            _directory: None,
        }
    }

    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let sqlite_path = Some(directory.path().join("queue.db"));
        let config = QueueConfig {
            sqlite_path,
            ..QueueConfig::default()
        };
        Self {
            config,
            _server: None,
            _directory: Some(directory),
        }
    }

    pub(crate) async fn queue(&self) -> Queue {
        Queue::connect(&self.config).await.expect("the queue opens")
    }
}

/// What Redis may do instead of its work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// It does not run.
    Down,
    /// It runs and answers nothing.
    Hung,
    /// It has no memory for anything new.
    Full,
    /// It is a replica by now.
    ReadOnly,
    /// It wants another password.
    Locked,
}

impl Failure {
    pub(crate) const ALL: [Self; 5] = [Self::Down, Self::Hung, Self::Full, Self::ReadOnly, Self::Locked];
}

/// A Redis of our own, which ends with the test.
pub(crate) struct RedisServer {
    port: u16,
    directory: TempDir,
    process: Option<Child>,
}

impl RedisServer {
    /// One that will listen on a free port, once it is brought up.
    pub(crate) fn down() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        Self {
            port,
            directory: tempfile::tempdir().expect("a temporary directory"),
            process: None,
        }
    }

    pub(crate) async fn start() -> Self {
        let mut server = Self::down();
        server.bring_up().await;
        server
    }

    /// With the number of a database: each new connection asks for more than it would without.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/1", self.port)
    }

    pub(crate) fn config(&self) -> QueueConfig {
        QueueConfig {
            redis_url: Some(self.url().into()),
            ..QueueConfig::default()
        }
    }

    /// Starts the server with nothing in it, and waits until it answers.
    pub(crate) async fn bring_up(&mut self) {
        let process = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
            ])
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (Debian package redis-server)");
        self.process = Some(process);
        let client = redis::Client::open(self.url()).expect("a valid URL");
        let answers = async {
            while client.get_multiplexed_async_connection().await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answers)
            .await
            .expect("redis-server answers");
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the server can be killed");
            process.wait().expect("the server has ended");
        }
    }

    /// Breaks the server in a way that the clients it has must notice by themselves.
    pub(crate) async fn fail(&mut self, failure: Failure) {
        match failure {
            Failure::Down => self.kill(),
            Failure::Hung => self.signal("-STOP"),
            Failure::Full => self.set("maxmemory", "1").await,
            Failure::ReadOnly => {
                self.command(redis::cmd("REPLICAOF").arg("127.0.0.1").arg("1"))
                    .await;
            }
            Failure::Locked => {
                self.set("requirepass", "another").await;
                for kind in ["pubsub", "normal"] {
                    let mut kill = redis::cmd("CLIENT");
                    self.command_as("another", kill.arg("KILL").arg("TYPE").arg(kind))
                        .await;
                }
            }
        }
    }

    /// Mends what [`RedisServer::fail`] broke.
    pub(crate) async fn mend(&mut self, failure: Failure) {
        match failure {
            Failure::Down => self.bring_up().await,
            Failure::Hung => self.signal("-CONT"),
            Failure::Full => self.set("maxmemory", "0").await,
            Failure::ReadOnly => {
                self.command(redis::cmd("REPLICAOF").arg("NO").arg("ONE")).await;
            }
            Failure::Locked => {
                let mut unlock = redis::cmd("CONFIG");
                self.command_as("another", unlock.arg("SET").arg("requirepass").arg(""))
                    .await;
            }
        }
    }

    async fn set(&self, name: &str, value: &str) {
        self.command(redis::cmd("CONFIG").arg("SET").arg(name).arg(value))
            .await;
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs");
        let sent = Command::new("kill")
            .args([signal, &process.id().to_string()])
            .status();
        assert!(sent.expect("kill is there").success());
    }

    /// Runs a command with a password.
    async fn command_as(&self, password: &str, command: &redis::Cmd) {
        let url = format!("redis://:{password}@127.0.0.1:{}", self.port);
        let client = redis::Client::open(url).expect("a valid URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("redis-server answers");
        command
            .exec_async(&mut connection)
            .await
            .expect("the command works");
    }

    pub(crate) async fn command(&self, command: &redis::Cmd) {
        let client = redis::Client::open(self.url()).expect("a valid URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("redis-server answers");
        command
            .exec_async(&mut connection)
            .await
            .expect("the command works");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// This test binary, to be run again as a process of its own.
pub(crate) fn this_binary() -> PathBuf {
    std::env::current_exe().expect("our own path")
}
