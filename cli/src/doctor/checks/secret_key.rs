//! Whether there is a key for the secrets at rest, and whether it opens them.

use sea_orm::{DbErr, EntityTrait};
use tocsin_database::Database;
use tocsin_entity::{slack::token, slack_app, slack_workspace};
use tocsin_seal::{OpenError, Sealer};
use tocsin_slack_app::sealing::{app_place, refresh_place, token_place};

use super::{CheckContext, unread};
use crate::{
    doctor::{DoctorPage, Finding},
    secret,
};

const SUBJECT: &str = "secret key";

/// Something that is sealed.
struct Sealed {
    /// What it is, for people.
    what: String,
    /// What it is sealed for.
    place: String,
    text: String,
}

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let kept = match &context.database {
        Some(database) => match kept(database).await {
            Ok(kept) => kept,
            Err(error) => return unread(SUBJECT, &error),
        },
        None => Vec::new(),
    };
    match secret::present(context.settings) {
        Ok(Some(key)) => opened(&key, &kept),
        Ok(None) if !kept.is_empty() => vec![Finding::bad(
            SUBJECT,
            DoctorPage::SecretKeyLost,
            format!(
                "{} tokens and secrets of Slack are sealed, and the key is not there: restore {} from a backup, or set TOCSIN_SECRET_KEY to what \
                 it was; without it connect the workspaces anew",
                kept.len(),
                place(context),
            ),
        )],
        Ok(None) => none_needed_yet(context),
        Err(error) => vec![Finding::bad(
            SUBJECT,
            DoctorPage::SecretKeyUnusable,
            format!("{error:#}"),
        )],
    }
}

/// All that is sealed in the database.
async fn kept(database: &Database) -> Result<Vec<Sealed>, DbErr> {
    let mut kept = Vec::new();
    let mut keep = |what: String, place: String, text: Option<String>| {
        kept.extend(text.map(|text| Sealed { what, place, text }));
    };
    for workspace in slack_workspace::Entity::find().all(database.read()).await? {
        let (name, place) = (&workspace.name, refresh_place(workspace.id));
        keep(
            format!("the token of the workspace {name}"),
            token_place(workspace.id),
            workspace.sealed_bot_token,
        );
        keep(
            format!("the refresh token of the workspace {name}"),
            place,
            workspace.sealed_refresh_token,
        );
    }
    for pair in token::Entity::find().all(database.read()).await? {
        let what = "the changing token of a workspace".to_owned();
        let place = token_place(pair.workspace_id);
        keep(what.clone(), place, Some(pair.sealed_access_token));
        let place = refresh_place(pair.workspace_id);
        keep(what, place, Some(pair.sealed_refresh_token));
    }
    for app in slack_app::Entity::find().all(database.read()).await? {
        for (secret, text) in [
            ("client_secret", app.sealed_client_secret),
            ("signing_secret", app.sealed_signing_secret),
            ("app_token", app.sealed_app_token),
        ] {
            let what = format!("{secret} of the Slack app {}", app.name);
            keep(what, app_place(app.id, secret), text);
        }
    }
    Ok(kept)
}

fn opened(key: &Sealer, kept: &[Sealed]) -> Vec<Finding> {
    let closed = kept.iter().filter_map(|sealed| {
        let error = key.open(&sealed.place, &sealed.text).err()?;
        let what_to_do = match error {
            OpenError::OtherKey => "; or give it anew",
            OpenError::Broken => ": give it anew",
        };
        Some(Finding::bad(
            SUBJECT,
            DoctorPage::SecretKeyOther,
            format!("{} can't be opened: {error}{what_to_do}", sealed.what),
        ))
    });
    let findings: Vec<_> = closed.collect();
    if !findings.is_empty() {
        return findings;
    }
    let earlier = kept.iter().filter(|sealed| !key.is_current(&sealed.text)).count();
    vec![if earlier == 0 {
        Finding::good(SUBJECT, "there is one, and it opens what is sealed")
    } else {
        Finding::doubtful(
            SUBJECT,
            DoctorPage::SecretKeyEarlier,
            format!(
                "{earlier} of {} tokens and secrets are sealed under an earlier key: leave it behind the present one. The API seals them anew when it \
                 starts; tokens that Slack changes are within 12 hours",
                kept.len()
            ),
        )
    }]
}

/// Where there is no key, and nothing sealed.
fn none_needed_yet(context: &CheckContext<'_>) -> Vec<Finding> {
    if context.settings.database.file().is_some() {
        return Vec::new();
    }
    let text = "TOCSIN_SECRET_KEY is unset, and with PostgreSQL none is made: no Slack workspace can be connected; make one with openssl rand \
                -base64 32, and give it to the API and the bridge alike";
    vec![if context.settings.slack.client_id.is_some() {
        Finding::bad(SUBJECT, DoctorPage::SecretKeyUnset, text)
    } else {
        Finding::doubtful(SUBJECT, DoctorPage::SecretKeyUnset, text)
    }]
}

/// Where the key is kept.
fn place(context: &CheckContext<'_>) -> String {
    let database = &context.settings.database;
    match database.file() {
        Some(_) => database.beside("secret.key").display().to_string(),
        None => "it".to_owned(),
    }
}
