//! A timer: something that will happen to an incident at a set time. Written with the change that needs it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{IncidentId, OrganizationId, TimerId},
    kinds::TimerKind,
};

/// A timer: something that will happen to an incident at a set time. Written with the change that needs it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TimerId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The incident; it has one timer of each kind at the most.
    pub incident_id: IncidentId,
    /// What it does.
    pub kind: TimerKind,
    /// When it does it.
    pub due_at: OffsetDateTime,
    /// When it is tried next, in microseconds since 1970: when it is due, or after a failure. Rows of the
    /// version before have none until the API gives them one.
    pub fire_at: Option<i64>,
    /// How often it has failed, so that whoever read it earlier sees that it was put off.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
