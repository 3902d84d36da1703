//! Writes a backup of a database in use.

use std::io::Write;

use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, StreamTrait};
use tocsin_database::Database;

use crate::{
    error::BackupError,
    file::{Header, Summary, TableLine, Writer},
    schema::{DatabaseSchema, Table},
    value::ColumnKind,
};

/// Writes all rows as they are at one moment, without keeping anybody from writing.
///
/// # Errors
/// [`BackupError`]; what was written by then is no backup.
pub async fn write(
    database: &Database,
    schema: &DatabaseSchema,
    header: &Header,
    out: impl Write + Send,
) -> Result<Summary, BackupError> {
    let snapshot = database.begin_snapshot().await?;
    let mut writer = Writer::begin(out, header)?;
    for table in &schema.tables {
        writer.table(&TableLine {
            table: table.name.clone(),
            columns: table.columns.clone(),
        })?;
        rows(&snapshot, table, &mut writer).await?;
    }
    snapshot.rollback().await?;
    writer.end()
}

async fn rows<W: Write + Send>(
    snapshot: &DatabaseTransaction,
    table: &Table,
    writer: &mut Writer<W>,
) -> Result<(), BackupError> {
    let backend = ConnectionTrait::get_database_backend(snapshot);
    let sql = select(backend, table);
    let mut rows = snapshot.stream_raw(Statement::from_string(backend, sql)).await?;
    let mut values = Vec::with_capacity(table.columns.len());
    while let Some(row) = rows.try_next().await? {
        values.clear();
        for (index, (column, kind)) in table.columns.iter().enumerate() {
            values.push(kind.read(&row, index).map_err(|error| BackupError::Value {
                table: table.name.clone(),
                column: column.clone(),
                reason: error.to_string(),
            })?);
        }
        writer.row(&values)?;
    }
    Ok(())
}

fn select(backend: DbBackend, table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, kind)| match kind {
            // It has integers of several lengths.
            ColumnKind::Integer if backend == DbBackend::Postgres => format!("CAST(\"{name}\" AS BIGINT)"),
            ColumnKind::Integer
            | ColumnKind::Uuid
            | ColumnKind::Text
            | ColumnKind::Boolean
            | ColumnKind::Time
            | ColumnKind::Json => {
                format!("\"{name}\"")
            }
        })
        .collect();
    format!("SELECT {} FROM \"{}\"", columns.join(", "), table.name)
}
