//! Reading the audit log.

use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, Select};
use tocsin_database::Database;
use tocsin_entity::{
    audit_entry::{Column, Entity, Model},
    id::{ApiKeyId, AuditEntryId, UserId},
    kinds::AuditChannel,
};

use crate::{
    error::RequestError,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    time_range::TimeRange,
    viewer::Permission,
};

/// Which entries are wanted: those for which all that is given holds.
#[derive(Debug, Clone, Default)]
pub struct AuditCriteria {
    /// Those of this mutation, such as `updateUser`.
    pub action: Option<String>,
    /// Those that came by this way.
    pub through: Option<AuditChannel>,
    /// Those of this member, or of this API key.
    pub actor_id: Option<String>,
    /// Those about this object.
    pub subject_id: Option<String>,
    /// Those within this time.
    pub created_at: TimeRange,
}

impl AuditCriteria {
    fn condition(&self, database: &Database) -> Result<Condition, RequestError> {
        let mut all = Condition::all();
        if let Some(action) = &self.action {
            all = all.add(Column::Action.eq(action.as_str()));
        }
        if let Some(through) = self.through {
            all = all.add(Column::Through.eq(through));
        }
        if let Some(id) = &self.actor_id {
            let (user, key) = (id.parse::<UserId>(), id.parse::<ApiKeyId>());
            all = all.add(match (user, key) {
                (Ok(user), _) => Column::ActorUserId.eq(user),
                (Err(_), Ok(key)) => Column::ActorKeyId.eq(key),
                (Err(_), Err(_)) => {
                    let why = "`actorId` must be the id of a user (`usr_…`) or of an API key (`key_…`).";
                    return Err(RequestError::BadInput(why.to_owned()));
                }
            });
        }
        if let Some(id) = &self.subject_id {
            all = all.add(Column::SubjectId.eq(id.as_str()));
        }
        Ok(all.add(self.created_at.condition(database, Column::CreatedAt)))
    }
}

/// An entry by its id, for administrators.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request
        .load_owned::<AuditEntryId, Model>(Permission::Manage, id)
        .await
}

fn wanted(request: &Request<'_>, criteria: &AuditCriteria) -> Result<Select<Entity>, RequestError> {
    let tenant = request.tenant(Permission::Manage)?;
    let condition = criteria.condition(request.domain.database())?;
    Ok(tenant.find::<Entity>().filter(condition))
}

/// A page of what administrators have changed in the organisation, oldest first. For administrators.
pub async fn list(
    request: &Request<'_>,
    criteria: &AuditCriteria,
    page: PageRequest,
) -> Result<RowPage<Model>, RequestError> {
    let own = wanted(request, criteria)?;
    let page = PageBounds::new(page)?;
    let find = page.cut::<_, AuditEntryId>(own, Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}

/// How many entries are wanted. For administrators.
pub async fn count(request: &Request<'_>, criteria: &AuditCriteria) -> Result<u64, RequestError> {
    Ok(wanted(request, criteria)?.count(request.read()).await?)
}
