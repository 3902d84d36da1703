//! The Slack apps whose requests are taken: the server's own, and those that organisations have made known.
//!
//! An organisation that has made an app known can sign any request of that app's. So what such an app has signed may concern only teams in which all
//! that is connected is the organisation's own: see [`crate::installation`].

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::SecretString;
use tocsin_entity::id::{OrganizationId, SlackAppId};
use tocsin_seal::Sealer;
use tocsin_slack_app::sealing::app_place;
use tocsin_slack_client::oauth::ClientConfig;
use tokio::sync::watch;

/// An organisation's own Slack app.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationApp {
    pub(crate) id: SlackAppId,
    pub(crate) organization: OrganizationId,
    /// Grows with each change.
    pub(crate) version: i64,
    pub(crate) client: Option<ClientConfig>,
    pub(crate) signing_secret: Option<SecretString>,
    /// For Socket Mode.
    pub(crate) socket_token: Option<SecretString>,
}

/// All apps of organisations. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Apps {
    known: Arc<RwLock<BTreeMap<SlackAppId, OrganizationApp>>>,
    changed: Arc<watch::Sender<()>>,
}

impl Default for Apps {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            changed: Arc::new(watch::Sender::new(())),
        }
    }
}

impl Apps {
    pub(crate) fn all(&self) -> Vec<OrganizationApp> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
    }

    pub(crate) fn get(&self, id: SlackAppId) -> Option<OrganizationApp> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }

    /// Tells of every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// These are all there are.
    pub(crate) fn set(&self, sealer: Option<&Sealer>, wanted: Vec<tocsin_client::SlackApp>) {
        let before = self.all();
        let is_same = wanted.len() == before.len()
            && wanted.iter().all(|one| {
                before
                    .iter()
                    .any(|app| app.id == one.id && app.version == one.version)
            });
        if is_same {
            return;
        }
        let opened = wanted
            .into_iter()
            .map(|one| (one.id, OrganizationApp::open(sealer, one)));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = opened.collect();
        self.changed.send_replace(());
    }
}

/// By which Slack knows apps in OAuth. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct AppClients {
    pub(crate) apps: Apps,
    /// The server's own.
    pub(crate) servers: Option<ClientConfig>,
}

impl AppClients {
    /// That of an app: the server's, or an organisation's own.
    pub(crate) fn get(&self, app: Option<SlackAppId>) -> Option<ClientConfig> {
        match app {
            None => self.servers.clone(),
            Some(id) => self.apps.get(id)?.client,
        }
    }
}

impl OrganizationApp {
    /// The app with its secrets opened; what can't be opened is told, and not there.
    fn open(sealer: Option<&Sealer>, wanted: tocsin_client::SlackApp) -> Self {
        let id = wanted.id;
        let open = |name: &str, sealed: Option<String>| {
            let text = sealed?;
            let secret = sealer
                .ok_or_else(|| "TOCSIN_SECRET_KEY is unset".to_owned())
                .and_then(|sealer| {
                    sealer
                        .open(&app_place(id, name), &text)
                        .map_err(|error| error.to_string())
                });
            match secret {
                Ok(secret) => Some(secret),
                Err(trouble) => {
                    tracing::error!(slack.app = %id, "the {name} of the Slack app {id} can't be opened: {trouble}");
                    None
                }
            }
        };
        let secret = open("client_secret", wanted.sealed_client_secret);
        Self {
            id,
            organization: wanted.organization,
            version: wanted.version,
            client: wanted
                .client_id
                .zip(secret)
                .map(|(id, secret)| ClientConfig { id, secret }),
            signing_secret: open("signing_secret", wanted.sealed_signing_secret),
            socket_token: open("app_token", wanted.sealed_app_token),
        }
    }
}
