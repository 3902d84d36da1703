//! The way to a WebSocket: straight, or through the proxy that the environment names.
//!
//! The HTTP client follows `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` by itself, and this by the same rules, which are curl's.

use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{self, http::Uri, protocol::WebSocketConfig},
};
use tower::ServiceExt;
use url::{Host, Url};

use crate::address::look_up;

/// An open WebSocket to Slack.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no WebSocket. The address, which holds a ticket, is not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("the address from Slack is none: {0}")]
    Address(tungstenite::http::Error),
    #[error("the WebSocket was not opened: {0}")]
    Handshake(Box<tungstenite::Error>),
    #[error("the proxy {proxy} gives no way to Slack: {cause}")]
    Proxy { proxy: Uri, cause: String },
}

impl From<tungstenite::Error> for HandshakeError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Handshake(Box::new(error))
    }
}

/// Opens a WebSocket.
pub(super) async fn connect(
    address: &Url,
    config: WebSocketConfig,
    proxies: &Matcher,
) -> Result<Socket, HandshakeError> {
    let target = target(address.as_str()).map_err(HandshakeError::Address)?;
    let (socket, _) = match proxies.intercept(&target) {
        None => {
            let stream = straight(address).await.map_err(tungstenite::Error::Io)?;
            client_async_tls_with_config(address.as_str(), stream, Some(config), None).await?
        }
        Some(proxy) => {
            let tunnel = tunnel(&proxy, target).await?;
            client_async_tls_with_config(address.as_str(), tunnel, Some(config), None).await?
        }
    };
    Ok(socket)
}

/// A connection without a proxy.
async fn straight(address: &Url) -> std::io::Result<TcpStream> {
    let port = address.port_or_known_default().unwrap_or(443);
    let host = match address.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(ip)) => ip.to_string(),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        None => String::new(),
    };
    let found = look_up(&host, port).await?;
    let stream = TcpStream::connect(found.as_slice()).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Where the connection goes, as proxies are asked for it: `wss` is `https` to them.
fn target(address: &str) -> Result<Uri, tungstenite::http::Error> {
    let address: Uri = address.parse()?;
    let (scheme, port) = if address.scheme_str() == Some("ws") {
        ("http", 80)
    } else {
        ("https", 443)
    };
    let host = address.host().unwrap_or_default();
    let port = address.port_u16().unwrap_or(port);
    Uri::builder()
        .scheme(scheme)
        .authority(format!("{host}:{port}"))
        .path_and_query("/")
        .build()
}

/// A connection to the target through the proxy.
async fn tunnel(proxy: &Intercept, target: Uri) -> Result<TcpStream, HandshakeError> {
    let failed = |cause: String| HandshakeError::Proxy {
        proxy: proxy.uri().clone(),
        cause,
    };
    if proxy.uri().scheme_str() != Some("http") {
        return Err(failed(
            "a WebSocket goes only through proxies at http://".to_owned(),
        ));
    }
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(secret) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(secret.clone());
    }
    let opened = tunnel.oneshot(target).await;
    opened.map(TokioIo::into_inner).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        failed(format!("{error}{}", cause.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use futures::{SinkExt, StreamExt};
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
        net::TcpListener,
        sync::mpsc,
    };
    use tokio_tungstenite::tungstenite::Message;

    use super::*;

    async fn listen() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        (listener, address)
    }

    /// A WebSocket server that says what it hears; its address.
    async fn echo() -> String {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut socket = tokio_tungstenite::accept_async(stream)
                    .await
                    .expect("a handshake");
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() {
                        socket.send(message).await.expect("an echo");
                    }
                }
            }
        });
        format!("ws://{address}/link?ticket=secret")
    }

    /// A proxy that answers so, and then, if that is yes, leads on; its address, and what it was asked.
    async fn proxy(answer: &'static str) -> (String, mpsc::UnboundedReceiver<Vec<String>>) {
        let (listener, address) = listen().await;
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.expect("a line");
                    if line.trim().is_empty() {
                        break;
                    }
                    head.push(line.trim().to_owned());
                }
                let target = head[0].split(' ').nth(1).expect("a target").to_owned();
                asks.send(head).expect("a test that looks");
                let answer = format!("HTTP/1.1 {answer}\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("an answer");
                if answer.contains(" 200 ") {
                    let mut onward = TcpStream::connect(target).await.expect("the target");
                    // Either side ends it.
                    let _ended = copy_bidirectional(&mut stream, &mut onward).await;
                }
            }
        });
        (address, asked)
    }

    async fn says_and_hears(mut socket: Socket) {
        socket.send(Message::text("hello")).await.expect("a way");
        let heard = socket.next().await.expect("an echo").expect("a message");
        assert_eq!(heard, Message::text("hello"));
    }

    #[tokio::test]
    async fn a_websocket_goes_through_the_proxy_with_its_password() {
        let address = echo().await;
        let (proxy, mut asked) = proxy("200 Connection established").await;
        let proxies = Matcher::builder()
            .http(format!("http://me:secret@{proxy}"))
            .build();
        let socket = connect(
            &address.parse().expect("a URL"),
            WebSocketConfig::default(),
            &proxies,
        )
        .await;
        says_and_hears(socket.expect("a WebSocket")).await;
        let asked = asked.recv().await.expect("a question");
        let port = target(&address).expect("a target").port_u16().expect("a port");
        assert_eq!(asked[0], format!("CONNECT 127.0.0.1:{port} HTTP/1.1"));
        assert!(
            asked.contains(&"Proxy-Authorization: Basic bWU6c2VjcmV0".to_owned()),
            "{asked:?}"
        );
    }

    #[tokio::test]
    async fn what_needs_no_proxy_goes_straight() {
        let address = echo().await;
        let (proxy, mut asked) = proxy("200 Connection established").await;
        let exempt = Matcher::builder()
            .all(format!("http://{proxy}"))
            .no("127.0.0.1")
            .build();
        let for_others = Matcher::builder().https(format!("http://{proxy}")).build();
        for proxies in [exempt, for_others] {
            let socket = connect(
                &address.parse().expect("a URL"),
                WebSocketConfig::default(),
                &proxies,
            )
            .await;
            says_and_hears(socket.expect("a WebSocket")).await;
        }
        assert!(asked.try_recv().is_err(), "nothing was asked of the proxy");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_named_and_neither_its_password_nor_the_ticket() {
        let address = echo().await;
        let (refusing, _asked) = proxy("407 Proxy Authentication Required").await;
        for (proxy, said) in [
            (format!("http://me:secret@{refusing}"), "authorization required"),
            ("socks5://me:secret@127.0.0.1:9".to_owned(), "http://"),
        ] {
            let proxies = Matcher::builder().all(proxy).build();
            let trouble = connect(
                &address.parse().expect("a URL"),
                WebSocketConfig::default(),
                &proxies,
            )
            .await
            .expect_err("no way")
            .to_string();
            assert!(
                trouble.contains("127.0.0.1") && trouble.contains(said),
                "{trouble}"
            );
            assert!(!trouble.contains("secret"), "{trouble}");
        }
    }

    #[test]
    fn a_proxy_is_asked_for_the_host_and_the_port_of_slack() {
        let target = target("wss://wss-primary.slack.com/link/?ticket=1").expect("a target");
        assert_eq!(target, "https://wss-primary.slack.com:443/");
    }
}
