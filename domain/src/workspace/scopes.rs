//! Which scopes of Slack's are granted, and which are missing.

use std::collections::BTreeSet;

use tocsin_entity::kinds::SlackFeature;
use tocsin_slack_app::feature;

/// The scopes that features lack, where these were granted.
pub fn missing_scopes(
    wanted: &BTreeSet<SlackFeature>,
    granted: &BTreeSet<&str>,
) -> Vec<(SlackFeature, Vec<String>)> {
    let missing = wanted.iter().map(|&feature| {
        let lacks = feature::asks(feature).bot_scopes.iter();
        let lacks = lacks.filter(|scope| !granted.contains(*scope));
        (feature, lacks.map(|&scope| scope.to_owned()).collect())
    });
    missing
        .filter(|(_, scopes): &(_, Vec<_>)| !scopes.is_empty())
        .collect()
}
