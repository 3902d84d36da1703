//! A link that asks for something: who sends it, what for, and where to afterwards.

use std::sync::Arc;

use url::Url;

use super::scopes::{self, SIGN_IN_SCOPES};
use crate::state::app::{Platform, SimulatedApp};
use crate::state::codes::RequestedGrant;
use crate::state::host::Host;

/// What a link is for, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkPurpose {
    /// `/oauth/v2/authorize`.
    Install,
    /// `/openid/connect/authorize`.
    SignIn,
}

impl LinkPurpose {
    /// What a whole link is for; none where it is no link of Slack's.
    pub(crate) fn of(link: &Url) -> Option<Self> {
        match link.path() {
            "/oauth/v2/authorize" => Some(Self::Install),
            "/openid/connect/authorize" => Some(Self::SignIn),
            _ => None,
        }
    }
}

/// A link that can be answered.
pub(crate) struct Link {
    pub(crate) app: Arc<SimulatedApp>,
    pub(crate) wanted: RequestedGrant,
    /// As the link had it, for the exchange of the code.
    pub(crate) redirect_uri: Option<String>,
    /// The team that the person is to choose.
    pub(crate) team: Option<Arc<Host>>,
    back: Url,
    state: Option<String>,
}

/// Why a link cannot be answered.
#[derive(Debug)]
pub(crate) enum LinkRefusal {
    /// The person is told, and stays.
    Shown(&'static str),
    /// The app is told.
    SentBack(Url),
}

impl Link {
    /// Reads a link's query.
    pub(crate) fn read(platform: &Platform, purpose: LinkPurpose, query: &str) -> Result<Self, LinkRefusal> {
        let given = |name: &str| {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let mut values = pairs.filter(|(key, value)| key == name && !value.is_empty());
            values.next().map(|(_, value)| value.into_owned())
        };
        let client_id = given("client_id").unwrap_or_default();
        let app = platform
            .app(&client_id)
            .ok_or(LinkRefusal::Shown("invalid_client_id"))?;
        let redirect_uri = given("redirect_uri");
        let back = match &redirect_uri {
            Some(text) => Url::parse(text).ok(),
            None => app.redirect_urls.first().cloned(),
        };
        let back = back
            .filter(|url| app.may_redirect_to(url))
            .ok_or(LinkRefusal::Shown("bad_redirect_uri"))?;
        let state = given("state");
        let refuse = |error: &str| LinkRefusal::SentBack(answer(&back, state.as_deref(), ("error", error)));
        let wanted = match purpose {
            LinkPurpose::Install => installation(given("scope"), given("user_scope")),
            LinkPurpose::SignIn if given("response_type").as_deref() != Some("code") => {
                return Err(refuse("unsupported_response_type"));
            }
            LinkPurpose::SignIn => sign_in(given("scope"), given("nonce")),
        };
        let wanted = wanted.ok_or_else(|| refuse("invalid_scope"))?;
        let team = match given("team") {
            None => None,
            Some(id) => Some(
                platform
                    .team(&id)
                    .filter(|host| Arc::ptr_eq(&host.app, &app))
                    .ok_or_else(|| refuse("invalid_team_for_non_distributed_app"))?,
            ),
        };
        Ok(Self {
            app,
            wanted,
            redirect_uri,
            team,
            back,
            state,
        })
    }

    /// Whether a person of this team may answer it.
    pub(crate) fn is_for(&self, host: &Host) -> bool {
        let named = self
            .team
            .as_ref()
            .is_none_or(|team| team.read(|ws| ws.team.id.clone()) == host.read(|ws| ws.team.id.clone()));
        named && Arc::ptr_eq(&host.app, &self.app)
    }

    /// Where the person goes with a code.
    pub(crate) fn with_code(&self, code: &str) -> Url {
        answer(&self.back, self.state.as_deref(), ("code", code))
    }

    /// Where the person goes who has said no.
    pub(crate) fn denied(&self) -> Url {
        answer(&self.back, self.state.as_deref(), ("error", "access_denied"))
    }

    /// Where the person goes, without a path: what a page has to permit.
    pub(crate) fn origin(&self) -> String {
        self.back.origin().ascii_serialization()
    }
}

fn answer(back: &Url, state: Option<&str>, (name, value): (&str, &str)) -> Url {
    let mut url = back.clone();
    url.query_pairs_mut().append_pair(name, value);
    if let Some(state) = state {
        url.query_pairs_mut().append_pair("state", state);
    }
    url
}

fn installation(bot: Option<String>, user: Option<String>) -> Option<RequestedGrant> {
    let bot = scopes::read(&bot.unwrap_or_default());
    let user = scopes::read(&user.unwrap_or_default());
    let known = bot.iter().all(|scope| scopes::is_of_bots(scope))
        && user.iter().all(|scope| scopes::is_of_people(scope));
    let any = !bot.is_empty() || !user.is_empty();
    (known && any).then_some(RequestedGrant::Install { bot, user })
}

fn sign_in(list: Option<String>, nonce: Option<String>) -> Option<RequestedGrant> {
    let scopes = scopes::read(&list.unwrap_or_default());
    let known = scopes
        .iter()
        .all(|scope| SIGN_IN_SCOPES.contains(&scope.as_str()));
    let names_itself = scopes.iter().any(|scope| scope == "openid");
    (known && names_itself).then_some(RequestedGrant::SignIn { scopes, nonce })
}
