//! What people look like: with their own face, comments made elsewhere appear in threads.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tocsin_entity::slack::user::{Column, Entity};

use super::IdentityService;
use super::person::{FRESH, remember};
use crate::workspace::Bot;

/// The address of the picture of the person who has this e-mail address in the workspace; none where nobody has it, they have none, or
/// Slack does not say just now: a face is not worth holding a comment back.
pub(crate) async fn face(
    identity: &IdentityService,
    bot: &Bot,
    email: &str,
) -> Result<Option<String>, DbErr> {
    let (workspace, team_id) = (&bot.workspace, &bot.installation.team_id);
    let email = email.to_lowercase();
    let known = Entity::find()
        .filter(Column::TeamId.eq(team_id))
        .filter(Column::Email.eq(&email))
        .filter(Column::Deleted.eq(false))
        .order_by_desc(Column::RefreshedAt)
        .one(identity.database.read())
        .await?;
    let now = identity.clock.now();
    if let Some(known) = known.as_ref().filter(|known| now - known.refreshed_at < FRESH) {
        return Ok(known.image_url.clone());
    }
    let seen = known.and_then(|known| known.image_url);
    if !bot.installation.may("users:read.email") || workspace.unknown_emails.has(&email) {
        return Ok(seen);
    }
    match workspace.slack.user_by_email(&email).await {
        Ok(Some(user)) => Ok(remember(&identity.database, team_id, &user, now).await?.image_url),
        Ok(None) => {
            workspace.unknown_emails.add(email);
            Ok(None)
        }
        Err(error) => {
            tracing::debug!("Slack does not show the face of a comment's author: {error}");
            Ok(seen)
        }
    }
}
