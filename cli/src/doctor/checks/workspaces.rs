//! How the Slack workspaces are that administrators have connected: as Slack says when it is asked, and as the bridge has found them.

use std::collections::{BTreeSet, HashMap};

use futures::future::join_all;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::{
    id::WorkspaceId,
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::{installation, token},
    slack_workspace,
};
use tocsin_seal::Sealer;
use tocsin_slack_app::{
    feature::{self, MANIFEST_VERSION},
    sealing::token_place,
};
use tocsin_slack_client::Http;
use tokio::time::timeout;

use super::{
    ANSWER_WITHIN, CheckContext,
    slack::{CheckedWorkspace, TokenHealth, ask_token},
    unread,
};
use crate::{
    config::Settings,
    doctor::{DoctorPage, Finding},
    manifest, secret,
};

const SUBJECT: &str = "workspace";

/// How old what the bridge has found may be: it writes every half a minute.
const STALE: Duration = Duration::minutes(3);

/// A workspace that is connected.
pub(super) struct Connected {
    pub(super) row: slack_workspace::Model,
    /// As the bridge has found it with the present token.
    found: Option<installation::Model>,
    /// To ask more of, where Slack takes the token.
    pub(super) asked: Option<CheckedWorkspace>,
    /// Why it does not, or says nothing; none also where it was not asked, since the token can't be opened.
    refused: Option<Refused>,
}

/// Why no call can be made with a token.
struct Refused {
    trouble: String,
    is_broken: bool,
}

/// All that are connected, with what Slack says of each; or what is wrong with the database.
pub(super) async fn ask(
    settings: &Settings,
    database: Option<&Database>,
    http: Option<&Http>,
) -> Result<Vec<Connected>, DbErr> {
    let Some(database) = database else {
        return Ok(Vec::new());
    };
    let rows = slack_workspace::Entity::find()
        .filter(slack_workspace::Column::DisconnectedAt.is_null())
        .all(database.read())
        .await?;
    let found = installation::Entity::find().all(database.read()).await?;
    let mut found: HashMap<WorkspaceId, _> = found.into_iter().map(|row| (row.workspace_id, row)).collect();
    let pairs = token::Entity::find().all(database.read()).await?;
    // What is wrong with the key is told by the check of the key.
    let sealer = secret::present(settings).ok().flatten();
    let asked = rows.into_iter().map(|row| {
        let found = found.remove(&row.id);
        let found = found.filter(|found| found.is_of_token(row.token_version));
        let token = sealer.as_ref().and_then(|sealer| newest(sealer, &row, &pairs));
        async move { Connected::ask(row, found, token, http).await }
    });
    Ok(join_all(asked).await)
}

/// The token with which calls are made: the newest of those that Slack changes.
fn newest(sealer: &Sealer, row: &slack_workspace::Model, pairs: &[token::Model]) -> Option<SecretString> {
    let pair = pairs
        .iter()
        .find(|pair| pair.workspace_id == row.id && pair.token_version >= row.token_version);
    let token = pair.map(|pair| &pair.sealed_access_token);
    let token = token.or(row.sealed_bot_token.as_ref())?;
    sealer.open(&token_place(row.id), token).ok()
}

impl Connected {
    async fn ask(
        row: slack_workspace::Model,
        found: Option<installation::Model>,
        token: Option<SecretString>,
        http: Option<&Http>,
    ) -> Self {
        let health = match http.zip(token) {
            Some((http, token)) => timeout(ANSWER_WITHIN, ask_token(http, token)).await.ok(),
            None => None,
        };
        let (asked, refused) = match health {
            Some(TokenHealth::Works(asked)) => (Some(asked), None),
            Some(TokenHealth::Fails { trouble, is_broken }) => (None, Some(Refused { trouble, is_broken })),
            None => (None, None),
        };
        Self {
            row,
            found,
            asked,
            refused,
        }
    }

    /// How it is.
    fn state(&self, now: OffsetDateTime) -> Vec<Finding> {
        let name = &self.row.name;
        let mut findings = match (&self.asked, &self.refused) {
            (Some(CheckedWorkspace { bot, .. }), _) => {
                vec![self.well(&format!("{} ({})", bot.team_name, bot.team_id))]
            }
            (
                None,
                Some(Refused {
                    trouble,
                    is_broken: true,
                }),
            ) => vec![self.broken(trouble)],
            // Slack says nothing: what is known is what the bridge has found.
            (None, Some(Refused { trouble, .. })) => {
                let unasked = Finding::doubtful(
                    SUBJECT,
                    DoctorPage::WorkspaceUnasked,
                    format!("{name} could not be asked about: {trouble}"),
                );
                self.as_found().into_iter().chain([unasked]).collect()
            }
            (None, None) => self.as_found().into_iter().collect(),
        };
        findings.extend(self.unattended(now));
        findings
    }

    fn broken(&self, trouble: &str) -> Finding {
        let is_known = self
            .found
            .as_ref()
            .is_some_and(|found| found.status == SlackWorkspaceStatus::Failing);
        let unnoticed = if is_known {
            ""
        } else {
            "; the bridge has not noticed yet: see whether one runs"
        };
        Finding::bad(
            SUBJECT,
            DoctorPage::WorkspaceFails,
            format!("{} does not work: {trouble}{unnoticed}", self.row.name),
        )
    }

