//! All that a world has given away, and the search in it.

use anyhow::Context;
use serde_json::{Value, json};
use tocsin_tests::World;

use super::{MARKER, WORKFLOW_TOKEN};

/// How much is shown around what was found.
const AROUND: usize = 200;

/// What was given away, by where.
#[derive(Default)]
pub(super) struct GivenAway {
    places: Vec<(String, String)>,
    /// Bytes on the disk, where what was deleted is still to be seen.
    files: Vec<(String, String)>,
    /// What else must not be found, as it came up.
    forbidden: Vec<String>,
    /// What must not be found in what processes print: it is given to whom it is for.
    unprinted: Vec<String>,
}

impl GivenAway {
    /// Asks the API as its admin, and keeps the whole answer.
    pub(super) async fn ask(
        &mut self,
        world: &World,
        document: &str,
        variables: &Value,
    ) -> anyhow::Result<Value> {
        let request = http()
            .post(format!("{}/graphql", world.admin().base()))
            .bearer_auth(world.admin().key())
            .header("X-Request-Id", MARKER)
            .json(&json!({"query": document, "variables": variables}));
        let text = self.keep("GraphQL", request).await?;
        serde_json::from_str(&text).with_context(|| format!("the answer to {document}: {text}"))
    }

    /// Sends a request, and keeps the whole answer, its headers with it.
    pub(super) async fn keep(
        &mut self,
        what: &str,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<String> {
        let answer = request.send().await.with_context(|| format!("asking {what}"))?;
        let head = format!("{} {:?}", answer.status(), answer.headers());
        let text = answer.text().await?;
        self.places
            .push((format!("an answer of {what}"), format!("{head}\n{text}")));
        Ok(text)
    }

    /// Something that came up, and must not be found.
    pub(super) fn forbid(&mut self, secret: String) {
        self.forbidden.push(secret);
    }

    /// Something that is given to one person, and printed nowhere.
    pub(super) fn forbid_in_output(&mut self, secret: String) {
        self.unprinted.push(secret);
    }

    /// Nothing that came up is found where it must not be.
    pub(super) fn assert_free_of_forbidden(&self) {
        assert!(
            !self.forbidden.is_empty() && !self.unprinted.is_empty(),
            "nothing came up"
        );
        for secret in &self.forbidden {
            self.assert_free_of(secret);
        }
        let output = || {
            self.places
                .iter()
                .filter(|(place, _)| place.starts_with("the output of "))
        };
        for secret in &self.unprinted {
            let printed = output().find(|(_, text)| text.contains(secret));
            assert!(
                printed.is_none(),
                "{secret} is printed: {:?}",
                printed.map(|(place, _)| place)
            );
        }
    }

    pub(super) fn keep_text(&mut self, what: &str, text: String) {
        self.places.push((what.to_owned(), text));
    }

    /// What processes have printed and what is kept, at the end.
    pub(super) async fn collect(&mut self, world: &World) -> anyhow::Result<()> {
        self.places.extend(world.printed());
        self.places
            .push(("the database".to_owned(), world.every_row().await?));
        self.files = world.files()?;
        Ok(())
    }

    /// What was said on purpose is found in each kind of place, so that a search there can find something.
    pub(super) fn assert_marked(&self) {
        for kind in ["an answer of GraphQL", "the database", "the output of "] {
            assert!(
                self.places
                    .iter()
                    .any(|(place, text)| place.starts_with(kind) && text.contains(MARKER)),
                "nothing was kept of {kind}"
            );
        }
        for (kind, text) in [
            ("an answer of /metrics", "tocsin_build_info"),
            ("an answer of /readyz", "ready"),
            ("the doctor", "the token works"),
        ] {
            assert!(
                self.places
                    .iter()
                    .any(|(place, said)| place.starts_with(kind) && said.contains(text)),
                "nothing was kept of {kind}"
            );
        }
    }

    /// Nothing that was given away has it.
    pub(super) fn assert_free_of(&self, secret: &str) {
        if let Some((place, around)) = self.find(secret) {
            panic!("{secret:?} is in {place}: …{around}…");
        }
    }

    /// What is planted is found.
    pub(super) fn assert_finds(&mut self, secret: &str) {
        self.keep_text("a planted place", format!("{MARKER} {secret} {MARKER}"));
        let found = self.find(secret);
        assert!(
            found.is_some_and(|(place, _)| place == "a planted place"),
            "the search finds nothing"
        );
    }

    fn find(&self, secret: &str) -> Option<(&str, String)> {
        // A workflow's token is kept until the step is done, and what was deleted stays in the file for a while; the token itself lives
        // for a quarter of an hour.
        let files = self.files.iter().filter(|_| secret != WORKFLOW_TOKEN);
        let all = || self.places.iter().chain(files.clone());
        for form in forms(secret) {
            for (place, text) in all() {
                if let Some(at) = text.find(&form) {
                    return Some((place, around(text, at)));
                }
            }
        }
        None
    }
}

/// As it is, and as it may be written in addresses, as bytes and in hexadecimal.
fn forms(secret: &str) -> [String; 4] {
    let in_addresses: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let bytes: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    let digits: Vec<_> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    [secret.to_owned(), in_addresses, bytes.join(", "), digits.concat()]
}

fn around(text: &str, at: usize) -> String {
    let before: Vec<char> = text[..at].chars().rev().take(AROUND).collect();
    let after = text[at..].chars().take(AROUND);
    before.into_iter().rev().chain(after).collect()
}

/// A client that trusts and keeps nothing.
pub(super) fn http() -> reqwest::Client {
    // Another part of this process may have installed it; either is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build();
    client.expect("an HTTP client")
}
