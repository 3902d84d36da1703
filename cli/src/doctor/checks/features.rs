//! What the bot may do: by feature, which are whole, which lack something, which were never asked for.

use std::collections::BTreeSet;

use tocsin_entity::kinds::SlackFeature;
use tocsin_slack_app::feature::{asks, of_granted};

use super::CheckContext;
use crate::{
    doctor::{DoctorPage, Finding},
    manifest::name,
};

const SUBJECT: &str = "features";

/// Scopes without which a feature works less well and still does.
const MAY_LACK: [&str; 4] = [
    "channels:join",
    "chat:write.customize",
    "chat:write.public",
    "groups:read",
];

/// The same of notifications: without them a message may be posted twice where Slack's answer is lost.
const NOTIFICATIONS_MAY_LACK: [&str; 2] = ["channels:history", "groups:history"];

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let Some(asked) = &context.own else {
        return Vec::new();
    };
    // Slack did not say what was granted.
    if asked.bot.scopes.is_empty() {
        return Vec::new();
    }
    of(&asked.bot.scopes)
}

/// What is to be said of the scopes that were granted.
fn of(granted: &BTreeSet<String>) -> Vec<Finding> {
    let (mut on, mut off, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let wanted = of_granted(granted);
    for feature in SlackFeature::ALL {
        let asked = asks(feature).bot_scopes;
        let missing: Vec<&str> = asked
            .iter()
            .copied()
            .filter(|scope| !granted.contains(*scope))
            .collect();
        if missing.is_empty() {
            // What asks for nothing of the bot can't be told from its token.
            on.extend((!asked.is_empty()).then(|| name(feature)));
        } else if !wanted.contains(&feature) {
            off.push(name(feature));
        } else {
            on.push(name(feature));
            findings.push(lacking(feature, &missing));
        }
    }
    if off.contains(&name(SlackFeature::Identity)) {
        findings.push(Finding::doubtful(
            SUBJECT,
            DoctorPage::IdentityOff,
            "without identity nobody in Slack is known, so that buttons and commands are refused: print a manifest with identity among \
             its --features, put it in place of the app's, and install the app again",
        ));
    }
    let off = match off.as_slice() {
        [] => String::new(),
        off => format!("; off: {}", off.join(", ")),
    };
    findings.insert(0, Finding::good(SUBJECT, format!("on: {}{off}", on.join(", "))));
    findings
}

/// A feature that was asked for in part: by an older manifest, or one that was changed by hand.
fn lacking(feature: SlackFeature, missing: &[&str]) -> Finding {
    let text = format!(
        "{} lacks {}: the app's manifest is older than this version, or was changed; print it anew with `tocsin manifest` and {} among its \
         --features, put it in place of the app's, and install the app again",
        name(feature),
        missing.join(", "),
        name(feature),
    );
    let may_lack = |scope: &&str| {
        MAY_LACK.contains(scope)
            || (feature == SlackFeature::Notifications && NOTIFICATIONS_MAY_LACK.contains(scope))
    };
    if missing.iter().all(may_lack) {
        Finding::doubtful(SUBJECT, DoctorPage::FeatureScopesMissing, text)
    } else {
        Finding::bad(SUBJECT, DoctorPage::FeatureScopesMissing, text)
    }
}

#[cfg(test)]
mod tests {
    use tocsin_slack_app::feature::bot_scopes;

    use super::*;
    use crate::doctor::FindingLevel;

    fn granted(features: &[SlackFeature]) -> BTreeSet<String> {
        bot_scopes(features).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_was_granted_whole_is_well_and_what_was_not_asked_for_is_off() {
        let findings = of(&granted(&[
            SlackFeature::Notifications,
            SlackFeature::Identity,
            SlackFeature::Previews,
        ]));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].verdict, FindingLevel::Good);
        assert_eq!(
            findings[0].text,
            "on: notifications, previews, identity; off: two-way-sync, incident-channels, commands"
        );
    }

    #[test]
    fn what_is_lacking_is_told_with_its_feature() {
        let mut scopes = granted(&SlackFeature::ALL);
        scopes.remove("links:write");
        scopes.remove("chat:write.customize");
        let findings = of(&scopes);
        let told: Vec<_> = findings
            .iter()
            .map(|finding| (finding.verdict, &finding.text))
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[1].0 == FindingLevel::Doubtful
                && told[1].1.starts_with("notifications lacks chat:write.customize")
        );
        assert!(told[2].0 == FindingLevel::Bad && told[2].1.starts_with("previews lacks links:write"));
        scopes.remove("chat:write");
        assert_eq!(of(&scopes)[1].verdict, FindingLevel::Bad);
    }
}
