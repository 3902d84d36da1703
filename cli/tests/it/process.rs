//! The real binary, in a directory and an environment of its own.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// How long anything may take before the test gives up; never waited for where all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory in which `tocsin` is run.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
}

/// A `tocsin` that goes on running, and is killed with the test.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it printed when it had started.
    pub(crate) welcome: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a directory"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("the directory can be written");
    }

    /// The names of the files there, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("the directory is there");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// A `tocsin` with free ports and nothing else in its environment.
    pub(crate) fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("TOCSIN_LISTEN", "127.0.0.1:0")
            .env("TOCSIN_BRIDGE_LISTEN", "127.0.0.1:0")
            .env("TOCSIN_SIMULATOR_LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let run = self.command(arguments, environment).output();
        tokio::time::timeout(PATIENCE, run)
            .await
            .expect("tocsin did not end")
            .expect("tocsin can be run")
    }

    /// Starts it, and waits until it has printed a line with `mark`.
    pub(crate) async fn start(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
        mark: &str,
    ) -> Running {
        let mut command = self.command(arguments, environment);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("tocsin can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut welcome = String::new();
        let reading = async {
            while let Some(line) = lines.next_line().await.expect("its output is text") {
                welcome.push_str(&line);
                welcome.push('\n');
                if line.contains(mark) {
                    return;
                }
            }
            panic!("tocsin ended before it had started: {welcome}");
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("tocsin did not start");
        Running {
            child,
            lines,
            welcome,
        }
    }

    /// `tocsin up`, started.
    pub(crate) async fn up(&self, environment: &[(&str, &str)]) -> Running {
        self.start(&["up"], environment, "Ctrl-C stops it").await
    }
}

impl Running {
    /// The value in a row of the welcome.
    pub(crate) fn row(&self, name: &str) -> String {
        let mut rows = self.welcome.lines().map(str::trim_start);
        let row = rows.find_map(|line| line.strip_prefix(name));
        let row = row.unwrap_or_else(|| panic!("no row {name} in {}", self.welcome));
        row.split_whitespace().next().expect("a value").to_owned()
    }

    /// An address under the API's.
    pub(crate) fn url(&self, path: &str) -> String {
        self.row("API").replace("/graphql", path)
    }

    /// Asks the API.
    pub(crate) async fn ask(&self, key: &str, document: &str) -> Value {
        let answer = client()
            .post(self.url("/graphql"))
            .bearer_auth(key)
            .json(&json!({ "query": document }));
        answer
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON")
    }

    /// Sends it a signal by name.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .await
            .expect("there is kill");
        assert!(sent.success());
    }

    /// Asks it to stop, and gives its exit code and what else it printed.
    pub(crate) async fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM").await;
        let mut rest = String::new();
        let ending = async {
            while let Some(line) = self.lines.next_line().await.expect("its output is text") {
                rest.push_str(&line);
                rest.push('\n');
            }
            self.child.wait().await.expect("it was started here")
        };
        let status = tokio::time::timeout(PATIENCE, ending)
            .await
            .expect("tocsin did not stop");
        (status.code(), rest)
    }
}

/// Standard error as text.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Standard output as text.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// A client of HTTP.
pub(crate) fn client() -> reqwest::Client {
    // Another test of this process may have installed it.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// The text at an address, and the status.
pub(crate) async fn get(url: &str) -> (u16, String) {
    let answer = client().get(url).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}
