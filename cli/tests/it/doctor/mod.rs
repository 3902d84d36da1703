//! `tocsin doctor` finds each misconfiguration: a table of what is wrong, and what is said of it.

mod cases;
mod connected;

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use axum::{Router, http::header};
use tocsin_simulator::{ALL_SCOPES, Fault, FaultKind, Simulator, SimulatorConfig};

use crate::process::{Place, client, complaint, printed};
use cases::{CASES, Case, Mark, SIGNING_SECRET};

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_each_misconfiguration_and_says_what_to_do() {
    for (number, case) in CASES.iter().enumerate() {
        let place = Place::new();
        let slack = workspace(case).await;
        let mut environment = slack.as_deref().map(of_workspace).unwrap_or_default();
        let own: Vec<_> = case
            .environment
            .iter()
            .map(|&(name, value)| (name, value.to_owned()))
            .collect();
        environment.retain(|(name, _)| !own.iter().any(|(own, _)| own == name));
        environment.extend(own);
        let told = examine(&place, &environment).await;
        let what = format!("case {number}, which should say {:?}", case.words);
        assert_eq!(told.code, case.code, "{what}: {}", told.text);
        assert!(told.says(case.mark, case.words), "{what}: {}", told.text);
        assert!(
            !told.text.contains("hidden"),
            "{what} tells a secret: {}",
            told.text
        );
        assert!(place.files().is_empty(), "{what} leaves {:?}", place.files());
    }
}

/// What the doctor said.
struct Told {
    code: i32,
    text: String,
}

impl Told {
    /// Whether one finding is marked so and has all the words.
    fn says(&self, mark: Mark, words: &[&str]) -> bool {
        self.text
            .lines()
            .map(str::trim_start)
            .any(|line| line.starts_with(mark.text()) && words.iter().all(|words| line.contains(words)))
    }
}

async fn examine(place: &Place, environment: &[(&str, String)]) -> Told {
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let output = place.run(&["doctor"], &environment).await;
    Told {
        code: output.status.code().expect("an exit code"),
        text: printed(&output) + &complaint(&output),
    }
}

async fn workspace(case: &Case) -> Option<Arc<Simulator>> {
    let change = case.slack?;
    let mut config = SimulatorConfig {
        scopes: ALL_SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
        ..SimulatorConfig::default()
    };
    change(&mut config);
    let slack = start(config).await;
    if let Some((method, error)) = case.fault {
        let error = error.to_owned();
        slack.add_fault(Fault::on(method, FaultKind::Error { error }).times(None));
    }
    Some(Arc::new(slack))
}

async fn start(config: SimulatorConfig) -> Simulator {
    // It brings the provider of cryptography that the simulator wants too.
    let _client = client();
    let slack = Simulator::start(config).await.expect("a workspace");
    slack.set_socket_mode(true);
    slack
}

fn of_workspace(slack: &Simulator) -> Vec<(&'static str, String)> {
    vec![
        ("SLACK_API_URL", slack.api_url().to_string()),
        ("SLACK_BOT_TOKEN", slack.bot_token().to_owned()),
        ("SLACK_SIGNING_SECRET", slack.signing_secret().to_owned()),
    ]
}

#[tokio::test]
async fn an_issuer_is_asked_and_it_is_said_what_to_register_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let document = serde_json::json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let key = serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "one",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let answers =
        |text: String| axum::routing::get(|| async { ([(header::CONTENT_TYPE, "application/json")], text) });
    let router = Router::new()
        .route("/.well-known/openid-configuration", answers(document.to_string()))
        .route("/keys", answers(serde_json::json!({ "keys": [key] }).to_string()));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let told = async |issuer: &str, public_url: &str| {
        let environment = [
            ("TOCSIN_OIDC_ISSUER", issuer.to_owned()),
            ("TOCSIN_OIDC_CLIENT_ID", "tocsin".to_owned()),
            ("TOCSIN_PUBLIC_URL", public_url.to_owned()),
        ];
        examine(&Place::new(), &environment).await
    };
    let well = told(&issuer, "https://tocsin.example.com/ops").await;
    let register = "register this redirect URI there: https://tocsin.example.com/ops/sign-in/oidc/callback";
    assert!(well.says(Mark::Ok, &[register]), "{}", well.text);
    let open = told(&issuer, "http://tocsin.example.com").await;
    assert!(
        open.says(Mark::Wrong, &["is not https, so that nobody is signed in there"]),
        "{}",
        open.text
    );
    let other = told(&format!("{issuer}/"), "https://tocsin.example.com").await;
    assert!(
        other.says(
            Mark::Wrong,
            &["answers not as an OpenID issuer does", "letter by letter"]
        ),
        "{}",
        other.text
    );
    serving.abort();
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_how_much() {
    let late = Router::new().fallback(|| async {
        let date = (header::DATE, "Sat, 01 Jan 2022 00:00:00 GMT");
        ([date], r#"{"ok": false, "error": "invalid_auth"}"#)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/api", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move { axum::serve(listener, late).await });
    let environment = [
        ("SLACK_API_URL", url),
        ("SLACK_BOT_TOKEN", "xoxb-hidden".to_owned()),
        ("SLACK_SIGNING_SECRET", SIGNING_SECRET.to_owned()),
    ];
    let told = examine(&Place::new(), &environment).await;
    serving.abort();
    assert!(
        told.says(
            Mark::Wrong,
            &["s ahead of Slack's", "more than 300 s", "keep it by NTP"]
        ),
        "{}",
        told.text
    );
}

#[tokio::test]
async fn secrets_that_others_may_read_are_told_with_what_to_do() {
    let place = Place::new();
    place.write(
        "tocsin.toml",
        "[slack]\nsigning_secret = \"hidden-hidden-hidden\"\n",
    );
    let file = place.path().join("tocsin.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("it is ours");
    let told = examine(&place, &[]).await;
    assert_eq!(told.code, 0, "{}", told.text);
    assert!(
        told.says(
            Mark::Look,
            &["tocsin.toml holds signing_secret", "chmod 600 tocsin.toml"]
        ),
        "{}",
        told.text
    );
    assert!(!told.text.contains("hidden"), "{}", told.text);
}
