//! How many queries a list costs, counted on the wire between the API and PostgreSQL.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sea_orm_migration::MigratorTrait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tocsin_api::bootstrap;
use tocsin_entity::database::Database;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::world::{Caller, Replica, new_postgres_database, postgres_url};

/// Asks for TLS, which the counting can't read. Source: PostgreSQL, "Message Formats", `SSLRequest`.
const SSL_REQUEST: i32 = 80_877_103;

/// Stands between the API and PostgreSQL, and counts the statements that are executed.
async fn counter(server: &Url) -> (Url, Arc<AtomicUsize>) {
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
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(&far).await.expect("the server");
            tokio::spawn(between(near, far, Arc::clone(&counted)));
        }
    });
    (url, count)
}

/// Carries one connection. It ends when either side does.
async fn between(near: TcpStream, far: TcpStream, count: Arc<AtomicUsize>) -> std::io::Result<()> {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    loop {
        let length = from_near.read_i32().await?;
        let mut body = vec![0; usize::try_from(length - 4).expect("a length")];
        from_near.read_exact(&mut body).await?;
        if body == SSL_REQUEST.to_be_bytes() {
            to_near.write_all(b"N").await?;
            continue;
        }
        to_far.write_i32(length).await?;
        to_far.write_all(&body).await?;
        break;
    }
    let back = tokio::spawn(async move { copy(&mut from_far, &mut to_near).await });
    while let Ok(kind) = from_near.read_u8().await {
        let length = from_near.read_i32().await?;
        let mut body = vec![0; usize::try_from(length - 4).expect("a length")];
        from_near.read_exact(&mut body).await?;
        // Execute, and the simple query.
        if kind == b'E' || kind == b'Q' {
            count.fetch_add(1, Ordering::SeqCst);
        }
        to_far.write_u8(kind).await?;
        to_far.write_i32(length).await?;
        to_far.write_all(&body).await?;
    }
    back.abort();
    Ok(())
}

const LIST: &str = "query($first: Int) { incidents(first: $first) { nodes { number service { name } assignees { name } triggeredBy { name }
    acknowledgedBy { name } postmortem { title createdBy { name } incident { number } } deliveries { state }
    timeline(first: 3) { nodes { kind author { name user { email } } } } } } }";

async fn fill(admin: &Caller, incidents: usize) {
    for n in 0..incidents {
        let user = admin.make_user(&format!("User{n}"), "RESPONDER").await;
        let key = admin.make_key(&["WRITE"], Some(&user)).await;
        let caller = Caller {
            bearer: Some(key),
            ..admin.clone()
        };
        let service = admin
            .change("createService", json!({ "name": format!("Service {n}") }))
            .await
            .done();
        let input = json!({ "title": "Down", "serviceId": service["service"]["id"], "assigneeIds": [user] });
        let incident = caller.change("triggerIncident", input).await.done()["incident"]["id"].clone();
        caller
            .change("acknowledgeIncident", json!({ "id": incident }))
            .await
            .done();
        caller
            .change("createPostmortem", json!({ "incidentId": incident }))
            .await
            .done();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_costs_as_many_queries_however_long_it_is() {
    let Some(server) = postgres_url() else { return };
    let (keeper, name, own) = new_postgres_database(&server).await;
    let (counted_url, count) = counter(&own).await;
    let database = Database::open(counted_url.as_str(), 4).await.expect("a database");
    tocsin_migration::Migrator::up(database.write(), None)
        .await
        .expect("migrations");
    let first = bootstrap::first_start(&database, None, "#incidents")
        .await
        .expect("an organisation");
    let admin = Caller {
        replica: Replica::start(&database).await,
        bearer: first.admin_key.map(|key| key.expose_secret().to_owned()),
        organization: None,
        on_behalf_of: None,
    };
    fill(&admin, 20).await;
    let queries = async |first: usize| {
        admin.read("{ viewer { scopes } }").await;
        let before = count.load(Ordering::SeqCst);
        let data = admin.ask(LIST, json!({ "first": first })).await.data();
        let nodes = data["incidents"]["nodes"].as_array().expect("nodes").clone();
        assert_eq!(nodes.len(), first);
        let complete =
            |node: &Value| !node["postmortem"]["createdBy"].is_null() && !node["assignees"][0].is_null();
        assert!(nodes.iter().all(complete), "{data:#}");
        count.load(Ordering::SeqCst) - before
    };
    let (few, many) = (queries(2).await, queries(20).await);
    // Some neighbours may be asked for twice, where a busy machine tears a batch apart; none for each incident.
    assert!(many <= few + 9, "2 incidents cost {few} queries, 20 cost {many}");
    drop(admin);
    database.close().await.expect("closed");
    sea_orm::ConnectionTrait::execute_unprepared(
        keeper.write(),
        &format!("DROP DATABASE {name} WITH (FORCE)"),
    )
    .await
    .expect("dropped");
}
