//! Direct messages to those who were assigned: each is told by a message with the incident's buttons, which is kept true as the incident's own is.
//!
//! Who assigns themselves is told nothing. Nobody is told of an incident that is over, or that is somebody else's by now.

use std::collections::HashSet;

use time::OffsetDateTime;
use tocsin_client::{As, Entry, Incident, NewAssignee};
use tocsin_entity::{
    id::{ConnectorId, UserId},
    kinds::{EntryKind, IncidentStatus, PostKind},
    slack::{post, user},
};
use tocsin_slack::error::SlackError;

use super::{
    Mirror,
    content::Controls,
    desired::{DesiredPost, Destination, Presentation, desired},
    outcome::{Wait, back_off},
    reconcile::ReconcileError,
};
use crate::{
    identity::{self, EmailLookup},
    store::post_key,
    workspace::{Bot, ReachableWorkspaces},
};

/// How soon Slack is asked again where it did not say who somebody is.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// A direct message that ought to be there.
#[derive(Clone, Debug)]
pub(crate) struct DirectMessage {
    /// Under which it is on record.
    pub(crate) key: String,
    /// Who is told.
    pub(crate) user_id: UserId,
    /// Where.
    pub(crate) to: Destination,
    /// When they were assigned.
    pub(crate) since: OffsetDateTime,
}

/// What ought to be there, and when those are tried again who could not be found.
#[derive(Debug, Default)]
struct DirectMessages {
    messages: Vec<DirectMessage>,
    wait: Option<Wait>,
}

/// What is known of the incident.
pub(super) struct AssignmentInput<'a> {
    pub(super) incident: &'a Incident,
    pub(super) entries: &'a [Entry],
    /// Where the incident is shown: people are told in those workspaces.
    pub(super) destinations: &'a [Destination],
    pub(super) recorded: &'a [post::Model],
    pub(super) reachable: &'a ReachableWorkspaces,
    pub(super) attempts: i32,
}

impl Mirror {
    /// All posts that ought to show the incident, and when those are tried again who could not be told of being assigned.
    pub(super) async fn wanted(
        &self,
        who: As<'_>,
        controls: Controls<'_>,
        known: &AssignmentInput<'_>,
    ) -> Result<(Vec<DesiredPost>, Option<Wait>), ReconcileError> {
        let incident = known.incident;
        let postmortem = if known
            .recorded
            .iter()
            .any(|post| post_key::is_of_postmortem(&post.key))
        {
            self.api.find_postmortem(who, incident.id).await?
        } else {
            None
        };
        let mut wanted = desired(
            incident,
            controls,
            known.entries,
            known.destinations,
            known.recorded,
            postmortem.as_ref(),
        );
        let direct = self.direct_messages(who, known).await?;
        let messages = direct.messages.iter();
        wanted.extend(messages.map(|message| DesiredPost::direct(incident, controls, message)));
        Ok((wanted, direct.wait))
    }

    /// Finds which direct messages ought to be there: those that are, and those to who was assigned since.
    async fn direct_messages(
        &self,
        who: As<'_>,
        input: &AssignmentInput<'_>,
    ) -> Result<DirectMessages, ReconcileError> {
        let mut found = DirectMessages {
            messages: input.recorded.iter().filter_map(of_record).collect(),
            wait: None,
        };
        if input.incident.status == IncidentStatus::Resolved {
            return Ok(found);
        }
        let mut told = HashSet::new();
        // Of those who were assigned twice the last time counts.
        for entry in input.entries.iter().rev() {
            let assigns = entry.kind == EntryKind::Reassigned
                && entry
                    .assignees
                    .as_ref()
                    .is_some_and(|assignees| !assignees.is_empty());
            if !assigns {
                continue;
            }
            for bot in bots(input) {
                let team = &bot.installation.team_id;
                for assignee in self.api.new_assignees(who, entry.id, team).await? {
                    if !is_told(input, entry, &assignee) || told.contains(&assignee.member.id) {
                        continue;
                    }
                    match self.message_to(who, input, entry, &assignee, bot).await? {
                        Ok(Some(message)) => {
                            told.insert(assignee.member.id);
                            found.messages.push(message);
                        }
                        Ok(None) => {}
                        Err(wait) => found.wait = Some(wait),
                    }
                }
            }
        }
        Ok(found)
    }

