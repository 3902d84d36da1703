//! Slack apps and the teams they meet: what all workspaces of one simulator share.

use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex};

use url::{Host as Name, Url};

use crate::config::SimulatorConfig;
use crate::state::codes::Codes;
use crate::state::host::{Callbacks, Host, lock};
use crate::state::sockets::AppSockets;

/// A Slack app: who it is to Slack, and the ways to it. All teams that install it share it.
pub(crate) struct SimulatedApp {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) signing_secret: String,
    pub(crate) app_token: String,
    /// Where people may be sent back to; anywhere when empty.
    pub(crate) redirect_urls: Vec<Url>,
    pub(crate) token_rotation: bool,
    pub(crate) callbacks: Mutex<Callbacks>,
    pub(crate) sockets: Mutex<AppSockets>,
}

/// The id of the simulator's own app.
const APP_ID: &str = "A0TOCSINAPP";

impl SimulatedApp {
    /// The simulator's own.
    pub(crate) fn of(config: &SimulatorConfig) -> Self {
        Self {
            id: APP_ID.to_owned(),
            name: "Tocsin".to_owned(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            signing_secret: config.signing_secret.clone(),
            app_token: config.app_token.clone(),
            redirect_urls: config.redirect_urls.clone(),
            token_rotation: config.token_rotation,
            callbacks: Mutex::new(Callbacks {
                events: config.events_url.clone(),
                interactions: config.interactions_url.clone(),
                commands: config.commands_url.clone(),
                options: None,
            }),
            sockets: Mutex::default(),
        }
    }

    /// Whether people may be sent back there: over HTTPS or to this machine, to a registered address or below one, without a fragment.
    /// Source: Slack, "Installing with OAuth".
    pub(crate) fn may_redirect_to(&self, url: &Url) -> bool {
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url));
        let registered = self.redirect_urls.is_empty()
            || self.redirect_urls.iter().any(|known| is_at_or_under(url, known));
        secure && url.fragment().is_none() && registered
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Name::Domain(name)) => name == "localhost",
        Some(Name::Ipv4(address)) => address.is_loopback(),
        Some(Name::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

fn is_at_or_under(url: &Url, known: &Url) -> bool {
    let (path, root) = (url.path(), known.path().trim_end_matches('/'));
    let below = path
        .strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    url.origin() == known.origin() && below
}

/// The teams of one simulator, and the sign-ins under way between them and their apps.
#[derive(Default)]
pub(crate) struct Platform {
    teams: Mutex<Vec<Arc<Host>>>,
    pub(crate) codes: Mutex<Codes>,
}

impl Platform {
    pub(crate) fn add(&self, host: Arc<Host>) {
        lock(&self.teams).push(host);
    }

    /// Lets go of the teams, which hold the platform in turn.
    pub(crate) fn clear(&self) {
        lock(&self.teams).clear();
    }

    pub(crate) fn teams(&self) -> Vec<Arc<Host>> {
        lock(&self.teams).clone()
    }

    fn find(&self, is: impl Fn(&Host) -> bool) -> Option<Arc<Host>> {
        self.teams().into_iter().find(|host| is(host))
    }

    /// A team by id.
    pub(crate) fn team(&self, id: &str) -> Option<Arc<Host>> {
        self.find(|host| host.read(|ws| ws.team.id == id))
    }

    /// The team that this token is or was of.
    pub(crate) fn of_token(&self, token: &str) -> Option<Arc<Host>> {
        self.find(|host| {
            host.read(|ws| {
                ws.installation.knows(token) || ws.executions.iter().any(|run| run.has_token(token))
            })
        })
    }

    /// The team that this refresh token is or was of.
    pub(crate) fn of_refresh_token(&self, token: &str) -> Option<Arc<Host>> {
        self.find(|host| host.read(|ws| ws.installation.knows_refresh(token)))
    }

    /// The app that goes by this client id.
    pub(crate) fn app(&self, client_id: &str) -> Option<Arc<SimulatedApp>> {
        self.find(|host| host.app.client_id == client_id)
            .map(|host| Arc::clone(&host.app))
    }

    /// A team whose app opens its WebSockets with this token.
    pub(crate) fn of_app_token(&self, token: &str) -> Option<Arc<Host>> {
        self.find(|host| host.app.app_token == token)
    }

    /// A team whose app was given this address of a WebSocket.
    pub(crate) fn of_ticket(&self, ticket: &str) -> Option<Arc<Host>> {
        self.find(|host| lock(&host.app.sockets).has_ticket(ticket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirects(registered: &[&str], to: &str) -> bool {
        let app = SimulatedApp {
            redirect_urls: registered.iter().map(|url| Url::parse(url).unwrap()).collect(),
            ..SimulatedApp::of(&SimulatorConfig::default())
        };
        app.may_redirect_to(&Url::parse(to).unwrap())
    }

    #[test]
    fn people_are_sent_back_to_registered_addresses_and_below_them() {
        let known = ["https://tocsin.example.com/slack"];
        assert!(redirects(&known, "https://tocsin.example.com/slack"));
        assert!(redirects(
            &known,
            "https://tocsin.example.com/slack/oauth/callback?x=1"
        ));
        for other in [
            "https://tocsin.example.com/slackers",
            "https://tocsin.example.com/",
            "https://evil.example.com/slack",
            "http://tocsin.example.com/slack",
            "https://tocsin.example.com:8443/slack",
            "https://tocsin.example.com/slack#token",
        ] {
            assert!(!redirects(&known, other), "{other}");
        }
    }

    #[test]
    fn without_a_registered_address_only_insecure_ones_are_refused() {
        assert!(redirects(&[], "https://tocsin.example.com/back"));
        assert!(redirects(&[], "http://127.0.0.1:8080/back"));
        assert!(redirects(&[], "http://localhost:8080/back"));
        assert!(!redirects(&[], "http://tocsin.example.com/back"));
        assert!(!redirects(&[], "ftp://127.0.0.1/back"));
    }
}
