//! What an incident costs, in messages to PostgreSQL, counted on the wire: the same on every machine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    wire::{Fate, tap},
    world::{Caller, World, text},
};

/// What the bridge asks.
const DOCUMENTS: &str = include_str!("../../../client/graphql/incident.graphql");

/// Incidents that the bridge reads in one request at the most.
const MIRRORED_TOGETHER: usize = 48;

/// How often a cost is counted: a busy machine tears batches apart, and the best of these counts.
const TRIES: usize = 5;

/// One of the bridge's documents, with the fragments that it needs.
fn document(name: &str) -> String {
    let wanted = [
        "fragment IncidentFields ".to_owned(),
        "fragment EntryFields ".to_owned(),
        "fragment ConnectorFields ".to_owned(),
        format!("query {name}("),
    ];
    let parts = DOCUMENTS.split("\n\n");
    let own = parts.filter(|part| wanted.iter().any(|start| part.starts_with(start)));
    own.collect::<Vec<_>>().join("\n")
}

/// An API, and how many statements it has sent to PostgreSQL.
struct Counted {
    world: World,
    statements: Arc<AtomicUsize>,
}

impl Counted {
    async fn start() -> Option<Self> {
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        let judge = move |kind: u8, _: &[u8]| {
            // Execute, and the simple query.
            if kind == b'E' || kind == b'Q' {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            Fate::Carried
        };
        let world = World::on_postgresql_behind(async |url| tap(url, judge).await).await?;
        Some(Self { world, statements })
    }

    /// How many statements something takes; what it gives.
    async fn during<T>(&self, work: impl Future<Output = T>) -> (usize, T) {
        let before = self.statements.load(Ordering::SeqCst);
        let done = work.await;
        (self.statements.load(Ordering::SeqCst) - before, done)
    }

    async fn bridge(&self) -> Caller {
        let read = self.world.admin().read("{ organization { id } }").await;
        Caller {
            organization: Some(text(&read["organization"]["id"])),
            ..self.world.bridge()
        }
    }
}

async fn trigger(admin: &Caller, count: usize) -> Vec<String> {
    let all = (0..count).map(|n| async move { text(&admin.trigger(&format!("incident {n}")).await["id"]) });
    join_all(all).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_that_come_together_share_their_statements() {
    let Some(counted) = Counted::start().await else {
        return;
    };
    let admin = counted.world.admin();
    trigger(&admin, 1).await;
    let (mut alone, mut together) = (usize::MAX, usize::MAX);
    for _ in 0..TRIES {
        alone = alone.min(counted.during(trigger(&admin, 1)).await.0);
        together = together.min(counted.during(trigger(&admin, 64)).await.0);
    }
    let told = format!("a trigger takes {alone} statements, and 64 together {together}");
    assert!(alone <= 14 && together <= 64 * 4, "{told}");
    counted.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn incidents_that_the_mirror_reads_together_share_their_statements() {
    let Some(counted) = Counted::start().await else {
        return;
    };
    let (admin, bridge) = (counted.world.admin(), counted.bridge().await);
    let ids = trigger(&admin, MIRRORED_TOGETHER).await;
    let (one, many) = (document("IncidentToMirror"), document("IncidentsToMirror"));
    let mut alone = usize::MAX;
    for id in ids.iter().take(TRIES) {
        let asked = bridge.ask(&one, json!({ "id": id, "last": 100 }));
        let (statements, read) = counted.during(asked).await;
        assert_eq!(read.data()["incident"]["id"], id.as_str());
        alone = alone.min(statements);
    }
    let together = json!({ "ids": ids, "first": ids.len(), "last": 16 });
    let (together, read) = counted.during(bridge.ask(&many, together)).await;
    let read = read.data();
    let nodes = read["incidents"]["nodes"].as_array().expect("incidents");
    assert_eq!(nodes.len(), ids.len());
    let is_whole = |node: &Value| {
        node["timeline"]["nodes"][0]["kind"] == "TRIGGERED" && !node["slackRouting"][0].is_null()
    };
    assert!(nodes.iter().all(is_whole), "{read:#}");
    let told = format!(
        "an incident takes {alone} statements, and {} together {together}",
        ids.len()
    );
    // A busy machine tears batches apart. Each by itself, they would take fourteen times as many as they are.
    assert!(alone <= 14 && together <= 2 * ids.len(), "{told}");
    counted.world.end().await;
}

/// The pages of a frontend, as the judges ask for them too: the document, the operation and its variables.
fn pages(service: &str) -> [(&'static str, &'static str, Value); 5] {
    let open = json!({ "filter": { "statuses": ["TRIGGERED"] }, "orderBy": { "field": "URGENCY", "direction": "DESC" } });
    [
        (
            include_str!("../../../tests/judges/pages/inbox.graphql"),
            "InboxPage",
            open,
        ),
        (
            include_str!("../../../tests/judges/pages/incident.graphql"),
            "IncidentDetailPage",
            json!({ "number": 1 }),
        ),
        (
            include_str!("../../../tests/judges/pages/service.graphql"),
            "ServiceListPage",
            json!({}),
        ),
        (
            include_str!("../../../tests/judges/pages/service.graphql"),
            "ServicePage",
            json!({ "id": service }),
        ),
        (
            include_str!("../../../tests/judges/pages/settings.graphql"),
            "SettingsPage",
            json!({}),
        ),
    ]
}

/// Incidents with assignees and comments, services with managers, members and keys: of each so many.
async fn fill(admin: &Caller, count: usize) {
    for _ in 0..count {
        let n = admin.read("{ users { totalCount } }").await["users"]["totalCount"].clone();
        let user = admin.make_user(&format!("User{n}"), "RESPONDER").await;
        let service = json!({ "name": format!("Service {n}") });
        let service = admin.change("createService", service).await.done()["service"]["id"].clone();
        let manager = json!({ "serviceId": service, "userId": user });
        admin.change("addServiceManager", manager).await.done();
        let incident = json!({ "title": "Down", "assigneeIds": [user], "tags": [{ "key": "n", "value": n.to_string() }] });
        admin.change("triggerIncident", incident).await.done();
        let first = admin.read("{ incident(number: 1) { id } }").await["incident"].clone();
        let author = admin.make_key(&["WRITE"], Some(&user)).await;
        let author = Caller {
            bearer: Some(author),
            ..admin.clone()
        };
        author.comment(&first, "seen").await.done();
        let rule = admin.read("{ connectors { id } }").await["connectors"][0]["id"].clone();
        let rule = json!({ "connectorId": rule, "serviceId": service });
        admin.change("createConnectorRule", rule).await.done();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_as_many_statements_for_many_objects_as_for_few() {
    let Some(counted) = Counted::start().await else {
        return;
    };
    let admin = counted.world.admin();
    let measure = async || {
        let service = admin.read("{ services { nodes { id } } }").await["services"]["nodes"][0]["id"].clone();
        let mut all = Vec::new();
        for (document, name, variables) in pages(&text(&service)) {
            let parameters = json!({ "query": document, "operationName": name, "variables": variables });
            let mut least = usize::MAX;
            for _ in 0..TRIES {
                let (statements, answer) = counted.during(admin.ask_with(parameters.clone())).await;
                answer.data();
                least = least.min(statements);
            }
            all.push((name, least));
        }
        all
    };
    fill(&admin, 2).await;
    let few = measure().await;
    fill(&admin, 20).await;
    for ((name, few), (_, many)) in few.into_iter().zip(measure().await) {
        // A busy machine tears batches apart. Each by itself, twenty more objects would take twenty statements more for each kind of neighbour.
        let told = format!("{name} takes {few} statements for two of each, and {many} for twenty-two");
        assert!(many < few + 20, "{told}");
    }
    counted.world.end().await;
}
