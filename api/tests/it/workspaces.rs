//! Slack workspaces, as administrators connect them.

use sea_orm::{EntityTrait, sea_query::Expr};
use serde_json::{Value, json};
use tocsin_entity::{kinds::SlackWorkspaceStatus, slack::installation};

use crate::{
    found::found_workspace,
    world::{Caller, on_each_database, text},
};

const ALL: &str = "{ slackWorkspaces { id name status reason connectorCount disconnectedAt } }";
const SEALED: &str = "{ slackWorkspaces { sealedToken { sealed version } } }";

on_each_database! {
    async fn a_token_is_kept_sealed_and_shown_to_the_bridge_alone(world) {
        let admin = world.admin();
        let given = json!({ "name": "Second", "botToken": "xoxb-very-secret" });
        let made = admin.change("connectSlackWorkspace", given).await.done()["workspace"].clone();
        assert_eq!((&made["status"], &made["botTokenSet"]), (&json!("PENDING"), &json!(true)));
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let sealed = bridge.read(SEALED).await["slackWorkspaces"][0]["sealedToken"].clone();
        assert_eq!(sealed["version"], 1);
        assert!(!text(&sealed["sealed"]).contains("secret"), "{sealed}");

        let change = json!({ "id": made["id"], "botToken": "xoxb-another" });
        admin.change("updateSlackWorkspace", change).await.done();
        let again = bridge.read(SEALED).await["slackWorkspaces"][0]["sealedToken"].clone();
        assert_eq!(again["version"], 2);
        assert_ne!(again["sealed"], sealed["sealed"]);

        let gone = admin.change("disconnectSlackWorkspace", json!({ "id": made["id"] })).await.done()["workspace"].clone();
        assert_eq!((&gone["status"], &gone["botTokenSet"]), (&json!("DISCONNECTED"), &json!(false)));
        assert_eq!(bridge.read(SEALED).await["slackWorkspaces"][0]["sealedToken"], Value::Null, "nothing is kept of it");
    }

    async fn another_token_is_pending_until_the_bridge_has_tried_it(world) {
        let admin = world.admin();
        let given = json!({ "name": "Second", "botToken": "xoxb-1" });
        let id = admin.change("connectSlackWorkspace", given).await.done()["workspace"]["id"].clone();
        found_workspace(world, &admin, &id, |found| {
            found.token_version = 1;
            found.status = SlackWorkspaceStatus::Failing;
            found.reason = Some("Slack refuses the token".to_owned());
        })
        .await;
        assert_eq!(admin.read(ALL).await["slackWorkspaces"][0]["status"], "FAILING");
        let change = json!({ "id": id, "botToken": "xoxb-2" });
        assert_eq!(admin.change("updateSlackWorkspace", change).await.done()["workspace"]["status"], "PENDING");
        let seen = admin.read(ALL).await["slackWorkspaces"][0].clone();
        assert_eq!((&seen["status"], &seen["reason"]), (&json!("PENDING"), &Value::Null));
        for (version, status) in [(2, "ACTIVE"), (0, "ACTIVE"), (1, "PENDING")] {
            installation::Entity::update_many()
                .col_expr(installation::Column::TokenVersion, Expr::value(version))
                .col_expr(installation::Column::Status, Expr::value(SlackWorkspaceStatus::Active))
                .exec(world.database.write())
                .await
                .expect("found");
            assert_eq!(admin.read(ALL).await["slackWorkspaces"][0]["status"], status, "found with token {version}");
        }
    }

    async fn what_is_no_token_and_what_is_taken_are_refused(world) {
        let admin = world.admin();
        for wrong in ["", "xoxp-of-a-person", "xapp-1"] {
            let input = json!({ "name": "x", "botToken": wrong });
            assert_eq!(admin.change("connectSlackWorkspace", input).await.refused(), "INVALID_INPUT", "{wrong}");
        }
        let second = json!({ "name": "Second", "botToken": "xoxb-1" });
        let id = admin.change("connectSlackWorkspace", second.clone()).await.done()["workspace"]["id"].clone();
        assert_eq!(admin.change("connectSlackWorkspace", second).await.refused(), "ALREADY_EXISTS");
        let theirs = world.neighbour().await;
        let foreign = json!({ "name": "x", "channel": "#x", "workspaceId": id });
        assert_eq!(theirs.change("createConnector", foreign.clone()).await.refused(), "NOT_FOUND");
        admin.change("createConnector", foreign).await.done();
        let (_, responder) = world.member("Rita", "RESPONDER").await;
        assert_eq!(responder.change("disconnectSlackWorkspace", json!({ "id": id })).await.refused(), "FORBIDDEN");
    }

    async fn a_token_that_is_given_may_be_of_another_team(world) {
        let admin = world.admin();
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let id = "wsp_00000000000000000000000000000001";
        let installed = |team: &str| json!({
            "id": id, "teamId": team, "teamName": team, "features": ["PREVIEWS"], "sealedBotToken": "sealed1.x", "sealedRefreshToken": "sealed1.y",
            "tokenExpiresAt": "2099-01-01T00:00:00Z",
        });
        bridge.change("completeSlackInstall", installed("T1")).await.done();
        let given = json!({ "id": id, "botToken": "xoxb-of-another-team" });
        admin.change("updateSlackWorkspace", given).await.done();
        let all = "{ slackWorkspaces { teamId manifestVersion manifestIsCurrent sealedToken { sealedRefresh expiresAt version } } }";
        assert_eq!(
            bridge.read(all).await["slackWorkspaces"][0],
            json!({
                "teamId": null, "manifestVersion": null, "manifestIsCurrent": null,
                "sealedToken": { "sealedRefresh": null, "expiresAt": null, "version": 2 },
            }),
            "what it is, the bridge finds out"
        );
        bridge.change("completeSlackInstall", installed("T2")).await.done();
        let rename = json!({ "id": id, "name": "Renamed" });
        admin.change("updateSlackWorkspace", rename).await.done();
        assert_eq!(bridge.read(all).await["slackWorkspaces"][0]["teamId"], "T2", "no other token, no other team");
    }
}
