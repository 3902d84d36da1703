//! What many clients that do nothing can do to a server.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::process::{Place, get};

#[tokio::test]
async fn silent_connections_and_unfinished_bodies_keep_nobody_out() {
    let place = Place::new();
    let tocsin = place.up(&[("TOCSIN_HTTP_CONNECTIONS", "32")]).await;
    let address = tocsin.url("").replace("http://", "");
    let mut held = Vec::new();
    for at in 0..200 {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        if at % 2 == 0 {
            let request = "POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{";
            stream.write_all(request.as_bytes()).await.expect("to be heard");
        }
        held.push(stream);
    }
    let (status, _) = get(&tocsin.url("/healthz")).await;
    assert_eq!(status, 200);
    let (_, metrics) = get(&tocsin.url("/metrics")).await;
    for line in [
        "tocsin_http_connections_limit{listener=\"main\"} 32",
        "tocsin_http_connections_closed_total{listener=\"main\",reason=\"limit\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    // The one that waited longest was closed.
    let mut nothing = Vec::new();
    let first = held.first_mut().expect("a connection");
    if let Err(error) = first.read_to_end(&mut nothing).await {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    let answer = tocsin
        .ask(&tocsin.row("admin key"), "{ viewer { scopes } }")
        .await;
    assert_eq!(answer["errors"], serde_json::Value::Null, "{answer}");
    assert_eq!(tocsin.stop().await.0, Some(0));
}
