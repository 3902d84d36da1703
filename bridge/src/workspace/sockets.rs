//! Why nothing comes by Socket Mode, for each app that uses it: for the operator in `/readyz`, and for the organisation on its workspaces.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::texts::health as texts;
use tocsin_entity::id::SlackAppId;
use tocsin_slack_client::socket::SocketTrouble;
use tokio::sync::watch;

/// Most apps of organisations that are told of at once; of the others, how many there are.
const TOLD_MAX: usize = 5;

/// What is wrong now. Cheap to clone; clones are one.
#[derive(Clone, Debug)]
pub(crate) struct SocketTroubles {
    /// By the organisation's own app; none for the server's.
    known: Arc<Mutex<BTreeMap<Option<SlackAppId>, SocketTrouble>>>,
    changed: Arc<watch::Sender<()>>,
}

impl Default for SocketTroubles {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            changed: Arc::new(watch::Sender::new(())),
        }
    }
}

impl SocketTroubles {
    fn known(&self) -> MutexGuard<'_, BTreeMap<Option<SlackAppId>, SocketTrouble>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is wrong with an app's connections; nothing where they work, or there are to be none.
    pub(crate) fn set(&self, app: Option<SlackAppId>, trouble: Option<SocketTrouble>) {
        let mut known = self.known();
        let is_new = known.get(&app) != trouble.as_ref();
        match trouble {
            Some(trouble) => known.insert(app, trouble),
            None => known.remove(&app),
        };
        drop(known);
        if is_new {
            self.changed.send_replace(());
        }
    }

    /// What is wrong with an app's connections, if it lasts.
    pub(crate) fn of(&self, app: Option<SlackAppId>) -> Option<String> {
        let known = self.known();
        let lasting = known.get(&app).filter(|trouble| trouble.is_lasting);
        lasting.map(|trouble| trouble.text.clone())
    }

    /// Tells of every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// All of it in one text, for the operator.
    pub(crate) fn told(&self) -> Option<String> {
        let known = self.known();
        let mut parts: Vec<String> = known
            .iter()
            .take(TOLD_MAX + 1)
            .map(|(app, trouble)| match app {
                Some(id) => texts::sockets_of(&id.to_string(), &trouble.text),
                None => trouble.text.clone(),
            })
            .collect();
        let more = known.len().saturating_sub(parts.len());
        if more > 0 {
            parts.push(texts::more_apps(more));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> SocketTrouble {
        SocketTrouble {
            text: text.to_owned(),
            is_lasting: true,
        }
    }

    #[test]
    fn what_may_be_over_in_a_moment_is_the_operator_s_alone() {
        let troubles = SocketTroubles::default();
        let passing = SocketTrouble {
            is_lasting: false,
            ..trouble("connection reset")
        };
        troubles.set(None, Some(passing));
        assert_eq!(troubles.of(None), None);
        assert_eq!(troubles.told().as_deref(), Some("connection reset"));
    }

    #[test]
    fn each_app_s_trouble_is_told_until_it_is_over() {
        let troubles = SocketTroubles::default();
        let mut changes = troubles.subscribe();
        let app = SlackAppId::new();
        assert_eq!(troubles.told(), None);
        troubles.set(Some(app), Some(trouble("invalid_auth")));
        assert!(changes.has_changed().expect("it lives"));
        changes.mark_unchanged();
        troubles.set(None, Some(trouble("not_allowed")));
        let told = troubles.told().expect("both");
        assert!(
            told.starts_with("not_allowed; ") && told.contains(&format!("({app}): invalid_auth")),
            "{told}"
        );
        assert_eq!(troubles.of(Some(app)).as_deref(), Some("invalid_auth"));
        troubles.set(None, None);
        troubles.set(Some(app), None);
        assert_eq!(troubles.told(), None);
        changes.mark_unchanged();
        troubles.set(Some(app), None);
        assert!(!changes.has_changed().expect("it lives"), "nothing is new");
    }

    #[test]
    fn many_apps_are_counted_and_not_listed() {
        let troubles = SocketTroubles::default();
        for _ in 0..100 {
            troubles.set(Some(SlackAppId::new()), Some(trouble("invalid_auth")));
        }
        let told = troubles.told().expect("troubles");
        assert!(told.ends_with("and of 94 more apps"), "{told}");
    }
}
