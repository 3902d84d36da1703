//! The manifest of the Slack app. Pure: the same wishes give the same manifest.
//!
//! What it names is what the bridge answers to: the addresses of [`crate::request::paths`], and the shortcuts and workflow steps that
//! features have registered ([`crate::routes`]). Scopes and events are those of the features that are wanted, and no others.
//!
//! Sources: Slack, "App manifest reference"; `slackapi/manifest-schema`, `manifest.schema.2.0.0.json`, against which the tests hold it.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tocsin_entity::kinds::SlackFeature;
use tocsin_slack_app::{
    feature::{bot_scopes, events, user_scopes},
    link_state::{SIGN_IN_CALLBACK, SIGN_IN_SCOPES},
    oauth::CALLBACK,
    public_url::below,
};
use url::Url;

use crate::{
    request::{
        Shortcut,
        paths::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS},
    },
    routes,
    texts::{commands::USAGE_HINT, health as texts},
};
pub use check::ManifestFault;

/// The colour behind its icon.
const COLOUR: &str = "#7a1f1f";

/// What an app is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestWishes {
    /// What it is called.
    pub name: String,
    /// The slash command, with its slash.
    pub command: String,
    /// The address at which people and, over HTTP, Slack reach Tocsin.
    pub public_url: Option<Url>,
    /// Whether Slack sends by Socket Mode instead of to addresses.
    pub socket_mode: bool,
    /// What it is to be able to do; notifications always.
    pub features: BTreeSet<SlackFeature>,
    /// Whether its tokens expire and are renewed.
    pub token_rotation: bool,
}

/// The manifest of the app that is wished for.
///
/// # Errors
/// Everything that Slack would refuse or that could not work, in the order in which it was asked for.
pub fn manifest(wishes: &ManifestWishes) -> Result<Value, Vec<ManifestFault>> {
    let faults = check::faults(wishes);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Writer::new(wishes).manifest())
}

/// What the parts of a manifest are made of.
struct Writer<'a> {
    wishes: &'a ManifestWishes,
    scopes: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
}

impl<'a> Writer<'a> {
    fn new(wishes: &'a ManifestWishes) -> Self {
        let mut features = wishes.features.clone();
        features.insert(SlackFeature::Notifications);
        Self {
            wishes,
            scopes: bot_scopes(&features),
            events: events(&features),
        }
    }

    fn manifest(&self) -> Value {
        let mut manifest = json!({
            "_metadata": {"major_version": 2, "minor_version": 1},
            "display_information": {
                "name": self.wishes.name,
                "description": texts::APP,
                "background_color": COLOUR,
            },
            "features": self.features(),
            "oauth_config": self.oauth(),
            "settings": self.settings(),
        });
        if self.has_step() {
            let steps = routes::WORKFLOW_STEPS.iter();
            let functions: Map<String, Value> = steps
                .map(|step| (step.function.to_owned(), (step.declaration)()))
                .collect();
            manifest["functions"] = functions.into();
        }
        manifest
    }

    fn features(&self) -> Map<String, Value> {
        let mut features = Map::new();
        features.insert(
            "app_home".to_owned(),
            json!({
                "home_tab_enabled": self.events.contains("app_home_opened"),
                // Without that tab Slack takes no direct message of the bot's.
                "messages_tab_enabled": self.scopes.contains("im:write"),
                "messages_tab_read_only_enabled": self.scopes.contains("im:write"),
            }),
        );
        features.insert(
            "bot_user".to_owned(),
            json!({"display_name": bot_name(&self.wishes.name), "always_online": true}),
        );
        // Shortcuts are granted with commands.
        if self.scopes.contains("commands") {
            let shortcuts = routes::SHORTCUTS.iter().map(declared);
            features.insert("shortcuts".to_owned(), shortcuts.collect());
            features.insert("slash_commands".to_owned(), json!([self.command()]));
        }
        if self.events.contains("link_shared")
            && let Some(host) = self.wishes.public_url.as_ref().and_then(Url::host_str)
        {
            features.insert("unfurl_domains".to_owned(), json!([host]));
        }
        features
    }

    fn command(&self) -> Value {
        let mut command = json!({
            "command": self.wishes.command,
            "description": texts::COMMAND,
            "usage_hint": USAGE_HINT,
            // People and channels come as ids, not as names that two may have.
            "should_escape": true,
        });
        self.address(&mut command, "url", COMMANDS);
        command
    }

    fn oauth(&self) -> Value {
        let mut scopes = json!({"bot": self.scopes});
        // Slack returns people to https alone, whichever way its own requests take.
        let public_url = self.wishes.public_url.as_ref();
        let public_url = public_url.filter(|url| url.scheme() == "https");
        let mut of_people = user_scopes(&self.wishes.features);
        if public_url.is_some() && self.wishes.features.contains(&SlackFeature::Identity) {
            of_people.extend(SIGN_IN_SCOPES);
        }
        if !of_people.is_empty() {
            scopes["user"] = json!(of_people);
        }
        let mut oauth = json!({"scopes": scopes});
        if let Some(url) = public_url {
            oauth["redirect_urls"] = json!([
                below(url.as_str(), CALLBACK),
                below(url.as_str(), SIGN_IN_CALLBACK)
            ]);
        }
        oauth
    }

    fn settings(&self) -> Value {
        let mut subscriptions = json!({"bot_events": self.events});
        self.address(&mut subscriptions, "request_url", EVENTS);
        let mut interactivity = json!({"is_enabled": true});
        self.address(&mut interactivity, "request_url", INTERACTIONS);
        self.address(&mut interactivity, "message_menu_options_url", OPTIONS);
        let mut settings = json!({
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": self.has_step(),
            "socket_mode_enabled": self.wishes.socket_mode,
            "token_rotation_enabled": self.wishes.token_rotation,
            "is_hosted": false,
        });
        if self.has_step() {
            settings["function_runtime"] = json!("remote");
        }
        settings
    }

    /// Adds an address that Slack sends to; in Socket Mode there is none.
    fn address(&self, part: &mut Value, name: &str, path: &str) {
        if let (false, Some(url)) = (self.wishes.socket_mode, &self.wishes.public_url) {
            part[name] = json!(below(url.as_str(), path));
        }
    }

    /// Whether there is a step for Slack's Workflow Builder.
    fn has_step(&self) -> bool {
        self.events.contains("function_executed")
    }
}

fn declared(shortcut: &Shortcut) -> Value {
    json!({
        "name": shortcut.name,
        "type": shortcut.kind,
        "callback_id": shortcut.callback_id,
        "description": shortcut.description,
    })
}

/// How people mention the bot: the app's name in the characters that such names may have.
fn bot_name(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() || "-_.".contains(letter) => letter,
        _ => '-',
    });
    let name: String = letters.collect();
    match name.trim_matches('-') {
        "" => "tocsin".to_owned(),
        name => name.to_owned(),
    }
}
