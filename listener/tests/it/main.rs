//! What clients that are silent, slow or many can do to a listener, over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    routing::{get, post},
};
use tocsin_listener::{ListenerLimits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// A limit that is not the one that is looked at.
const NEVER: Duration = Duration::from_secs(3_600);
/// A limit that is met at once.
const SOON: Duration = Duration::from_millis(50);

/// What the handlers share with a test.
struct Work {
    /// Rung when a request waits at `/wait`.
    begun: Notify,
    /// One permit lets one request at `/wait` go on.
    may_end: Semaphore,
}

impl Work {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Notify::new(),
            may_end: Semaphore::new(0),
        })
    }
}

struct Server {
    address: SocketAddr,
    work: Arc<Work>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// Limits of which none is met.
fn wide() -> ListenerLimits {
    ListenerLimits {
        head_within: NEVER,
        idle_max: NEVER,
        body_within: NEVER,
        unread_max: NEVER,
        ..ListenerLimits::default()
    }
}

async fn start(limits: ListenerLimits) -> Server {
    let work = Work::new();
    let router = Router::new()
        .route("/", get(async || "here"))
        .route(
            "/peer",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route("/long", get(async || vec![b'x'; 64 * 1024 * 1024]))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route(
            "/wait",
            get(async |State(work): State<Arc<Work>>| {
                work.begun.notify_one();
                if let Ok(permit) = work.may_end.acquire().await {
                    permit.forget();
                }
                "done"
            }),
        )
        .with_state(Arc::clone(&work));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve("test", listener, router, limits, stop.clone()));
    Server {
        address,
        work,
        stop,
        serving,
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen"))
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Opens a connection and sends so much.
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.expect("to be heard");
        stream
    }
}

/// Everything until the server closes; a reset is an end too.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = within("the connection's end", stream.read_to_end(&mut bytes)).await;
    if let Err(error) = read {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = start(ListenerLimits {
        head_within: SOON,
        ..wide()
    })
    .await;
    let mut silent = server.connect().await;
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test]
async fn a_head_that_is_never_complete_is_given_up() {
    let server = start(ListenerLimits {
        head_within: SOON,
        ..wide()
    })
    .await;
    let mut half = server.send("GET / HTTP/1.1\r\nHost:").await;
    assert_eq!(rest(&mut half).await, "");
}

#[tokio::test]
async fn a_second_head_that_is_never_complete_is_given_up_too() {
    let server = start(ListenerLimits {
        head_within: SOON,
        ..wide()
    })
    .await;
    let mut stream = server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut answer = [0; 15];
    within("an answer", stream.read_exact(&mut answer))
        .await
        .expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream.write_all(b"GET /").await.expect("to be heard");
    assert!(rest(&mut stream).await.ends_with("here"));
}

#[tokio::test]
async fn a_connection_without_another_request_is_closed() {
    let server = start(ListenerLimits {
        idle_max: SOON,
        ..wide()
    })
    .await;
    let mut stream = server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(rest(&mut stream).await.ends_with("here"));
}

#[tokio::test]
async fn silent_connections_make_room_for_one_that_asks() {
    let server = start(ListenerLimits {
        connections_max: 8,
        ..wide()
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..24 {
        silent.push(server.connect().await);
    }
    let mut asking = server.send(ASK).await;
    assert!(rest(&mut asking).await.ends_with("here"));
    // The longest waiting was closed first.
    assert_eq!(rest(&mut silent[0]).await, "");
}

#[tokio::test]
async fn unfinished_bodies_make_room_too() {
    let server = start(ListenerLimits {
        connections_max: 4,
        ..wide()
    })
    .await;
    let mut unfinished = Vec::new();
    for _ in 0..12 {
        unfinished.push(
            server
                .send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
                .await,
        );
    }
    let mut asking = server.send(ASK).await;
    assert!(rest(&mut asking).await.ends_with("here"));
}

#[tokio::test]
async fn a_connection_that_is_worked_for_is_never_closed_for_another() {
    let server = start(ListenerLimits {
        connections_max: 2,
        ..wide()
    })
    .await;
    let mut worked_for = Vec::new();
    for _ in 0..2 {
        worked_for.push(server.send(&ASK.replace("/ ", "/wait ")).await);
        within("the work's begin", server.work.begun.notified()).await;
    }
    let mut refused = server.connect().await;
    let answer = rest(&mut refused).await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"),
        "{answer}"
    );
    server.work.may_end.add_permits(2);
    for mut stream in worked_for {
        assert!(rest(&mut stream).await.ends_with("done"));
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up_and_told() {
    let server = start(ListenerLimits {
        body_within: SOON,
        ..wide()
    })
    .await;
    let mut half = server
        .send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        .await;
    let answer = rest(&mut half).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("REQUEST_TIMEOUT"),
        "{answer}"
    );
}

#[tokio::test]
async fn bodies_share_their_bytes_and_the_longest_unfinished_one_gives_way() {
    let server = start(ListenerLimits {
        body_bytes_max: 100_000,
        ..wide()
    })
    .await;
    let post = "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ";
    let mut long = server
        .send(&format!("{post}99000\r\n\r\n{}", "x".repeat(90_000)))
        .await;
    // It has arrived once another body has pushed it out.
    let mut pushing = server
        .send(&format!("{post}60000\r\n\r\n{}", "x".repeat(50_000)))
        .await;
    let answer = rest(&mut long).await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("SERVER_BUSY"),
        "{answer}"
    );
    let mut short = server.send(&format!("{post}4\r\n\r\nfour")).await;
    assert!(rest(&mut short).await.ends_with("\r\n4"));
    pushing
        .write_all("x".repeat(10_000).as_bytes())
        .await
        .expect("to be heard");
    assert!(rest(&mut pushing).await.ends_with("\r\n60000"));
}

#[tokio::test]
async fn the_bytes_of_bodies_that_were_answered_are_given_back() {
    let server = start(ListenerLimits {
        body_bytes_max: 10_000,
        ..wide()
    })
    .await;
    for _ in 0..5 {
        let body = "x".repeat(9_000);
        let mut stream = server
            .send(&format!(
                "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n{body}"
            ))
            .await;
        assert!(rest(&mut stream).await.ends_with("\r\n9000"));
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_given_up() {
    let server = start(ListenerLimits {
        unread_max: SOON,
        connections_max: 1,
        ..wide()
    })
    .await;
    let _unread = server.send(&ASK.replace("/ ", "/long ")).await;
    // There is room for one connection: another is admitted once the first is gone.
    let admitted = async {
        loop {
            let mut other = server.send(ASK).await;
            if rest(&mut other).await.ends_with("here") {
                return;
            }
        }
    };
    within("the end of the first connection", admitted).await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = start(wide()).await;
    let mut long = server
        .send(&format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n",
            "x".repeat(200_000)
        ))
        .await;
    assert!(rest(&mut long).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn heads_that_are_together_too_long_are_given_up_and_short_ones_are_not() {
    let server = start(ListenerLimits {
        heads_bytes_max: 100_000,
        connections_max: 64,
        ..wide()
    })
    .await;
    let mut short = server.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    let mut long = Vec::new();
    for _ in 0..4 {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}", "x".repeat(30_000));
        long.push(server.send(&head).await);
    }
    let ends = long.iter_mut().map(|stream| Box::pin(rest(stream)));
    let (end, _, _) = futures::future::select_all(ends).await;
    assert_eq!(end, "");
    short
        .write_all(b"Connection: close\r\n\r\n")
        .await
        .expect("to be heard");
    assert!(rest(&mut short).await.ends_with("here"));
}

#[tokio::test]
async fn a_handler_is_told_the_address_of_the_client() {
    let server = start(wide()).await;
    let mut stream = server.send(&ASK.replace("/ ", "/peer ")).await;
    let own = stream.local_addr().expect("an address").to_string();
    assert!(rest(&mut stream).await.ends_with(&own));
}

#[tokio::test]
async fn requests_in_a_pipeline_are_answered_in_order() {
    let server = start(wide()).await;
    let pipeline = format!(
        "{}{}{ASK}",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
    );
    let mut stream = server.send(&pipeline).await;
    let answers = rest(&mut stream).await;
    let found: Vec<&str> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answers[at + 9..at + 12])
        .collect();
    assert_eq!(found, ["200", "404", "200"]);
}

#[tokio::test]
async fn a_stop_answers_what_was_begun_and_closes_what_waits() {
    let server = start(wide()).await;
    let mut idle = server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut begun = server.send(&ASK.replace("/ ", "/wait ")).await;
    within("the work's begin", server.work.begun.notified()).await;
    server.stop.cancel();
    assert!(rest(&mut idle).await.ends_with("here"));
    server.work.may_end.add_permits(1);
    assert!(rest(&mut begun).await.ends_with("done"));
    within("the end of serving", server.serving)
        .await
        .expect("an end without a panic");
}
