//! Organisations: the tenants that own everything else.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, SqlErr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    id::OrganizationId,
    organization::{Column, Entity, Model},
};

use crate::{
    audit::AuditTrail,
    data_loader::Loader,
    error::{InternalError, MutationError, RequestError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    loaders::BatchLoader,
    patch::Patch,
    request::Request,
    tenant::{Tenant, everywhere},
    validation::{Checks, new_value},
    viewer::Permission,
};

/// New values for an organisation; what is left out stays.
#[derive(Debug)]
pub struct UpdateOrganization {
    /// The name people read; at most 100 characters.
    pub name: Patch<String>,
    /// The name in addresses and commands: lowercase letters, digits and dashes, at most 60; unique on the server.
    pub slug: Patch<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Longest slug, in characters.
const SLUG_MAX: usize = 60;

fn slug(text: &str) -> Result<String, UserError> {
    let is_sound = !text.is_empty()
        && text.len() <= SLUG_MAX
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_sound {
        return Ok(text.to_owned());
    }
    let why = format!(
        "`slug` has lowercase letters, digits and dashes, from 1 to {SLUG_MAX} of them, and begins and ends with none of the dashes."
    );
    Err(UserError::invalid("slug", why))
}

/// Changes the organisation's name or slug.
pub async fn update(request: &Request<'_>, input: UpdateOrganization) -> Result<Model, MutationError> {
    let organization_id = request.viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (name, slug) = (
        new_value("name", input.name, |name| limits::name("name", &name)),
        new_value("slug", input.slug, |text| slug(&text)),
    )
        .all()?;
    let tx = request.domain.database().begin_write().await?;
    let made = idempotency::before::<OrganizationId>(&tx, organization_id, key.as_ref()).await?;
    let row = Tenant::of(organization_id).organization().one(&tx).await?;
    let before =
        row.ok_or_else(|| InternalError::Broken(format!("the organisation {organization_id} is not there")))?;
    if made.is_some() {
        return Ok(before);
    }
    let mut after = before.clone().into_active_model();
    after.name = name.map_or(after.name, Set);
    after.slug = slug.map_or(after.slug, Set);
    let after = after.update(&tx).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let why = "Another organisation on this server has this slug.";
            UserError::new(UserErrorCode::AlreadyExists, why)
                .at("slug")
                .into()
        }
        _ => MutationError::from(error),
    })?;
    AuditTrail::of(request, organization_id)
        .changed(&tx, &before, &after)
        .await?;
    idempotency::keep(&tx, organization_id, key.as_ref(), organization_id).await?;
    tx.commit().await?;
    Ok(after)
}

impl Loader<OrganizationId> for BatchLoader {
    type Value = Model;
    type Error = InternalError;

    async fn load(&self, keys: &[OrganizationId]) -> Result<HashMap<OrganizationId, Model>, InternalError> {
        let rows = everywhere::<Entity>("of rows that were read before: each has its own organisation")
            .filter(Column::Id.is_in(keys.iter().copied()))
            .all(self.database().read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// What people call the organisation.
pub async fn name(request: &Request<'_>, id: OrganizationId) -> Result<String, InternalError> {
    Ok(get(request, id).await?.name)
}

/// The organisation of this id, if it is the viewer's own; for the bridge, any.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    let Ok(id) = id.parse::<OrganizationId>() else {
        return Ok(None);
    };
    if request.viewer.is_bridge() || request.viewer.may(Permission::Read)? == id {
        Ok(load(request, id).await?)
    } else {
        Ok(None)
    }
}

/// The organisation that the viewer's key opens, for whoever reads in it.
pub async fn own(request: &Request<'_>) -> Result<Model, RequestError> {
    let id = request.viewer.may(Permission::Read)?;
    Ok(get(request, id).await?)
}

/// The organisation that the viewer's key opens, whatever else the key is for; none for the bridge without one.
pub async fn of_viewer(request: &Request<'_>) -> Result<Option<Model>, RequestError> {
    match request.viewer.organization_id() {
        Some(id) => Ok(load(request, id).await?),
        None if request.viewer.is_bridge() => Ok(None),
        None => Err(RequestError::Unauthenticated),
    }
}

/// How long before `changed_since` events count as well, in seconds: a transaction may become visible after later ones, and an organisation's last
/// event is known to the second.
const LATE: i64 = 30;

/// Every organisation, oldest first: for the bridge alone. With `changed_since`, those whose event log has grown since then or shortly before: the
/// cost grows with their number, and not with that of all. Where the clock has been set back behind that time, all of them.
pub async fn list(
    request: &Request<'_>,
    changed_since: Option<OffsetDateTime>,
) -> Result<Vec<Model>, RequestError> {
    request.viewer.may_ask_for_all()?;
    let mut find = everywhere::<Entity>("the bridge serves every organisation").order_by_asc(Column::Id);
    let now = request.domain.clock().now();
    // Whose clock is a little ahead is no reason to read all.
    let late = time::Duration::seconds(LATE);
    if let Some(since) = changed_since.filter(|since| *since <= now + late) {
        let second = since.unix_timestamp().saturating_sub(LATE);
        find = find.filter(Column::LastEventSecond.gte(second));
    }
    Ok(find.all(request.read()).await?)
}

async fn get(request: &Request<'_>, id: OrganizationId) -> Result<Model, InternalError> {
    let found = load(request, id).await?;
    found.ok_or_else(|| InternalError::Broken(format!("the organisation {id} is not there")))
}

async fn load(request: &Request<'_>, id: OrganizationId) -> Result<Option<Model>, InternalError> {
    Ok(Tenant::of(id).organization().one(request.read()).await?)
}
