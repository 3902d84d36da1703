//! Whether what Slack sends is taken: what became of the last requests, as the bridge has counted them.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{DbErr, EntityTrait};
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::slack::reception::{Entity, Model, TAKEN};

use super::{CheckContext, unread};
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "requests";

/// How far back refused requests are told of.
const OF_LATE: Duration = Duration::hours(24);

/// Refused for its signature.
const MISMATCH: &str = "SIGNATURE_MISMATCH";
/// Signed at another time than now.
const STALE: &str = "SIGNATURE_STALE";
/// About a workspace that is not connected.
const FOREIGN: &str = "FOREIGN_WORKSPACE";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let Some(database) = &context.database else {
        return Vec::new();
    };
    match read(database).await {
        Ok(rows) => of(&rows, &own_apps(context), tocsin_clock::machine_now()),
        Err(error) => unread(SUBJECT, &error),
    }
}

async fn read(database: &Database) -> Result<Vec<Model>, DbErr> {
    Entity::find().all(database.read()).await
}

/// The Slack apps whose requests should be taken, as far as Slack says which these are.
fn own_apps(context: &CheckContext<'_>) -> BTreeSet<String> {
    let connected = context.connected.iter().flatten();
    let asked = connected.filter_map(|one| one.asked.as_ref()).chain(&context.own);
    asked.filter_map(|asked| asked.bot.app_id.clone()).collect()
}

/// What is to be said of the requests that were counted.
fn of(rows: &[Model], own: &BTreeSet<String>, now: OffsetDateTime) -> Vec<Finding> {
    let taken: BTreeMap<&str, OffsetDateTime> = rows
        .iter()
        .filter(|row| row.code == TAKEN)
        .map(|row| (row.app_id.as_str(), row.last_at))
        .collect();
    let refused = rows
        .iter()
        .filter(|row| row.code != TAKEN && now - row.last_at < OF_LATE);
    refused
        .filter_map(|row| {
            let is_own = own.contains(&row.app_id) || (own.is_empty() && taken.is_empty());
            // What was taken afterwards shows that it is well by now.
            let is_over = taken
                .get(row.app_id.as_str())
                .is_some_and(|last| *last > row.last_at);
            finding(row, is_own && !is_over)
        })
        .collect()
}

/// What is to be said of some requests that were refused; `is_ours` where they should have been taken, and none was since.
fn finding(row: &Model, is_ours: bool) -> Option<Finding> {
    let Model { count, last_at, .. } = row;
    let last_at = last_at.replace_nanosecond(0).unwrap_or(*last_at);
    let app = match row.app_id.as_str() {
        "" => "no app that they name".to_owned(),
        app => format!("the Slack app {app}"),
    };
    let what = format!(
        "{count} requests of {app} were refused, the last at {last_at} ({})",
        row.code
    );
    match (row.code.as_str(), is_ours) {
        (MISMATCH, true) => Some(Finding::bad(
            SUBJECT,
            DoctorPage::RequestsWrongSecret,
            format!(
                "{what}, and none was taken since: the signing secret is wrong. Copy it from the app's page Basic Information to SLACK_SIGNING_SECRET, \
                 or, for an app of an organisation's own, give it by updateSlackApp"
            ),
        )),
        (MISMATCH, false) => Some(Finding::doubtful(
            SUBJECT,
            DoctorPage::RequestsUnknownSecret,
            format!(
                "{what}: no signing secret of this server matches them. If the app is yours, copy its signing secret to SLACK_SIGNING_SECRET, or make \
                 the app known by createSlackApp; else somebody tries"
            ),
        )),
        (STALE, true) => Some(Finding::bad(
            SUBJECT,
            DoctorPage::RequestsStale,
            format!(
                "{what}, and none was taken since: this machine's clock is off by more than five minutes. Set it, and keep it by NTP"
            ),
        )),
        (FOREIGN, _) => Some(Finding::doubtful(
            SUBJECT,
            DoctorPage::RequestsForeignWorkspace,
            format!(
                "{what}, since they are about a workspace that is not connected through this app: connect it, or uninstall the app there"
            ),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::FindingLevel;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn row(code: &str, app: &str, minutes_ago: i64) -> Model {
        Model {
            code: code.to_owned(),
            app_id: app.to_owned(),
            count: 7,
            first_at: NOW - Duration::minutes(minutes_ago),
            last_at: NOW - Duration::minutes(minutes_ago),
        }
    }

    fn verdicts(rows: &[Model], own: &[&str]) -> Vec<FindingLevel> {
        let own = own.iter().map(|&app| app.to_owned()).collect();
        of(rows, &own, NOW)
            .iter()
            .map(|finding| finding.verdict)
            .collect()
    }

    #[test]
    fn a_wrong_signing_secret_is_told_from_strangers_and_from_what_is_over() {
        let ours = row(MISMATCH, "A1", 5);
        assert_eq!(
            verdicts(std::slice::from_ref(&ours), &["A1"]),
            [FindingLevel::Bad]
        );
        assert_eq!(
            verdicts(&[ours.clone(), row(TAKEN, "A1", 10)], &["A1"]),
            [FindingLevel::Bad]
        );
        assert_eq!(
            verdicts(&[ours.clone(), row(TAKEN, "A1", 1)], &["A1"]),
            [FindingLevel::Doubtful]
        );
        assert_eq!(
            verdicts(&[row(MISMATCH, "A2", 5)], &["A1"]),
            [FindingLevel::Doubtful]
        );
        // The token may be dead, so that Slack does not say which app is ours.
        assert_eq!(verdicts(&[ours], &[]), [FindingLevel::Bad]);
        assert_eq!(verdicts(&[row(MISMATCH, "A1", 25 * 60)], &["A1"]), []);
        assert_eq!(verdicts(&[row("SIGNATURE_MISSING", "", 1)], &["A1"]), []);
    }
}
