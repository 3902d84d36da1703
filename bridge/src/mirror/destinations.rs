//! Where an incident is to be shown: where the connectors lead, where it was created, and where it stands already.
//!
//! A channel gets an incident once, whichever connectors lead there. Where a connector's channel takes nothing, the incident goes through its
//! fallback, and stays there: once it is shown by the fallback, the connector's own channel does not get it as well when it is repaired.

use std::{collections::BTreeSet, time::Duration};

use sea_orm::DbErr;
use tocsin_client::{Connector, Incident};
use tocsin_entity::{
    id::{ConnectorId, OrganizationId},
    kinds::{PostKind, PostState, ReplyMode},
    slack::{connector::WORKSPACE_UNUSABLE, digest_line, origin, post},
};
use tocsin_slack_app::{channel::ChannelError, fallback::has_fallback};

use super::desired::{Destination, Presentation, orphaned};
use crate::texts::health as texts;
use crate::{connector::Connectors, origin as origins, workspace::ReachableWorkspaces};

/// How soon a workspace is tried again in which no call can be made; what heals it is told at once.
const UNREACHABLE: Duration = Duration::from_secs(2);

/// Longest way from one fallback to the next; the API allows no longer one.
const FALLBACKS_MAX: usize = 5;

/// Where the incident is to be shown, and which connectors lead nowhere at the moment.
#[derive(Debug, Default)]
pub(super) struct RoutingOutcome {
    pub(super) destinations: Vec<Destination>,
    pub(super) troubles: Vec<(Connector, ChannelError)>,
    /// Those whose fallback stands in, and why.
    pub(super) replaced: Vec<(Connector, String)>,
}

/// What is known of an incident and its surroundings.
pub(super) struct RoutingInput<'a> {
    pub(super) incident: &'a Incident,
    /// All of the organisation's.
    pub(super) connectors: &'a [Connector],
    /// Those to which the incident goes.
    pub(super) led: &'a BTreeSet<ConnectorId>,
    pub(super) origin: Option<&'a origin::Model>,
    pub(super) recorded: &'a [post::Model],
    pub(super) lines: &'a [digest_line::Model],
    pub(super) reachable: &'a ReachableWorkspaces,
    pub(super) seen: &'a Connectors,
}

