//! Where an incident is to be shown: where the connectors lead, where it was created, and where it stands already.

use std::{collections::BTreeSet, time::Duration};

use sea_orm::DbErr;
use tocsin_entity::{
    kinds::{PostKind, PostState, ReplyMode},
    slack::{digest_line, origin, post},
};

use super::{
    channels::Trouble,
    desired::{Destination, orphaned},
};
use crate::{
    graphql::{Connector, Incident},
    origin as origins,
    workspace::Reach,
};

/// How soon a workspace is tried again in which no call can be made; what heals it is told at once.
const UNREACHABLE: Duration = Duration::from_secs(2);

/// Where the incident is to be shown, and which connectors lead nowhere at the moment.
#[derive(Debug, Default)]
pub(super) struct Destinations {
    pub(super) destinations: Vec<Destination>,
    pub(super) troubles: Vec<(Connector, Trouble)>,
}

pub(super) async fn find(
    incident: &Incident,
    connectors: &[Connector],
    origin: Option<&origin::Model>,
    recorded: &[post::Model],
    lines: &[digest_line::Model],
    reach: &Reach,
) -> Result<Destinations, DbErr> {
    let mut ids: BTreeSet<_> = connectors.iter().map(|connector| connector.id).collect();
    ids.extend(origin.map(|origin| origin.connector_id));
    let mut found = Destinations {
        destinations: orphaned(recorded, &ids),
        troubles: Vec::new(),
    };
    // Made of a message in a connector's channel, the incident is shown in that message's thread, and there alone.
    let thread = origin.filter(|origin| origin.thread_ts.is_some());
    for connector in connectors {
        found.add(connector, thread, recorded, lines, reach).await?;
    }
    if let Some(origin) = origin {
        let connector = origins::connector(origin);
        let is_shown = root_of(recorded, &connector).is_some();
        // One message in a channel is enough; a thread in which there is none is a place of its own.
        if is_shown || !found.lead_to(origin) {
            found.add(&connector, thread, recorded, lines, reach).await?;
        }
    }
    for destination in &mut found.destinations {
        let connector = connectors
            .iter()
            .find(|connector| connector.id == destination.connector_id);
        let mode = incident
            .reply_mode
            .as_ref()
            .or(connector.map(|connector| &connector.reply_mode));
        let bot = reach.bot(destination.workspace);
        destination.customize = bot.is_ok_and(|bot| bot.installation.may("chat:write.customize"));
        destination.tells_apart = mode.is_some_and(|mode| *mode == ReplyMode::Channel);
    }
    Ok(found)
}

/// The message that stands for a connector, or is on its way.
fn root_of<'a>(recorded: &'a [post::Model], connector: &Connector) -> Option<&'a post::Model> {
    recorded.iter().find(|post| {
        post.connector_id == Some(connector.id)
            && post.kind == PostKind::Root
            && (post.ts.is_some() || post.state == PostState::Sending)
    })
}

impl Destinations {
    fn lead_to(&self, origin: &origin::Model) -> bool {
        let mut all = self.destinations.iter();
        all.any(|destination| {
            let is_there = origin.thread_ts.is_none() || origin.thread_ts == destination.thread_ts;
            destination.channel_id == origin.channel_id && is_there
        })
    }

    async fn add(
        &mut self,
        connector: &Connector,
        thread: Option<&origin::Model>,
        recorded: &[post::Model],
        lines: &[digest_line::Model],
        reach: &Reach,
    ) -> Result<(), DbErr> {
        let in_digest = lines.iter().any(|line| line.connector_id == connector.id);
        if let Some(root) = root_of(recorded, connector) {
            // Its message stays where it is, wherever the connector leads by now.
            self.destinations.push(Destination {
                in_digest,
                ..Destination::of_post(root, connector.id)
            });
            return Ok(());
        }
        let bot = match reach.bot(connector.workspace) {
            Ok(bot) => bot,
            Err(trouble) => {
                self.troubles
                    .push((connector.clone(), Trouble::passing(trouble, UNREACHABLE)));
                return Ok(());
            }
        };
        let installation = &bot.installation;
        match bot
            .workspace
            .channels
            .resolve(&connector.channel, installation)
            .await?
        {
            Ok(channel) => self.destinations.push(Destination {
                connector_id: connector.id,
                connector_name: connector.name.clone(),
                workspace: connector.workspace,
                team_id: installation.team_id.clone(),
                customize: false,
                thread_ts: thread_ts(thread, connector, &channel.id),
                channel_id: channel.id,
                channel_name: channel.name,
                in_digest,
                tells_apart: false,
            }),
            Err(_) if in_digest => {}
            Err(trouble) => self.troubles.push((connector.clone(), trouble)),
        }
        Ok(())
    }
}

/// The thread in which the incident is shown in this channel, where it was made of a message there.
fn thread_ts(origin: Option<&origin::Model>, connector: &Connector, channel_id: &str) -> Option<String> {
    let here = |origin: &&origin::Model| {
        origin.channel_id == channel_id && origin.workspace_id == connector.workspace
    };
    origin.filter(here)?.thread_ts.clone()
}
