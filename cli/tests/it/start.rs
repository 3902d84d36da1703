//! The first start, the second, and the demo.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use url::Url;

use crate::process::{Place, complaint, get, printed};

const TRIGGER: &str = r#"mutation { triggerIncident(input: {title: "Payments are failing"}) { incident { number url } userErrors { code } } }"#;

#[tokio::test]
async fn the_first_start_tells_where_it_is_and_gives_a_key_that_works() {
    let place = Place::new();
    let tocsin = place.up(&[]).await;
    let key = tocsin.row("admin key");
    let viewer = tocsin.ask(&key, "{ viewer { scopes } }").await;
    assert!(
        viewer["data"]["viewer"]["scopes"].to_string().contains("ADMIN"),
        "{viewer}"
    );
    for page in [tocsin.row("GraphiQL"), tocsin.row("Slack")] {
        let (status, html) = get(&page).await;
        assert!(status == 200 && html.contains("<html"), "{page}: {status}");
    }
    assert_eq!(
        tocsin.welcome.matches(&key).count(),
        3,
        "the key, and the two commands that use it: {}",
        tocsin.welcome
    );
    let (code, rest) = tocsin.stop().await;
    assert_eq!((code, rest.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_first_start_logs_one_line_about_the_database() {
    let place = Place::new();
    let mut command = place.command(&["up"], &[]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tocsin can be run");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut told = Vec::new();
    while let Some(line) = lines.next_line().await.expect("its log is text") {
        if line.contains("the job queue is on") {
            break;
        }
        told.push(line);
    }
    assert!(
        told.len() == 1 && told[0].contains("made the database's schema"),
        "{told:#?}"
    );
}

#[tokio::test]
async fn the_commands_it_prints_do_what_it_says() {
    let place = Place::new();
    let tocsin = place.up(&[]).await;
    let blocks: Vec<&str> = tocsin
        .welcome
        .split("\n\n")
        .filter(|block| block.contains("curl"))
        .collect();
    assert_eq!(blocks.len(), 3, "{}", tocsin.welcome);
    let mut answers = Vec::new();
    for block in blocks {
        let script: String = block
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        let shell = tokio::process::Command::new("bash")
            .args(["-ceu", &script])
            .output()
            .await
            .unwrap();
        assert!(shell.status.success(), "{script}: {}", complaint(&shell));
        answers.push(printed(&shell));
    }
    assert!(answers[0].contains(r#""number":1"#), "{}", answers[0]);
    assert!(answers[1].contains(r#""ok":true"#), "{}", answers[1]);
    // The third may have come before the reply was taken in; asked again, it is there.
    let key = tocsin.row("admin key");
    let document =
        "{ incident(number: 1) { timeline(first: 20) { nodes { kind bodyMarkdown author { name } } } } }";
    let said = json!({ "kind": "COMMENT", "bodyMarkdown": "Looking at the gateway now.", "author": { "name": "Alice Archer" } });
    let seen = async {
        loop {
            let answer = tocsin.ask(&key, document).await;
            let nodes = &answer["data"]["incident"]["timeline"]["nodes"];
            if nodes.as_array().is_some_and(|nodes| nodes.contains(&said)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), seen)
        .await
        .expect("the reply is on the timeline");
}

#[tokio::test]
async fn the_second_start_finds_what_the_first_left() {
    let place = Place::new();
    let first = place.up(&[]).await;
    let key = first.row("admin key");
    let made = first.ask(&key, TRIGGER).await;
    assert_eq!(made["data"]["triggerIncident"]["incident"]["number"], 1, "{made}");
    let shown = format!("{}sim/text/incidents", first.row("Slack"));
    let posted = async {
        while !get(&shown).await.1.contains("Payments are failing") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), posted)
        .await
        .expect("Slack hears of it");
    assert_eq!(first.stop().await.0, Some(0));

    let second = place.up(&[]).await;
    assert!(
        second.welcome.contains("found as it was left"),
        "{}",
        second.welcome
    );
    assert!(
        !second.welcome.contains("admin key  ") && !second.welcome.contains(&key),
        "{}",
        second.welcome
    );
    let found = second.ask(&key, "{ incident(number: 1) { title } }").await;
    assert_eq!(
        found["data"]["incident"]["title"], "Payments are failing",
        "{found}"
    );
    let (_, channel) = get(&format!("{}sim/text/incidents", second.row("Slack"))).await;
    assert!(channel.contains("Payments are failing"), "{channel}");
    assert_eq!(second.stop().await.0, Some(0));
    assert_eq!(
        place.files(),
        [
            "tocsin-queue.db",
            "tocsin-secret.key",
            "tocsin-simulator.json",
            "tocsin.db"
        ]
    );
}

#[tokio::test]
async fn a_key_that_was_chosen_is_the_key_and_is_not_printed() {
    let place = Place::new();
    let key = "chosen-for-unattended-set-up-of-tests";
    let tocsin = place.up(&[("TOCSIN_ADMIN_KEY", key)]).await;
    assert!(!tocsin.welcome.contains(key), "{}", tocsin.welcome);
    let viewer = tocsin.ask(key, "{ viewer { scopes } }").await;
    assert!(
        viewer["data"]["viewer"]["scopes"].to_string().contains("ADMIN"),
        "{viewer}"
    );
    // Its people are members all the same.
    let users = tocsin
        .ask(
            key,
            r#"{ users(filter: {email: "bob@example.com"}) { nodes { name role } } }"#,
        )
        .await;
    assert_eq!(
        users["data"]["users"]["nodes"],
        json!([{ "name": "Bob Baker", "role": "RESPONDER" }]),
        "{users}"
    );
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_accepted() {
    let place = Place::new();
    let first = place.up(&[]).await;
    let key = first.row("admin key");
    first.ask(&key, TRIGGER).await;
    first.signal("KILL").await;
    drop(first);
    let second = place.up(&[]).await;
    let found = second.ask(&key, "{ incident(number: 1) { title status } }").await;
    assert_eq!(found["data"]["incident"]["status"], "TRIGGERED", "{found}");
}

#[tokio::test]
async fn the_demo_sees_each_step_happen_and_leaves_nothing_behind() {
    let place = Place::new();
    let output = place.run(&["demo"], &[]).await;
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{printed}\n{}", complaint(&output));
    assert!(
        printed.contains("6/6") && printed.contains("All six steps were seen to happen"),
        "{printed}"
    );
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[tokio::test]
async fn a_demo_that_is_kept_goes_on_running() {
    let place = Place::new();
    let tocsin = place.start(&["demo", "--keep"], &[], "admin key").await;
    let key = tocsin.row("admin key");
    let found = tocsin.ask(&key, "{ incident(number: 1) { status } }").await;
    assert_eq!(found["data"]["incident"]["status"], "RESOLVED", "{found}");
    assert_eq!(tocsin.stop().await.0, Some(0));
}

#[tokio::test]
async fn below_a_path_of_its_host_each_page_loads_what_it_needs() {
    let place = Place::new();
    let public = "https://ops.example.com/tocsin";
    let running = place.up(&[("TOCSIN_PUBLIC_URL", public)]).await;
    // A proxy hands the path on, or takes it off first.
    for below in ["/tocsin/", "/"] {
        for page in ["", "graphiql", "incidents/1", "incidents/1/postmortem"] {
            let url = Url::parse(&running.url(&format!("{below}{page}"))).expect("a URL");
            let (status, text) = get(url.as_str()).await;
            assert_eq!(status, 200, "{url}");
            let loaded: Vec<_> = text.split('"').filter(|part| part.contains("assets/")).collect();
            assert!(!loaded.is_empty(), "{url}");
            for asset in loaded {
                let asset = url.join(asset).expect("a URL");
                assert!(asset.path().starts_with(below), "{asset} of {url}");
                assert_eq!(get(asset.as_str()).await.0, 200, "{asset} of {url}");
            }
        }
        assert_eq!(get(&running.url(&format!("{below}readyz"))).await.0, 200);
    }
    for hidden in ["/tocsin/metrics", "/tocsin/tocsin/metrics"] {
        assert_eq!(get(&running.url(hidden)).await.0, 404, "{hidden}");
    }
    let key = running.row("admin key");
    let made = running
        .ask(
            &key,
            "mutation { triggerIncident(input: {title: \"Rain\"}) { incident { url } } }",
        )
        .await;
    let url = &made["data"]["triggerIncident"]["incident"]["url"];
    assert_eq!(*url, format!("{public}/incidents/1"), "{made}");
    assert_eq!(running.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_path_that_is_the_beginning_of_an_address_takes_nothing_from_a_proxy_that_takes_it_off() {
    let place = Place::new();
    let running = place
        .up(&[("TOCSIN_PUBLIC_URL", "https://ops.example.com/incidents")])
        .await;
    for path in ["/incidents/1", "/incidents/incidents/1"] {
        let (status, text) = get(&running.url(path)).await;
        assert!(
            status == 200 && text.contains("<title>Incident"),
            "{path}: {status}"
        );
    }
    assert_eq!(running.stop().await.0, Some(0));
}
