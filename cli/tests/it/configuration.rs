//! What is refused, and how; what is shown, and what never is.

use crate::process::{Place, complaint, printed};

/// What is set, and what the refusal must say: the setting, and what to do.
const FAULTS: &[(&str, &str, &[&str])] = &[
    (
        "TOCSIN_LISTEN",
        "8080",
        &["TOCSIN_LISTEN (8080)", "127.0.0.1:8080"],
    ),
    (
        "TOCSIN_LISTEN",
        "example.com:80",
        &["TOCSIN_LISTEN", "IP address and a port"],
    ),
    (
        "TOCSIN_PUBLIC_URL",
        "tocsin.example.com",
        &["TOCSIN_PUBLIC_URL", "https://"],
    ),
    (
        "TOCSIN_PUBLIC_URL",
        "https://tocsin.example.com/?a=b",
        &["TOCSIN_PUBLIC_URL", "query"],
    ),
    (
        "TOCSIN_DATABASE_URL",
        "mysql://a:hidden@b/c",
        &["TOCSIN_DATABASE_URL (mysql://a:****@b/c)", "postgres://"],
    ),
    (
        "TOCSIN_DATABASE_URL",
        "tocsin.db",
        &["TOCSIN_DATABASE_URL (tocsin.db)", "sqlite://"],
    ),
    (
        "TOCSIN_DATABASE_URL",
        "sqlite::memory:",
        &["TOCSIN_DATABASE_URL", "forget"],
    ),
    (
        "TOCSIN_DATABASE_CONNECTIONS",
        "0",
        &["TOCSIN_DATABASE_CONNECTIONS (0)", "1 to 1000"],
    ),
    (
        "TOCSIN_HTTP_CONNECTIONS",
        "3",
        &["TOCSIN_HTTP_CONNECTIONS (3)", "16 to 1000000"],
    ),
    (
        "TOCSIN_PUBLIC_URL",
        "https://user:hidden@tocsin.example.com/?a=b",
        &["TOCSIN_PUBLIC_URL (https://user:****@tocsin.example.com", "query"],
    ),
    (
        "SLACK_CHANNEL",
        "xoxb-hidden",
        &["SLACK_CHANNEL (****, 11 characters)", "#incidents"],
    ),
    (
        "TOCSIN_REDIS_URL",
        "localhost:6379",
        &["TOCSIN_REDIS_URL", "redis://"],
    ),
    (
        "TOCSIN_REDIS_URL",
        "rediss://:hidden@cache",
        &["TOCSIN_REDIS_URL (rediss://:****@cache)", "TLS"],
    ),
    (
        "TOCSIN_BRIDGE_TOKEN",
        "hidden",
        &["TOCSIN_BRIDGE_TOKEN (****, 6 characters)", "openssl rand"],
    ),
    (
        "TOCSIN_ADMIN_KEY",
        "hidden",
        &["TOCSIN_ADMIN_KEY (****, 6 characters)", "openssl rand"],
    ),
    (
        "TOCSIN_SECRET_KEY",
        "hidden",
        &[
            "TOCSIN_SECRET_KEY (****, 6 characters)",
            "openssl rand -base64 32",
        ],
    ),
    (
        "TOCSIN_SECRET_KEY",
        "aGlkZGVu",
        &["TOCSIN_SECRET_KEY", "6 bytes, not 32"],
    ),
    (
        "TOCSIN_INTROSPECTION",
        "yes",
        &["TOCSIN_INTROSPECTION (yes)", "public", "authenticated", "off"],
    ),
    (
        "TOCSIN_LOG",
        "tocsin=loud",
        &["TOCSIN_LOG (tocsin=loud)", "debug"],
    ),
    (
        "TOCSIN_LOG_FORMAT",
        "xml",
        &["TOCSIN_LOG_FORMAT (xml)", "pretty or json"],
    ),
    (
        "TOCSIN_SLACK_PACE",
        "fast",
        &["TOCSIN_SLACK_PACE (fast)", "documented"],
    ),
    (
        "SLACK_BOT_TOKEN",
        "xoxp-hidden",
        &["SLACK_BOT_TOKEN (****, 11 characters)", "xoxb-"],
    ),
    (
        "SLACK_BOT_TOKEN",
        "xoxb-hidden",
        &["SLACK_SIGNING_SECRET is not", "Basic Information"],
    ),
    (
        "SLACK_SIGNING_SECRET",
        "hidden",
        &["SLACK_SIGNING_SECRET (****, 6 characters)", "Basic Information"],
    ),
    (
        "SLACK_CHANNEL",
        "incidents",
        &["SLACK_CHANNEL (incidents)", "#incidents"],
    ),
    ("SLACK_APP_TOKEN", "hidden", &["SLACK_APP_TOKEN", "xapp-"]),
];

