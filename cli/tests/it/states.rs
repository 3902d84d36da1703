//! What a machine that is not as it should be is told: a table of states and messages, for `up`, `api` and `doctor`.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::process::{Place, complaint, get, printed};

/// A state of things, and what is said of it: the cause, and the remedy.
struct State {
    /// Brings the state about, and gives the settings.
    make: fn(&Place) -> Vec<(&'static str, String)>,
    words: &'static [&'static str],
}

const OF_FILES: &[State] = &[
    State {
        make: |place| {
            place.write("tocsin.db", &"Dear diary, ".repeat(100));
            Vec::new()
        },
        words: &[
            "is not a SQLite database",
            "set TOCSIN_DATABASE_URL to another file",
        ],
    },
    State {
        // The head of a database, and behind it anything.
        make: |place| {
            let mut bytes = b"SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20".to_vec();
            bytes.extend([0, 0, 0, 1, 0, 0, 0, 1]);
            bytes.resize(4_096, 0xff);
            std::fs::write(place.path().join("tocsin.db"), bytes).expect("written");
            Vec::new()
        },
        words: &["is damaged", "restore a backup"],
    },
    State {
        make: |_| vec![("TOCSIN_DATABASE_URL", "sqlite://nowhere/tocsin.db".to_owned())],
        words: &["there is no directory nowhere", "create it"],
    },
    State {
        make: |place| {
            std::fs::create_dir(place.path().join("tocsin.db")).expect("made");
            Vec::new()
        },
        words: &[
            "can't be read and written",
            "set TOCSIN_DATABASE_URL to another file",
        ],
    },
];

#[tokio::test]
async fn a_broken_file_is_told_with_its_cause_and_remedy() {
    for state in OF_FILES {
        for command in ["up", "doctor"] {
            let place = Place::new();
            let settings = (state.make)(&place);
            let settings: Vec<_> = settings
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let output = place.run(&[command], &settings).await;
            let text = printed(&output) + &complaint(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {text}");
            for words in state.words {
                assert!(text.contains(words), "{command} doesn't say {words:?}: {text}");
            }
        }
    }
}

/// Codes with which PostgreSQL refuses a connection, and what is said of it.
const OF_SERVERS: &[(&str, &[&str])] = &[
    (
        "28P01",
        &[
            "refuses the user or the password",
            "correct the user and the password",
        ],
    ),
    ("28000", &["refuses the user or the password", "pg_hba.conf"]),
    ("3D000", &["does not exist on its server", "CREATE DATABASE"]),
    (
        "53300",
        &["takes no more connections", "lower TOCSIN_DATABASE_CONNECTIONS"],
    ),
    ("57P03", &["is starting or stopping", "wait until it is ready"]),
    ("25006", &["can only be read", "connect to the primary server"]),
    ("53100", &["its disk is full", "free some space"]),
    (
        "42501",
        &["doesn't allow this to its user", "make the user the owner"],
    ),
];

/// A PostgreSQL that refuses every connection with this code.
async fn refusing(code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 1_024];
                let asked = client.read(&mut bytes).await.unwrap_or_default();
                // SSLRequest: no. The startup message follows.
                if asked == 8 {
                    client.write_all(b"N").await.ok();
                    let _startup = client.read(&mut bytes).await;
                }
                let fields = format!("SFATAL\0VFATAL\0C{code}\0Mrefused\0\0");
                let length = u32::try_from(fields.len() + 4).expect("short");
                client.write_all(b"E").await.ok();
                client.write_all(&length.to_be_bytes()).await.ok();
                client.write_all(fields.as_bytes()).await.ok();
            });
        }
    });
    format!("postgres://tocsin:hidden@{address}/tocsin")
}

