//! Installing the Slack app, and apps of an organisation's own.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tocsin_entity::kinds::{SlackFeature, SlackWorkspaceStatus};
use tocsin_slack_app::{
    feature,
    oauth::{INSTALL, InstallState},
};
use url::Url;

use crate::{
    found::found_workspace,
    world::{Caller, World, on_each_database, sealer, text},
};

const APPS: &str = "{ slackApps { id name clientId clientSecretSet signingSecretSet appTokenSet } }";
const SEALED: &str = "{ slackApps { sealed { clientSecret signingSecret appToken version } } }";

async fn bridge(world: &World) -> Caller {
    let organization = text(&world.admin().read("{ organization { id } }").await["organization"]["id"]);
    Caller {
        organization: Some(organization),
        ..world.bridge()
    }
}

fn installed(id: &str, team: &str) -> Value {
    json!({ "id": id, "teamId": team, "teamName": "Acme", "features": ["PREVIEWS"], "sealedBotToken": "sealed1.x" })
}

/// The scopes that the caller's link asks for, where previews are added to a workspace.
async fn asked(caller: &Caller, workspace: &Value, app: Option<&Value>) -> Vec<String> {
    let query = "query($workspace: ID, $app: ID) { \
        slackInstallUrl(workspaceId: $workspace, appId: $app, features: [PREVIEWS]) { scopes userErrors { message } } }";
    let answer = caller
        .ask(query, json!({ "workspace": workspace, "app": app }))
        .await
        .data();
    assert_eq!(answer["slackInstallUrl"]["userErrors"], json!([]));
    serde_json::from_value(answer["slackInstallUrl"]["scopes"].clone()).expect("scopes")
}

/// A workspace that has what notifications need, and which the bridge has found to be so; gives its id.
async fn notified(world: &World, name: &str, code: Option<&str>) -> Value {
    let given = json!({ "name": name, "botToken": "xoxb-1", "features": ["NOTIFICATIONS"] });
    let id = world.admin().change("connectSlackWorkspace", given).await.done()["workspace"]["id"].clone();
    found_workspace(world, &world.admin(), &id, |found| {
        let scopes: Vec<_> = feature::bot_scopes(&[SlackFeature::Notifications])
            .into_iter()
            .collect();
        found.scopes = scopes.join(",");
        found.reason_code = code.map(str::to_owned);
        if code.is_some() {
            found.status = SlackWorkspaceStatus::Failing;
        }
    })
    .await;
    id
}

fn workspace(number: u8) -> String {
    format!("wsp_0000000000000000000000000000000{number}")
}

