//! Who people in Slack are to an organisation.

use std::time::Duration;

use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tocsin_entity::{
    id::OrganizationId,
    slack::{directory, user},
};
use tocsin_slack_app::link_state::{CODE, LinkCode, SIGN_IN, SignIn};

use crate::{
    found::found_workspace,
    world::{Caller, World, on_each_database, sealer, text},
};

/// A code that somebody in `T1` was given.
fn code(slack_user: &str, organizations: Option<Vec<OrganizationId>>, lives: u64) -> String {
    let content = LinkCode {
        team_id: "T1".to_owned(),
        slack_user_id: slack_user.to_owned(),
        organizations,
    };
    let until = tocsin_clock::machine_now() + Duration::from_secs(lives);
    sealer().seal_state_until(CODE, &content, until).expect("a code")
}

/// Who somebody in `T1` is to the bridge: the members' addresses, and how that is known.
async fn members(bridge: &Caller, slack_user: &str, email: Option<&str>) -> Vec<(String, String)> {
    let query = "query($user: String!, $email: String) { slackMembers(teamId: \"T1\", slackUserId: $user, email: $email) { user { email } matchedBy } }";
    let data = bridge
        .ask(query, json!({ "user": slack_user, "email": email }))
        .await
        .data();
    let found = data["slackMembers"].as_array().expect("members");
    found
        .iter()
        .map(|one| (text(&one["user"]["email"]), text(&one["matchedBy"])))
        .collect()
}

fn pair(email: &str, how: &str) -> Vec<(String, String)> {
    vec![(email.to_owned(), how.to_owned())]
}

/// Somebody in Slack whom the bridge has seen.
async fn seen(
    world: &World,
    team: &str,
    id: &str,
    email: Option<&str>,
    change: impl FnOnce(&mut user::Model),
) {
    let mut row = user::Model {
        team_id: team.to_owned(),
        slack_user_id: id.to_owned(),
        email: email.map(str::to_owned),
        display_name: format!("{id} of {team}"),
        image_url: None,
        is_bot: false,
        deleted: false,
        is_external: false,
        is_guest: false,
        user_id: None,
        unlinked: false,
        refreshed_at: tocsin_clock::machine_now(),
    };
    change(&mut row);
    user::Entity::insert(row.into_active_model())
        .exec_without_returning(world.database.write())
        .await
        .expect("a person");
}

/// A workspace of the caller's that Slack calls so.
async fn workspace(world: &World, caller: &Caller, team: &str) -> Value {
    let given = json!({ "name": team, "botToken": "xoxb-1" });
    let id = caller.change("connectSlackWorkspace", given).await.done()["workspace"]["id"].clone();
    found_workspace(world, caller, &id, |found| found.team_id = Some(team.to_owned())).await;
    id
}

/// The table: a member's address, who they are in Slack, and how that is known.
async fn table(caller: &Caller, variables: Value) -> Vec<(Option<String>, Option<String>, Option<String>)> {
    let query = "query($workspaceId: ID, $filter: SlackIdentityFilter, $search: String, $first: Int, $after: String) { \
        slackIdentities(workspaceId: $workspaceId, filter: $filter, search: $search, first: $first, after: $after) { \
        nodes { user { email } slackUser { id } matchedBy } } }";
    let data = caller.ask(query, variables).await.data();
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let rows = data["slackIdentities"]["nodes"].as_array().expect("rows").iter();
    rows.map(|row| {
        (
            word(&row["user"]["email"]),
            word(&row["slackUser"]["id"]),
            word(&row["matchedBy"]),
        )
    })
    .collect()
}

