//! Where an incident is to be shown: where the connectors lead, where it was created, and where it stands already.

use std::collections::BTreeSet;

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
    bridge::Parts,
    graphql::{Connector, Incident},
    origin as origins,
    slack::Installation,
};

/// Where the incident is to be shown, and which connectors lead nowhere at the moment.
#[derive(Debug, Default)]
pub(super) struct Destinations {
    pub(super) destinations: Vec<Destination>,
    pub(super) troubles: Vec<(Connector, Trouble)>,
}

pub(super) async fn find(
    parts: &Parts,
    incident: &Incident,
    connectors: &[Connector],
    origin: Option<&origin::Model>,
    recorded: &[post::Model],
    lines: &[digest_line::Model],
    bot: &Installation,
) -> Result<Destinations, DbErr> {
    let mut ids: BTreeSet<_> = connectors.iter().map(|connector| connector.id).collect();
    ids.extend(origin.map(|origin| origin.connector_id));
    let mut found = Destinations {
        destinations: orphaned(recorded, &ids),
        troubles: Vec::new(),
    };
    for connector in connectors {
        found.add(parts, connector, None, recorded, lines, bot).await?;
    }
    if let Some(origin) = origin {
        let connector = origins::connector(origin);
        let is_shown = root_of(recorded, &connector).is_some();
        // One message in a channel is enough; a thread is a place of its own.
        let is_double = origin.thread_ts.is_none() && found.lead_to(&origin.channel_id);
        if is_shown || !is_double {
            let thread_ts = origin.thread_ts.as_deref();
            found
                .add(parts, &connector, thread_ts, recorded, lines, bot)
                .await?;
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
    fn lead_to(&self, channel_id: &str) -> bool {
        let mut all = self.destinations.iter();
        all.any(|destination| destination.channel_id == channel_id)
    }

    async fn add(
        &mut self,
        parts: &Parts,
        connector: &Connector,
        thread_ts: Option<&str>,
        recorded: &[post::Model],
        lines: &[digest_line::Model],
        bot: &Installation,
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
        match parts.channels.resolve(&connector.channel, bot).await? {
            Ok(channel) => self.destinations.push(Destination {
                connector_id: connector.id,
                connector_name: connector.name.clone(),
                channel_id: channel.id,
                channel_name: channel.name,
                in_digest,
                tells_apart: false,
                thread_ts: thread_ts.map(str::to_owned),
            }),
            Err(_) if in_digest => {}
            Err(trouble) => self.troubles.push((connector.clone(), trouble)),
        }
        Ok(())
    }
}
