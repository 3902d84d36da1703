//! Direct messages to those who were assigned: each is told by a message with the incident's buttons, which is kept true as the incident's own is.
//!
//! Who assigns themselves is told nothing. Nobody is told of an incident that is over, or that is somebody else's by now.

use std::collections::HashSet;

use time::OffsetDateTime;
use tocsin_client::{As, Connector, Entry, Incident, NewAssignee};
use tocsin_entity::{
    id::{ConnectorId, UserId},
    kinds::{EntryKind, IncidentStatus, PostKind},
    slack::{post, user},
};
use tocsin_slack::error::SlackError;

use super::{
    Mirror,
    content::Controls,
    deliver::DeliveryRun,
    desired::{DesiredPost, Destination, Presentation},
    diff::diff,
    outcome::{Wait, back_off},
    steps::{ReconcileError, ReconcileOutcome, deliver},
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

/// What is known of the incident.
#[derive(Clone, Copy)]
pub(super) struct AssignmentInput<'a> {
    pub(super) incident: &'a Incident,
    pub(super) entries: &'a [Entry],
    /// Where the incident is shown: people are told in those workspaces.
    pub(super) destinations: &'a [Destination],
    /// All of the organisation's: where no channel shows the incident, people are told in their workspaces.
    pub(super) connectors: &'a [Connector],
    pub(super) attempts: i32,
}

impl Mirror {
    /// Tells those who were assigned since. That comes last: whatever keeps a direct message back, Slack or the API, keeps back nothing else.
    pub(super) async fn tell_assignees(
        &self,
        who: As<'_>,
        controls: Controls<'_>,
        input: AssignmentInput<'_>,
        delivery: &mut DeliveryRun<'_>,
    ) -> Result<ReconcileOutcome, ReconcileError> {
        let mut messages = Vec::new();
        let mut untold = None;
        if input.incident.status != IncidentStatus::Resolved {
            // Of those who were assigned twice the last time counts.
            for entry in input.entries.iter().rev().filter(|entry| assigns(entry)) {
                for bot in bots(&input, delivery.reachable) {
                    let found = self.messages_of(who, &input, entry, bot, delivery, &mut messages);
                    match found.await {
                        Ok(wait) => untold = wait.or(untold),
                        Err(ReconcileError::Database(error)) => return Err(error.into()),
                        Err(ReconcileError::Api(error)) => {
                            let pause = back_off(input.attempts + 1, AGAIN);
                            untold = Some(Wait::error(delivery.now(), error.to_string(), pause));
                        }
                    }
                }
            }
        }
        let wanted: Vec<_> = messages
            .iter()
            .map(|message| DesiredPost::direct(input.incident, controls, message))
            .collect();
        let steps = diff(&wanted, &delivery.recorded);
        let mut ended = deliver(delivery, &steps, input.incident, None).await?;
        if let Some(wait) = untold {
            ended.wait(wait);
        }
        Ok(ended)
    }

    /// Adds the messages to those who were assigned by an entry and are known in a workspace. Says when to look again where that could not be found
    /// out of somebody.
    async fn messages_of(
        &self,
        who: As<'_>,
        input: &AssignmentInput<'_>,
        entry: &Entry,
        bot: &Bot,
        delivery: &DeliveryRun<'_>,
        messages: &mut Vec<DirectMessage>,
    ) -> Result<Option<Wait>, ReconcileError> {
        let mut untold = None;
        let team = &bot.installation.team_id;
        for assignee in self.api.new_assignees(who, entry.id, team).await? {
            let is_told = messages
                .iter()
                .any(|message| message.user_id == assignee.member.id);
            if is_told || !is_to_be_told(input, entry, &assignee, &delivery.recorded) {
                continue;
            }
            match self.message_to(who, input, entry, &assignee, bot).await? {
                Ok(message) => messages.extend(message),
                Err(wait) => untold = Some(wait),
            }
        }
        Ok(untold)
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
            Err(error @ SlackError::Refused { .. }) => {
                tracing::info!(
                    "{} is not told in Slack of being assigned to #{}: {error}",
                    assignee.member.id,
                    input.incident.number
                );
                Ok(Ok(None))
            }
            Err(
                error @ (SlackError::RateLimited { .. }
                | SlackError::Broken { .. }
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

/// Whether an entry assigns somebody.
fn assigns(entry: &Entry) -> bool {
    let assignees = entry.assignees.as_ref();
    entry.kind == EntryKind::Reassigned && assignees.is_some_and(|assignees| !assignees.is_empty())
}

/// The bots of the workspaces in which people are told.
fn bots<'a>(input: &AssignmentInput<'_>, reachable: &'a ReachableWorkspaces) -> Vec<&'a Bot> {
    let shown = input.destinations.iter().map(|destination| destination.workspace);
    let connected = input
        .connectors
        .iter()
        .filter(|connector| input.destinations.is_empty() && !connector.is_disconnected)
        .map(|connector| connector.workspace);
    let mut seen = HashSet::new();
    shown
        .chain(connected)
        .filter(|workspace| seen.insert(*workspace))
        .filter_map(|workspace| reachable.bot(workspace).ok())
        .collect()
}

/// Whether somebody is to be told of an assignment, and is not yet.
fn is_to_be_told(
    input: &AssignmentInput<'_>,
    entry: &Entry,
    assignee: &NewAssignee,
    recorded: &[post::Model],
) -> bool {
    let author = entry.author.as_ref().and_then(|author| author.email.as_ref());
    let key = post_key::of_direct_message(entry.id, assignee.member.id);
    author != Some(&assignee.member.email)
        && input.incident.assignee_ids.contains(&assignee.member.id)
        && recorded.iter().all(|post| post.key != key)
}

/// The direct messages that are on record, as they ought to be now.
pub(super) fn kept(
    incident: &Incident,
    controls: Controls<'_>,
    recorded: &[post::Model],
) -> impl Iterator<Item = DesiredPost> {
    let direct = recorded.iter().filter(|post| post.kind == PostKind::Direct);
    direct.filter_map(move |post| {
        let message = DirectMessage {
            key: post.key.clone(),
            user_id: post_key::told_by(&post.key)?,
            to: Destination::of_post(post, post.connector_id?),
            since: post.queued_at,
        };
        Some(DesiredPost::direct(incident, controls, &message))
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
