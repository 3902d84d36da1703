//! A person in Slack, read once and remembered.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::{
    id::UserId,
    slack::user::{ActiveModel, Column, Entity, Model},
};
use tocsin_queue::JobError;
use tocsin_slack::{error::SlackError, person::SlackUser};

use super::IdentityService;
use crate::installation::{ActingUser, AppInstallation};

/// How long what Slack said of a person is believed without an event saying otherwise: events may be lost.
pub(super) const FRESH: Duration = Duration::hours(1);

/// A person in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
pub(crate) struct SlackActor {
    /// Through which they are known: what they do, they do there.
    pub(crate) installation: AppInstallation,
    pub(crate) team_id: String,
    pub(crate) slack_user_id: String,
    /// What people see.
    pub(crate) name: String,
    /// In lowercase, where Slack gives it and the person has not asked to be left unmatched.
    pub(crate) email: Option<String>,
    pub(crate) is_bot: bool,
    /// Whether they are of another company, as people in shared channels may be: their own administrators say there what their address is.
    pub(crate) is_external: bool,
    /// Whether they are a guest in the workspace.
    pub(crate) is_guest: bool,
    /// Whether their account in Slack is deactivated.
    pub(crate) is_deactivated: bool,
    /// Whether they are nobody here: they have asked for that, or their account in Slack is deactivated.
    pub(crate) is_nobody: bool,
    /// The user they were found to be when that was last asked.
    pub(super) user_id: Option<UserId>,
}

/// What is known of a person: from the table while it is fresh, else from Slack. If Slack does not know them any more, or
/// does not say, what was known before is used; none where nothing ever was.
pub(crate) async fn person(
    identity: &IdentityService,
    installation: &AppInstallation,
    slack_user_id: &str,
) -> Result<Option<SlackActor>, JobError> {
    let team_id = installation.team_id();
    let of = |row: Model| SlackActor::of(row, installation);
    let key = (team_id.to_owned(), slack_user_id.to_owned());
    let known = Entity::find_by_id(key)
        .one(identity.database.read())
        .await
        .map_err(JobError::retry)?;
    let now = identity.clock.now();
    if let Some(known) = known.as_ref().filter(|known| now - known.refreshed_at < FRESH) {
        return Ok(Some(of(known.clone())));
    }
    match installation.slack().user(slack_user_id).await {
        Ok(user) => remember(&identity.database, team_id, &user, now)
            .await
            .map(|saved| Some(of(saved)))
            .map_err(JobError::retry),
        Err(error @ SlackError::Refused { .. }) => {
            tracing::warn!(
                slack.user = slack_user_id,
                "Slack does not say who {slack_user_id} is: {error}"
            );
            Ok(known.map(of))
        }
        Err(error) => match known {
            Some(known) => Ok(Some(of(known))),
            None => Err(installation.workspace().failed(error)),
        },
    }
}

/// Writes down what Slack says of a person.
pub(crate) async fn remember(
    database: &Database,
    team_id: &str,
    user: &SlackUser,
    now: OffsetDateTime,
) -> Result<Model, DbErr> {
    let row = ActiveModel {
        team_id: Set(team_id.to_owned()),
        slack_user_id: Set(user.id.clone()),
        email: Set(email(user, team_id)),
        display_name: Set(name(user)),
        image_url: Set(picture(user)),
        is_bot: Set(user.is_bot),
        deleted: Set(user.deleted),
        is_external: Set(!is_at_home(user, team_id)),
        is_guest: Set(user.is_restricted || user.is_ultra_restricted),
        user_id: Set(None),
        unlinked: Set(false),
        refreshed_at: Set(now),
    };
    let told = [
        Column::Email,
        Column::DisplayName,
        Column::ImageUrl,
        Column::IsBot,
        Column::Deleted,
        Column::IsExternal,
        Column::IsGuest,
        Column::RefreshedAt,
    ];
    let key = OnConflict::columns([Column::TeamId, Column::SlackUserId])
        .update_columns(told)
        .to_owned();
    Entity::insert(row)
        .on_conflict(key)
        .exec_with_returning(database.write())
        .await
}

/// Whether a person has asked to be left unmatched.
pub(crate) async fn is_unlinked(
    database: &Database,
    team_id: &str,
    slack_user_id: &str,
) -> Result<bool, DbErr> {
    let known = Entity::find_by_id((team_id.to_owned(), slack_user_id.to_owned()))
        .one(database.read())
        .await?;
    Ok(known.is_some_and(|known| known.unlinked))
}

/// The address of their picture: Slack shows it to anybody.
fn picture(user: &SlackUser) -> Option<String> {
    let pictures = [&user.profile.image_192, &user.profile.image_72];
    let mut given = pictures.into_iter().flatten();
    given.find(|url| url.starts_with("https://")).cloned()
}

