//! Who people in Slack are to an organisation.

use serde_json::json;

use crate::world::{Caller, World, on_each_database, text};

/// The bridge, about the first organisation.
async fn bridge(world: &World) -> Caller {
    let organization = text(&world.admin().read("{ organization { id } }").await["organization"]["id"]);
    Caller {
        organization: Some(organization),
        ..world.bridge()
    }
}

const POLICY: &str = "{ organization { slackSettings { unmatchedPolicy } } }";

on_each_database! {
    async fn people_who_are_no_members_comment_where_the_organisation_wants_that_alone(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let incident = admin.trigger("Down").await;
        let said = |ts: &str| json!({ "incidentId": incident["id"], "bodyMarkdown": "I see it too",
            "externalRef": format!("slack:T1/C1/{ts}"), "slackAuthor": { "name": "Gus" } });
        assert_eq!(admin.read(POLICY).await["organization"]["slackSettings"]["unmatchedPolicy"], "REFUSE");
        assert_eq!(bridge.change("addComment", said("1.0")).await.refused(), "UNMATCHED_REFUSED");

        let attribute = json!({ "unmatchedPolicy": "ATTRIBUTE", "idempotencyKey": "k" });
        let now = admin.change("updateSlackSettings", attribute.clone()).await.done();
        assert_eq!(now["settings"]["unmatchedPolicy"], "ATTRIBUTE");
        bridge.change("addComment", said("1.0")).await.done();
        admin.change("updateSlackSettings", json!({ "unmatchedPolicy": "REFUSE" })).await.done();
        let again = admin.change("updateSlackSettings", attribute).await.done();
        assert_eq!(again["settings"]["unmatchedPolicy"], "REFUSE", "the same request again changes nothing");
        assert_eq!(bridge.change("addComment", said("2.0")).await.refused(), "UNMATCHED_REFUSED");
        let edit = json!({ "externalRef": "slack:T1/C1/1.0", "bodyMarkdown": "I saw it", "revision": "9.0" });
        bridge.change("editComment", edit).await.done();
        assert_eq!(admin.timeline(&incident).await.len(), 2);
        assert_eq!(admin.change("updateSlackSettings", json!({})).await.done()["settings"]["unmatchedPolicy"], "REFUSE");
    }

    async fn each_organisation_decides_for_itself(world) {
        let theirs = world.neighbour().await;
        world.takes_unmatched().await;
        assert_eq!(theirs.read(POLICY).await["organization"]["slackSettings"]["unmatchedPolicy"], "REFUSE");
    }
}
