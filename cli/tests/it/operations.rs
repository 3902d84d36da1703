//! `doctor`, and what a machine that is not as it should be is told.

use std::time::Duration;

use tocsin_simulator::{Simulator, SimulatorConfig};

use crate::process::{Place, client, complaint, get, printed};

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_on_a_fresh_machine_and_leaves_nothing_behind() {
    let place = Place::new();
    let output = place.run(&["doctor"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(printed(&output).contains("Nothing is wrong."));
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong_and_fails() {
    let place = Place::new();
    let environment = [
        ("TOCSIN_DATABASE_URL", "sqlite://nowhere/tocsin.db"),
        ("TOCSIN_REDIS_URL", "redis://127.0.0.1:1"),
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "0123456789abcdef"),
        ("SLACK_API_URL", "http://slack.invalid/api"),
        ("TOCSIN_PUBLIK_URL", "https://tocsin.example.com"),
    ];
    let output = place.run(&["doctor"], &environment).await;
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    for expected in [
        ("wrong", "there is no directory nowhere"),
        ("wrong", "TOCSIN_REDIS_URL"),
        ("wrong", "slack.invalid/api"),
        ("look", "did you mean TOCSIN_PUBLIC_URL?"),
        ("look", "set TOCSIN_PUBLIC_URL to where people reach Tocsin"),
    ] {
        let found = printed
            .lines()
            .any(|line| line.trim_start().starts_with(expected.0) && line.contains(expected.1));
        assert!(found, "{expected:?} is not in {printed}");
    }
    assert!(
        complaint(&output).contains("3 things are wrong"),
        "{}",
        complaint(&output)
    );
}

#[tokio::test]
async fn the_doctor_warns_of_secrets_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.write("tocsin.toml", "admin_key = \"secret-admin-secret-admin\"\n");
    let file = place.path().join("tocsin.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = printed(&place.run(&["doctor"], &[]).await);
    assert!(open.contains("chmod 600 tocsin.toml"), "{open}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let closed = printed(&place.run(&["doctor"], &[]).await);
    assert!(!closed.contains("chmod"), "{closed}");
}

#[tokio::test]
async fn a_port_in_use_is_told_with_what_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (variable, flag) in [
        ("TOCSIN_LISTEN", "--listen"),
        ("TOCSIN_SIMULATOR_LISTEN", "--simulator-listen"),
    ] {
        let output = Place::new().run(&["up"], &[(variable, &address)]).await;
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint.lines().last().unwrap_or_default();
        assert_eq!(
            complaint,
            format!(
                "tocsin: another process listens on {address} already: stop it, or set {variable} or {flag} to another address"
            )
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let place = Place::new();
    let text = "Dear diary, ".repeat(100);
    place.write("tocsin.db", &text);
    let output = place.run(&["up"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complaint(&output).contains("sqlite://tocsin.db is not a SQLite database: set TOCSIN_DATABASE_URL"),
        "{}",
        complaint(&output)
    );
    assert_eq!(
        std::fs::read_to_string(place.path().join("tocsin.db")).unwrap(),
        text
    );
}

#[tokio::test]
async fn operators_see_health_readiness_and_metrics() {
    let place = Place::new();
    let tocsin = place.up(&[]).await;
    assert_eq!(get(&tocsin.url("/healthz")).await, (200, "ok\n".to_owned()));
    let (status, ready) = get(&tocsin.url("/readyz")).await;
    assert_eq!(
        (status, ready.as_str()),
        (200, r#"{"parts":{"api":"ok","bridge":"ok"},"ready":true}"#)
    );
    let (status, metrics) = get(&tocsin.url("/metrics")).await;
    assert_eq!(status, 200);
    for name in [
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "tocsin_build_info{version=",
        "tocsin_queue_",
    ] {
        assert!(
            metrics.lines().any(|line| line.starts_with(name)),
            "{name} is not in {metrics}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_token_that_slack_will_never_take_is_told_by_the_doctor_readiness_and_the_metrics() {
    // It brings the provider of cryptography that the simulator wants too.
    let _client = client();
    let slack = Simulator::start(SimulatorConfig::default())
        .await
        .expect("a workspace");
    slack.set_socket_mode(true);
    let api = slack.api_url().to_string();
    let environment = [
        ("SLACK_API_URL", api.as_str()),
        ("SLACK_BOT_TOKEN", slack.bot_token()),
        ("SLACK_APP_TOKEN", "xapp-1-of-another-app"),
    ];
    let place = Place::new();
    let doctor = printed(&place.run(&["doctor"], &environment).await);
    let wrong = |text: &str| text.contains("invalid_auth") && text.contains("SLACK_APP_TOKEN");
    assert!(doctor.contains("Socket Mode: ") && wrong(&doctor), "{doctor}");
    let tocsin = place.up(&environment).await;
    let told = async {
        loop {
            let (status, ready) = get(&tocsin.url("/readyz")).await;
            // What comes by other ways is taken all the same.
            assert_eq!(status, 200, "{ready}");
            if ready.contains("notes") {
                return ready;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ready = tokio::time::timeout(Duration::from_secs(60), told)
        .await
        .expect("a note");
    assert!(ready.contains("socket_mode") && wrong(&ready), "{ready}");
    let given_up = async {
        loop {
            let (_, metrics) = get(&tocsin.url("/metrics")).await;
            if metrics
                .lines()
                .any(|line| line == "tocsin_slack_sockets_given_up 2")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), given_up)
        .await
        .expect("both connections are given up");
}
