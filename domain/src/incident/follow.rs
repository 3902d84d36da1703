//! Following the changes of incidents, as they are written.

use std::{future, sync::Arc};

use futures::{Stream, StreamExt};

use super::criteria::IncidentCriteria;
use crate::{
    error::{InternalError, RequestError},
    event::{self, EventDetails},
    request::Request,
    viewer::Permission,
};

/// Every change of the organisation's incidents that are wanted, in order, without gap or double: behind a cursor of the event log, or from now on.
/// It ends after an error: the listener comes back with its cursor.
pub async fn follow(
    request: &Request<'_>,
    after: Option<String>,
    criteria: IncidentCriteria,
) -> Result<impl Stream<Item = Result<Arc<EventDetails>, InternalError>> + use<>, RequestError> {
    request.viewer.may(Permission::Read)?;
    criteria.need_of_log(request.domain.database())?;
    let events = event::follow(request, after).await?;
    Ok(events.filter(move |told| {
        let wanted = match told {
            Ok(told) => criteria.wants(&told.incident, &told.assignees),
            Err(_) => true,
        };
        future::ready(wanted)
    }))
}
