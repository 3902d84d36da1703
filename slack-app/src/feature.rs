//! What each feature asks of Slack: scopes and events. One table for the app's manifest, the link that installs it, and what is said to be missing.
//!
//! Source: docs.slack.dev, the method reference ("Required scopes") and the event reference.

use std::collections::BTreeSet;

use tocsin_entity::kinds::SlackFeature;

/// The version of the manifest that `tocsin manifest` prints, raised whenever it asks Slack for something else: an app that was installed
/// under an earlier one lacks it until it is installed again.
pub const MANIFEST_VERSION: i32 = 4;

/// What is wanted where nothing else is said.
pub const USUAL: [SlackFeature; 5] = [
    SlackFeature::Notifications,
    SlackFeature::TwoWaySync,
    SlackFeature::Previews,
    SlackFeature::Identity,
    SlackFeature::Commands,
];

/// What a feature asks of Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureNeeds {
    /// Scopes of the bot's token.
    pub bot_scopes: &'static [&'static str],
    /// Scopes of a person's token.
    pub user_scopes: &'static [&'static str],
    /// Events that are sent to the bot.
    pub events: &'static [&'static str],
}

/// What a feature asks of Slack.
pub const fn asks(feature: SlackFeature) -> FeatureNeeds {
    match feature {
        // History: where Slack's answer to a post is lost, the bot looks whether its message arrived. Nothing else says so, and a page would
        // be posted twice. It reads nothing else there, and no event brings it what people say.
        SlackFeature::Notifications => FeatureNeeds {
            bot_scopes: &[
                "channels:history",
                "channels:join",
                "channels:read",
                "chat:write",
                "chat:write.customize",
                "chat:write.public",
                "groups:history",
                "groups:read",
            ],
            user_scopes: &[],
            events: &[
                "app_home_opened",
                "app_uninstalled",
                "channel_archive",
                "channel_created",
                "channel_deleted",
                "channel_id_changed",
                "channel_rename",
                "channel_unarchive",
                "group_archive",
                "group_deleted",
                "group_rename",
                "group_unarchive",
                "member_joined_channel",
                "member_left_channel",
                "tokens_revoked",
            ],
        },
        SlackFeature::TwoWaySync => FeatureNeeds {
            bot_scopes: &["channels:history", "groups:history", "usergroups:read"],
            user_scopes: &[],
            events: &["message.channels", "message.groups"],
        },
        SlackFeature::Previews => FeatureNeeds {
            bot_scopes: &["links:read", "links:write"],
            user_scopes: &[],
            events: &["channel_shared", "channel_unshared", "link_shared"],
        },
        SlackFeature::IncidentChannels => FeatureNeeds {
            bot_scopes: &[
                "bookmarks:write",
                "channels:manage",
                "groups:write",
                "pins:read",
                "pins:write",
            ],
            user_scopes: &[],
            events: &["pin_added", "pin_removed"],
        },
        SlackFeature::Identity => FeatureNeeds {
            bot_scopes: &["im:history", "im:write", "users:read", "users:read.email"],
            user_scopes: &[],
            events: &["team_join", "user_change"],
        },
        SlackFeature::Commands => FeatureNeeds {
            bot_scopes: &["app_mentions:read", "commands", "reactions:write"],
            user_scopes: &[],
            events: &["app_mention", "function_executed"],
        },
        // `team.accessLogs` takes a person's token alone.
        SlackFeature::AccessLogs => FeatureNeeds {
            bot_scopes: &[],
            user_scopes: &["admin"],
            events: &[],
        },
    }
}

/// The features that an app appears to be for, by the scopes that it was granted: notifications, and each of which it has a scope that
/// notifications do not ask for. For an app of which nobody has said what is wanted: that of `SLACK_BOT_TOKEN`.
pub fn of_granted<S: AsRef<str>>(granted: impl IntoIterator<Item = S>) -> BTreeSet<SlackFeature> {
    let always = asks(SlackFeature::Notifications).bot_scopes;
    let granted: BTreeSet<_> = granted
        .into_iter()
        .map(|scope| scope.as_ref().to_owned())
        .collect();
    let is_for = |feature: &SlackFeature| {
        let asked = asks(*feature).bot_scopes.iter();
        *feature == SlackFeature::Notifications
            || asked
                .filter(|scope| !always.contains(scope))
                .any(|scope| granted.contains(*scope))
    };
    SlackFeature::ALL.into_iter().filter(is_for).collect()
}

