//! One listener's way along the log: what was missed from the database, then what is live, in order, without gap or double.

use std::{collections::VecDeque, sync::Arc};

use futures::Stream;
use sea_orm::DbErr;
use tocsin_entity::id::OrganizationId;
use tokio::sync::broadcast::{self, error::RecvError};

use super::log::{self, EventDetails};
use crate::Domain;

/// Most events read from the log at a time.
const READ_MAX: u64 = 100;

struct Listener {
    domain: Arc<Domain>,
    organization_id: OrganizationId,
    live: broadcast::Receiver<Arc<EventDetails>>,
    position: i64,
    read: VecDeque<Arc<EventDetails>>,
    behind: bool,
    ended: bool,
}

/// The events after `after`, or from now on, for ever. It ends after an error: the listener comes back with its cursor.
pub(super) async fn events(
    domain: Arc<Domain>,
    organization_id: OrganizationId,
    after: Option<i64>,
) -> Result<impl Stream<Item = Result<Arc<EventDetails>, DbErr>> + use<>, DbErr> {
    let live = domain.hub().listen(organization_id).await?;
    let position = match after {
        Some(seq) => seq,
        None => log::newest(domain.hub().database(), organization_id).await?,
    };
    let listener = Listener {
        domain,
        organization_id,
        live,
        position,
        read: VecDeque::new(),
        behind: after.is_some(),
        ended: false,
    };
    Ok(futures::stream::unfold(listener, async |mut listener| {
        let next = listener.next().await?;
        Some((next, listener))
    }))
}

impl Listener {
    async fn next(&mut self) -> Option<Result<Arc<EventDetails>, DbErr>> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(told) = self.read.pop_front() {
                self.position = told.event.seq;
                return Some(Ok(told));
            }
            if self.behind {
                let database = self.domain.hub().database();
                match log::read_after(database, self.organization_id, self.position, READ_MAX).await {
                    Ok(events) if events.is_empty() => self.behind = false,
                    Ok(events) => self.read = events.into(),
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(error));
                    }
                }
                continue;
            }
            match self.live.recv().await {
                Ok(told) if told.event.seq <= self.position => {}
                Ok(told) if told.event.seq == self.position + 1 => {
                    self.position = told.event.seq;
                    return Some(Ok(told));
                }
                Ok(_) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
