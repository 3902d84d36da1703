//! The place of a request among those that are worked one after another.

use tocsin_entity::id::SlackAppId;

/// Longest name of a sequence, in bytes. Slack's own ids are short; what is longer is worked by itself.
const KEY_MAX: usize = 200;

/// A request's place among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SequencePlace {
    /// Which sequence it belongs to.
    pub(crate) key: String,
    /// Where it stands there: when what it tells of happened, in microseconds since 1970.
    pub(crate) at: i64,
}

impl SequencePlace {
    /// The same under the app that signed the request: whoever can sign for one app holds up nothing of another's. None where the name is
    /// longer than any of Slack's.
    pub(crate) fn of_app(self, app: Option<SlackAppId>) -> Option<Self> {
        let key = app.map_or_else(|| self.key.clone(), |app| format!("{app}/{}", self.key));
        (key.len() <= KEY_MAX).then_some(Self { key, at: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apps_sequences_are_its_own_and_absurd_names_are_none() {
        let place = |key: &str| SequencePlace {
            key: key.to_owned(),
            at: 1,
        };
        let app = SlackAppId::new();
        assert_eq!(place("C1/1.0").of_app(None), Some(place("C1/1.0")));
        assert_ne!(place("C1/1.0").of_app(Some(app)), Some(place("C1/1.0")));
        assert_eq!(place(&"C".repeat(300)).of_app(None), None);
    }
}
