//! What people are told once who act and are matched with no member: how they link themselves.

use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use tocsin_entity::{
    kinds::SlackFeature,
    slack::sent_notice::{ActiveModel, Column, Entity},
};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::IdentityService;
use super::SlackActor;
use crate::{texts::accounts as texts, workspace::CommandName};

/// Under what it is on record that somebody was told. It is never forgotten, unlike what is told in threads.
pub(crate) const CODE: &str = "LINK_PROMPT";

/// How a person links themselves, as mrkdwn, where they have not been told in this workspace yet; by now they have.
pub(crate) async fn prompt(
    identity: &IdentityService,
    person: &SlackActor,
) -> Result<Option<Mrkdwn>, JobError> {
    // Of no thread: of the workspace.
    let scope = person.installation.scope();
    let key = (
        scope.clone(),
        String::new(),
        person.slack_user_id.clone(),
        CODE.to_owned(),
    );
    // Most have been told: nothing is written then.
    let told = Entity::find_by_id(key).one(identity.database.read()).await;
    if told.map_err(JobError::retry)?.is_some() {
        return Ok(None);
    }
    let row = ActiveModel {
        channel_id: Set(scope),
        thread_ts: Set(String::new()),
        slack_user_id: Set(person.slack_user_id.clone()),
        code: Set(CODE.to_owned()),
        created_at: Set(identity.clock.now()),
    };
    let once = [
        Column::ChannelId,
        Column::ThreadTs,
        Column::SlackUserId,
        Column::Code,
    ];
    let added = Entity::insert(row)
        .on_conflict(OnConflict::columns(once).do_nothing().to_owned())
        .exec_without_returning(identity.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok((added > 0).then(|| how(person)))
}

fn how(person: &SlackActor) -> Mrkdwn {
    let workspace = person.installation.workspace();
    let command = match workspace.slash_command() {
        CommandName::Named(name) => Some(texts::link_command(Some(&name))),
        CommandName::Unnamed => Some(texts::link_command(None)),
        CommandName::Absent => None,
    };
    if command.is_none() && !workspace.wants(SlackFeature::Identity) {
        return Mrkdwn::own(texts::NO_IDENTITIES);
    }
    texts::link_yourself(command.as_ref(), person.email.as_deref())
}