    /// Of one whose token Slack takes.
    fn well(&self, team: &str) -> Finding {
        let name = &self.row.name;
        let failing = self
            .found
            .as_ref()
            .filter(|found| found.status == SlackWorkspaceStatus::Failing);
        let Some(failing) = failing else {
            return Finding::good(
                SUBJECT,
                format!("{name} is active: Slack takes its token in {team}"),
            );
        };
        let reason = failing.reason.as_deref().unwrap_or("the bridge has not said why");
        let is_silent = failing.reason_code.as_deref() == Some(installation::SLACK_UNREACHABLE);
        if installation::delivers(failing.reason_code.as_deref()) && !is_silent {
            return Finding::bad(
                SUBJECT,
                DoctorPage::WorkspaceImpaired,
                format!("{name} does not work as it should: {reason}"),
            );
        }
        Finding::doubtful(
            SUBJECT,
            DoctorPage::WorkspaceRecovered,
            format!(
                "{name}: Slack takes its token now, and the bridge has last found otherwise ({reason}): if it runs, it notices within a minute"
            ),
        )
    }

    /// As the bridge has found it.
    fn as_found(&self) -> Option<Finding> {
        let (name, found) = (&self.row.name, self.found.as_ref()?);
        Some(match found.status {
            SlackWorkspaceStatus::Failing => {
                let reason = found.reason.as_deref().unwrap_or("the bridge has not said why");
                Finding::bad(
                    SUBJECT,
                    DoctorPage::WorkspaceFails,
                    format!("{name} does not work: {reason}"),
                )
            }
            SlackWorkspaceStatus::Pending
            | SlackWorkspaceStatus::Active
            | SlackWorkspaceStatus::Disconnected => {
                let status = found.status.as_str().to_lowercase();
                Finding::good(SUBJECT, format!("{name} is {status}, as the bridge has found it"))
            }
        })
    }

    /// Where no bridge looks after it.
    fn unattended(&self, now: OffsetDateTime) -> Option<Finding> {
        let name = &self.row.name;
        match &self.found {
            None => Some(Finding::doubtful(
                SUBJECT,
                DoctorPage::WorkspaceUnattended,
                format!("{name} is connected, and no bridge has looked at it yet: start one"),
            )),
            Some(found) if now - found.updated_at > STALE => {
                let minutes = (now - found.updated_at).whole_minutes();
                Some(Finding::doubtful(
                    SUBJECT,
                    DoctorPage::WorkspaceUnattended,
                    format!(
                        "{name}: no bridge has looked after it for {minutes} minutes: start one, or see in its log why it can't write"
                    ),
                ))
            }
            Some(_) => None,
        }
    }

    /// The scopes that were granted: as Slack says now, or else as it has said.
    fn granted(&self) -> BTreeSet<String> {
        match (&self.asked, &self.found) {
            (Some(asked), _) => asked.bot.scopes.clone(),
            (None, Some(found)) => found
                .scopes
                .split(',')
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            (None, None) => BTreeSet::new(),
        }
    }
}

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    match &context.connected {
        Ok(connected) => connected
            .iter()
            .flat_map(|one| {
                let mut findings = one.state(tocsin_clock::machine_now());
                findings.extend(lacking(&one.row, &one.granted()));
                findings.extend(older(&one.row, MANIFEST_VERSION));
                findings
            })
            .collect(),
        Err(error) => unread(SUBJECT, error),
    }
}

/// Features that are wanted and lack scopes. Before Slack has said what was granted, nothing is known to be missing.
fn lacking(workspace: &slack_workspace::Model, granted: &BTreeSet<String>) -> Vec<Finding> {
    if granted.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for feature in feature::read(&workspace.features) {
        let asked = feature::asks(feature).bot_scopes.iter().copied();
        let missing: Vec<_> = asked.filter(|scope| !granted.contains(*scope)).collect();
        if !missing.is_empty() {
            let or_else = if feature == SlackFeature::Notifications {
                ""
            } else {
                ", or leave the feature out with updateSlackWorkspace"
            };
            findings.push(Finding::doubtful(
                SUBJECT,
                DoctorPage::WorkspaceScopesMissing,
                format!(
                    "{}: {} lacks {}: put the manifest of `tocsin manifest` with that feature in place of the app's, and install the app there \
                     again{or_else}",
                    workspace.name,
                    manifest::name(feature),
                    missing.join(", ")
                ),
            ));
        }
    }
    findings
}

/// A workspace into which the app was installed under an earlier manifest.
fn older(workspace: &slack_workspace::Model, present: i32) -> Option<Finding> {
    let version = Some(workspace.manifest_version).filter(|version| *version > 0)?;
    (version < present).then(|| {
        Finding::doubtful(
            SUBJECT,
            DoctorPage::WorkspaceManifestOld,
            format!(
                "{}: the app was installed under the manifest of version {version}, and the present one is {present}: print it anew with \
                 `tocsin manifest`, put it in place of the app's, and install the app again",
                workspace.name
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::FindingLevel;

    fn workspace(features: &str, manifest_version: i32) -> slack_workspace::Model {
        slack_workspace::Model {
            id: WorkspaceId::new(),
            organization_id: tocsin_entity::id::OrganizationId::new(),
            name: "Acme".to_owned(),
            sealed_bot_token: None,
            app_id: None,
            features: features.to_owned(),
            team_id: None,
            sealed_refresh_token: None,
            token_expires_at: None,
            manifest_version,
            token_version: 1,
            disconnected_at: None,
            created_by: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_app_that_was_installed_under_an_earlier_manifest_is_told() {
        assert!(older(&workspace("", 0), 3).is_none(), "not by OAuth");
        assert!(older(&workspace("", 3), 3).is_none());
        let told = older(&workspace("", 2), 3).expect("an earlier one");
        assert_eq!(told.verdict, FindingLevel::Doubtful);
        assert!(
            told.text.contains("of version 2, and the present one is 3"),
            "{}",
            told.text
        );
    }
}
