//! Post-mortems, from draft to publication.

use futures::future::join_all;
use serde_json::json;

use crate::world::{on_each_database, text};

on_each_database! {
    async fn a_post_mortem_is_drafted_from_the_timeline_edited_reviewed_and_published(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        let incident = alice.trigger("Payments are failing").await;
        alice.comment(&incident, "Rolled the deploy back.").await.done();
        alice.change("resolveIncident", json!({ "id": incident["id"], "noteMarkdown": "A bad deploy." })).await.done();
        let create = json!({ "incidentId": incident["id"] });
        let draft = alice.change("createPostmortem", create.clone()).await.done()["postmortem"].clone();
        assert_eq!((&draft["status"], &draft["version"]), (&json!("DRAFT"), &json!(1)));
        let body = text(&draft["bodyMarkdown"]);
        for part in ["## Summary", "## Impact", "## Timeline", "## Action items", "Rolled the deploy back.", "A bad deploy.", "Alice"] {
            assert!(body.contains(part), "no {part:?} in\n{body}");
        }
        let again = alice.change("createPostmortem", create).await.done()["postmortem"].clone();
        assert_eq!(again["id"], draft["id"]);

        let id = json!({ "id": draft["id"] });
        assert_eq!(alice.change("publishPostmortem", id.clone()).await.refused(), "WRONG_STATUS");
        let edit = json!({ "id": draft["id"], "bodyMarkdown": "We learnt.", "version": 1 });
        let edited = alice.change("updatePostmortem", edit.clone()).await.done()["postmortem"].clone();
        assert_eq!((&edited["bodyMarkdown"], &edited["version"]), (&json!("We learnt."), &json!(2)));
        let stale = json!({ "id": draft["id"], "bodyMarkdown": "Mine!", "version": 1 });
        assert_eq!(alice.change("updatePostmortem", stale).await.refused(), "CONFLICT");

        let review = alice.change("requestPostmortemReview", id.clone()).await.done()["postmortem"].clone();
        assert_eq!(review["status"], "IN_REVIEW");
        let published = alice.change("publishPostmortem", id.clone()).await.done()["postmortem"].clone();
        assert_eq!(published["status"], "PUBLISHED");
        let again = alice.change("publishPostmortem", id.clone()).await.done()["postmortem"].clone();
        assert_eq!(again["version"], published["version"]);
        assert_eq!(alice.change("requestPostmortemReview", id).await.refused(), "WRONG_STATUS");
        let read = alice.read("{ incident(number: 1) { postmortem { bodyMarkdown publishedAt createdBy { name } } } }").await;
        let read = &read["incident"]["postmortem"];
        assert_eq!((&read["bodyMarkdown"], &read["createdBy"]["name"]), (&json!("We learnt."), &json!("Alice")));
        assert!(!read["publishedAt"].is_null());
    }

    async fn a_stakeholder_reads_a_post_mortem_once_it_is_published(world) {
        let (alice, stella) = (world.member("Alice", "RESPONDER").await.1, world.member("Stella", "STAKEHOLDER").await.1);
        let incident = alice.trigger("Down").await;
        let draft = alice.change("createPostmortem", json!({ "incidentId": incident["id"] })).await.done()["postmortem"].clone();
        let query = "query($id: ID!) { postmortem(incidentNumber: 1) { url } node(id: $id) { id } incident(number: 1) { postmortem { id } }
            postmortems { nodes { id } } }";
        let id = json!({ "id": draft["id"] });
        let url = json!({ "url": "https://tocsin.example.com/incidents/1/postmortem" });
        let whole = json!({ "postmortem": url, "node": id, "incident": { "postmortem": id }, "postmortems": { "nodes": [id] } });
        let nothing = json!({ "postmortem": null, "node": null, "incident": { "postmortem": null }, "postmortems": { "nodes": [] } });
        assert_eq!(alice.ask(query, id.clone()).await.data(), whole);
        assert_eq!(stella.ask(query, id.clone()).await.data(), nothing, "a draft");
        alice.change("requestPostmortemReview", id.clone()).await.done();
        assert_eq!(stella.ask(query, id.clone()).await.data(), nothing, "in review");
        alice.change("publishPostmortem", id.clone()).await.done();
        assert_eq!(stella.ask(query, id.clone()).await.data(), whole);
        let theirs = world.neighbour().await;
        assert_eq!(theirs.read("{ postmortems { nodes { id } } }").await, json!({ "postmortems": { "nodes": [] } }));
    }

    async fn a_refused_edit_leaves_every_word_as_it_was(world) {
        let (alice, stella) = (world.member("Alice", "RESPONDER").await.1, world.member("Stella", "STAKEHOLDER").await.1);
        let incident = alice.trigger("Down").await;
        let input = json!({ "incidentId": incident["id"], "title": "What happened" });
        let draft = alice.change("createPostmortem", input).await.done()["postmortem"].clone();
        let edit = |field: &str, value: String| json!({ "id": draft["id"], field: value });
        for (refused, field) in [
            (edit("title", "x".repeat(201)), "title"),
            (edit("title", " ".to_owned()), "title"),
            (edit("bodyMarkdown", "x".repeat(200_001)), "bodyMarkdown"),
            (edit("bodyMarkdown", "nul\0".to_owned()), "bodyMarkdown"),
        ] {
            let payload = alice.change("updatePostmortem", refused).await;
            assert_eq!((payload.refused(), payload.refused_field()), ("INVALID_INPUT".to_owned(), field.to_owned()));
        }
        let stale = json!({ "id": draft["id"], "title": "Mine", "version": 2 });
        let payload = alice.change("updatePostmortem", stale).await;
        assert_eq!((payload.refused(), payload.refused_field()), ("CONFLICT".to_owned(), "version".to_owned()));
        assert_eq!(stella.change("updatePostmortem", edit("title", "Mine".to_owned())).await.refused(), "FORBIDDEN");
        let read = alice.read("{ postmortem(incidentNumber: 1) { title bodyMarkdown version status } }").await["postmortem"].clone();
        for same in ["title", "bodyMarkdown", "version", "status"] {
            assert_eq!(read[same], draft[same], "{same}");
        }
        alice.change("updatePostmortem", edit("bodyMarkdown", "x".repeat(200_000))).await.done();
    }

    async fn of_those_who_edit_one_version_at_the_same_moment_one_is_heard(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let draft = admin.change("createPostmortem", json!({ "incidentId": incident["id"] })).await.done()["postmortem"].clone();
        let edits = join_all((0..8).map(|n| {
            let (admin, id) = (admin.clone(), draft["id"].clone());
            async move { admin.change("updatePostmortem", json!({ "id": id, "title": format!("{n}"), "version": 1 })).await }
        }))
        .await;
        let (done, refused): (Vec<_>, Vec<_>) = edits.into_iter().partition(|edit| edit.0["userErrors"] == json!([]));
        assert_eq!((done.len(), refused.len()), (1, 7));
        assert!(refused.iter().all(|edit| edit.refused() == "CONFLICT"));
        let now = admin.read("{ postmortem(incidentNumber: 1) { title version } }").await["postmortem"].clone();
        assert_eq!((&now["title"], &now["version"]), (&done[0].0["postmortem"]["title"], &json!(2)));
    }

    async fn a_step_that_changed_nothing_uses_its_key_up_as_well(world) {
        let admin = world.admin();
        let (one, other) = (admin.trigger("one").await, admin.trigger("other").await);
        let draft = |incident: &serde_json::Value, key: &str| json!({ "incidentId": incident["id"], "idempotencyKey": key });
        let id = admin.change("createPostmortem", draft(&one, "a")).await.done()["postmortem"]["id"].clone();
        let again = admin.change("createPostmortem", draft(&one, "b")).await.done()["postmortem"]["id"].clone();
        assert_eq!(id, again);
        assert_eq!(admin.change("createPostmortem", draft(&other, "b")).await.refused(), "IDEMPOTENCY_KEY_REUSED");
        let review = json!({ "id": id, "idempotencyKey": "c" });
        admin.change("requestPostmortemReview", json!({ "id": id })).await.done();
        admin.change("requestPostmortemReview", review.clone()).await.done();
        assert_eq!(admin.change("publishPostmortem", review).await.refused(), "IDEMPOTENCY_KEY_REUSED");
    }
}