impl RoutingInput<'_> {
    pub(super) async fn find(&self) -> Result<RoutingOutcome, DbErr> {
        let mut ids: BTreeSet<_> = self.connectors.iter().map(|connector| connector.id).collect();
        ids.extend(self.origin.map(|origin| origin.connector_id));
        let mut found = RoutingOutcome {
            destinations: orphaned(self.recorded, &ids),
            ..RoutingOutcome::default()
        };
        // What stands already comes first: it stays, and no other message joins it in its channel.
        for connector in self.connectors {
            self.seen.leads(connector.id, &connector.lead());
            if let Some(root) = self.root_of(connector) {
                found.destinations.push(self.post_status(connector, root));
            }
        }
        for connector in self.connectors.iter().filter(|one| self.led.contains(&one.id)) {
            self.lead(&mut found, connector).await?;
        }
        if let Some(origin) = self.origin {
            let connector = origins::connector(origin);
            // One message in a channel is enough; a thread in which there is none is a place of its own.
            if let Some(root) = self.root_of(&connector) {
                found.destinations.push(self.post_status(&connector, root));
            } else if !found.lead_to(origin) {
                match self.resolve(&connector).await? {
                    Ok(destination) => found.destinations.push(destination),
                    Err(_) if self.is_in_digest(&connector) => {}
                    Err(trouble) => found.troubles.push((connector, trouble)),
                }
            }
        }
        self.say_how(&mut found);
        Ok(found)
    }

    /// Adds where a connector leads, or what stands in for it.
    async fn lead(&self, found: &mut RoutingOutcome, connector: &Connector) -> Result<(), DbErr> {
        let stands = found.has(connector.id);
        let known = match self.seen.trouble(connector.id, &connector.lead()) {
            Some(trouble) => Some((trouble, false)),
            None => self.lost(found, connector),
        };
        if stands && known.is_none() {
            return Ok(());
        }
        let fallbacks = self.fallbacks(connector);
        // What went to a fallback stays there, whether or not the connector works by now.
        let is_shown = |fallback: &&Connector| {
            let has_it = found.has(fallback.id) || self.is_in_digest(fallback);
            has_it && !self.led.contains(&fallback.id)
        };
        if fallbacks.iter().any(is_shown) {
            return Ok(());
        }
        // So does what is on its way there, whoever saw the connector fail.
        if known.is_none() && self.was_given_up(connector) && self.goes_on(found, &fallbacks).await? {
            return Ok(());
        }
        let (trouble, is_new) = match known {
            Some(known) if !fallbacks.is_empty() => known,
            Some(_) | None if stands => return Ok(()),
            Some(_) | None => match self.resolve(connector).await? {
                Ok(destination) => {
                    found.join(destination);
                    return Ok(());
                }
                Err(trouble) => (trouble, true),
            },
        };
        // What has a message or a line there waits for no other.
        let is_told = stands || self.is_in_digest(connector);
        let find_fallback = if has_fallback(&trouble.code) {
            self.find_fallback(found, &fallbacks).await?
        } else {
            None
        };
        if is_new {
            let organization: OrganizationId = self.incident.organization_id;
            let (code, message) = (&trouble.code, &trouble.message);
            self.seen
                .fails(organization, connector.id, &connector.lead(), code, message);
        }
        let meanwhile = find_fallback.map(|fallback| {
            let (name, channel) = (&fallback.name, &fallback.channel);
            texts::meanwhile(name, channel)
        });
        match &meanwhile {
            _ if is_told => {}
            Some(meanwhile) => {
                let said = format!("{}. {meanwhile}", trouble.message);
                found.replaced.push((connector.clone(), said));
            }
            None => found.troubles.push((connector.clone(), trouble)),
        }
        self.seen.stood_in_for(connector.id, meanwhile);
        Ok(())
    }

    /// Adds where the first fallback leads that leads anywhere.
    async fn find_fallback<'c>(
        &self,
        found: &mut RoutingOutcome,
        fallbacks: &[&'c Connector],
    ) -> Result<Option<&'c Connector>, DbErr> {
        for fallback in fallbacks {
            if found.has(fallback.id) {
                return Ok(Some(fallback));
            }
            if self.seen.trouble(fallback.id, &fallback.lead()).is_none()
                && let Ok(destination) = self.resolve(fallback).await?
            {
                found.join(destination);
                return Ok(Some(fallback));
            }
        }
        Ok(None)
    }

    /// That the workspace takes nothing in which the incident's message stands; with whether that is news of the connector, which may lead
    /// elsewhere by now.
    fn lost(&self, found: &RoutingOutcome, connector: &Connector) -> Option<(ChannelError, bool)> {
        let mut all = found.destinations.iter();
        let post_status = all.find(|one| one.connector_id == connector.id)?;
        let trouble = self.reachable.bot(post_status.workspace).err()?;
        let is_news = post_status.workspace == connector.workspace;
        self.reachable.is_broken(post_status.workspace).then(|| {
            (
                ChannelError::passing(WORKSPACE_UNUSABLE, trouble, UNREACHABLE),
                is_news,
            )
        })
    }

    /// Adds the fallback at which the incident's message waits, where it may still be made there.
    async fn goes_on(&self, found: &mut RoutingOutcome, fallbacks: &[&Connector]) -> Result<bool, DbErr> {
        for fallback in fallbacks.iter().filter(|one| !self.led.contains(&one.id)) {
            if self.waits(fallback)
                && self.seen.trouble(fallback.id, &fallback.lead()).is_none()
                && let Ok(destination) = self.resolve(fallback).await?
            {
                found.join(destination);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The connectors that stand in for one, in their order.
    fn fallbacks(&self, connector: &Connector) -> Vec<&Connector> {
        let mut way = Vec::new();
        let mut next = connector.fallback;
        while let Some(id) = next
            && way.len() < FALLBACKS_MAX
        {
            let found = self.connectors.iter().find(|other| other.id == id);
            way.extend(found);
            next = found.and_then(|found| found.fallback);
        }
        way
    }

    /// The incident's messages through a connector: one at the most.
    fn roots(&self, connector: &Connector) -> impl Iterator<Item = &post::Model> {
        let id = Some(connector.id);
        let all = self.recorded.iter();
        all.filter(move |post| post.connector_id == id && post.kind == PostKind::Root)
    }

    /// The message that stands for a connector, or is on its way.
    fn root_of(&self, connector: &Connector) -> Option<&post::Model> {
        let mut roots = self.roots(connector);
        roots.find(|post| post.ts.is_some() || post.state == PostState::Sending)
    }

    /// Whether no message was made through a connector because another stood in for it.
    fn was_given_up(&self, connector: &Connector) -> bool {
        self.roots(connector)
            .any(|post| post.ts.is_none() && post.state == PostState::Failed && post.content_hash.is_none())
    }

    /// Whether a message is still to be made through a connector.
    fn waits(&self, connector: &Connector) -> bool {
        self.roots(connector)
            .any(|post| post.ts.is_none() && matches!(post.state, PostState::Queued | PostState::Retrying))
    }

    fn is_in_digest(&self, connector: &Connector) -> bool {
        self.lines.iter().any(|line| line.connector_id == connector.id)
    }

    /// Its message stays where it is, wherever the connector leads by now.
    fn post_status(&self, connector: &Connector, root: &post::Model) -> Destination {
        Destination {
            in_digest: self.is_in_digest(connector),
            ..Destination::of_post(root, connector.id)
        }
    }

    async fn resolve(&self, connector: &Connector) -> Result<Result<Destination, ChannelError>, DbErr> {
        if connector.is_taken {
            return Ok(Err(ChannelError::taken(&connector.channel)));
        }
        let bot = match self.reachable.bot(connector.workspace) {
            Ok(bot) => bot,
            Err(trouble) => {
                let code = if connector.is_disconnected || self.reachable.is_broken(connector.workspace) {
                    WORKSPACE_UNUSABLE
                } else {
                    "unreachable"
                };
                return Ok(Err(ChannelError::passing(code, trouble, UNREACHABLE)));
            }
        };
        let installation = &bot.installation;
        let channels = &bot.workspace.channels;
        let resolved = channels.resolve(&connector.channel, bot).await?;
        Ok(resolved.map(|channel| Destination {
            connector_id: connector.id,
            connector_name: connector.name.clone(),
            workspace: connector.workspace,
            team_id: installation.team_id.clone(),
            customize: false,
            thread_ts: self.thread_ts(connector, &channel.id),
            channel_id: channel.id,
            channel_name: channel.name,
            in_digest: self.is_in_digest(connector),
            tells_apart: false,
            presentation: Presentation::default(),
        }))
    }

    /// The thread in which the incident is shown in this channel, where it was made of a message there.
    fn thread_ts(&self, connector: &Connector, channel_id: &str) -> Option<String> {
        let here = |origin: &&origin::Model| {
            origin.channel_id == channel_id && origin.workspace_id == connector.workspace
        };
        self.origin.filter(here)?.thread_ts.clone()
    }

    /// What is told at each destination, and how.
    fn say_how(&self, found: &mut RoutingOutcome) {
        for destination in &mut found.destinations {
            let mut all = self.connectors.iter();
            let connector = all.find(|connector| connector.id == destination.connector_id);
            let mode = self.incident.reply_mode.as_ref();
            let mode = mode.or(connector.map(|connector| &connector.reply_mode));
            let bot = self.reachable.bot(destination.workspace);
            destination.customize = bot.is_ok_and(|bot| bot.installation.may("chat:write.customize"));
            destination.tells_apart = mode.is_some_and(|mode| *mode == ReplyMode::Channel);
            destination.presentation = connector
                .map(|connector| Presentation::of(connector, self.incident))
                .unwrap_or_default();
        }
    }
}

impl RoutingOutcome {
    fn has(&self, connector: ConnectorId) -> bool {
        self.destinations.iter().any(|one| one.connector_id == connector)
    }

    /// Adds a place, unless the incident is shown in that channel already.
    fn join(&mut self, destination: Destination) {
        let is_there = |one: &Destination| {
            one.channel_id == destination.channel_id && one.team_id == destination.team_id
        };
        if !self.destinations.iter().any(is_there) {
            self.destinations.push(destination);
        }
    }

    fn lead_to(&self, origin: &origin::Model) -> bool {
        let mut all = self.destinations.iter();
        all.any(|destination| {
            let is_there = origin.thread_ts.is_none() || origin.thread_ts == destination.thread_ts;
            destination.channel_id == origin.channel_id && is_there
        })
    }
}
