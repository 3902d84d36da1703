//! What README.md tells people to type can be typed.

use crate::process::{Place, complaint};

const README: &str = include_str!("../../../README.md");

/// The lines of all blocks of code in this language.
fn lines(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = README.split(&fence).skip(1);
    let blocks = blocks.map(|rest| rest.split("\n```").next().unwrap_or_default());
    blocks.flat_map(str::lines).collect()
}

#[tokio::test]
async fn every_graphql_document_in_the_readme_is_taken() {
    const KEY: &str = "an-admin-key-of-the-readme-in-tests";
    let place = Place::new();
    let tocsin = place.up(&[("TOCSIN_ADMIN_KEY", KEY)]).await;
    let mut asked = 0;
    for document in lines("graphql") {
        // Those go over a WebSocket.
        if document.starts_with("subscription") {
            continue;
        }
        let answer = tocsin.ask(KEY, document).await;
        // That an id in an example is nobody's is found when the document is executed, and then it was taken.
        let error = &answer["errors"][0];
        assert!(
            error.is_null() || error["path"].is_array(),
            "{document}: {answer}"
        );
        asked += 1;
    }
    assert!(asked > 10, "only {asked} were found");
    assert_eq!(tocsin.stop().await.0, Some(0));
}

#[tokio::test]
async fn every_manifest_in_the_readme_is_printed() {
    let commands: Vec<_> = lines("sh")
        .into_iter()
        .filter_map(|line| line.strip_prefix("tocsin manifest"))
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .collect();
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        // As a shell reads them: words in quotes are one.
        let parts: Vec<_> = command.split('"').collect();
        let mut arguments = vec!["manifest"];
        for (place, part) in parts.iter().enumerate() {
            if place % 2 == 1 {
                arguments.push(part);
            } else {
                arguments.extend(part.split_whitespace());
            }
        }
        let output = Place::new().run(&arguments, &[]).await;
        assert_eq!(output.status.code(), Some(0), "{command}: {}", complaint(&output));
    }
}
