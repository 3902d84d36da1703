//! Restores into PostgreSQL: in one transaction, in which the tables that are there move into a schema of their own.

use anyhow::{Context, anyhow, bail};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tocsin_backup::{DatabaseSchema, applied_migrations, move_aside};
use tocsin_database::{Database, DatabaseFault, PATIENT};

use super::{Done, Source, explained, kept_name, not_empty};
use crate::{config::Settings, database};

/// Other processes of Tocsin's that have a connection to this database: by the name that they give themselves, or by the one that is in the
/// address.
const OTHERS: &str = "SELECT string_agg(DISTINCT application_name, ', ') AS others FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() \
      AND (application_name LIKE 'tocsin pid %' OR application_name = current_setting('application_name'))";

pub(super) async fn restore(settings: &Settings, source: &Source<'_>, replace: bool) -> anyhow::Result<Done> {
    let shown = settings.database.shown();
    // By one connection, so that every other one is another process's.
    let database = Database::open(settings.database.url(), 1)
        .await
        .map_err(|error| anyhow!(DatabaseFault::explain(&format!("the database {shown}"), &error)))?;
    let tx = database::take_turn(&database).await.map_err(explained)?;
    tx.execute_unprepared(PATIENT).await.map_err(explained)?;
    if let Some(others) = others(&tx).await.map_err(explained)? {
        bail!(
            "running processes use the database {shown} ({others}), and nothing was changed: stop Tocsin first"
        );
    }
    let kept = make_room(&tx, &shown, replace).await?;
    let restored = source.load(&tx).await?;
    tx.commit().await.map_err(explained)?;
    database.close().await?;
    Ok(Done {
        restored,
        kept: kept.map(|schema| {
            format!("the schema {schema}; when you no longer need it: DROP SCHEMA {schema} CASCADE")
        }),
    })
}

async fn others(tx: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    let row = tx
        .query_one_raw(Statement::from_string(DbBackend::Postgres, OTHERS))
        .await?;
    row.map_or(Ok(None), |row| row.try_get("", "others"))
}

/// Moves the tables that are there out of the way; gives the schema in which they are kept, unless they were empty.
async fn make_room(tx: &DatabaseTransaction, shown: &str, replace: bool) -> anyhow::Result<Option<String>> {
    let migrations = applied_migrations(tx).await.map_err(explained)?;
    if migrations.is_empty() {
        return Ok(None);
    }
    let any = Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM organization LIMIT 1");
    let is_empty = tx.query_one_raw(any).await.map_err(explained)?.is_none();
    if !is_empty && !replace {
        return Err(not_empty(shown));
    }
    let schema = DatabaseSchema::after(&migrations, env!("CARGO_PKG_VERSION"))
        .await
        .with_context(|| format!("the database {shown} can't be moved out of the way"))?;
    let to = format!("tocsin_before_restore_{}", kept_name());
    move_aside(tx, &schema, &to).await.map_err(explained)?;
    if is_empty {
        tx.execute_unprepared(&format!("DROP SCHEMA \"{to}\" CASCADE"))
            .await
            .map_err(explained)?;
        return Ok(None);
    }
    Ok(Some(to))
}