#[tokio::test]
async fn a_server_that_refuses_is_told_with_its_cause_and_remedy() {
    let asked = OF_SERVERS.iter().map(async |(code, all)| {
        let place = Place::new();
        let url = refusing(code).await;
        for command in ["api", "doctor"] {
            let output = place.run(&[command], &[("TOCSIN_DATABASE_URL", &url)]).await;
            let text = printed(&output) + &complaint(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {text}");
            for words in *all {
                assert!(
                    text.contains(words),
                    "{code}: {command} doesn't say {words:?}: {text}"
                );
            }
            assert!(!text.contains("hidden"), "{text}");
        }
    });
    futures::future::join_all(asked).await;
}

/// Words with which Redis refuses, and what is said of it.
const OF_REDIS: &[(&str, &[&str])] = &[
    (
        "WRONGPASS invalid username-password pair or user is disabled.",
        &[
            "Redis refuses the user or the password",
            "correct them in TOCSIN_REDIS_URL",
        ],
    ),
    (
        "NOAUTH Authentication required.",
        &[
            "Redis refuses the user or the password",
            "correct them in TOCSIN_REDIS_URL",
        ],
    ),
    (
        "ERR max number of clients reached",
        &["Redis takes no more connections", "raise its maxclients"],
    ),
    (
        "LOADING Redis is loading the dataset in memory",
        &["Redis is starting"],
    ),
];

/// A Redis that answers everything so.
async fn grumbling(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4_096];
                while let Ok(asked) = client.read(&mut bytes).await {
                    if asked == 0 {
                        return;
                    }
                    // One answer for each command: each begins with an array.
                    let commands = String::from_utf8_lossy(&bytes[..asked]).matches('*').count();
                    let answers = format!("-{answer}\r\n").repeat(commands.max(1));
                    if client.write_all(answers.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("redis://{address}")
}

#[tokio::test]
async fn a_redis_that_refuses_is_told_with_its_cause_and_remedy() {
    for (answer, all) in OF_REDIS {
        let place = Place::new();
        let url = grumbling(answer).await;
        let output = place.run(&["doctor"], &[("TOCSIN_REDIS_URL", &url)]).await;
        let text = printed(&output) + &complaint(&output);
        for words in *all {
            assert!(
                text.contains(words),
                "doctor doesn't say {words:?} of {answer}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn a_damaged_queue_is_moved_aside_at_the_start() {
    let place = Place::new();
    place.write("tocsin-queue.db", &"Dear diary, ".repeat(1_000));
    let tocsin = place.up(&[]).await;
    let (status, _) = get(&tocsin.url("/readyz")).await;
    assert_eq!(status, 200);
    let (_, _) = tocsin.stop().await;
    let files = place.files();
    let aside = files
        .iter()
        .find(|name| name.starts_with("tocsin-queue.db.damaged-"));
    let aside = aside.unwrap_or_else(|| panic!("nothing was moved aside: {files:?}"));
    let kept = std::fs::read_to_string(place.path().join(aside)).expect("readable");
    assert!(kept.starts_with("Dear diary"));
}

#[tokio::test]
async fn files_that_others_may_open_are_told_and_new_ones_are_not() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let tocsin = place.up(&[]).await;
    let is_private = |name: &str| {
        let metadata = std::fs::metadata(place.path().join(name));
        let metadata = metadata.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    };
    for name in [
        "tocsin.db",
        "tocsin.db-wal",
        "tocsin-queue.db",
        "tocsin-secret.key",
    ] {
        is_private(name);
    }
    let (_, _) = tocsin.stop().await;
    // The simulated workspace is written at the end.
    is_private("tocsin-simulator.json");
    let well = printed(&place.run(&["doctor"], &[]).await);
    assert!(!well.contains("chmod"), "{well}");
    std::fs::set_permissions(
        place.path().join("tocsin.db"),
        std::fs::Permissions::from_mode(0o644),
    )
    .expect("it is ours");
    place.write("tocsin.db.copy", "");
    std::fs::set_permissions(
        place.path().join("tocsin.db.copy"),
        std::fs::Permissions::from_mode(0o640),
    )
    .expect("it is ours");
    let told = printed(&place.run(&["doctor"], &[]).await);
    assert!(
        told.contains("tocsin.db (644)") && told.contains("tocsin.db.copy (640)"),
        "{told}"
    );
    assert!(told.contains("chmod 600"), "{told}");
}
