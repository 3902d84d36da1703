//! What goes over the wire between the API and PostgreSQL, seen on its way.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};
use url::Url;

/// Asks for TLS, which can't be looked into. Source: PostgreSQL, "Message Formats", `SSLRequest`.
const SSL_REQUEST: i32 = 80_877_103;

/// What becomes of a message to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Carried,
    /// It arrives and is obeyed, and the connection breaks before the answer.
    Unanswered,
}

/// The address of a server as it is reached by a wire on which each message is judged by its kind and body.
pub(crate) async fn tap(server: &Url, judge: impl Fn(u8, &[u8]) -> Fate + Clone + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut url = server.clone();
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(listener.local_addr().expect("an address").port()))
        .expect("a port");
    let far = format!(
        "{}:{}",
        server.host_str().expect("a host"),
        server.port().unwrap_or(5432)
    );
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(&far).await.expect("the server");
            tokio::spawn(between(near, far, judge.clone()));
        }
    });
    url
}

/// The address of a server as it is reached through a gate: while it is shut, nobody listens there.
pub(crate) async fn gate(server: &Url, mut open: watch::Receiver<bool>) -> Url {
    let mut listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut url = server.clone();
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(address.port())).expect("a port");
    let far = format!(
        "{}:{}",
        server.host_str().expect("a host"),
        server.port().unwrap_or(5432)
    );
    tokio::spawn(async move {
        loop {
            let (mut shut, mut shut_here) = (open.clone(), open.clone());
            let near = tokio::select! {
                near = listener.accept() => Some(near.expect("a connection").0),
                _shut = shut.wait_for(|open| !open) => None,
            };
            let Some(mut near) = near else {
                drop(listener);
                let reopened = open.wait_for(|open| *open).await.is_ok();
                if !reopened {
                    return;
                }
                listener = TcpListener::bind(address).await.expect("the same port");
                continue;
            };
            let mut far = TcpStream::connect(&far).await.expect("the server");
            tokio::spawn(async move {
                tokio::select! {
                    _ended = copy_bidirectional(&mut near, &mut far) => {}
                    _shut = shut_here.wait_for(|open| !open) => {}
                }
            });
        }
    });
    url
}

/// A message without its length.
async fn body(from: &mut tcp::OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let length = from.read_i32().await?;
    let mut body = vec![0; usize::try_from(length - 4).expect("a length")];
    from.read_exact(&mut body).await?;
    Ok(body)
}

/// Sends a message in one go, so that no part of it waits for another to be acknowledged.
async fn send(to: &mut tcp::OwnedWriteHalf, kind: Option<u8>, body: &[u8]) -> std::io::Result<()> {
    let length = i32::try_from(body.len() + 4).expect("a length");
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend(length.to_be_bytes());
    message.extend(body);
    to.write_all(&message).await
}

/// Carries one connection. It ends when either side does.
async fn between(near: TcpStream, far: TcpStream, judge: impl Fn(u8, &[u8]) -> Fate) -> std::io::Result<()> {
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    loop {
        let first = body(&mut from_near).await?;
        if first != SSL_REQUEST.to_be_bytes() {
            send(&mut to_far, None, &first).await?;
            break;
        }
        to_near.write_all(b"N").await?;
    }
    let cut = Arc::new(AtomicBool::new(false));
    let cutting = Arc::clone(&cut);
    let back = tokio::spawn(async move {
        let mut answer = vec![0; 8_192];
        while let Ok(length @ 1..) = from_far.read(&mut answer).await {
            if cutting.load(Ordering::SeqCst) || to_near.write_all(&answer[..length]).await.is_err() {
                break;
            }
        }
    });
    while let Ok(kind) = from_near.read_u8().await {
        let message = body(&mut from_near).await?;
        let fate = judge(kind, &message);
        if fate == Fate::Unanswered {
            cut.store(true, Ordering::SeqCst);
        }
        send(&mut to_far, Some(kind), &message).await?;
        if fate == Fate::Unanswered {
            back.await.expect("cut");
            return Ok(());
        }
    }
    back.abort();
    Ok(())
}
