//! Whether there is a key for the secrets at rest, and whether it opens them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_entity::{slack::installation::token_place, slack_workspace};
use tocsin_seal::Sealer;

use super::{Scene, unread};
use crate::{doctor::Finding, secret};

const SUBJECT: &str = "secret key";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let workspaces = match with_token(scene).await {
        Ok(workspaces) => workspaces,
        Err(error) => return unread(SUBJECT, &error),
    };
    let sealer = match secret::present(scene.settings) {
        Ok(sealer) => sealer,
        Err(error) => return vec![Finding::bad(SUBJECT, format!("{error:#}"))],
    };
    match sealer {
        Some(sealer) => opened(&sealer, &workspaces),
        None if !workspaces.is_empty() => vec![Finding::bad(
            SUBJECT,
            format!(
                "the tokens of {} connected workspaces are sealed, and the key is not there: restore {} from a backup, or set TOCSIN_SECRET_KEY to \
                 what it was; without it give each workspace its token anew with updateSlackWorkspace",
                workspaces.len(),
                place(scene),
            ),
        )],
        None => none_needed_yet(scene),
    }
}

/// Workspaces with a sealed token.
async fn with_token(scene: &Scene<'_>) -> Result<Vec<slack_workspace::Model>, sea_orm::DbErr> {
    let Some(database) = &scene.database else {
        return Ok(Vec::new());
    };
    slack_workspace::Entity::find()
        .filter(slack_workspace::Column::SealedBotToken.is_not_null())
        .all(database.read())
        .await
}

fn opened(sealer: &Sealer, workspaces: &[slack_workspace::Model]) -> Vec<Finding> {
    let closed = workspaces.iter().filter_map(|workspace| {
        let token = workspace.sealed_bot_token.as_ref()?;
        let error = sealer.open(&token_place(workspace.id), token).err()?;
        Some(Finding::bad(
            SUBJECT,
            format!(
                "the token of the workspace {} can't be opened: {error}; or give the workspace its token anew with updateSlackWorkspace",
                workspace.name
            ),
        ))
    });
    let mut findings: Vec<_> = closed.collect();
    if findings.is_empty() {
        findings.push(Finding::good(
            SUBJECT,
            "there is one, and it opens what is sealed",
        ));
    }
    findings
}

/// Where there is no key, and nothing sealed.
fn none_needed_yet(scene: &Scene<'_>) -> Vec<Finding> {
    if scene.settings.database.file().is_some() {
        return Vec::new();
    }
    let text = "TOCSIN_SECRET_KEY is unset, and with PostgreSQL none is made: no Slack workspace can be connected; make one with openssl rand \
                -base64 32, and give it to the API and the bridge alike";
    vec![if scene.settings.slack.client_id.is_some() {
        Finding::bad(SUBJECT, text)
    } else {
        Finding::doubtful(SUBJECT, text)
    }]
}

/// Where the key is kept.
fn place(scene: &Scene<'_>) -> String {
    let database = &scene.settings.database;
    match database.file() {
        Some(_) => database.beside("secret.key").display().to_string(),
        None => "it".to_owned(),
    }
}
