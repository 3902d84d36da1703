//! A light HTTP/1.1 client: the load shares two cores with what is measured.

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `address`, to speak with this key.
    pub(crate) async fn open(address: &str, key: &str) -> anyhow::Result<Self> {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        );
        Self::open_with(address, head).await
    }

    /// Connects to `address`, to send what Slack sends to `path`.
    pub(crate) async fn open_as_slack(address: &str, path: &str) -> anyhow::Result<Self> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n");
        Self::open_with(address, head).await
    }

    async fn open_with(address: &str, head: String) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            head,
            buffer: Vec::with_capacity(16_384),
        })
    }

    /// Sends a request's body, and gives the answer's.
    pub(crate) async fn post(&mut self, body: &str) -> anyhow::Result<&[u8]> {
        self.post_with("", body).await
    }

    /// Sends a request with more headers, each with its line's end.
    pub(crate) async fn post_with(&mut self, headers: &str, body: &str) -> anyhow::Result<&[u8]> {
        let request = format!(
            "{}{headers}Content-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some((start, length)) = body_of(&self.buffer)?
                && self.buffer.len() >= start + length
            {
                return Ok(&self.buffer[start..start + length]);
            }
        }
    }

    /// Triggers an incident, and gives its number.
    pub(crate) async fn trigger(&mut self, title: &str) -> anyhow::Result<u64> {
        let body = trigger_body(title);
        let answer = self.post(&body).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        answer["data"]["triggerIncident"]["incident"]["number"]
            .as_u64()
            .with_context(|| format!("not accepted: {answer}"))
    }
}

/// A trigger as monitoring systems send them.
pub(crate) fn trigger_body(title: &str) -> String {
    serde_json::json!({
        "query": "mutation($i: TriggerIncidentInput!) { triggerIncident(input: $i) { incident { id number status } userErrors { code message } } }",
        "variables": { "i": { "title": title, "descriptionMarkdown": "The gateway answers 502 to one payment in three.", "urgency": "HIGH",
            "tags": [{ "key": "region", "value": "eu" }] } },
    })
    .to_string()
}

/// Where the body of an answer begins, and how long it is, once its head is there.
fn body_of(answer: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        bail!("{}", head.lines().next().unwrap_or_default());
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .context("an answer without a length")?
        .trim()
        .parse()?;
    Ok(Some((end + 4, length)))
}