    /// The message to somebody in a workspace; none where they are not there, or take no messages. `Err` where Slack does not say now.
    async fn message_to(
        &self,
        who: As<'_>,
        input: &AssignmentInput<'_>,
        entry: &Entry,
        assignee: &NewAssignee,
        bot: &Bot,
    ) -> Result<Result<Option<DirectMessage>, Wait>, ReconcileError> {
        let wait = |error: &SlackError| {
            let now = self.delivery.clock.now();
            let pause = match error {
                SlackError::RateLimited { retry_after, .. } => *retry_after,
                SlackError::Refused { .. }
                | SlackError::Broken { .. }
                | SlackError::NotSent { .. }
                | SlackError::Unknown { .. } => back_off(input.attempts + 1, AGAIN),
            };
            Wait::error(now, error.to_string(), pause)
        };
        let said = assignee.slack_user_id.clone();
        let slack_user_id = match said {
            Some(id) => id,
            None => {
                match identity::find_by_email(&self.delivery.identity, bot, &assignee.member.email).await? {
                    EmailLookup::Found(person) if self.is_them(who, &person, assignee).await? => {
                        person.slack_user_id
                    }
                    EmailLookup::Found(_) | EmailLookup::Nobody => return Ok(Ok(None)),
                    EmailLookup::Unknown { error, .. } => return Ok(Err(wait(&error))),
                }
            }
        };
        match bot.workspace.slack.direct_messages(&slack_user_id).await {
            Ok(channel_id) => Ok(Ok(Some(DirectMessage {
                key: post_key::of_direct_message(entry.id, assignee.member.id),
                user_id: assignee.member.id,
                to: destination(bot, channel_id, &assignee.member.name),
                since: entry.created_at,
            }))),
            Err(error @ (SlackError::Refused { .. } | SlackError::Broken { .. })) => {
                tracing::info!(
                    "{} is not told in Slack of being assigned to #{}: {error}",
                    assignee.member.id,
                    input.incident.number
                );
                Ok(Ok(None))
            }
            Err(
                error @ (SlackError::RateLimited { .. }
                | SlackError::NotSent { .. }
                | SlackError::Unknown { .. }),
            ) => Ok(Err(wait(&error))),
        }
    }

    /// Whether a person who has a member's address is that member: they may have said that they are not, or that somebody else is.
    async fn is_them(
        &self,
        who: As<'_>,
        person: &user::Model,
        assignee: &NewAssignee,
    ) -> Result<bool, ReconcileError> {
        if person.unlinked || person.is_external || person.is_bot {
            return Ok(false);
        }
        let email = Some(assignee.member.email.as_str());
        let members = self
            .api
            .slack_members(who, &person.team_id, &person.slack_user_id, email)
            .await?;
        Ok(members
            .iter()
            .any(|(_, member, _)| member.id == assignee.member.id))
    }
}

/// The bots of the workspaces in which the incident is shown.
fn bots<'a>(input: &AssignmentInput<'a>) -> Vec<&'a Bot> {
    let mut seen = HashSet::new();
    input
        .destinations
        .iter()
        .filter(|destination| seen.insert(destination.workspace))
        .filter_map(|destination| input.reachable.bot(destination.workspace).ok())
        .collect()
}

/// Whether somebody is to be told of an assignment, and is not yet.
fn is_told(input: &AssignmentInput<'_>, entry: &Entry, assignee: &NewAssignee) -> bool {
    let by_themselves = entry
        .author
        .as_ref()
        .is_some_and(|author| author.email.as_ref() == Some(&assignee.member.email));
    let key = post_key::of_direct_message(entry.id, assignee.member.id);
    !by_themselves
        && input.incident.assignee_ids.contains(&assignee.member.id)
        && input.recorded.iter().all(|post| post.key != key)
}

/// One that is on record.
fn of_record(post: &post::Model) -> Option<DirectMessage> {
    let user_id = post_key::told_by(&post.key).filter(|_| post.kind == PostKind::Direct)?;
    Some(DirectMessage {
        key: post.key.clone(),
        user_id,
        to: Destination::of_post(post, post.connector_id?),
        since: post.queued_at,
    })
}

/// The direct messages with somebody. No connector leads there: an id of its own stands for one, as where an incident is created.
fn destination(bot: &Bot, channel_id: String, name: &str) -> Destination {
    Destination {
        connector_id: ConnectorId::new(),
        connector_name: String::new(),
        workspace: bot.workspace.id,
        team_id: bot.installation.team_id.clone(),
        customize: false,
        channel_id,
        channel_name: format!("{name}'s direct messages"),
        in_digest: false,
        tells_apart: false,
        thread_ts: None,
        presentation: Presentation::default(),
    }
}
