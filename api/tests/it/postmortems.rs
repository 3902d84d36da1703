//! Post-mortems, from draft to publication.

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
}
