//! Writes the rows of a backup into a schema that is made for them.

use std::io::BufRead;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement,
    sea_query::{Alias, Expr, ExprTrait, Query, SimpleExpr},
};
use sea_orm_migration::MigratorTrait;
use serde_json::Value as Json;
use tocsin_migration::Migrator;

use crate::{
    error::BackupError,
    file::{Backup, Line, Summary, TableLine},
    schema::DatabaseSchema,
    value::ColumnKind,
};

/// Rows that are written at a time.
const ROWS: usize = 200;

/// Values that are written at a time: SQLite takes 32,766.
const VALUES: usize = 20_000;

/// Makes the schema that the backup was taken of, writes its rows, and brings the schema to this version's. In the transaction's schema there
/// must be no tables of Tocsin's. Commit only what this gave no error for: a damaged file shows at its end.
///
/// # Errors
/// [`BackupError`].
pub async fn load<R: BufRead>(
    tx: &DatabaseTransaction,
    schema: &DatabaseSchema,
    backup: &mut Backup<R>,
) -> Result<Summary, BackupError> {
    Migrator::up(tx, Some(schema.steps())).await?;
    // What migrations put there is in the backup too, as it became.
    for table in schema.tables.iter().rev() {
        tx.execute_unprepared(&format!("DELETE FROM \"{}\"", table.name))
            .await?;
    }
    let mut table: Option<TableLine> = None;
    let mut rows: Vec<Vec<Json>> = Vec::new();
    let summary = loop {
        let line = backup.next_line()?;
        let most = table
            .as_ref()
            .map_or(1, |table| (VALUES / table.columns.len().max(1)).clamp(1, ROWS));
        if !matches!(line, Line::Row(_)) || rows.len() >= most {
            insert(tx, table.as_ref(), &rows).await?;
            rows.clear();
        }
        match line {
            Line::Row(row) => rows.push(row),
            Line::Table(next) => {
                check(schema, &next)?;
                table = Some(next);
            }
            Line::End(summary) => break summary,
        }
    };
    Migrator::up(tx, None).await?;
    Ok(summary)
}

/// The names in the file become SQL: they must be the schema's.
fn check(schema: &DatabaseSchema, line: &TableLine) -> Result<(), BackupError> {
    let known = schema.tables.iter().find(|table| table.name == line.table);
    if known.is_some_and(|table| table.columns == line.columns) {
        return Ok(());
    }
    Err(BackupError::Altered(format!(
        "its table {} is not that of its migrations",
        line.table
    )))
}

async fn insert(
    tx: &DatabaseTransaction,
    table: Option<&TableLine>,
    rows: &[Vec<Json>],
) -> Result<(), BackupError> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = table.ok_or_else(|| BackupError::Altered("rows stand before the first table".to_owned()))?;
    let columns = table.columns.iter().map(|(name, _)| Alias::new(name));
    let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
    let mut insert = Query::insert();
    insert.into_table(Alias::new(&table.table)).columns(columns);
    for row in rows {
        if row.len() != table.columns.len() {
            return Err(BackupError::Altered(format!(
                "a row of {} has {} values",
                table.table,
                row.len()
            )));
        }
        let values = row.iter().zip(&table.columns).map(|(value, (column, kind))| {
            let value = kind.bind(value).map_err(|reason| BackupError::Value {
                table: table.table.clone(),
                column: column.clone(),
                reason,
            })?;
            Ok(match kind {
                // PostgreSQL has integers of several lengths, and takes the one that is wanted from the column.
                ColumnKind::Integer if is_postgres => Expr::val(value).cast_as(Alias::new("BIGINT")),
                ColumnKind::Integer
                | ColumnKind::Uuid
                | ColumnKind::Text
                | ColumnKind::Boolean
                | ColumnKind::Time
                | ColumnKind::Json => SimpleExpr::from(value),
            })
        });
        let values = values.collect::<Result<Vec<_>, BackupError>>()?;
        insert
            .values(values)
            .map_err(|error| DbErr::Query(sea_orm::RuntimeErr::Internal(error.to_string())))?;
    }
    tx.execute(&insert).await?;
    Ok(())
}

/// PostgreSQL: moves Tocsin's tables, and the functions that their triggers call, into a schema of this name, which is made.
///
/// # Errors
/// The database's own.
pub async fn move_aside(tx: &DatabaseTransaction, schema: &DatabaseSchema, to: &str) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Function {
        name: String,
    }
    let tables: Vec<String> = schema.all_tables().map(|table| format!("'{table}'")).collect();
    let functions = format!(
        "SELECT DISTINCT p.oid::regprocedure::text AS name FROM pg_trigger t \
         JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_proc p ON p.oid = t.tgfoid \
         WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname IN ({})",
        tables.join(", ")
    );
    let functions = Statement::from_string(DbBackend::Postgres, functions);
    let functions = Function::find_by_statement(functions).all(tx).await?;
    tx.execute_unprepared(&format!("CREATE SCHEMA \"{to}\"")).await?;
    for table in schema.all_tables() {
        // An earlier version has no probe.
        tx.execute_unprepared(&format!("ALTER TABLE IF EXISTS \"{table}\" SET SCHEMA \"{to}\""))
            .await?;
    }
    for Function { name } in functions {
        tx.execute_unprepared(&format!("ALTER FUNCTION {name} SET SCHEMA \"{to}\""))
            .await?;
    }
    Ok(())
}
