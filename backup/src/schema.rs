//! Which tables a database has that has run some of the migrations.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use tocsin_database::Database;
use tocsin_migration::Migrator;

use crate::{error::BackupError, value::ColumnKind};

/// Where sea-orm notes which migrations were run.
pub(crate) const MIGRATIONS: &str = "seaql_migrations";

/// What shows that a database can be written, and tells nothing.
pub(crate) const PROBE: &str = "database_probe";

/// A table, and of what kind its columns are.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, ColumnKind)>,
}

/// The tables after some of the migrations, those first to which others refer.
#[derive(Clone, Debug)]
pub struct DatabaseSchema {
    /// The names of these migrations.
    pub migrations: Vec<String>,
    pub(crate) tables: Vec<Table>,
}

impl DatabaseSchema {
    /// The schema that these migrations make: they are run on a database in memory, which is asked for its tables.
    ///
    /// # Errors
    /// [`BackupError::Newer`] and [`BackupError::Gap`] for migrations that this version can't run again; the database's own.
    pub async fn after(migrations: &[String], version: &str) -> Result<Self, BackupError> {
        let known: Vec<String> = Migrator::migrations()
            .iter()
            .map(|migration| migration.name().to_owned())
            .collect();
        if let Some(migration) = migrations.iter().find(|name| !known.contains(name)) {
            return Err(BackupError::Newer {
                migration: migration.clone(),
                version: version.to_owned(),
            });
        }
        let first: BTreeSet<&String> = known.iter().take(migrations.len()).collect();
        if let Some(migration) = migrations.iter().find(|name| !first.contains(name)) {
            return Err(BackupError::Gap {
                migration: migration.clone(),
            });
        }
        let memory = Database::open("sqlite::memory:", 1).await?;
        let steps = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
        Migrator::up(memory.write(), Some(steps)).await?;
        let tables = tables(memory.write()).await?;
        memory.close().await?;
        Ok(Self {
            migrations: migrations.to_vec(),
            tables,
        })
    }

    /// How many migrations.
    pub(crate) fn steps(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }

    /// The names of all tables, those included of which no rows are kept.
    pub(crate) fn all_tables(&self) -> impl Iterator<Item = &str> {
        let tables = self.tables.iter().map(|table| table.name.as_str());
        tables.chain([PROBE, MIGRATIONS])
    }
}

/// The names of the migrations that a database has run, oldest first; none where it has no tables.
///
/// # Errors
/// The database's own.
pub async fn applied_migrations(connection: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        version: String,
    }
    let backend = connection.get_database_backend();
    let is_there = if backend == DbBackend::Sqlite {
        format!("SELECT 1 FROM sqlite_master WHERE name = '{MIGRATIONS}'")
    } else {
        format!("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = '{MIGRATIONS}'")
    };
    let is_there = Statement::from_string(backend, is_there);
    if connection.query_one_raw(is_there).await?.is_none() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version FROM {MIGRATIONS} ORDER BY version");
    let statement = Statement::from_string(backend, sql);
    let rows = Row::find_by_statement(statement).all(connection).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

#[derive(FromQueryResult)]
struct Column {
    name: String,
    declared: String,
}

#[derive(FromQueryResult)]
struct Name {
    name: String,
}

async fn tables(connection: &impl ConnectionTrait) -> Result<Vec<Table>, DbErr> {
    let backend = connection.get_database_backend();
    let query = |sql: String| Statement::from_string(backend, sql);
    let names = Name::find_by_statement(query(format!(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name NOT IN ('{MIGRATIONS}', '{PROBE}') ORDER BY name"
    )));
    let mut waiting = Vec::new();
    for Name { name } in names.all(connection).await? {
        let columns = Column::find_by_statement(query(format!(
            "SELECT name, lower(type) AS declared FROM pragma_table_info('{name}') ORDER BY cid"
        )));
        let columns = columns.all(connection).await?.into_iter().map(|column| {
            let kind = ColumnKind::of_declaration(&column.declared).ok_or_else(|| {
                DbErr::Type(format!(
                    "{name}.{} is declared as {}",
                    column.name, column.declared
                ))
            })?;
            Ok((column.name, kind))
        });
        let columns = columns.collect::<Result<_, DbErr>>()?;
        let referred = Name::find_by_statement(query(format!(
            "SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_list('{name}')"
        )));
        let referred: BTreeSet<String> = referred
            .all(connection)
            .await?
            .into_iter()
            .map(|row| row.name)
            .filter(|to| *to != name)
            .collect();
        waiting.push((Table { name, columns }, referred));
    }
    in_order(waiting)
}

/// Those first to which others refer.
fn in_order(mut waiting: Vec<(Table, BTreeSet<String>)>) -> Result<Vec<Table>, DbErr> {
    let (mut tables, mut placed) = (Vec::new(), BTreeSet::new());
    while !waiting.is_empty() {
        let before = waiting.len();
        for (table, referred) in std::mem::take(&mut waiting) {
            if referred.is_subset(&placed) {
                placed.insert(table.name.clone());
                tables.push(table);
            } else {
                waiting.push((table, referred));
            }
        }
        if waiting.len() == before {
            return Err(DbErr::Custom(
                "tables refer to one another in a circle".to_owned(),
            ));
        }
    }
    Ok(tables)
}
