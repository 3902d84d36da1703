//! Channels, as Slack describes them.

use serde::Deserialize;

use crate::lenient::{lenient, nullable};

/// A channel as Slack describes it.
#[derive(Clone, Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
pub struct Channel {
    /// Its id (`C…`, `G…` or `D…`).
    pub id: String,
    /// Its name, without the hash; empty where Slack gives none.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Whether it is private.
    #[serde(default, deserialize_with = "nullable")]
    pub is_private: bool,
    /// Whether the bot is in it.
    #[serde(default, deserialize_with = "nullable")]
    pub is_member: bool,
    /// Whether it is archived.
    #[serde(default, deserialize_with = "nullable")]
    pub is_archived: bool,
    /// Whether another company is in it, or is invited.
    #[serde(default, deserialize_with = "nullable")]
    pub is_ext_shared: bool,
    /// Whether another company is invited.
    #[serde(default, deserialize_with = "nullable")]
    pub is_pending_ext_shared: bool,
    /// Who made it, and when, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    pub creator: Option<String>,
    /// When it was made, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    pub created: Option<i64>,
}

impl Channel {
    /// Whether people of another company see it, or are to.
    pub fn is_shared(&self) -> bool {
        self.is_ext_shared || self.is_pending_ext_shared
    }
}

/// Longest name of a channel, in characters. Source: Slack, `conversations.create`.
const NAME_MAX: usize = 80;

/// Reads a channel as people write it: an id, or a name with its hash, which comes to be as Slack has it, in lower case. None where it is neither.
pub fn read_reference(text: &str) -> Option<String> {
    let Some(name) = text.strip_prefix('#') else {
        return is_id(text).then(|| text.to_owned());
    };
    let is_name = (1..=NAME_MAX).contains(&name.chars().count())
        && name
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && c != '#');
    is_name.then(|| hashed(name))
}

/// A channel's name with its hash, in lower case as all of Slack's are. It may come with or without either.
pub fn hashed(name: &str) -> String {
    format!("#{}", name.trim_start_matches('#').to_lowercase())
}

/// Slack's ids are in capitals, and its channel names never are.
pub fn is_id(wanted: &str) -> bool {
    wanted.len() >= 2
        && wanted.starts_with(['C', 'G', 'D'])
        && wanted
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_as_slack_has_it_however_people_write_its_name() {
        for name in ["#ops-alerts", "#Ops-Alerts", "#OPS-ALERTS"] {
            assert_eq!(read_reference(name).as_deref(), Some("#ops-alerts"), "{name}");
        }
        assert_eq!(read_reference("#STÖRUNG_1").as_deref(), Some("#störung_1"));
        for id in ["C0123ABC", "G1"] {
            assert_eq!(read_reference(id).as_deref(), Some(id));
        }
        let long = format!("#{}", "a".repeat(NAME_MAX + 1));
        for wrong in [
            "",
            "#",
            "ops-alerts",
            "#ops alerts",
            "##ops",
            "c0123abc",
            "Cabc",
            "C",
            long.as_str(),
        ] {
            assert_eq!(read_reference(wrong), None, "{wrong}");
        }
        assert_eq!(hashed("Ops"), "#ops");
    }
}
