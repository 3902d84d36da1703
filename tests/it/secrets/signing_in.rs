//! A member signs in: neither the link's token nor the session's secret is found anywhere but in the browser.

use anyhow::Context;
use reqwest::header;
use serde_json::json;
use tocsin_tests::World;

use super::given_away::GivenAway;

/// Signs a member in by a link of the command line, and works with the session.
pub(super) async fn by_link(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    let printed = world.succeed(&["login-link", "alice@example.com"]).await?;
    let (before, token) = printed.split_once("/sign-in#token=").context("a link")?;
    let origin = before[before.rfind("http").unwrap_or_default()..].to_owned();
    let token: String = token
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    given_away.forbid(token.clone());
    let browser = reqwest::Client::builder().no_proxy().build()?;
    let base = world.admin().base();
    let mut session = String::new();
    // The second time it is refused, and that repeats nothing.
    for path in ["sign-in/look", "sign-in/link", "sign-in/link"] {
        let answer = browser
            .post(format!("{}/{path}", base.trim_end_matches('/')))
            .header(header::ORIGIN, &origin)
            .json(&json!({ "token": token }))
            .send()
            .await?;
        if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
            cookie
                .to_str()?
                .split(';')
                .next()
                .unwrap_or_default()
                .clone_into(&mut session);
        }
    }
    let (_, secret) = session.split_once('=').context("a session")?;
    given_away.forbid(secret.to_owned());
    let query = json!({ "query": "{ viewer { session { id } sessions { id userAgent } } auditLog { nodes { after } } }" });
    for origin in [origin.as_str(), "https://evil.example"] {
        let request = browser
            .post(format!("{}/graphql", base.trim_end_matches('/')))
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, &session)
            .json(&query);
        given_away.keep("GraphQL by a session", request).await?;
    }
    Ok(())
}
