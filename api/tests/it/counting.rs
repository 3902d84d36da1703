//! How many queries a list costs, counted on the wire between the API and PostgreSQL.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    wire::{Fate, tap},
    world::{Caller, World},
};

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
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let judge = move |kind: u8, _: &[u8]| {
        // Execute, and the simple query.
        if kind == b'E' || kind == b'Q' {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Fate::Carried
    };
    let Some(world) = World::on_postgresql_behind(async |url| tap(url, judge).await).await else {
        return;
    };
    let admin = world.admin();
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
    // A busy machine tears batches apart: what counts is the best of some tries. One query for each incident would be
    // one for each at every try.
    let (mut few, mut many) = (queries(2).await, queries(20).await);
    for _ in 0..10 {
        (few, many) = (few.min(queries(2).await), many.min(queries(20).await));
    }
    assert!(many < few + 18, "2 incidents cost {few} queries, 20 cost {many}");
    world.end().await;
}
