//! Several teams under one Slack.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tocsin_simulator::{AppSeed, TeamSeed};

use crate::app::App;
use crate::oauth::{BACK, parameter, text};
use crate::slack::Slack;

const TOKEN: &str = "xoxb-second";

impl Slack {
    async fn post_with(&self, token: &str, args: Value) -> Value {
        let request = self
            .http
            .post(format!("{}/chat.postMessage", self.sim.api_url()))
            .bearer_auth(token)
            .header("content-type", "application/json; charset=utf-8")
            .body(args.to_string());
        request.send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn the_token_says_which_team_is_meant() {
    let slack = Slack::start().await;
    let second = slack.sim.add_team(TeamSeed::new("Second").installed(TOKEN));
    assert_eq!(second.api_url(), slack.sim.api_url());
    let me = slack.with_token("auth.test", TOKEN).await;
    assert_eq!(me["team"], "Second");
    assert_eq!(me["team_id"], second.id());
    assert_ne!(second.id(), slack.sim.id());

    let (here, there) = (slack.id("incidents"), second.channel("incidents").unwrap().id);
    assert_ne!(here, there);
    let posted = slack
        .post_with(TOKEN, json!({"channel": there, "text": "x"}))
        .await;
    assert_eq!(posted["ok"], true, "{posted}");
    let foreign = slack
        .post_with(TOKEN, json!({"channel": here, "text": "x"}))
        .await;
    assert_eq!(foreign["error"], "channel_not_found");
    assert_eq!(second.channel("incidents").unwrap().messages.len(), 1);
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
    assert_eq!(second.calls().len(), 3);
    assert!(slack.sim.calls().is_empty());

    let ids = |people: Vec<tocsin_simulator::PersonSnapshot>| -> Vec<String> {
        people.into_iter().map(|p| p.id).collect()
    };
    let (ours, theirs) = (ids(slack.sim.snapshot().people), ids(second.snapshot().people));
    assert!(
        ours.iter().all(|id| !theirs.contains(id)),
        "no two people share an id"
    );
}

#[tokio::test]
async fn events_say_which_team_they_are_of() {
    let slack = Slack::start().await;
    let second = slack.sim.add_team(TeamSeed::new("Second").installed(TOKEN));
    second.person("alice").post("incidents", "there").unwrap();
    slack.sim.person("alice").post("incidents", "here").unwrap();
    for (said, team) in [("there", second.id()), ("here", slack.sim.id())] {
        let told = slack.app.wait_for(1, |t| t.body["event"]["text"] == said).await;
        assert_eq!(told[0].body["team_id"], team);
        assert_eq!(told[0].body["authorizations"][0]["team_id"], team);
    }
}

#[tokio::test]
async fn a_person_installs_the_app_in_their_own_team() {
    let slack = Slack::start().await;
    let second = slack.sim.add_team(TeamSeed::new("Second"));
    assert_eq!(second.token(), None);
    let link = slack.link(&[("team", &second.id())]);
    assert!(
        slack.sim.person("alice").allow(&link).is_err(),
        "the link names another team than hers"
    );
    let back = second.person("alice").allow(&link).unwrap();
    let code = parameter(&back, "code").unwrap();
    let reply = slack
        .oauth("oauth.v2.access", &[("code", &code), ("redirect_uri", BACK)])
        .await;
    assert_eq!(reply["team"]["id"], second.id());
    assert_eq!(second.token().as_deref(), Some(text(&reply["access_token"])));
    assert_eq!(slack.sim.token().as_deref(), Some(slack.sim.bot_token()));
}

#[tokio::test]
async fn what_goes_wrong_in_one_team_leaves_the_others_alone() {
    let slack = Slack::start().await;
    let second = slack.sim.add_team(TeamSeed::new("Second").installed(TOKEN));
    second.revoke_bot_tokens();
    assert_eq!(slack.error_of("auth.test", TOKEN).await, "token_revoked");
    assert_eq!(slack.error_of("auth.test", slack.sim.bot_token()).await, "none");
}

#[tokio::test]
async fn a_team_may_have_an_app_of_its_own() {
    let slack = Slack::start().await;
    let seed = AppSeed::new("ownapp");
    let own = App::start(&seed.signing_secret).await;
    let second = slack
        .sim
        .add_team(TeamSeed::new("Second").installed(TOKEN).with_app(seed.clone()));
    second.set_callbacks(&own.base);

    second.person("alice").post("incidents", "to our own").unwrap();
    let told = own.wait_for(1, |t| t.body["event"]["type"] == "message").await;
    assert_eq!(told[0].body["api_app_id"], seed.id);
    assert!(slack.app.taken().is_empty(), "the other app hears nothing of it");

    let link = slack.link(&[("client_id", &seed.client_id)]);
    assert!(slack.sim.person("alice").allow(&link).is_err());
    let code = parameter(&second.person("alice").allow(&link).unwrap(), "code").unwrap();
    let mut form = vec![("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "invalid_code"
    );
    form.push(("client_id", &seed.client_id));
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "bad_client_secret"
    );
    form.push(("client_secret", &seed.client_secret));
    assert_eq!(slack.oauth("oauth.v2.access", &form).await["access_token"], TOKEN);

    let uninstall = [("token", TOKEN)];
    assert_eq!(
        slack.oauth("apps.uninstall", &uninstall).await["error"],
        "client_id_token_mismatch"
    );
    let foreign = slack.link(&[("team", &second.id())]);
    let back = slack.sim.person("alice").allow(&foreign).unwrap();
    assert_eq!(
        parameter(&back, "error").unwrap(),
        "invalid_team_for_non_distributed_app"
    );
}

#[tokio::test]
async fn each_team_has_a_page_and_control_endpoints() {
    let slack = Slack::start().await;
    let second = slack.sim.add_team(TeamSeed::new("Second").installed(TOKEN));
    let get = async |path: &str| {
        slack
            .http
            .get(second.url().join(path).unwrap())
            .send()
            .await
            .unwrap()
    };
    let page = get("").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("simulated Slack"));
    let channels: Value = get("sim/channels").await.json().await.unwrap();
    assert_eq!(channels["team"], "Second");
    assert_eq!(channels["teams"][0]["path"], "/");
    assert_eq!(channels["teams"][1]["path"], second.url().path());
    assert_eq!(
        get("/teams/T404/sim/channels").await.status(),
        StatusCode::NOT_FOUND
    );

    let body = json!({"as": "alice", "channel": "incidents", "text": "by hand"});
    let url = second.url().join("sim/messages").unwrap();
    slack.http.post(url).json(&body).send().await.unwrap();
    assert_eq!(second.channel("incidents").unwrap().messages[0].text, "by hand");
    let clicked = second
        .person("alice")
        .command("incidents", "/incident", "list")
        .await;
    assert!(clicked.unwrap().is_ok());
    let command = slack.app.wait_for(1, |t| t.path == "commands").await.remove(0);
    assert_eq!(command.body["team_id"], second.id());
    let response = slack
        .http
        .post(text(&command.body["response_url"]))
        .body(json!({"text": "an answer"}).to_string());
    assert_eq!(response.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        second.channel("incidents").unwrap().ephemeral[0].text,
        "an answer"
    );
}
