//! Installing the Slack app, and apps of an organisation's own.

use serde_json::{Value, json};

use crate::world::{Caller, World, on_each_database, text};

const APPS: &str = "{ slackApps { id name clientId clientSecretSet signingSecretSet appTokenSet sealed { clientSecret signingSecret appToken version } } }";

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

fn workspace(number: u8) -> String {
    format!("wsp_0000000000000000000000000000000{number}")
}

on_each_database! {
    async fn the_secrets_of_an_app_are_kept_sealed_and_shown_to_the_bridge_alone(world) {
        let admin = world.admin();
        let given = json!({
            "name": "Ours", "clientId": "12.34", "clientSecret": "very-secret-1", "signingSecret": "very-secret-2", "appToken": "xapp-very-secret-3",
        });
        let made = admin.change("createSlackApp", given).await.done()["app"].clone();
        let seen = admin.read(APPS).await["slackApps"][0].clone();
        assert_eq!(
            seen,
            json!({
                "id": made["id"], "name": "Ours", "clientId": "12.34", "clientSecretSet": true, "signingSecretSet": true, "appTokenSet": true,
                "sealed": null,
            })
        );
        let sealed = world.bridge().read(APPS).await["slackApps"][0]["sealed"].clone();
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
            json!({ "name": "x", "appToken": "xoxb-a-token" }),
            json!({ "name": "x", "signingSecret": "1234", "clientId": "1.2" }),
            json!({ "name": "x", "signingSecret": "1234", "clientSecret": "5678" }),
        ] {
            assert_eq!(admin.change("createSlackApp", wrong.clone()).await.refused(), "INVALID_INPUT", "{wrong}");
        }
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
}
