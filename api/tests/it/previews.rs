//! Which incidents pasted links show: what the person who pastes them may read, and nothing else.

use serde_json::{Value, json};

use crate::world::{Caller, World, on_each_database, text};

/// What the links of Ada's message show, in a workspace of which more is known by `place`.
async fn shown(world: &World, place: Value) -> Value {
    let query = "query($input: SlackPreviewsInput!) { slackPreviews(input: $input) { incident { title number } showsPostmortem } }";
    let mut input = json!({ "numbers": [1, 2], "teamId": "T1", "slackUserId": "U1", "email": "Ada@example.com", "isMatched": true,
        "ownerIds": [], "isServers": true });
    for (key, value) in place.as_object().expect("fields") {
        input[key] = value.clone();
    }
    let data = world.bridge().ask(query, json!({ "input": input })).await.data();
    data["slackPreviews"].clone()
}

async fn titles(world: &World, place: Value) -> Vec<String> {
    let shown = shown(world, place).await;
    let shown = shown.as_array().expect("incidents");
    shown.iter().map(|one| text(&one["incident"]["title"])).collect()
}

async fn id(caller: &Caller) -> Value {
    caller.read("{ organization { id } }").await["organization"]["id"].clone()
}

async fn previews_are_for(admin: &Caller, policy: &str) {
    let input = json!({ "previewPolicy": policy });
    admin.change("updateSlackSettings", input).await.done();
}

on_each_database! {
    async fn a_member_shows_their_own_organisations_incident_and_a_stranger_none(world) {
        let admin = world.admin();
        previews_are_for(&admin, "MEMBERS").await;
        admin.trigger("Ours").await;
        assert_eq!(titles(world, json!({})).await, Vec::<String>::new(), "nobody knows Ada");
        let ada = admin.make_user("Ada", "STAKEHOLDER").await;
        assert_eq!(titles(world, json!({})).await, ["Ours"]);
        for place in [
            json!({ "isMatched": false }),
            json!({ "email": null }),
            json!({ "servedIds": [] }),
            json!({ "numbers": [7] }),
        ] {
            assert_eq!(titles(world, place.clone()).await, Vec::<String>::new(), "{place}");
        }
        admin.change("updateUser", json!({ "id": ada, "active": false })).await.done();
        assert_eq!(titles(world, json!({})).await, Vec::<String>::new(), "Ada is deactivated");
    }

    async fn where_several_of_ones_organisations_have_the_number_none_is_shown(world) {
        let (admin, neighbour) = (world.admin(), world.neighbour().await);
        admin.trigger("Ours").await;
        neighbour.trigger("Theirs").await;
        neighbour.trigger("Theirs alone").await;
        admin.make_user("Ada", "RESPONDER").await;
        assert_eq!(titles(world, json!({})).await, ["Ours"], "the neighbours do not know Ada");
        neighbour.make_user("Ada", "RESPONDER").await;
        assert_eq!(titles(world, json!({})).await, ["Theirs alone"], "which #1 is meant?");
        let (ours, theirs) = (id(&admin).await, id(&neighbour).await);
        assert_eq!(titles(world, json!({ "servedIds": [ours] })).await, ["Ours"]);
        assert_eq!(titles(world, json!({ "servedIds": [theirs] })).await, ["Theirs", "Theirs alone"]);
    }

    async fn everybody_in_a_workspace_of_its_own_shows_what_an_organisation_allows(world) {
        let admin = world.admin();
        admin.trigger("Ours").await;
        previews_are_for(&admin, "WORKSPACE").await;
        assert_eq!(titles(world, json!({})).await, ["Ours"], "it is alone on the server");
        let neighbour = world.neighbour().await;
        let (ours, theirs) = (id(&admin).await, id(&neighbour).await);
        assert_eq!(titles(world, json!({})).await, Vec::<String>::new(), "the server's workspace is everybody's");
        let own = |owners: Value, is_servers: bool| json!({ "ownerIds": owners, "isServers": is_servers });
        assert_eq!(titles(world, own(json!([ours, ours]), false)).await, ["Ours"]);
        for place in [own(json!([ours, theirs]), false), own(json!([theirs]), false), own(json!([ours]), true)] {
            assert_eq!(titles(world, place.clone()).await, Vec::<String>::new(), "{place}");
        }
        previews_are_for(&admin, "MEMBERS").await;
        assert_eq!(titles(world, own(json!([ours]), false)).await, Vec::<String>::new(), "for members alone");
    }

    async fn a_postmortem_is_shown_by_who_may_read_it(world) {
        let admin = world.admin();
        let incident = admin.trigger("Ours").await;
        let shows = async || shown(world, json!({})).await[0]["showsPostmortem"].clone();
        let ada = admin.make_user("Ada", "RESPONDER").await;
        assert_eq!(shows().await, json!(false), "there is none");
        let input = json!({ "incidentId": incident["id"] });
        let made = admin.change("createPostmortem", input).await.done()["postmortem"].clone();
        assert_eq!(shows().await, json!(true), "a responder reads drafts");
        admin.change("updateUser", json!({ "id": ada, "role": "STAKEHOLDER" })).await.done();
        assert_eq!(shows().await, json!(false), "a stakeholder does not");
        let no_member = shown(world, json!({ "isMatched": false })).await;
        assert_eq!(no_member[0]["showsPostmortem"], json!(false), "nor does who is no member");
        for step in ["requestPostmortemReview", "publishPostmortem"] {
            admin.change(step, json!({ "id": made["id"] })).await.done();
        }
        assert_eq!(shows().await, json!(true), "everybody reads what is published");
    }
}