/// Reads what [`write()`] has written; names of a later version are passed over. Notifications are always among them.
pub fn read(text: &str) -> BTreeSet<SlackFeature> {
    let named = |name: &str| {
        SlackFeature::ALL
            .into_iter()
            .find(|feature| feature.as_str() == name)
    };
    let mut features: BTreeSet<_> = text.split(',').filter_map(named).collect();
    features.insert(SlackFeature::Notifications);
    features
}

/// Features in one text, with commas between.
pub fn write(features: &BTreeSet<SlackFeature>) -> String {
    let names: Vec<_> = features.iter().map(|feature| feature.as_str()).collect();
    names.join(",")
}

/// The bot scopes that these features ask for, without doubles, in order.
pub fn bot_scopes<'a>(features: impl IntoIterator<Item = &'a SlackFeature>) -> BTreeSet<&'static str> {
    let scopes = features.into_iter().flat_map(|feature| asks(*feature).bot_scopes);
    scopes.copied().collect()
}

/// The scopes that these features ask for and that were not granted. None where Slack has not said which were.
pub fn missing(granted: &BTreeSet<String>, wanted: &BTreeSet<SlackFeature>) -> Vec<&'static str> {
    if granted.is_empty() {
        return Vec::new();
    }
    let asked = bot_scopes(wanted).into_iter();
    asked.filter(|scope| !granted.contains(*scope)).collect()
}

/// The scopes of a person's token that these features ask for.
pub fn user_scopes<'a>(features: impl IntoIterator<Item = &'a SlackFeature>) -> BTreeSet<&'static str> {
    let scopes = features
        .into_iter()
        .flat_map(|feature| asks(*feature).user_scopes);
    scopes.copied().collect()
}

/// The events that these features need.
pub fn events<'a>(features: impl IntoIterator<Item = &'a SlackFeature>) -> BTreeSet<&'static str> {
    let events = features.into_iter().flat_map(|feature| asks(*feature).events);
    events.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_as_they_were_written_and_notifications_are_always_there() {
        let all: BTreeSet<_> = SlackFeature::ALL.into_iter().collect();
        assert_eq!(read(&write(&all)), all);
        assert_eq!(read(""), BTreeSet::from([SlackFeature::Notifications]));
        let later = read("PREVIEWS,TELEPATHY");
        assert_eq!(
            later,
            BTreeSet::from([SlackFeature::Notifications, SlackFeature::Previews])
        );
    }

    #[test]
    fn what_is_not_asked_for_brings_no_scopes() {
        let notifications = bot_scopes(&[SlackFeature::Notifications]);
        assert!(notifications.contains("chat:write"));
        for scope in [
            "usergroups:read",
            "links:read",
            "users:read.email",
            "commands",
            "channels:manage",
        ] {
            assert!(!notifications.contains(scope), "{scope}");
        }
        assert!(
            !events(&[SlackFeature::Notifications]).contains("message.channels"),
            "what people say is not sent"
        );
        assert!(user_scopes(&SlackFeature::ALL).contains("admin"));
        assert!(events(&[SlackFeature::Previews]).contains("link_shared"));
    }

    #[test]
    fn what_an_app_is_for_is_seen_from_its_scopes() {
        for features in [
            BTreeSet::from([SlackFeature::Notifications]),
            BTreeSet::from(USUAL),
            BTreeSet::from([SlackFeature::Notifications, SlackFeature::Previews]),
        ] {
            assert_eq!(of_granted(bot_scopes(&features)), features);
        }
        let in_part = of_granted(["chat:write", "links:read"]);
        assert!(in_part.contains(&SlackFeature::Previews), "it lacks links:write");
    }
}