/// Notes which user a person is, or that they are none any more.
pub(super) async fn note(
    identity: &IdentityService,
    person: &SlackActor,
    user: Option<UserId>,
) -> Result<(), JobError> {
    Entity::update_many()
        .col_expr(Column::UserId, Expr::value(user))
        .filter(Column::TeamId.eq(&person.team_id))
        .filter(Column::SlackUserId.eq(&person.slack_user_id))
        .exec(identity.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok(())
}

/// Whether a person belongs to the workspace.
pub(crate) fn is_at_home(user: &SlackUser, team_id: &str) -> bool {
    let home = user.team_id.as_deref().unwrap_or(team_id);
    let teams = user.enterprise.as_ref().map_or(&[][..], |user| &user.teams);
    let is_in_enterprise = user
        .enterprise
        .as_ref()
        .is_some_and(|user| user.enterprise_id.as_deref() == Some(team_id));
    !user.is_stranger && (home == team_id || is_in_enterprise || teams.iter().any(|team| team == team_id))
}

/// The e-mail address, in lowercase. In a shared channel there are people of other workspaces, whose administrators may give
/// them any address: it says nothing about who they are here.
fn email(user: &SlackUser, team_id: &str) -> Option<String> {
    if !is_at_home(user, team_id) {
        return None;
    }
    user.profile
        .email
        .as_deref()
        .map(tocsin_slack_app::email::fold)
        .filter(|email| !email.is_empty())
}

/// The name that people see in Slack.
pub(crate) fn name(user: &SlackUser) -> String {
    let names = [
        user.profile.display_name.as_str(),
        user.profile.real_name.as_str(),
        user.real_name.as_str(),
        user.name.as_str(),
        user.id.as_str(),
    ];
    names
        .into_iter()
        .map(str::trim)
        .find(|name| !name.is_empty())
        .unwrap_or_default()
        .to_owned()
}

impl SlackActor {
    /// Somebody of whom Slack says nothing: their id stands for their name.
    pub(crate) fn unknown(installation: &AppInstallation, slack_user_id: &str) -> Self {
        Self {
            installation: installation.clone(),
            team_id: installation.team_id().to_owned(),
            slack_user_id: slack_user_id.to_owned(),
            name: slack_user_id.to_owned(),
            email: None,
            is_bot: false,
            is_external: false,
            is_guest: false,
            is_deactivated: false,
            is_nobody: false,
            user_id: None,
        }
    }
}

impl SlackActor {
    /// Somebody of whom Slack says nothing but what stands in the request.
    pub(crate) fn speaking(installation: &AppInstallation, slack_user_id: &str, speaker: ActingUser) -> Self {
        let unknown = Self::unknown(installation, slack_user_id);
        Self {
            is_external: speaker.team_id.is_some_and(|team| team != installation.team_id()),
            name: speaker.name.unwrap_or(unknown.name),
            ..unknown
        }
    }

    /// Somebody who is on record.
    fn of(row: Model, installation: &AppInstallation) -> Self {
        Self {
            installation: installation.clone(),
            team_id: row.team_id,
            slack_user_id: row.slack_user_id,
            name: row.display_name,
            email: row.email.filter(|_| !row.unlinked),
            is_bot: row.is_bot,
            is_external: row.is_external,
            is_guest: row.is_guest,
            is_deactivated: row.deleted,
            is_nobody: row.unlinked || row.deleted,
            user_id: row.user_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(value: Value) -> SlackUser {
        serde_json::from_value(value).expect("a person")
    }

    #[test]
    fn the_address_of_another_workspaces_person_is_not_believed() {
        let of = |fields: Value| {
            let mut all = json!({"id": "U1", "profile": {"email": " Ada@Example.com"}});
            all.as_object_mut()
                .expect("fields")
                .extend(fields.as_object().expect("fields").clone());
            email(&user(all), "T1")
        };
        let ada = Some("ada@example.com".to_owned());
        assert_eq!(of(json!({"team_id": "T1"})), ada);
        assert_eq!(of(json!({})), ada);
        assert_eq!(of(json!({"team_id": "T9"})), None);
        assert_eq!(
            of(json!({"team_id": "T9", "enterprise_user": {"teams": ["T1", "T9"]}})),
            ada
        );
        assert_eq!(
            of(json!({"team_id": "T9", "enterprise_user": {"teams": ["T8", "T9"]}})),
            None
        );
    }

    #[test]
    fn a_person_is_called_what_people_see() {
        let profile = json!({"display_name": " ", "real_name": "Ada Lovelace"});
        assert_eq!(
            name(&user(json!({"id": "U1", "name": "ada", "profile": profile}))),
            "Ada Lovelace"
        );
        assert_eq!(
            name(&user(json!({"id": "U1", "name": "ada", "profile": null}))),
            "ada"
        );
        assert_eq!(name(&user(json!({"id": "U1"}))), "U1");
    }
}
