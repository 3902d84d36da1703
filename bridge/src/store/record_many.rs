//! What is put on record under claims, and how work ends: what is written at the same moment, by few statements.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::rows::padded;
use tocsin_entity::slack::post;
use uuid::Uuid;

use super::{GroupWriter, fence::Fence, group_writer::GroupWrite, lease::LeaseSubject, posts, rows::rows};

/// What is finished: the version that Slack shows by now, under the claim that was made for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FinishedWork {
    pub(crate) shown_version: i64,
    pub(crate) due_at: OffsetDateTime,
}

/// How work ended that could not be finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostponedWork {
    pub(crate) due_at: OffsetDateTime,
    /// Why it failed; none when it merely waits for its turn, which is no attempt.
    pub(crate) error: Option<String>,
}

/// What becomes of the claim.
#[derive(Clone, Debug)]
enum RecordingEnd {
    /// The work goes on.
    None,
    Finished(FinishedWork),
    PutOff(PostponedWork),
}

/// What is to be put on record under a claim: all of it, or nothing where another has the work by now.
struct Recording {
    fence: Fence,
    changed: Arc<[post::Model]>,
    end: RecordingEnd,
    clock: Clock,
}

/// Writes what has changed on record, all of it or nothing: whether the claim under which it was found was this worker's still.
pub(crate) async fn save_under(
    writer: &GroupWriter,
    clock: &Clock,
    fence: &Fence,
    changed: Arc<[post::Model]>,
) -> Result<bool, DbErr> {
    let write = Recording {
        fence: fence.clone(),
        changed,
        end: RecordingEnd::None,
        clock: clock.clone(),
    };
    Ok(writer.write_in_group(write).await?.is_some())
}

/// Writes the posts that have changed, and lets go of the work: finished, or put off. Says whether there is more to do: something newer is wanted,
/// or somebody wants it looked at again. None, with nothing written, where another has the work by now.
pub(crate) async fn let_go(
    writer: &GroupWriter,
    clock: &Clock,
    fence: &Fence,
    finished: FinishedWork,
    changed: Arc<[post::Model]>,
    put_off: Option<PostponedWork>,
) -> Result<Option<bool>, DbErr> {
    let write = Recording {
        fence: fence.clone(),
        changed,
        end: put_off.map_or(RecordingEnd::Finished(finished), RecordingEnd::PutOff),
        clock: clock.clone(),
    };
    writer.write_in_group(write).await
}

impl GroupWrite for Recording {
    type Answer = Option<bool>;

    async fn write_all(all: &[Self], tx: &DatabaseTransaction) -> Result<Vec<Self::Answer>, DbErr> {
        record(tx, all).await
    }
}

async fn record(tx: &DatabaseTransaction, all: &[Recording]) -> Result<Vec<Option<bool>>, DbErr> {
    // All rows are locked first, in the order of their ids: whoever writes some of the same at the same time waits for them in the same order.
    let fences: Vec<&Fence> = all.iter().map(|one| &one.fence).collect();
    let stands = Fence::stand(tx, &fences).await?;
    let mut answers = vec![None; all.len()];
    let mut finished = Vec::new();
    for (index, one) in all.iter().enumerate().filter(|(index, _)| stands[*index]) {
        match &one.end {
            RecordingEnd::None => answers[index] = Some(false),
            RecordingEnd::Finished(end) => finished.push((index, *end)),
            RecordingEnd::PutOff(end) => {
                answers[index] = put_off(tx, &one.fence, end).await?.then_some(false);
            }
        }
    }
    for table in LeaseSubject::TABLES {
        let of_table: Vec<_> = finished
            .iter()
            .filter(|(index, _)| all[*index].fence.claimed().table() == table)
            .map(|(index, end)| (&all[*index], *end))
            .collect();
        let more = finish(tx, &of_table).await?;
        for (index, _) in &finished {
            let fence = &all[*index].fence;
            if fence.claimed().table() == table {
                answers[*index] = more.get(&(fence.claimed().uuid(), fence.number())).copied();
            }
        }
    }
    // The claims of those that are answered are locked by now: nobody takes them before the transaction ends.
    let own = all.iter().zip(&answers).filter(|(_, answer)| answer.is_some());
    let changed: Vec<&post::Model> = own.flat_map(|(one, _)| one.changed.iter()).collect();
    posts::save_all(tx, &changed).await?;
    Ok(answers)
}

/// Lets go of what Slack shows, of one table; for each claim that was its worker's still, by its row and number, whether there is more to do.
async fn finish(
    tx: &DatabaseTransaction,
    all: &[(&Recording, FinishedWork)],
) -> Result<HashMap<(Uuid, i64), bool>, DbErr> {
    let Some((first, _)) = all.first() else {
        return Ok(HashMap::new());
    };
    let claimed = first.fence.claimed();
    let (table, key) = (claimed.table(), claimed.key());
    let row = |(one, end): (&Recording, FinishedWork)| {
        let mut row = Vec::from(one.fence.row());
        row.extend([
            end.shown_version.into(),
            end.due_at.into(),
            one.clock.now().into(),
        ]);
        row
    };
    let rows = rows(padded(all.to_vec()).into_iter().map(row).collect(), 1);
    // Both databases call the columns of a list of values column1, column2, …
    let sql = format!(
        "UPDATE {table} SET
           shown_version = CASE WHEN due_at = column5 AND column4 > shown_version THEN column4 ELSE shown_version END,
           due_at = column6, attempts = 0, last_error = NULL, claimed_by = NULL, claimed_until = NULL
         FROM (VALUES {}) AS done
         WHERE {key} = column1 AND claim = column2 AND claimed_by = column3
         RETURNING {key} AS id, claim, wanted_version, shown_version",
        rows.text
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, rows.values);
    let mut more = HashMap::new();
    for row in tx.query_all_raw(statement).await? {
        let claim = (row.try_get("", "id")?, row.try_get("", "claim")?);
        let (wanted, shown): (i64, i64) = (
            row.try_get("", "wanted_version")?,
            row.try_get("", "shown_version")?,
        );
        more.insert(claim, shown < wanted);
    }
    Ok(more)
}

/// Lets go of what cannot be shown yet; whether it was this worker's still.
async fn put_off(tx: &DatabaseTransaction, fence: &Fence, end: &PostponedWork) -> Result<bool, DbErr> {
    let attempt = i32::from(end.error.is_some());
    let (condition, under) = fence.condition(4);
    let mut values = vec![end.due_at.into(), attempt.into(), end.error.clone().into()];
    values.extend(under);
    let sql = format!(
        "UPDATE {} SET due_at = $1, attempts = attempts + $2, last_error = $3, claimed_by = NULL, claimed_until = NULL
         WHERE {condition}",
        fence.claimed().table()
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected() > 0)
}