fn row(email: &str, id: &str, how: &str) -> (Option<String>, Option<String>, Option<String>) {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    (given(email), given(id), given(how))
}

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

    async fn a_member_confirms_a_code_once_and_is_that_person_from_then_on(world) {
        let bridge = bridge(world).await;
        let (rita, of_rita) = world.member("Rita", "RESPONDER").await;
        let (_, of_stella) = world.member("Stella", "STAKEHOLDER").await;
        let address = |name: &str| format!("{name}@example.com");
        assert_eq!(members(&bridge, "U1", Some(&address("stella"))).await, pair("stella@example.com", "EMAIL"));
        let given = code("U1", None, 600);
        let input = json!({ "code": given, "idempotencyKey": "k" });
        let link = of_rita.change("confirmSlackIdentity", input.clone()).await.done()["link"].clone();
        assert_eq!(link, json!({ "user": { "id": rita }, "teamId": "T1", "slackUserId": "U1", "matchedBy": "CODE" }));
        for again in [input, json!({ "code": given })] {
            assert_eq!(of_rita.change("confirmSlackIdentity", again).await.done()["link"], link, "it is done");
        }
        // Their own word goes first; and who has given it is not somebody else by an address.
        assert_eq!(members(&bridge, "U1", Some(&address("stella"))).await, pair("rita@example.com", "CODE"));
        assert_eq!(members(&bridge, "U2", Some(&address("rita"))).await, []);
        assert_eq!(members(&world.bridge(), "U1", None).await, pair("rita@example.com", "CODE"), "in all organisations");
        assert_eq!(of_stella.change("confirmSlackIdentity", json!({ "code": given })).await.refused(), "INVALID_INPUT");

        // Another link takes the place of both.
        of_rita.change("confirmSlackIdentity", json!({ "code": code("U2", None, 600) })).await.done();
        assert_eq!(members(&bridge, "U1", None).await, []);
        of_stella.change("confirmSlackIdentity", json!({ "code": code("U2", None, 600) })).await.done();
        assert_eq!(members(&bridge, "U2", None).await, pair("stella@example.com", "CODE"));
        assert_eq!(of_rita.change("confirmSlackIdentity", json!({ "code": given })).await.refused(), "INVALID_INPUT", "it was used");
    }

    async fn a_member_goes_to_slack_to_sign_in_and_the_bridge_records_who_came_back(world) {
        let bridge = bridge(world).await;
        let (id, rita) = world.member("Rita", "STAKEHOLDER").await;
        let link = rita.change("linkSlackIdentity", json!({})).await.done();
        let url: url::Url = text(&link["url"]).parse().expect("an address");
        assert!(url.as_str().starts_with("https://slack.com/openid/connect/authorize?response_type=code&scope=email+openid+profile&"), "{url}");
        let given = |name: &str| url.query_pairs().find(|(key, _)| key == name).expect("it").1.into_owned();
        assert_eq!(given("redirect_uri"), "https://tocsin.example.com/slack/oauth/identity");
        let state = sealer().open_state_at::<SignIn>(SIGN_IN, &given("state"), tocsin_clock::machine_now()).expect("ours").content;
        assert_eq!((state.user_id.to_string(), state.nonce), (id.clone(), given("nonce")));

        let record = json!({ "teamId": "T1", "slackUserId": "U1", "idempotencyKey": "n" });
        assert_eq!(rita.attempt("recordSlackLink", record.clone()).await.error_code(), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(bridge.change("recordSlackLink", record.clone()).await.refused(), "FORBIDDEN", "on whose behalf?");
        let for_rita = Caller { on_behalf_of: Some(id.clone()), ..bridge.clone() };
        for _ in 0..2 {
            let link = for_rita.change("recordSlackLink", record.clone()).await.done()["link"].clone();
            assert_eq!(link, json!({ "user": { "id": id }, "teamId": "T1", "slackUserId": "U1", "matchedBy": "OPENID" }));
        }
        assert_eq!(members(&bridge, "U1", None).await, pair("rita@example.com", "OPENID"));
        let other = json!({ "teamId": "T1", "slackUserId": "U2", "idempotencyKey": "n" });
        assert_eq!(for_rita.change("recordSlackLink", other).await.refused(), "IDEMPOTENCY_KEY_REUSED");
    }

    async fn an_administrator_says_who_a_member_is_in_a_workspace_of_their_own(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let own = workspace(world, &admin, "T1").await;
        let (olga, _) = world.member("Olga", "OWNER").await;
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let (rita, of_rita) = world.member("Rita", "RESPONDER").await;
        let input = |user: &str, person: &str| json!({ "userId": user, "slackUserId": person, "workspaceId": own });
        let made = adam.change("linkSlackIdentity", input(&rita, "U7")).await.done();
        assert_eq!(made["link"], json!({ "user": { "id": rita }, "teamId": "T1", "slackUserId": "U7", "matchedBy": "ADMINISTRATOR" }));
        assert!(made["url"].is_null());
        assert_eq!(members(&bridge, "U7", None).await, pair("rita@example.com", "ADMINISTRATOR"));

        assert_eq!(of_rita.change("linkSlackIdentity", input(&rita, "U8")).await.refused(), "FORBIDDEN");
        assert_eq!(adam.change("linkSlackIdentity", input(&olga, "U8")).await.refused(), "FORBIDDEN", "an owner");
        assert_eq!(adam.change("linkSlackIdentity", input(&rita, "@rita")).await.refused_field(), "slackUserId");
        let half = json!({ "userId": rita, "workspaceId": own });
        assert_eq!(adam.change("linkSlackIdentity", half).await.refused_field(), "slackUserId");
        let log = admin.read("{ auditLog(filter: { action: \"linkSlackIdentity\" }) { nodes { actorName subjectId before after } } }").await;
        let after = json!({ "teamId": "T1", "slackUserId": "U7", "matchedBy": "ADMINISTRATOR" });
        assert_eq!(log["auditLog"]["nodes"], json!([{ "actorName": "Adam", "subjectId": rita, "before": null, "after": after }]));

        // Once another organisation is connected there too, nobody says who its people are.
        workspace(world, &world.neighbour().await, "T1").await;
        assert_eq!(adam.change("linkSlackIdentity", input(&rita, "U9")).await.refused(), "FORBIDDEN");
        assert_eq!(members(&bridge, "U9", None).await, []);
    }

    async fn what_is_no_code_is_refused(world) {
        let (_, rita) = world.member("Rita", "RESPONDER").await;
        let elsewhere = code("U1", Some(vec![OrganizationId::new()]), 600);
        for wrong in ["nonsense".to_owned(), String::new(), code("U1", None, 0), elsewhere, "x".repeat(20_000)] {
            let refused = rita.change("confirmSlackIdentity", json!({ "code": wrong })).await;
            assert_eq!(refused.refused(), "INVALID_INPUT", "{wrong}");
        }
        assert_eq!(rita.change("unlinkSlackIdentity", json!({})).await.refused(), "NOT_FOUND");
    }

    async fn a_link_is_ended_by_the_member_or_an_administrator_of_the_organisation(world) {
        let bridge = bridge(world).await;
        let (id, rita) = world.member("Rita", "RESPONDER").await;
        let (_, bob) = world.member("Bob", "RESPONDER").await;
        let theirs = world.neighbour().await;
        let confirm = async || rita.change("confirmSlackIdentity", json!({ "code": code("U1", None, 600) })).await.done();
        confirm().await;
        let hers = json!({ "userId": id, "idempotencyKey": "k" });
        assert_eq!(bob.change("unlinkSlackIdentity", hers.clone()).await.refused(), "FORBIDDEN");
        assert_eq!(theirs.change("unlinkSlackIdentity", hers.clone()).await.refused(), "NOT_FOUND");
        assert_eq!(rita.change("unlinkSlackIdentity", json!({ "teamId": "T9" })).await.refused(), "NOT_FOUND");
        rita.change("unlinkSlackIdentity", json!({ "teamId": "T1" })).await.done();
        assert_eq!(members(&bridge, "U1", None).await, []);
        confirm().await;
        world.admin().change("unlinkSlackIdentity", hers.clone()).await.done();
        assert_eq!(members(&bridge, "U1", Some("rita@example.com")).await, pair("rita@example.com", "EMAIL"));
        confirm().await;
        world.admin().change("unlinkSlackIdentity", hers).await.done();
        assert_eq!(members(&bridge, "U1", None).await, pair("rita@example.com", "CODE"), "the same request again");
    }

    async fn a_link_holds_in_its_own_organisation_alone(world) {
        let theirs = world.neighbour().await;
        let (_, ours) = world.member("Rita", "RESPONDER").await;
        let them = theirs.make_user("Rita", "OWNER").await;
        let own = world.caller(&theirs.make_key(&["WRITE"], Some(&them)).await);
        let given = code("U1", None, 600);
        ours.change("confirmSlackIdentity", json!({ "code": given })).await.done();
        assert_eq!(own.change("confirmSlackIdentity", json!({ "code": given })).await.refused(), "INVALID_INPUT", "used");
        let organization = text(&theirs.read("{ organization { id } }").await["organization"]["id"]);
        let about_them = Caller { organization: Some(organization), ..world.bridge() };
        assert_eq!(members(&about_them, "U1", None).await, []);
        assert_eq!(members(&about_them, "U9", Some("rita@example.com")).await, pair("rita@example.com", "EMAIL"));
    }

    async fn administrators_see_who_is_who_and_nobody_of_another_organisation(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let own = workspace(world, &admin, "T1").await;
        let (_, ada) = world.member("Ada", "RESPONDER").await;
        for name in ["Bob", "Cy"] {
            admin.make_user(name, "RESPONDER").await;
        }
        theirs.make_user("Zed", "OWNER").await;
        ada.change("confirmSlackIdentity", json!({ "code": code("U1", None, 600) })).await.done();
        seen(world, "T1", "U1", Some("other@example.com"), |_| {}).await;
        seen(world, "T1", "U2", Some("bob@example.com"), |_| {}).await;
        seen(world, "T1", "U3", Some("cy@example.com"), |row| row.unlinked = true).await;
        seen(world, "T1", "U4", None, |_| {}).await;
        seen(world, "T1", "U5", None, |row| row.is_bot = true).await;
        seen(world, "T1", "U6", Some("zed@example.com"), |row| row.deleted = true).await;
        // The server's own workspace, where everybody's people are.
        let servers = directory::Model { team_id: "T0".to_owned(), is_servers: true, refreshed_at: None };
        directory::Entity::insert(servers.into_active_model()).exec_without_returning(world.database.write()).await.expect("a workspace");
        seen(world, "T0", "W1", Some("cy@example.com"), |_| {}).await;
        seen(world, "T0", "W2", Some("zed@example.com"), |_| {}).await;

        let of = |filter: &str| json!({ "workspaceId": own, "filter": filter });
        let matched = [row("ada@example.com", "U1", "CODE"), row("bob@example.com", "U2", "EMAIL")];
        let unmatched = [row("cy@example.com", "", ""), row("", "U3", ""), row("", "U4", "")];
        assert_eq!(table(&admin, of("MATCHED")).await, matched);
        assert_eq!(table(&admin, of("UNMATCHED")).await, unmatched);
        let all: Vec<_> = matched.iter().chain(&unmatched).cloned().collect();
        assert_eq!(table(&admin, json!({ "workspaceId": own })).await, all);
        assert_eq!(table(&admin, json!({ "workspaceId": own, "search": "U4 OF" })).await, all[4..]);
        assert_eq!(table(&admin, json!({ "workspaceId": own, "search": "bob@" })).await, all[1..2]);
        let server = table(&admin, json!({})).await;
        assert_eq!(server, [row("ada@example.com", "", ""), row("bob@example.com", "", ""), row("cy@example.com", "W1", "EMAIL")]);
        let refused = theirs.ask("query($id: ID) { slackIdentities(workspaceId: $id) { nodes { since } } }", json!({ "id": own })).await;
        assert_eq!(refused.error_code(), "BAD_USER_INPUT");

        // Page by page it is the same.
        let query = "query($id: ID, $after: String) { slackIdentities(workspaceId: $id, first: 2, after: $after) { \
            edges { cursor node { user { email } slackUser { id } } } pageInfo { hasNextPage endCursor } } }";
        let (mut seen, mut after) = (0, Value::Null);
        loop {
            let page = admin.ask(query, json!({ "id": own, "after": after })).await.data()["slackIdentities"].clone();
            seen += page["edges"].as_array().expect("edges").len();
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, all.len());

        // Once somebody else has connected it as well, who is not ours is nobody's to tell.
        workspace(world, &theirs, "T1").await;
        assert_eq!(table(&admin, of("UNMATCHED")).await, unmatched[..1]);
    }
}
