//! The few column types that Tocsin uses, and a table made of them.

use sea_orm_migration::prelude::*;

/// A foreign key: column, table it points to (whose key is `id`), and what follows a deletion there.
pub(crate) type Reference = (&'static str, &'static str, ForeignKeyAction);

pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().not_null().take()
}

pub(crate) fn maybe_id(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().null().take()
}

/// One of an enum's names.
pub(crate) fn kind(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).string_len(32).not_null().take()
}

pub(crate) fn maybe_kind(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).string_len(32).null().take()
}

pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().not_null().take()
}

pub(crate) fn maybe_text(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().null().take()
}

pub(crate) fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).json_binary().not_null().take()
}

pub(crate) fn maybe_json(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).json_binary().null().take()
}

pub(crate) fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
        .timestamp_with_time_zone()
        .not_null()
        .take()
}

pub(crate) fn maybe_time(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
        .timestamp_with_time_zone()
        .null()
        .take()
}

pub(crate) fn big(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().not_null().take()
}

pub(crate) fn maybe_big(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().null().take()
}

pub(crate) fn int(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).integer().not_null().take()
}

pub(crate) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().not_null().take()
}

/// Creates a table with its primary key and its foreign keys.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    table: &'static str,
    key: &[&'static str],
    columns: Vec<ColumnDef>,
    references: &[Reference],
) -> Result<(), DbErr> {
    let mut statement = Table::create();
    statement.table(Alias::new(table));
    for column in columns {
        statement.col(column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(Alias::new(*column));
    }
    statement.primary_key(&mut primary);
    for (column, target, on_delete) in references {
        statement.foreign_key(
            ForeignKey::create()
                .from(Alias::new(table), Alias::new(*column))
                .to(Alias::new(*target), Alias::new("id"))
                .on_delete(*on_delete),
        );
    }
    manager.create_table(statement).await
}

/// Creates an index: `CREATE [UNIQUE] INDEX table_columns ON table (columns) [WHERE …]`.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    unique: bool,
    table: &'static str,
    columns: &str,
    only_where: Option<&str>,
) -> Result<(), DbErr> {
    let name = columns.replace(", ", "_").replace(" DESC", "");
    let unique = if unique { "UNIQUE " } else { "" };
    let filter = only_where.map_or(String::new(), |condition| format!(" WHERE {condition}"));
    manager
        .get_connection()
        .execute_unprepared(&format!(
            "CREATE {unique}INDEX idx_{table}_{name} ON {table} ({columns}){filter}"
        ))
        .await
        .map(|_| ())
}

/// Adds columns, one statement for each: SQLite takes no more at once.
pub(crate) async fn add_columns(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: Vec<ColumnDef>,
) -> Result<(), DbErr> {
    for column in columns {
        let alter = Table::alter().table(Alias::new(table)).add_column(column).take();
        manager.alter_table(alter).await?;
    }
    Ok(())
}

/// Takes them away again.
pub(crate) async fn drop_columns(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: Vec<ColumnDef>,
) -> Result<(), DbErr> {
    for column in columns {
        let name = Alias::new(column.get_column_name());
        let alter = Table::alter().table(Alias::new(table)).drop_column(name).take();
        manager.alter_table(alter).await?;
    }
    Ok(())
}
