//! What people look like: with their own face, comments made elsewhere appear in threads.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tocsin_entity::slack::user::{Column, Entity, Model};
use tocsin_slack::error::SlackError;

use super::IdentityService;
use super::person::{FRESH, remember};
use crate::workspace::Bot;

/// Who has an e-mail address in a workspace.
#[derive(Debug)]
pub(crate) enum EmailLookup {
    /// They have it.
    Found(Model),
    /// Nobody has it, or the bot may not look.
    Nobody,
    /// Slack does not say now; who had it a while ago.
    Unknown {
        /// Who had it.
        before: Option<Model>,
        /// What Slack said.
        error: SlackError,
    },
}

/// Finds who has an e-mail address in the bot's workspace.
pub(crate) async fn find_by_email(
    identity: &IdentityService,
    bot: &Bot,
    email: &str,
) -> Result<EmailLookup, DbErr> {
    let (workspace, team_id) = (&bot.workspace, &bot.installation.team_id);
    let email = tocsin_slack_app::email::fold(email);
    let known = Entity::find()
        .filter(Column::TeamId.eq(team_id))
        .filter(Column::Email.eq(&email))
        .filter(Column::Deleted.eq(false))
        .order_by_desc(Column::RefreshedAt)
        .one(identity.database.read())
        .await?;
    let now = identity.clock.now();
    let is_final = !bot.installation.may("users:read.email") || workspace.unknown_emails.has(&email);
    match known {
        Some(known) if is_final || now - known.refreshed_at < FRESH => return Ok(EmailLookup::Found(known)),
        None if is_final => return Ok(EmailLookup::Nobody),
        Some(_) | None => {}
    }
    match workspace.slack.user_by_email(&email).await {
        Ok(Some(user)) => {
            let person = remember(&identity.database, team_id, &user, now).await?;
            Ok(EmailLookup::Found(person))
        }
        Ok(None) => {
            workspace.unknown_emails.add(email);
            Ok(EmailLookup::Nobody)
        }
        Err(error) => Ok(EmailLookup::Unknown { before: known, error }),
    }
}

/// The address of the picture of the person who has this e-mail address in the workspace; none where nobody has it, they have none, or
/// Slack does not say just now: a face is not worth holding a comment back.
pub(crate) async fn face(
    identity: &IdentityService,
    bot: &Bot,
    email: &str,
) -> Result<Option<String>, DbErr> {
    Ok(match find_by_email(identity, bot, email).await? {
        EmailLookup::Found(person) => person.image_url,
        EmailLookup::Nobody => None,
        EmailLookup::Unknown { before, error } => {
            tracing::debug!("Slack does not show the face of a comment's author: {error}");
            before.and_then(|person| person.image_url)
        }
    })
}
