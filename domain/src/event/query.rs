//! Reading the log behind a cursor: as a list to poll, and as a stream.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use tocsin_entity::id::OrganizationId;

use super::{
    cursor::Position,
    log::{self, EventDetails},
    stream,
};
use crate::{
    error::{InternalError, RequestError},
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    viewer::Permission,
};

/// Behind which event of the organisation's log a page begins.
///
/// # Errors
/// A refusal, where that event is not in the log: nothing was written there yet, or a restore has put another one in its place.
async fn start(
    request: &Request<'_>,
    page: &PageBounds,
    organization_id: OrganizationId,
) -> Result<Option<i64>, RequestError> {
    let (after, _) = page.bounds::<Position>()?;
    let Some(position) = after else { return Ok(None) };
    let seq = position.in_log_of(organization_id)?;
    if seq == 0 {
        return Ok(Some(0));
    }
    let found = log::find(request.domain.database(), organization_id, seq).await?;
    if found.is_some_and(|event| position.is_of(&event)) {
        return Ok(Some(seq));
    }
    Err(RequestError::BadInput(
        "The event of `after` is not in this organisation's log. If the cursor came from here, the server was restored from an \
         earlier backup, and the events since are lost: read the incidents again, and go on without `after`."
            .to_owned(),
    ))
}

/// A page of the organisation's log, oldest first.
pub async fn list(
    request: &Request<'_>,
    page: PageRequest,
) -> Result<RowPage<Arc<EventDetails>>, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let after = start(request, &page, organization_id).await?;
    let database = request.domain.database();
    let rows = log::read_after(database, organization_id, after.unwrap_or(0), page.limit + 1).await?;
    Ok(page.of(rows))
}

/// How many events the organisation's log has.
pub async fn count(request: &Request<'_>) -> Result<u64, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    Ok(log::count(request.domain.database(), organization_id).await?)
}

/// The events behind a cursor, or from now on, for ever. It ends after an error: the listener comes back with its cursor.
pub(crate) async fn follow(
    request: &Request<'_>,
    after: Option<String>,
) -> Result<impl Stream<Item = Result<Arc<EventDetails>, InternalError>> + use<>, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    let page = PageBounds::new(PageRequest {
        after,
        ..PageRequest::default()
    })?;
    let after = start(request, &page, organization_id).await?;
    let events = stream::events(Arc::clone(request.domain), organization_id, after).await?;
    Ok(events.map(|told| told.map_err(InternalError::from)))
}
