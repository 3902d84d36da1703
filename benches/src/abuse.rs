//! What somebody without a key can make a process hold in memory.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    http::Connection,
    stack::{KEY, Stack},
};

/// Connections that say nothing.
const SILENT: usize = 1_100;
/// Bodies that are never finished, and how much of each is sent.
const UNFINISHED: usize = 300;
const UNFINISHED_BYTES: usize = 1_000_000;
/// Requests for the schema, at a time.
const ASKING: usize = 16;
/// How long a body is sent before it is left as it is: the server may have given it up.
const SENT_WITHIN: Duration = Duration::from_secs(5);

/// What each process holds after each abuse.
pub(crate) struct Abuse {
    pub(crate) introspection: Vec<(&'static str, u64)>,
    pub(crate) silent: Vec<(&'static str, u64)>,
    pub(crate) unfinished: Vec<(&'static str, u64)>,
}

/// Measures memory under abuse; in the middle of each, a request with a key must be answered.
pub(crate) async fn measure(stack: &Stack) -> anyhow::Result<Abuse> {
    let mut asking = JoinSet::new();
    for _ in 0..ASKING {
        asking.spawn(ask_for_the_schema(stack.address.clone()));
    }
    while let Some(asked) = asking.join_next().await {
        asked??;
    }
    let introspection = stack.memory()?;

    let mut silent = Vec::with_capacity(SILENT);
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(&stack.address).await?);
    }
    serves(stack).await.context("beside silent connections")?;
    let while_silent = stack.memory()?;
    drop(silent);

    let mut sending = JoinSet::new();
    for _ in 0..UNFINISHED {
        sending.spawn(leave_a_body(stack.slack_address.clone()));
    }
    let mut unfinished = Vec::with_capacity(UNFINISHED);
    while let Some(sent) = sending.join_next().await {
        unfinished.push(sent??);
    }
    serves(stack).await.context("beside unfinished bodies")?;
    let while_unfinished = stack.memory()?;
    drop(unfinished);
    Ok(Abuse {
        introspection,
        silent: while_silent,
        unfinished: while_unfinished,
    })
}

async fn serves(stack: &Stack) -> anyhow::Result<()> {
    Connection::open(&stack.address, KEY)
        .await?
        .trigger("Beside abuse")
        .await?;
    Ok(())
}

/// The dearest question about the schema in 36 kB: many aliases, each with all types, fields and arguments.
async fn ask_for_the_schema(address: String) -> anyhow::Result<()> {
    let all = "__schema{types{name description fields{name description args{name type{name ofType{name ofType{name}}}} \
        type{name ofType{name ofType{name}}}} inputFields{name description type{name}} enumValues{name description}}}";
    let aliases: Vec<_> = (0..100).map(|at| format!("a{at}:{all}")).collect();
    let aliases = aliases.join(" ");
    let body = format!(r#"{{"query":"{{{aliases}}}"}}"#);
    let mut stream = TcpStream::connect(&address).await?;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(())
}

/// Sends most of a body and no more.
async fn leave_a_body(address: String) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(&address).await?;
    let head = format!(
        "POST /slack/events HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        UNFINISHED_BYTES + 1
    );
    stream.write_all(head.as_bytes()).await?;
    let body = vec![b'x'; UNFINISHED_BYTES];
    // Where the server has given the body up, the rest is not taken: that is what is measured.
    let _sent = tokio::time::timeout(SENT_WITHIN, stream.write_all(&body)).await;
    Ok(stream)
}
