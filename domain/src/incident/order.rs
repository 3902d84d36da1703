//! In which order incidents are listed.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use tocsin_database::Database;
use tocsin_entity::{
    incident::{Column, Model},
    kinds::{IncidentStatus, Severity, Urgency},
};

use crate::ordering::{Direction, ListOrder, cursor, time_cursor};

/// By what incidents are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentOrderField {
    /// By their number.
    Number,
    /// By when they were triggered.
    TriggeredAt,
    /// By when they last changed.
    UpdatedAt,
    /// By severity: `SEV1` is the highest, and none the lowest.
    Severity,
    /// By urgency: `HIGH` is the highest.
    Urgency,
    /// By status: `TRIGGERED` is the highest, and `RESOLVED` the lowest.
    Status,
}

/// In which order incidents are listed: by a value, and by their number where values are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentSort {
    /// By what.
    pub field: IncidentOrderField,
    /// Which end comes first.
    pub direction: Direction,
}

/// How high a status stands.
fn status_rank(status: IncidentStatus) -> i64 {
    match status {
        IncidentStatus::Triggered => 3,
        IncidentStatus::Acknowledged => 2,
        IncidentStatus::Resolved => 1,
    }
}

/// How high an urgency stands.
fn urgency_rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::High => 3,
        Urgency::Medium => 2,
        Urgency::Low => 1,
    }
}

/// How high a severity stands; none is the lowest.
fn severity_rank(severity: Option<Severity>) -> i64 {
    match severity {
        Some(Severity::Sev1) => 5,
        Some(Severity::Sev2) => 4,
        Some(Severity::Sev3) => 3,
        Some(Severity::Sev4) => 2,
        Some(Severity::Sev5) => 1,
        None => 0,
    }
}

/// How high each row stands, in SQL.
fn ranks<T: Copy + Into<sea_orm::Value>>(
    column: Column,
    rank: impl Fn(T) -> i64,
    all: impl IntoIterator<Item = T>,
) -> Expr {
    let cases = all.into_iter().fold(CaseStatement::new(), |cases, value| {
        cases.case(
            Expr::col((tocsin_entity::incident::Entity, column)).eq(value),
            rank(value),
        )
    });
    cases.finally(0).into()
}

impl IncidentSort {
    /// The order of a list.
    pub(super) fn order(self, database: &Database) -> ListOrder {
        use sea_orm::Iterable;
        let by_rank = |name, rank| ListOrder::by_number(name, rank, self.direction);
        let by_time = |name, column| ListOrder::by_time(name, database, column, self.direction);
        match self.field {
            IncidentOrderField::Number => ListOrder::by_key(self.direction),
            IncidentOrderField::TriggeredAt => by_time("triggeredAt", Column::TriggeredAt),
            IncidentOrderField::UpdatedAt => by_time("updatedAt", Column::UpdatedAt),
            IncidentOrderField::Severity => by_rank(
                "severity",
                ranks(Column::Severity, |own| severity_rank(Some(own)), Severity::iter()),
            ),
            IncidentOrderField::Urgency => {
                by_rank("urgency", ranks(Column::Urgency, urgency_rank, Urgency::iter()))
            }
            IncidentOrderField::Status => by_rank(
                "status",
                ranks(Column::Status, status_rank, IncidentStatus::iter()),
            ),
        }
    }

    /// What the cursor of a row says in this order.
    pub fn cursor(self, row: &Model) -> String {
        let number = row.number;
        match self.field {
            IncidentOrderField::Number => number.to_string(),
            IncidentOrderField::TriggeredAt => time_cursor("triggeredAt", row.triggered_at, number),
            IncidentOrderField::UpdatedAt => time_cursor("updatedAt", row.updated_at, number),
            IncidentOrderField::Severity => cursor("severity", severity_rank(row.severity), number),
            IncidentOrderField::Urgency => cursor("urgency", urgency_rank(row.urgency), number),
            IncidentOrderField::Status => cursor("status", status_rank(row.status), number),
        }
    }
}
