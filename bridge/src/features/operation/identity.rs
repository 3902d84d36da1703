//! Who a member is in Slack.

use tocsin_client::{OperationOutcome, SlackOperation, SoughtMember};
use tocsin_entity::kinds::{SlackFeature, SlackMatch};
use tocsin_slack::{installation::Installation, person::SlackUser};

use super::{Operations, Stop, bot};
use crate::texts::operations as texts;
use crate::{identity, workspace::Bot};

/// Scope without which nobody is found by their e-mail address.
const BY_EMAIL: &str = "users:read.email";

/// Looks for a member: by their own word, else by their e-mail address.
pub(super) async fn find(
    operations: &Operations,
    operation: &SlackOperation,
) -> Result<OperationOutcome, Stop> {
    let Some(sought) = &operation.member else {
        return Err(Stop::failed("no_such_user", texts::NO_USER));
    };
    let bot = bot(operations, operation).await?;
    let (user, known_by) = match &sought.link {
        Some((id, known_by)) => (linked(&bot, sought, id).await?, *known_by),
        None => (by_email(operations, &bot, sought).await?, SlackMatch::Email),
    };
    Ok(OperationOutcome::Identity {
        slack_name: identity::name(&user),
        slack_user_id: user.id,
        known_by,
    })
}

async fn linked(bot: &Bot, sought: &SoughtMember, id: &str) -> Result<SlackUser, Stop> {
    let found = bot.workspace.slack.user(id).await;
    let team = &bot.installation.team_name;
    match found {
        Ok(user) if user.deleted => Err(Stop::failed(
            "deactivated_in_slack",
            texts::linked_deactivated(&sought.name, id, team),
        )),
        Ok(user) => Ok(user),
        Err(error) if error.is("user_not_found") || error.is("user_not_visible") => Err(Stop::failed(
            "user_not_found",
            texts::linked_unknown(&sought.name, id, team),
        )),
        Err(error) => Err(Stop::of_call(&error)),
    }
}

async fn by_email(operations: &Operations, bot: &Bot, sought: &SoughtMember) -> Result<SlackUser, Stop> {
    need_scope(&bot.installation)?;
    let (name, email, team) = (&sought.name, &sought.email, &bot.installation.team_name);
    let found = bot.workspace.slack.user_by_email(email).await;
    let Some(user) = found.map_err(|error| Stop::of_call(&error))? else {
        return Err(Stop::failed(
            "users_not_found",
            texts::nobody_with_email(name, email, team),
        ));
    };
    if !identity::is_at_home(&user, &bot.installation.team_id) {
        return Err(Stop::failed(
            "from_elsewhere",
            texts::from_elsewhere(name, email, &user.id),
        ));
    }
    if identity::is_unlinked(&operations.delivery.database, &bot.installation.team_id, &user.id).await? {
        return Err(Stop::failed("unlinked", texts::unlinked(name)));
    }
    Ok(user)
}

fn need_scope(installation: &Installation) -> Result<(), Stop> {
    if installation.scopes.is_empty() || installation.may(BY_EMAIL) {
        return Ok(());
    }
    Err(Stop::failed(
        "missing_scope",
        texts::no_scope(BY_EMAIL, &SlackFeature::Identity.to_string()),
    ))
}
