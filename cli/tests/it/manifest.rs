//! `tocsin manifest`, as an administrator uses it.

use serde_json::Value;

use crate::process::{Place, complaint, printed};

async fn manifest(arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let output = Place::new()
        .run(&[&["manifest"], arguments].concat(), environment)
        .await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    serde_json::from_str(&printed(&output)).expect("a manifest is JSON")
}

async fn refused(arguments: &[&str]) -> String {
    let output = Place::new().run(&[&["manifest"], arguments].concat(), &[]).await;
    assert_ne!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(output.stdout.is_empty());
    complaint(&output)
}

#[tokio::test]
async fn the_manifest_is_for_the_configured_address_and_asks_for_what_is_usual() {
    let manifest = manifest(&[], &[("TOCSIN_PUBLIC_URL", "https://tocsin.example.com")]).await;
    assert_eq!(
        manifest["settings"]["event_subscriptions"]["request_url"],
        "https://tocsin.example.com/slack/events"
    );
    let scopes = manifest["oauth_config"]["scopes"]["bot"].to_string();
    for usual in [
        "chat:write",
        "channels:history",
        "links:write",
        "users:read.email",
        "commands",
    ] {
        assert!(scopes.contains(usual), "{usual} is not in {scopes}");
    }
    assert!(
        !scopes.contains("pins:write"),
        "what is for incident channels alone: {scopes}"
    );
    assert_eq!(manifest["features"]["slash_commands"][0]["command"], "/incident");
    assert_eq!(manifest["features"]["unfurl_domains"][0], "tocsin.example.com");
}

#[tokio::test]
async fn notifications_alone_can_be_looked_up_after_a_lost_answer_and_hear_nothing_of_what_people_say() {
    let manifest = manifest(&["--socket-mode", "--features=notifications"], &[]).await;
    let scopes = manifest["oauth_config"]["scopes"]["bot"].to_string();
    assert!(
        scopes.contains("channels:history") && scopes.contains("groups:history"),
        "{scopes}"
    );
    assert!(
        !scopes.contains("commands") && !scopes.contains("users:read"),
        "{scopes}"
    );
    let events = manifest["settings"]["event_subscriptions"]["bot_events"].to_string();
    assert!(!events.contains("message."), "{events}");
    assert!(manifest["features"]["slash_commands"].is_null());
}

#[tokio::test]
async fn previews_are_left_out_where_there_is_no_domain_for_them_and_that_is_said() {
    let output = Place::new().run(&["manifest", "--socket-mode"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let manifest: Value = serde_json::from_str(&printed(&output)).expect("a manifest is JSON");
    let scopes = manifest["oauth_config"]["scopes"]["bot"].to_string();
    assert!(
        scopes.contains("commands") && !scopes.contains("links:read"),
        "{scopes}"
    );
    assert!(
        complaint(&output).contains("previews are left out"),
        "{}",
        complaint(&output)
    );
}

#[tokio::test]
async fn what_is_wished_for_is_in_the_manifest() {
    let wishes = [
        "--name=Ops Incidents",
        "--command=/ops",
        "--url=https://ops.example.com",
        "--features=commands,two-way-sync",
        "--token-rotation",
    ];
    let over_http = manifest(&wishes, &[]).await;
    assert_eq!(over_http["display_information"]["name"], "Ops Incidents");
    let command = &over_http["features"]["slash_commands"][0];
    assert_eq!(command["command"], "/ops");
    assert_eq!(command["url"], "https://ops.example.com/slack/commands");
    assert_eq!(over_http["settings"]["token_rotation_enabled"], true);
    let scopes = over_http["oauth_config"]["scopes"]["bot"].to_string();
    assert!(
        scopes.contains("channels:history") && !scopes.contains("links:read"),
        "{scopes}"
    );

    let by_socket = manifest(&["--socket-mode"], &[]).await;
    assert_eq!(by_socket["settings"]["socket_mode_enabled"], true);
    let all = manifest(&["--url", "https://ops.example.com", "--features", "all"], &[]).await;
    assert_eq!(all["features"]["unfurl_domains"][0], "ops.example.com");
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_refused_with_what_to_do() {
    for (arguments, told) in [
        (&[][..], "use --socket-mode, which needs none"),
        (&["--url", "ops.example.com"][..], "write it with its scheme"),
        (&["--url", "http://ops.example.com"][..], "give an https address"),
        (&["--socket-mode", "--command", "ops"][..], "such as /incident"),
        (
            &["--socket-mode", "--features", "comands"][..],
            "did you mean commands?",
        ),
    ] {
        let complaint = refused(arguments).await;
        assert!(complaint.contains(told), "{told:?} is not in {complaint}");
    }
}
