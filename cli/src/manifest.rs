//! `tocsin manifest`: the manifest of a Slack app, to be pasted where Slack asks for one.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use clap::Args;
use tocsin_bridge::{ManifestFault, ManifestWishes, manifest};
use tocsin_entity::kinds::SlackFeature;
use tocsin_slack_app::feature::USUAL;
use url::Url;

use crate::{
    config::{GivenSettings, Settings, parse_web, reader::nearest},
    terminal,
};

/// What stands for every feature.
const ALL: &str = "all";

/// What the app is to be like.
#[derive(Debug, Args)]
pub(crate) struct ManifestArguments {
    /// What the app is called
    #[arg(long, default_value = "Tocsin")]
    name: String,
    /// The slash command
    #[arg(long, default_value = "/incident")]
    command: String,
    #[arg(
        help = "The address at which Slack and people reach Tocsin; TOCSIN_PUBLIC_URL where not given",
        long,
        value_parser = parse_web
    )]
    url: Option<Url>,
    /// Have Slack send by Socket Mode, which needs no public address
    #[arg(long)]
    socket_mode: bool,
    #[arg(
        help = "What the app is to do, with commas between: notifications, two-way-sync, previews, incident-channels, identity, \
                commands, access-logs, or all; notifications always [default: two-way-sync, previews where the address has a domain, \
                identity, commands]",
        long,
        value_name = "FEATURES",
        value_delimiter = ',',
        value_parser = features
    )]
    features: Vec<Features>,
    /// Have the app's tokens expire every twelve hours, and be renewed; Slack cannot switch this off again
    #[arg(long)]
    token_rotation: bool,
}

/// One feature, or all.
type Features = &'static [SlackFeature];

/// `tocsin manifest`.
pub(crate) fn run(arguments: &ManifestArguments, given: &GivenSettings) -> anyhow::Result<()> {
    let public_url = match &arguments.url {
        Some(url) => Some(url.clone()),
        None => Settings::read(given).settings?.public_url,
    };
    let named = arguments.features.iter().copied().flatten().copied();
    let mut wishes = ManifestWishes {
        name: arguments.name.clone(),
        command: arguments.command.clone(),
        public_url,
        socket_mode: arguments.socket_mode,
        features: if arguments.features.is_empty() {
            BTreeSet::from(USUAL)
        } else {
            named.collect()
        },
        token_rotation: arguments.token_rotation,
    };
    let mut made = manifest(&wishes);
    // Nobody has asked for previews by name: the rest of what is usual is worth having without.
    if arguments.features.is_empty()
        && let Err(faults) = &made
        && faults
            .iter()
            .any(|fault| matches!(fault, ManifestFault::NoDomain(_)))
    {
        wishes.features.remove(&SlackFeature::Previews);
        made = manifest(&wishes);
        if made.is_ok() {
            terminal::note(
                "previews are left out: they need the domain name in Tocsin's addresses, which --url gives",
            )?;
        }
    }
    let manifest = made.map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        anyhow!("{}", faults.join("\n        "))
    })?;
    terminal::print(&format!("{manifest:#}\n")).context("the manifest could not be written")
}

/// A feature by its name on the command line.
fn features(text: &str) -> Result<Features, String> {
    if text == ALL {
        return Ok(&SlackFeature::ALL);
    }
    let found = SlackFeature::ALL.iter().find(|feature| name(**feature) == text);
    found.map(std::slice::from_ref).ok_or_else(|| {
        let names: Vec<_> = SlackFeature::ALL.into_iter().map(name).collect();
        let hint = nearest(text, names.iter().map(String::as_str))
            .map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        format!("is no feature; there are {} and {ALL}{hint}", names.join(", "))
    })
}

/// As it is written on the command line: `two-way-sync`.
pub(crate) fn name(feature: SlackFeature) -> String {
    feature.as_str().to_ascii_lowercase().replace('_', "-")
}
