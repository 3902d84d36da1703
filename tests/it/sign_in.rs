//! People sign in to Tocsin's pages: by the slash command's link, and with Slack.

use anyhow::{Context, ensure};
use reqwest::{Client as Browser, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack};
use url::Url;

on_each_stack!(
    the_slash_command_gives_a_link_that_signs_in_once,
    whoever_is_linked_signs_in_with_slack_in_the_browser_in_which_they_began,
);

/// A browser that follows nothing by itself.
fn browser() -> anyhow::Result<Browser> {
    Ok(Browser::builder().no_proxy().redirect(Policy::none()).build()?)
}

/// Where a server leads to.
fn location(response: &Response) -> anyhow::Result<Url> {
    let location = response.headers().get(header::LOCATION);
    let location = location.with_context(|| format!("{} without a location", response.status()))?;
    Ok(location.to_str()?.parse()?)
}

/// The cookie that a server sets, as it comes back.
fn cookie(response: &Response) -> anyhow::Result<String> {
    let set = response.headers().get(header::SET_COOKIE).context("a cookie")?;
    Ok(set.to_str()?.split(';').next().unwrap_or_default().to_owned())
}

/// Uses a link up, as its page does.
async fn redeem(world: &World, link: &Url, cookie: Option<&str>) -> anyhow::Result<Response> {
    let token = link
        .fragment()
        .and_then(|fragment| fragment.strip_prefix("token="));
    let url = format!("{}/sign-in/link", world.api(0).base().trim_end_matches('/'));
    let mut request = browser()?
        .post(url)
        .header(header::ORIGIN, link.origin().ascii_serialization())
        .json(&json!({ "token": token.context("a token")? }));
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    Ok(request.send().await?)
}

/// Who is signed in by this cookie.
async fn viewer(world: &World, link: &Url, cookie: &str) -> anyhow::Result<Value> {
    let url = format!("{}/graphql", world.api(0).base().trim_end_matches('/'));
    let query = "{ viewer { user { email } role session { method } } }";
    let request = browser()?
        .post(url)
        .header(header::ORIGIN, link.origin().ascii_serialization())
        .header(header::COOKIE, cookie)
        .json(&json!({ "query": query }));
    let answer: Value = request.send().await?.json().await?;
    Ok(answer["data"]["viewer"].clone())
}

/// The address of a link in a message.
fn link_in(text: &str) -> Option<Url> {
    let (_, rest) = text.split_once("/sign-in#token=")?;
    let token: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let (before, _) = text.split_once("/sign-in#token=")?;
    let base = &before[before.rfind("http")?..];
    format!("{base}/sign-in#token={token}").parse().ok()
}

async fn the_slash_command_gives_a_link_that_signs_in_once(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let alice = world.slack().person("alice");
    alice.command(CHANNEL, "/incident", "login").await?;
    let told = |snapshot: &tocsin_simulator::Snapshot| {
        let channel = snapshot.channel(CHANNEL)?;
        channel
            .ephemeral
            .iter()
            .find_map(|message| link_in(&message.text).map(|link| (link, message.text.clone())))
    };
    world
        .slack()
        .wait_until(|snapshot| told(snapshot).is_some(), PATIENCE)
        .await?;
    let (link, text) = told(&world.slack().snapshot()).context("it was waited for")?;
    ensure!(text.contains("once, for five minutes"), "{text}");
    let signed_in = redeem(&world, &link, None).await?;
    ensure!(signed_in.status() == StatusCode::OK, "{signed_in:?}");
    let session = cookie(&signed_in)?;
    let who = viewer(&world, &link, &session).await?;
    assert_eq!(
        who,
        json!({ "user": { "email": "alice@example.com" }, "role": "RESPONDER", "session": { "method": "SLACK_LINK" } })
    );
    let again = redeem(&world, &link, None).await?;
    ensure!(again.status() == StatusCode::BAD_REQUEST, "{again:?}");
    ensure!(again.text().await?.contains("LINK_USED"), "it works once");

    world
        .slack()
        .person("guest")
        .command(CHANNEL, "/incident", "login")
        .await?;
    world
        .slack()
        .wait_until(
            |snapshot| {
                let channel = snapshot.channel(CHANNEL).expect("the channel");
                channel
                    .ephemeral
                    .iter()
                    .any(|message| message.text.contains("NOT_LINKED"))
            },
            PATIENCE,
        )
        .await?;
    Ok(())
}

/// Begins to sign in with Slack: Slack's page, and the cookie of the browser.
async fn begin(world: &World) -> anyhow::Result<(Url, String)> {
    let url = format!("{}/slack/sign-in", world.bridge(0).base().trim_end_matches('/'));
    let begun = browser()?.get(url).send().await?;
    Ok((location(&begun)?, cookie(&begun)?))
}

/// Comes back from Slack.
async fn come_back(world: &World, back: &Url, cookie: Option<&str>) -> anyhow::Result<Response> {
    let base = world.bridge(0).base();
    let query = back.query().unwrap_or_default();
    let url = format!("{}{}?{query}", base.trim_end_matches('/'), back.path());
    let mut request = browser()?.get(url);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    Ok(request.send().await?)
}

async fn whoever_is_linked_signs_in_with_slack_in_the_browser_in_which_they_began(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let alice = world.slack().person("alice");
    let (page, held) = begin(&world).await?;
    let back = alice.allow(&page)?;
    // Another browser that comes by Alice's way back is not signed in, and spoils nothing.
    let (_, other) = begin(&world).await?;
    for cookie in [None, Some(other.as_str())] {
        let refused = come_back(&world, &back, cookie).await?;
        let text = refused.text().await?;
        ensure!(text.contains("OTHER_BROWSER"), "{text}");
    }
    let came = come_back(&world, &back, Some(&held)).await?;
    let link = location(&came)?;
    // Neither is one that has seen the link.
    for cookie in [None, Some(other.as_str())] {
        let refused = redeem(&world, &link, cookie).await?;
        ensure!(refused.status() == StatusCode::FORBIDDEN, "{refused:?}");
    }
    let signed_in = redeem(&world, &link, Some(&held)).await?;
    ensure!(signed_in.status() == StatusCode::OK, "{signed_in:?}");
    let who = viewer(&world, &link, &cookie(&signed_in)?).await?;
    assert_eq!(
        who,
        json!({ "user": { "email": "alice@example.com" }, "role": "RESPONDER", "session": { "method": "SLACK" } })
    );
    let again = come_back(&world, &back, Some(&held)).await?.text().await?;
    ensure!(again.contains("LINK_USED"), "{again}");

    let (page, held) = begin(&world).await?;
    let back = world.slack().person("guest").allow(&page)?;
    let stranger = come_back(&world, &back, Some(&held)).await?.text().await?;
    ensure!(
        stranger.contains("NOT_LINKED") && stranger.contains("/incident link"),
        "{stranger}"
    );
    Ok(())
}
