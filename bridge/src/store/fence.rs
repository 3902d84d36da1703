//! The right to write: a worker's claim, by its number.
//!
//! A worker may be paused for longer than its claim holds, and wake when another has done the work. Its name does not tell the two apart, since the
//! same worker may claim again. So claims are numbered, and every write names the number that it was made under: what comes under an
//! older one is not written.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::lease::Claimed;

/// A claim, as a condition of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    claimed: Claimed,
    number: i64,
    worker: String,
}

impl Fence {
    pub(crate) fn new(claimed: Claimed, number: i64, worker: &str) -> Self {
        Self {
            claimed,
            number,
            worker: worker.to_owned(),
        }
    }

    pub(crate) fn claimed(&self) -> Claimed {
        self.claimed
    }

    /// The condition, and what it names from `$first` on: the row, the claim's number, and the worker.
    ///
    /// A replica of an earlier version does not number its claims, so that the worker is part of it.
    pub(super) fn condition(&self, first: usize) -> (String, [Value; 3]) {
        let (number, worker) = (first + 1, first + 2);
        let key = self.claimed.key();
        (
            format!("{key} = ${first} AND claim = ${number} AND claimed_by = ${worker}"),
            [self.claimed.id(), self.number.into(), self.worker.clone().into()],
        )
    }

    /// Whether the claim is this worker's still. If so nobody takes it before the transaction ends.
    pub(crate) async fn stands(&self, tx: &impl ConnectionTrait) -> Result<bool, DbErr> {
        let (condition, values) = self.condition(1);
        // SQLite has one writer, and begins writes with a lock on everything.
        let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
        let lock = if is_postgres { " FOR UPDATE" } else { "" };
        let table = self.claimed.table();
        let sql = format!("SELECT claim FROM {table} WHERE {condition}{lock}");
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        Ok(tx.query_one_raw(statement).await?.is_some())
    }
}