#[tokio::test]
async fn each_fault_is_named_with_what_to_do_and_nothing_is_made() {
    let place = Place::new();
    for (variable, value, expected) in FAULTS {
        let output = place.run(&["migrate"], &[(variable, value)]).await;
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{variable}={value}: {complaint}");
        for words in *expected {
            assert!(
                complaint.contains(words),
                "{variable}={value} should say {words}: {complaint}"
            );
        }
        assert!(
            !complaint.contains("hidden"),
            "{variable}={value} tells a secret: {complaint}"
        );
    }
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[tokio::test]
async fn all_faults_are_named_at_once_wherever_they_are() {
    let place = Place::new();
    place.write(
        "tocsin.toml",
        "databse_url = \"sqlite://a.db\"\npublic_url = 7\n[slack]\nbot_tokn = \"hidden\"\n",
    );
    let environment = [("TOCSIN_LISTEN", "here"), ("TOCSIN_LOG_FORMAT", "xml")];
    let output = place.run(&["up", "--api-url", "there"], &environment).await;
    insta::assert_snapshot!(complaint(&output), @r"
    tocsin: the configuration has 6 faults:
      - databse_url in tocsin.toml is no setting; did you mean database_url?
      - slack.bot_tokn in tocsin.toml is no setting; did you mean slack.bot_token?
      - TOCSIN_LISTEN (here) is not an address to listen on; write an IP address and a port, such as 127.0.0.1:8080 or 0.0.0.0:8080
      - public_url in tocsin.toml (7) is not a web address; write it with its scheme, such as https://tocsin.example.com
      - --api-url (there) is not a web address; write it with its scheme, such as https://tocsin.example.com
      - TOCSIN_LOG_FORMAT (xml) is no log format; write pretty or json
    ");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_file_that_is_no_toml_is_shown_where_it_breaks_beside_the_other_faults() {
    let place = Place::new();
    place.write("tocsin.toml", "listen = \n");
    let output = place.run(&["up"], &[("TOCSIN_LOG_FORMAT", "xml")]).await;
    let complaint = complaint(&output);
    assert!(complaint.contains("2 faults"), "{complaint}");
    assert!(
        complaint.contains("tocsin.toml can't be read") && complaint.contains("line 1"),
        "{complaint}"
    );
    assert!(complaint.contains("TOCSIN_LOG_FORMAT (xml)"), "{complaint}");
}

#[tokio::test]
async fn no_line_of_a_file_is_repeated_where_it_is_wrong() {
    for text in [
        "[slack]\nbot_token = xoxb-hidden\n",
        "[slack]\nbot_token = \"xoxb-hidden\n",
        "[slack\nbot_token = \"xoxb-hidden\"\n",
        "xoxb-hidden-1 = 1\n",
        "[slack]\nxoxb-hidden-1 = 1\n",
        "slack = \"xoxb-hidden\"\n",
        "[slack]\nbot_token = [\"xoxb-hidden\"]\n",
        "bot_token = \"xoxb-hidden\"\nbot_token = \"xoxb-hidden\"\n",
        "channel = \"\\xoxb-hidden\"\n",
    ] {
        let place = Place::new();
        place.write("tocsin.toml", text);
        let output = place.run(&["migrate"], &[]).await;
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            complaint.contains("tocsin.toml") || complaint.contains("slack"),
            "{text}: {complaint}"
        );
        assert!(!complaint.contains("hidden"), "{text}: {complaint}");
    }
}

#[tokio::test]
async fn a_secret_on_the_command_line_is_not_repeated() {
    for arguments in [
        &["xoxb-hidden"][..],
        &["--xoxb-hidden"],
        &["--slack-bot-token=xoxb-hidden"],
        &["key", "create", "a", "--scopes", "xoxb-hidden"],
        &["simulator", "--callbacks", "http://user:hidden@"],
        &[
            "--public-url",
            "https://user:hidden@tocsin.example.com/?a=b",
            "migrate",
        ],
    ] {
        let output = Place::new().run(arguments, &[]).await;
        assert!(!output.status.success(), "{arguments:?}");
        let said =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(
            !said.is_empty() && !said.contains("hidden"),
            "{arguments:?}: {said}"
        );
    }
}

#[tokio::test]
async fn a_file_that_was_named_must_be_there() {
    let output = Place::new()
        .run(&["migrate", "--config", "elsewhere.toml"], &[])
        .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complaint(&output).contains("elsewhere.toml can't be read"),
        "{}",
        complaint(&output)
    );
}

