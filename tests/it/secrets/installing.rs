//! The app is installed by OAuth, its tokens are renewed, and an organisation makes an app of its own known.

use anyhow::Context;
use serde_json::{Value, json};
use tocsin_tests::{World, until};
use url::Url;

use super::{
    APP_TOKEN, CLIENT_SECRET, MARKER, SIGNING_SECRET,
    given_away::{GivenAway, http},
};

const LINK: &str = "{ slackInstallUrl { url expiresAt scopes userErrors { code message } } }";
const TEAMS: &str = "{ slackWorkspaces { id name status reasonCode reason teamId manifestVersion } }";

/// A link is followed, its way back taken twice, another's is cancelled, a third is forged; then the tokens expire.
pub(super) async fn by_oauth(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    let alice = world.slack().person("alice");
    let (link, state) = link(world, given_away).await?;
    let back = alice.allow(&link)?;
    let code = parameter(&back, "code")?;
    for _ in 0..2 {
        given_away
            .keep("the way back", http().get(here(world, &back)))
            .await?;
    }
    let (link, other) = self::link(world, given_away).await?;
    let back = alice.deny(&link)?;
    given_away
        .keep("the way back", http().get(here(world, &back)))
        .await?;
    let mut forged = back.clone();
    forged
        .query_pairs_mut()
        .clear()
        .append_pair("state", "forged")
        .append_pair("code", &code);
    given_away
        .keep("the way back", http().get(here(world, &forged)))
        .await?;
    installed(world).await?;
    let token = world.slack().token().context("a token")?;
    world.slack().expire_tokens();
    world.admin().trigger(MARKER).await?;
    until("Slack has given another token", async || {
        world.slack().token().filter(|now| *now != token)
    })
    .await?;
    installed(world).await?;
    given_away.ask(world, TEAMS, &Value::Null).await?;
    given_away.forbid(code);
    given_away.forbid(token);
    for state in [state, other] {
        given_away.forbid_in_output(state);
    }
    Ok(())
}

/// A link for an administrator's browser, and what only that browser may know.
async fn link(world: &World, given_away: &mut GivenAway) -> anyhow::Result<(Url, String)> {
    let answer = given_away.ask(world, LINK, &Value::Null).await?;
    let link = answer["data"]["slackInstallUrl"]["url"].as_str();
    let link = Url::parse(link.with_context(|| format!("a link in {answer}"))?)?;
    let state = parameter(&link, "state")?;
    Ok((link, state))
}

async fn installed(world: &World) -> anyhow::Result<()> {
    until("the app is installed by OAuth, and works", async || {
        let answer = world.admin().ask(TEAMS, &Value::Null).await.ok()?;
        let all = answer["slackWorkspaces"].as_array()?.clone();
        let works = |one: &Value| one["status"] == "ACTIVE" && one["manifestVersion"].is_i64();
        all.iter().any(works).then_some(())
    })
    .await
}

fn parameter(url: &Url, name: &str) -> anyhow::Result<String> {
    let found = url.query_pairs().find(|(key, _)| key == name);
    let (_, value) = found.with_context(|| format!("no {name} in {url}"))?;
    Ok(value.into_owned())
}

/// An address at the public one, as the proxy before it leads to a bridge.
fn here(world: &World, url: &Url) -> String {
    let query = url.query().unwrap_or_default();
    format!("{}{}?{query}", world.bridge(0).base(), url.path())
}

/// An app of the organisation's own, with all of its secrets, and with what is none.
pub(super) async fn own_app(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    const CREATE: &str = "mutation($input: CreateSlackAppInput!) { createSlackApp(input: $input) {
        app { id name clientId clientSecretSet signingSecretSet appTokenSet } userErrors { code message field } } }";
    const APPS: &str = "{ slackApps { id name clientId clientSecretSet signingSecretSet appTokenSet sealed { clientSecret } } }";
    let input = json!({"name": MARKER, "clientId": "123.456", "clientSecret": CLIENT_SECRET, "signingSecret": SIGNING_SECRET,
        "appToken": APP_TOKEN});
    let wrong = json!({"name": "", "clientId": CLIENT_SECRET, "clientSecret": [CLIENT_SECRET], "signingSecret": APP_TOKEN});
    for input in [&input, &input, &wrong] {
        given_away.ask(world, CREATE, &json!({"input": input})).await?;
    }
    given_away.ask(world, APPS, &Value::Null).await?;
    Ok(())
}
