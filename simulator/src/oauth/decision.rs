//! What a person answers to a link.

use url::Url;

use super::link::{Link, LinkPurpose, LinkRefusal};
use crate::error::ActError;
use crate::state::codes::{Grant, RequestedGrant};
use crate::state::host::{Host, lock};

/// Yes, but for some scopes; or no.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decision<'a> {
    Allow { without: &'a [&'a str] },
    Deny,
}

/// Where the person's browser is sent.
pub(crate) fn decide(host: &Host, person: &str, link: &Url, decision: Decision<'_>) -> Result<Url, ActError> {
    let purpose = LinkPurpose::of(link)
        .ok_or_else(|| ActError::NotFound(format!("Slack has no page {}", link.path())))?;
    match Link::read(&host.platform, purpose, link.query().unwrap_or_default()) {
        Ok(link) => answer(host, person, &link, decision),
        Err(LinkRefusal::SentBack(url)) => Ok(url),
        Err(LinkRefusal::Shown(error)) => Err(ActError::Refused(error.to_owned())),
    }
}

/// The same with a link that has been read.
pub(super) fn answer(
    host: &Host,
    person: &str,
    link: &Link,
    decision: Decision<'_>,
) -> Result<Url, ActError> {
    let (user, deleted, team) = host.read(|ws| {
        let person = ws.find_person(person)?;
        Ok((person.id.clone(), person.deleted, ws.team.clone()))
    })?;
    if deleted {
        return Err(ActError::Refused(format!("{person} is deactivated")));
    }
    if !link.is_for(host) {
        return Err(ActError::Refused(format!(
            "this link is for another team than {}",
            team.name
        )));
    }
    let Decision::Allow { without } = decision else {
        return Ok(link.denied());
    };
    let grant = Grant {
        client_id: link.app.client_id.clone(),
        team: team.id,
        user,
        redirect_uri: link.redirect_uri.clone(),
        wanted: lessened(&link.wanted, without),
    };
    let code = lock(&host.platform.codes).issue(grant);
    Ok(link.with_code(&code))
}

/// What was asked for, without the optional scopes that the person has declined.
fn lessened(wanted: &RequestedGrant, without: &[&str]) -> RequestedGrant {
    let left = |scopes: &[String]| {
        let kept = scopes.iter().filter(|scope| !without.contains(&scope.as_str()));
        kept.cloned().collect()
    };
    match wanted {
        RequestedGrant::Install { bot, user } => RequestedGrant::Install {
            bot: left(bot),
            user: left(user),
        },
        RequestedGrant::SignIn { scopes, nonce } => RequestedGrant::SignIn {
            scopes: left(scopes),
            nonce: nonce.clone(),
        },
    }
}
