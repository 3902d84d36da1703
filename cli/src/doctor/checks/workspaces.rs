//! How the Slack workspaces are that administrators have connected, as the bridge has found them.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tocsin_entity::{
    database::Database,
    id::WorkspaceId,
    kinds::SlackWorkspaceStatus,
    slack::{
        feature::{self, MANIFEST_VERSION},
        installation,
    },
    slack_workspace,
};

use super::{Scene, unread};
use crate::{doctor::Finding, manifest};

const SUBJECT: &str = "workspace";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(database) = &scene.database else {
        return Vec::new();
    };
    match connected(database).await {
        Ok(connected) => connected
            .iter()
            .flat_map(|(workspace, how)| of(workspace, how.as_ref()))
            .collect(),
        Err(error) => unread(SUBJECT, &error),
    }
}

type Connected = Vec<(slack_workspace::Model, Option<installation::Model>)>;

async fn connected(database: &Database) -> Result<Connected, DbErr> {
    let workspaces = slack_workspace::Entity::find()
        .filter(slack_workspace::Column::DisconnectedAt.is_null())
        .all(database.read())
        .await?;
    let found = installation::Entity::find().all(database.read()).await?;
    let mut found: HashMap<WorkspaceId, _> = found.into_iter().map(|row| (row.workspace_id, row)).collect();
    let with = |workspace: slack_workspace::Model| {
        let how = found.remove(&workspace.id);
        (workspace, how)
    };
    Ok(workspaces.into_iter().map(with).collect())
}

/// What is to be said of a workspace: how it is, and what it lacks.
fn of(workspace: &slack_workspace::Model, how: Option<&installation::Model>) -> Vec<Finding> {
    let name = &workspace.name;
    let Some(how) = how else {
        return vec![Finding::doubtful(
            SUBJECT,
            format!("{name} is connected, and no bridge has looked at it yet: start one"),
        )];
    };
    let state = match how.status {
        SlackWorkspaceStatus::Failing => {
            let reason = how.reason.as_deref().unwrap_or("the bridge has not said why");
            Finding::bad(SUBJECT, format!("{name} does not work: {reason}"))
        }
        SlackWorkspaceStatus::Pending | SlackWorkspaceStatus::Active | SlackWorkspaceStatus::Disconnected => {
            let status = how.status.as_str().to_lowercase();
            Finding::good(SUBJECT, format!("{name} is {status}"))
        }
    };
    let mut findings = vec![state];
    findings.extend(lacking(workspace, how));
    findings.extend(older(workspace, MANIFEST_VERSION));
    findings
}

/// Features that are wanted and lack scopes.
fn lacking(workspace: &slack_workspace::Model, how: &installation::Model) -> Vec<Finding> {
    // Before Slack has said what was granted, nothing is known to be missing.
    if how.scopes.is_empty() {
        return Vec::new();
    }
    let granted: BTreeSet<_> = how.scopes.split(',').collect();
    let mut findings = Vec::new();
    for feature in feature::read(&workspace.features) {
        let asked = feature.asks().bot_scopes.iter().copied();
        let missing: Vec<_> = asked.filter(|scope| !granted.contains(scope)).collect();
        if !missing.is_empty() {
            findings.push(Finding::doubtful(
                SUBJECT,
                format!(
                    "{}: {} lacks {}: put the manifest of `tocsin manifest` with that feature in place of the app's, and install the app there again, \
                     or leave the feature out with updateSlackWorkspace",
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
    use time::OffsetDateTime;

    use super::*;
    use crate::doctor::Verdict;

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
        assert_eq!(told.verdict, Verdict::Doubtful);
        assert!(
            told.text.contains("of version 2, and the present one is 3"),
            "{}",
            told.text
        );
    }
}