on_each_database! {
    async fn the_secrets_of_an_app_are_kept_sealed_and_shown_to_the_bridge_alone(world) {
        let admin = world.admin();
        let given = json!({
            "name": "Ours", "clientId": "12.34", "clientSecret": "very-secret-1", "signingSecret": "very-secret-2-of-32-characters-xx", "appToken": "xapp-very-secret-3",
        });
        let made = admin.change("createSlackApp", given).await.done()["app"].clone();
        let seen = admin.read(APPS).await["slackApps"][0].clone();
        assert_eq!(
            seen,
            json!({
                "id": made["id"], "name": "Ours", "clientId": "12.34", "clientSecretSet": true, "signingSecretSet": true, "appTokenSet": true,
            })
        );
        let sealed = world.bridge().read(SEALED).await["slackApps"][0]["sealed"].clone();
        assert!(sealed["appToken"].is_string() && !sealed.to_string().contains("secret-"), "{sealed}");
        let change = json!({ "id": made["id"], "appToken": null });
        assert_eq!(admin.change("updateSlackApp", change).await.done()["app"]["appTokenSet"], false);
        let theirs = world.neighbour().await;
        assert_eq!(theirs.read(APPS).await["slackApps"], json!([]));
        for mutation in ["updateSlackApp", "deleteSlackApp"] {
            assert_eq!(theirs.change(mutation, json!({ "id": made["id"] })).await.refused(), "NOT_FOUND", "{mutation}");
        }
        let foreign = json!({ "name": "x", "botToken": "xoxb-1", "appId": made["id"] });
        assert_eq!(theirs.change("connectSlackWorkspace", foreign.clone()).await.refused(), "NOT_FOUND");
        admin.change("connectSlackWorkspace", foreign).await.done();
        assert_eq!(admin.change("deleteSlackApp", json!({ "id": made["id"] })).await.refused(), "WRONG_STATUS");
    }

    async fn an_app_that_could_not_work_is_refused(world) {
        let admin = world.admin();
        for wrong in [
            json!({ "name": "x" }),
            json!({ "name": "x", "signingSecret": "xoxb-a-token" }),
            json!({ "name": "x", "signingSecret": "x" }),
            json!({ "name": "x", "appToken": "xoxb-a-token" }),
            json!({ "name": "x", "signingSecret": "0123456789abcdef", "clientId": "1.2" }),
            json!({ "name": "x", "signingSecret": "0123456789abcdef", "clientSecret": "5678" }),
        ] {
            assert_eq!(admin.change("createSlackApp", wrong.clone()).await.refused(), "INVALID_INPUT", "{wrong}");
        }
    }

    async fn one_app_is_made_known_once(world) {
        let admin = world.admin();
        let app = |name: &str, id: &str| json!({
            "name": name, "clientId": id, "clientSecret": "secret", "signingSecret": "0123456789abcdef0123456789abcdef",
        });
        let first = admin.change("createSlackApp", app("first", "1.2")).await.done()["app"]["id"].clone();
        let refused = admin.change("createSlackApp", app("again", "1.2")).await;
        assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("ALREADY_EXISTS", "clientId"));
        let second = admin.change("createSlackApp", app("second", "3.4")).await.done()["app"]["id"].clone();
        let same = json!({ "id": second, "clientId": "1.2" });
        assert_eq!(admin.change("updateSlackApp", same).await.refused(), "ALREADY_EXISTS");
        admin.change("updateSlackApp", json!({ "id": first, "clientId": "1.2", "name": "renamed" })).await.done();
        world.neighbour().await.change("createSlackApp", app("theirs", "1.2")).await.done();
    }

    async fn a_team_that_is_installed_again_is_the_same_workspace(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let first = workspace(1);
        let made = bridge.change("completeSlackInstall", installed(&first, "T1")).await.done()["workspace"].clone();
        assert_eq!((&made["name"], &made["features"]), (&json!("Acme"), &json!(["NOTIFICATIONS", "PREVIEWS"])));
        let again = bridge.change("completeSlackInstall", installed(&workspace(2), "T1")).await;
        assert_eq!(again.refused(), "ALREADY_EXISTS", "one that does not know of the first asks again");
        let other = bridge.change("completeSlackInstall", installed(&first, "T2")).await;
        assert_eq!(other.refused(), "CONFLICT", "another team");
        admin.change("disconnectSlackWorkspace", json!({ "id": first })).await.done();
        let healed = bridge.change("completeSlackInstall", installed(&first, "T1")).await.done()["workspace"].clone();
        assert_eq!((&healed["status"], &healed["botTokenSet"]), (&json!("PENDING"), &json!(true)));
        let second = bridge.change("completeSlackInstall", installed(&workspace(3), "T3")).await.done();
        assert_eq!(second["workspace"]["name"], "Acme 2");
    }

    async fn who_has_lost_the_role_meanwhile_installs_nothing(world) {
        let (rita, _) = world.member("Rita", "RESPONDER").await;
        let (adam, _) = world.member("Adam", "ADMIN").await;
        let bridge = bridge(world).await;
        let by = |user: &str| {
            let mut input = installed(&workspace(1), "T1");
            input["installedById"] = json!(user);
            input
        };
        assert_eq!(bridge.change("completeSlackInstall", by(&rita)).await.refused(), "FORBIDDEN");
        bridge.change("completeSlackInstall", by(&adam)).await.done();
    }

    async fn what_is_missing_is_asked_for_alone_where_the_rest_is_granted_still(world) {
        let admin = world.admin();
        let all = feature::bot_scopes(&BTreeSet::from([SlackFeature::Notifications, SlackFeature::Previews]));
        let all: Vec<_> = all.into_iter().collect();
        for code in [None, Some("missing_scope")] {
            let works = notified(world, code.unwrap_or("well"), code).await;
            assert_eq!(asked(&admin, &works, None).await, ["links:read", "links:write"], "{code:?}");
        }
        for code in ["account_inactive", "token_revoked", "unknown"] {
            let gone = notified(world, code, Some(code)).await;
            assert_eq!(asked(&admin, &gone, None).await, all, "{code}");
        }
        let works = notified(world, "another app's", None).await;
        let app = json!({ "name": "Ours", "clientId": "12.34", "clientSecret": "abc", "signingSecret": "0123456789abcdef0123456789abcdef" });
        let app = admin.change("createSlackApp", app).await.done()["app"]["id"].clone();
        assert_eq!(asked(&admin, &works, Some(&app)).await, all, "another app has been granted nothing");
        let left = notified(world, "left", None).await;
        admin.change("disconnectSlackWorkspace", json!({ "id": left })).await.done();
        assert_eq!(asked(&admin, &left, None).await, all, "nobody knows what became of the grant");
    }

    async fn a_link_names_the_organisation_that_it_connects(world) {
        let query = "{ organization { id name } slackInstallUrl { url } }";
        let seen = world.neighbour().await.read(query).await;
        let url = Url::parse(&text(&seen["slackInstallUrl"]["url"])).expect("a URL");
        let (_, state) = url.query_pairs().find(|(name, _)| name == "state").expect("a state");
        let state = sealer().open_state_at::<InstallState>(INSTALL, &state, tocsin_clock::machine_now()).expect("ours").content;
        assert_eq!(
            (state.organization_id.to_string(), state.organization_name),
            (text(&seen["organization"]["id"]), text(&seen["organization"]["name"]))
        );
    }
}
