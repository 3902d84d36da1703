//! `tocsin backup` and `tocsin restore`, as an operator meets them.

use std::os::unix::fs::PermissionsExt;

use crate::process::{Place, complaint, printed};

const KEY: &str = "an-admin-key-of-the-backup-in-tests-1";

/// A place with a database that was used and is at rest.
async fn used() -> Place {
    let place = Place::new();
    let tocsin = place.up(&[("TOCSIN_ADMIN_KEY", KEY)]).await;
    let trigger = r#"mutation { triggerIncident(input: {title: "Known"}) { incident { number } } }"#;
    let answer = tocsin.ask(KEY, trigger).await;
    assert_eq!(
        answer["data"]["triggerIncident"]["incident"]["number"], 1,
        "{answer}"
    );
    assert_eq!(tocsin.stop().await.0, Some(0));
    place
}

async fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    complaint(&output)
}

#[tokio::test]
async fn a_backup_is_its_owners_alone_and_replaces_no_file_unasked() {
    let place = used().await;
    let made = place.run(&["backup", "copy.tocsin"], &[]).await;
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    let file = place.path().join("copy.tocsin");
    let permissions = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(permissions, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let key = std::fs::read_to_string(place.path().join("tocsin-secret.key")).unwrap();
    assert!(
        !text.contains(key.trim()) && !text.contains(KEY),
        "it holds a key"
    );
    assert!(printed(&made).contains("tocsin-secret.key"), "{}", printed(&made));

    let complained = refused(&place, &["backup", "copy.tocsin"]).await;
    assert!(complained.contains("--overwrite"), "{complained}");
    let again = place.run(&["backup", "copy.tocsin", "--overwrite"], &[]).await;
    assert_eq!(again.status.code(), Some(0), "{}", complaint(&again));
    assert!(
        !place.files().iter().any(|name| name.contains("unfinished")),
        "{:?}",
        place.files()
    );
}

#[tokio::test]
async fn a_backup_that_is_cut_or_altered_is_refused_and_the_database_is_as_it_was() {
    let place = used().await;
    let made = place.run(&["backup", "copy.tocsin"], &[]).await;
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    let whole = std::fs::read_to_string(place.path().join("copy.tocsin")).unwrap();
    let before = std::fs::read(place.path().join("tocsin.db")).unwrap();
    for (file, text, why) in [
        (
            "cut",
            whole.lines().take(20).collect::<Vec<_>>().join("\n"),
            "cut short",
        ),
        (
            "altered",
            whole.replace("Known", "Knows"),
            "checksum does not match",
        ),
        ("other", "Dear diary".to_owned(), "no backup"),
    ] {
        place.write(file, &text);
        let complained = refused(&place, &["restore", file, "--replace"]).await;
        assert!(
            complained.contains(why) && complained.contains("the database is as it was"),
            "{complained}"
        );
    }
    assert_eq!(std::fs::read(place.path().join("tocsin.db")).unwrap(), before);
}

#[tokio::test]
async fn a_restore_into_a_new_place_has_the_incidents_and_asks_for_the_key() {
    let place = used().await;
    let made = place.run(&["backup", "copy.tocsin"], &[]).await;
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    let other = Place::new();
    std::fs::copy(place.path().join("copy.tocsin"), other.path().join("copy.tocsin")).unwrap();
    let restored = other.run(&["restore", "copy.tocsin"], &[]).await;
    assert_eq!(restored.status.code(), Some(0), "{}", complaint(&restored));
    assert!(
        printed(&restored).contains("sealed under the secret key"),
        "{}",
        printed(&restored)
    );
    assert_eq!(other.files(), ["copy.tocsin", "tocsin.db"]);
    let permissions = std::fs::metadata(other.path().join("tocsin.db"))
        .unwrap()
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(permissions, 0o600);
    let tocsin = other.up(&[]).await;
    let answer = tocsin
        .ask(KEY, "{ incidents(first: 5) { nodes { number title } } }")
        .await;
    assert_eq!(
        answer["data"]["incidents"]["nodes"][0]["title"], "Known",
        "{answer}"
    );

    let complained = refused(&other, &["restore", "copy.tocsin", "--replace"]).await;
    assert!(complained.contains("stop Tocsin first"), "{complained}");
    assert_eq!(tocsin.stop().await.0, Some(0));
    let complained = refused(&other, &["restore", "copy.tocsin"]).await;
    assert!(complained.contains("--replace"), "{complained}");
    let again = other.run(&["restore", "copy.tocsin", "--replace"], &[]).await;
    assert_eq!(again.status.code(), Some(0), "{}", complaint(&again));
    let kept = other
        .files()
        .into_iter()
        .filter(|name| name.contains("before_restore"));
    assert_eq!(kept.count(), 1, "{:?}", other.files());
}

#[tokio::test]
async fn a_damaged_database_is_kept_aside_and_the_backup_takes_its_place() {
    let place = used().await;
    let made = place.run(&["backup", "copy.tocsin"], &[]).await;
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    place.write("tocsin.db", &"Dear diary, ".repeat(100));
    let complained = refused(&place, &["restore", "copy.tocsin"]).await;
    assert!(complained.contains("--replace"), "{complained}");
    let restored = place.run(&["restore", "copy.tocsin", "--replace"], &[]).await;
    assert_eq!(restored.status.code(), Some(0), "{}", complaint(&restored));
    let tocsin = place.up(&[]).await;
    let answer = tocsin
        .ask(KEY, "{ incidents(first: 5) { nodes { number } } }")
        .await;
    assert_eq!(answer["data"]["incidents"]["nodes"][0]["number"], 1, "{answer}");
}