#[tokio::test]
async fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    place.write(
        "tocsin.toml",
        "public_url = \"http://file.test\"\napi_url = \"http://file.test\"\nlog = \"debug\"\ndatabase_connections = 3\n",
    );
    let environment = [
        ("TOCSIN_PUBLIC_URL", "http://variable.test"),
        ("TOCSIN_API_URL", "http://variable.test"),
    ];
    let output = place
        .run(&["doctor", "--public-url", "http://flag.test"], &environment)
        .await;
    let printed = printed(&output);
    for (variable, value, origin) in [
        ("TOCSIN_PUBLIC_URL", "http://flag.test", "flag"),
        ("TOCSIN_API_URL", "http://variable.test", "environment"),
        ("TOCSIN_LOG", "debug", "tocsin.toml"),
        ("TOCSIN_DATABASE_CONNECTIONS", "3", "tocsin.toml"),
        ("SLACK_CHANNEL", "#incidents", "default"),
    ] {
        let row = printed
            .lines()
            .find(|line| line.split_whitespace().next() == Some(variable));
        let row = row.unwrap_or_else(|| panic!("no {variable} in {printed}"));
        assert!(row.contains(value) && row.trim_end().ends_with(origin), "{row}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_an_unset_one() {
    let output = Place::new()
        .run(&["doctor"], &[("SLACK_BOT_TOKEN", ""), ("TOCSIN_REDIS_URL", "")])
        .await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let place = Place::new();
    let secret_key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=";
    let environment = [
        ("TOCSIN_DATABASE_URL", "postgres://tocsin:secret@127.0.0.1:1/none"),
        ("TOCSIN_REDIS_URL", "redis://:secret@127.0.0.1:1"),
        ("TOCSIN_BRIDGE_TOKEN", "secret-secret-secret-secret-secret"),
        ("TOCSIN_ADMIN_KEY", "secret-admin-secret-admin-secret"),
        ("TOCSIN_SECRET_KEY", secret_key),
        ("SLACK_BOT_TOKEN", "xoxb-secret"),
        ("SLACK_SIGNING_SECRET", "secret-signing-secret"),
        ("SLACK_CLIENT_ID", "123.456"),
        ("SLACK_CLIENT_SECRET", "secret-client"),
        ("SLACK_APP_TOKEN", "xapp-secret"),
        ("SLACK_API_URL", "http://127.0.0.1:1/api"),
        ("TOCSIN_LOG", "trace"),
    ];
    for arguments in [&["doctor"][..], &["migrate"]] {
        let output = place.run(arguments, &environment).await;
        assert_eq!(output.status.code(), Some(1));
        let all = printed(&output) + &complaint(&output);
        assert!(
            !all.contains("secret@") && !all.contains("secret-") && !all.contains("-secret"),
            "{all}"
        );
        assert!(!all.contains(secret_key), "{all}");
    }
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_a_question_of_usage() {
    let output = Place::new().run(&["upp"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("'up'"), "{}", complaint(&output));
}
