//! Further teams: how each is furnished.

use url::Url;

use crate::config::{ChannelSeed, PersonSeed, SimulatorConfig};
use crate::state::app::SimulatedApp;
use crate::state::workspace::person::readable_id;

/// An app of its own for a team, beside the simulator's.
#[derive(Debug, Clone)]
pub struct AppSeed {
    /// `A…`
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Who it is when people are asked to install it.
    pub client_id: String,
    /// What it proves that with.
    pub client_secret: String,
    /// Key of the signature on what it is sent.
    pub signing_secret: String,
    /// What `apps.connections.open` takes.
    pub app_token: String,
    /// As [`SimulatorConfig::redirect_urls`].
    pub redirect_urls: Vec<Url>,
    /// As [`SimulatorConfig::token_rotation`].
    pub token_rotation: bool,
}

impl AppSeed {
    /// An app with credentials that no other has. Its name makes them: it is given once.
    pub fn new(name: &str) -> Self {
        let id = readable_id('A', name);
        Self {
            name: name.to_owned(),
            client_id: format!("{id}.client"),
            client_secret: format!("{id}-client-secret"),
            signing_secret: format!("{id}-signing-secret"),
            app_token: format!("xapp-1-{id}-1-simulated"),
            redirect_urls: Vec::new(),
            token_rotation: false,
            id,
        }
    }
}

/// A further team.
#[derive(Debug, Clone)]
pub struct TeamSeed {
    /// What it is called.
    pub name: String,
    /// The people.
    pub people: Vec<PersonSeed>,
    /// The channels.
    pub channels: Vec<ChannelSeed>,
    /// By which the app is installed from the start; `None`: somebody installs it by OAuth.
    pub bot_token: Option<String>,
    /// The team's own app; `None`: the simulator's, which all such teams share.
    pub app: Option<AppSeed>,
}

impl TeamSeed {
    /// A team of the default people and channels that has not installed the app.
    pub fn new(name: &str) -> Self {
        let SimulatorConfig { people, channels, .. } = SimulatorConfig::default();
        Self {
            name: name.to_owned(),
            people,
            channels,
            bot_token: None,
            app: None,
        }
    }

    /// The same team, with the app installed by this token.
    #[must_use]
    pub fn installed(self, bot_token: &str) -> Self {
        Self {
            bot_token: Some(bot_token.to_owned()),
            ..self
        }
    }

    /// The same team, with an app of its own.
    #[must_use]
    pub fn with_app(self, app: AppSeed) -> Self {
        Self {
            app: Some(app),
            ..self
        }
    }

    /// How it is furnished: as the first team but for what is its own.
    pub(crate) fn config(self, first: &SimulatorConfig) -> SimulatorConfig {
        SimulatorConfig {
            team_name: self.name,
            people: self.people,
            channels: self.channels,
            installed: self.bot_token.is_some(),
            bot_token: self.bot_token.unwrap_or_default(),
            state_file: None,
            ..first.clone()
        }
    }
}

impl SimulatedApp {
    /// A team's own.
    pub(crate) fn seeded(seed: AppSeed) -> Self {
        Self {
            id: seed.id,
            name: seed.name,
            client_id: seed.client_id,
            client_secret: seed.client_secret,
            signing_secret: seed.signing_secret,
            app_token: seed.app_token,
            redirect_urls: seed.redirect_urls,
            token_rotation: seed.token_rotation,
            ..Self::of(&SimulatorConfig::default())
        }
    }
}
