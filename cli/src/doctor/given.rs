//! What can be told of what the process was given before anything is made of it.

use std::{os::unix::fs::PermissionsExt, path::Path};

use super::{DoctorPage, Finding};
use crate::config::{
    GivenSettings,
    reader::nearest,
    specs::{self, SettingVisibility},
};

/// Variables of the project that are no settings: for the commands that `tocsin up` prints, and for the tests.
const NO_SETTINGS: &[&str] = &["TOCSIN_KEY", "TOCSIN_TEST_POSTGRES_URL", "TOCSIN_TEST_REDIS_URL"];

/// How the names of settings begin.
const OURS: [&str; 2] = ["TOCSIN_", "SLACK_"];

/// What is to be said of it.
pub(super) fn findings(given: &GivenSettings) -> Vec<Finding> {
    let mut findings: Vec<_> = given
        .environment
        .iter()
        .filter(|(name, _)| OURS.iter().any(|ours| name.starts_with(ours)))
        .filter(|(name, _)| !NO_SETTINGS.contains(&name.as_str()))
        .filter(|(name, _)| !specs::ALL.iter().any(|known| known.variable == name))
        .filter_map(|(name, _)| unknown(name))
        .collect();
    findings.extend(given.file().and_then(readable_by_all));
    findings
}

/// A variable that does nothing. Those of Slack's that are like none of ours may be somebody else's.
fn unknown(name: &str) -> Option<Finding> {
    let meant = nearest(name, specs::ALL.iter().map(|known| known.variable));
    if meant.is_none() && !name.starts_with(OURS[0]) {
        return None;
    }
    let hint = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    Some(Finding::doubtful(
        "environment",
        DoctorPage::UnknownVariable,
        format!("{name} is no setting and has no effect{hint}"),
    ))
}

/// A file with secrets in it that every user of the machine can read.
fn readable_by_all(file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    let text = std::fs::read_to_string(file).ok()?;
    let secret = specs::ALL
        .iter()
        .filter(|known| known.shown != SettingVisibility::Whole)
        .filter_map(|known| known.key.rsplit('.').next())
        .find(|key| text.lines().any(|line| line.trim_start().starts_with(key)))?;
    (mode & 0o077 != 0).then(|| {
        let file = file.display();
        Finding::doubtful(
            "configuration",
            DoctorPage::ConfigurationFileOpen,
            format!("{file} holds {secret} and others may read it: chmod 600 {file}"),
        )
    })
}
