//! The right to write: a worker's claim, by its number.
//!
//! A worker may be paused for longer than its claim holds, and wake when another has done the work. Its name does not tell the two apart, since the
//! same worker may claim again. So claims are numbered, and every write names the number that it was made under: what comes under an
//! older one is not written.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use tocsin_database::rows::padded;
use uuid::Uuid;

use super::{lease::LeaseSubject, rows::rows};

/// A claim, as a condition of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    claimed: LeaseSubject,
    number: i64,
    worker: String,
}

impl Fence {
    pub(crate) fn new(claimed: LeaseSubject, number: i64, worker: &str) -> Self {
        Self {
            claimed,
            number,
            worker: worker.to_owned(),
        }
    }

    pub(crate) fn claimed(&self) -> LeaseSubject {
        self.claimed
    }

    pub(super) fn number(&self) -> i64 {
        self.number
    }

    /// What every row of a claim that is this worker's still holds: its id, the claim's number, and the worker.
    ///
    /// A replica of an earlier version does not number its claims, so that the worker is part of it.
    pub(super) fn row(&self) -> [Value; 3] {
        [self.claimed.id(), self.number.into(), self.worker.clone().into()]
    }

    /// The condition, and what it names from `$first` on.
    pub(super) fn condition(&self, first: usize) -> (String, [Value; 3]) {
        let (number, worker) = (first + 1, first + 2);
        let key = self.claimed.key();
        (
            format!("{key} = ${first} AND claim = ${number} AND claimed_by = ${worker}"),
            self.row(),
        )
    }

    /// Whether each of the claims is its worker's still. If so nobody takes it before the transaction ends.
    pub(crate) async fn stand(tx: &impl ConnectionTrait, fences: &[&Self]) -> Result<Vec<bool>, DbErr> {
        let mut valid = HashSet::new();
        for table in LeaseSubject::TABLES {
            let of_table = fences.iter().filter(|fence| fence.claimed.table() == table);
            valid.extend(Self::valid_in_table(tx, of_table.copied().collect()).await?);
        }
        let stands = |fence: &&Self| valid.contains(&(fence.claimed, fence.number));
        Ok(fences.iter().map(stands).collect())
    }

    /// Those of one table's claims that stand, by what is claimed and by their numbers.
    async fn valid_in_table(
        tx: &impl ConnectionTrait,
        fences: Vec<&Self>,
    ) -> Result<Vec<(LeaseSubject, i64)>, DbErr> {
        let Some(first) = fences.first() else {
            return Ok(Vec::new());
        };
        let (table, key) = (first.claimed.table(), first.claimed.key());
        let held = rows(
            padded(fences.iter().map(|fence| Vec::from(fence.row())).collect()),
            1,
        );
        // SQLite has one writer, and begins writes with a lock on everything.
        let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
        let lock = if is_postgres {
            format!(" FOR UPDATE OF {table}")
        } else {
            String::new()
        };
        // Both databases call the columns of a list of values column1, column2, …
        let sql = format!(
            "SELECT {key} AS id, claim FROM {table}
             JOIN (VALUES {}) AS held ON {key} = column1 AND claim = column2 AND claimed_by = column3
             ORDER BY {key}{lock}",
            held.text
        );
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, held.values);
        let mut valid: HashSet<(Uuid, i64)> = HashSet::new();
        for row in tx.query_all_raw(statement).await? {
            valid.insert((row.try_get("", "id")?, row.try_get("", "claim")?));
        }
        let own = fences
            .into_iter()
            .filter(|fence| valid.contains(&(fence.claimed.uuid(), fence.number)));
        Ok(own.map(|fence| (fence.claimed, fence.number)).collect())
    }

    /// Whether the claim is this worker's still.
    pub(crate) async fn stands(&self, tx: &impl ConnectionTrait) -> Result<bool, DbErr> {
        Ok(Self::stand(tx, &[self]).await? == [true])
    }
}
