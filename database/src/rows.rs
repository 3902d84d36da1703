//! Statements over many rows whose text does not depend on how many.
//!
//! A statement of a text of its own for each number of rows is read and planned anew each time, which costs PostgreSQL more than the rows
//! do, and pushes other statements out of the connection's cache. PostgreSQL takes rows as one array for each column. `SQLite` takes them
//! in groups of few sizes.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityName,
    EntityTrait, IdenStatic, Iterable, Statement, Value,
    sea_query::{
        ArrayType, Condition, Expr, ExprTrait, IntoIden, Query, SimpleExpr, TableRef, ValueTuple,
        extension::postgres::PgFunc,
    },
};

/// Most rows in one statement on `SQLite`: it takes 32,766 parameters, and a row has up to 30.
const GROUP_MAX: usize = 256;

/// What a list of new values is called in a statement.
const NEW: &str = "new";

/// Inserts rows, all columns of which are set.
///
/// # Errors
/// The database's own, and [`DbErr::AttrNotSet`] for a row that lacks a column.
pub async fn insert<A>(tx: &DatabaseTransaction, mut rows: Vec<A>) -> Result<(), DbErr>
where
    A: ActiveModelTrait,
{
    if rows.is_empty() {
        return Ok(());
    }
    if tx.get_database_backend() != DbBackend::Postgres {
        while !rows.is_empty() {
            let group: Vec<A> = rows.drain(..group_length(rows.len())).collect();
            <A::Entity as EntityTrait>::insert_many(group)
                .exec_without_returning(tx)
                .await?;
        }
        return Ok(());
    }
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().collect();
    let value = |row: &A, column: &<A::Entity as EntityTrait>::Column| {
        let value = row.get(*column).into_value();
        value.ok_or_else(|| DbErr::AttrNotSet(column.as_str().to_owned()))
    };
    let rows = rows
        .iter()
        .map(|row| columns.iter().map(|column| value(row, column)).collect())
        .collect::<Result<Vec<Vec<Value>>, DbErr>>()?;
    let arrays = Arrays::of(&columns, rows)?;
    let table = A::Entity::default();
    let sql = format!(
        r#"INSERT INTO "{}" ({}) SELECT {} FROM {}"#,
        table.table_name(),
        arrays.names.join(", "),
        arrays.values.join(", "),
        arrays.source,
    );
    arrays.execute(tx, sql).await
}

/// Sets `columns` of rows to a value for each row. A row is the value of `key`, by which the row is found, and then one for each column. Rows that
/// are not there are passed over.
///
/// # Errors
/// The database's own.
pub async fn update<E>(
    tx: &DatabaseTransaction,
    key: E::Column,
    columns: &[E::Column],
    mut rows: Vec<Vec<Value>>,
) -> Result<(), DbErr>
where
    E: EntityTrait,
{
    if rows.is_empty() || columns.is_empty() {
        return Ok(());
    }
    if tx.get_database_backend() != DbBackend::Postgres {
        while !rows.is_empty() {
            let group = rows.drain(..group_length(rows.len()));
            let group = group.map(ValueTuple::Many).collect();
            let mut update = Query::update();
            update.table(E::default());
            // SQLite calls the columns of a list of values column1, column2, …
            for (place, column) in columns.iter().enumerate() {
                update.value(*column, Expr::col((NEW, format!("column{}", place + 2))));
            }
            update
                .from(TableRef::ValuesList(group, NEW.into_iden()))
                .and_where(Expr::col((E::default(), key)).equals((NEW, "column1")));
            tx.execute(&update).await?;
        }
        return Ok(());
    }
    let all: Vec<E::Column> = std::iter::once(key).chain(columns.iter().copied()).collect();
    let arrays = Arrays::of(&all, rows)?;
    let set: Vec<String> = arrays
        .names
        .iter()
        .zip(&arrays.values)
        .skip(1)
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let (entity, key) = (E::default(), &arrays.names[0]);
    let table = entity.table_name();
    let sql = format!(
        r#"UPDATE "{table}" SET {} FROM {} WHERE "{table}".{key} = "{NEW}".{key}"#,
        set.join(", "),
        arrays.source,
    );
    arrays.execute(tx, sql).await
}

/// Whether the column has one of the values, of which none is null.
pub fn is_among<C, V>(
    connection: &impl ConnectionTrait,
    column: C,
    values: impl IntoIterator<Item = V>,
) -> Condition
where
    C: ColumnTrait,
    V: Into<Value>,
{
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let Some(last) = values.last() else {
        return Condition::any().add(Expr::value(false));
    };
    let is_among: SimpleExpr = if connection.get_database_backend() == DbBackend::Postgres {
        let array = Value::Array(last.array_type(), Some(Box::new(values)));
        Expr::col(column.as_column_ref()).eq(PgFunc::any(Expr::value(array)))
    } else {
        column.is_in(padded(values))
    };
    Condition::all().add(is_among)
}

/// The same list with its last item repeated, up to one of few lengths: for statements to which a repetition makes no difference.
pub fn padded<T: Clone>(mut all: Vec<T>) -> Vec<T> {
    let length = if all.len() <= GROUP_MAX {
        all.len().next_power_of_two()
    } else {
        all.len().next_multiple_of(GROUP_MAX)
    };
    if let Some(last) = all.last().cloned() {
        all.resize(length, last);
    }
    all
}

/// The list in groups of few lengths: for statements that name each item once.
pub fn groups<T>(all: &[T]) -> Vec<&[T]> {
    let (mut groups, mut rest) = (Vec::new(), all);
    while !rest.is_empty() {
        let (group, after) = rest.split_at(group_length(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups
}

/// How many of so many, of which there is at least one, go into the next group.
fn group_length(left: usize) -> usize {
    1 << left.clamp(1, GROUP_MAX).ilog2()
}

/// Columns as parameters of a statement for PostgreSQL: an array for each, and a second one that says where it is null, since an array itself holds
/// no nulls here.
struct Arrays {
    /// Quoted.
    names: Vec<String>,
    /// An expression for each column.
    values: Vec<String>,
    /// What they are selected from.
    source: String,
    parameters: Vec<Value>,
}

impl Arrays {
    /// A row has a value for each column.
    fn of<C: ColumnTrait>(columns: &[C], rows: Vec<Vec<Value>>) -> Result<Self, DbErr> {
        let mut values: Vec<Vec<Value>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (value, values) in row.into_iter().zip(&mut values) {
                values.push(value);
            }
        }
        let mut arrays = Self {
            names: Vec::with_capacity(columns.len()),
            values: Vec::with_capacity(columns.len()),
            source: String::new(),
            parameters: Vec::with_capacity(2 * columns.len()),
        };
        let (mut types, mut names) = (Vec::new(), Vec::new());
        for (column, mut values) in columns.iter().zip(values) {
            let name = format!(r#""{}""#, column.as_str());
            let array_type = values.first().map_or(ArrayType::Bool, Value::array_type);
            types.push(name_of(&array_type)?);
            names.push(name.clone());
            let value = format!(r#""{NEW}".{name}"#);
            if column.def().is_null() {
                let nulls: Vec<Value> = values
                    .iter_mut()
                    .map(|value| {
                        let is_null = *value == value.as_null();
                        if is_null {
                            *value = value.dummy_value();
                        }
                        Value::Bool(Some(is_null))
                    })
                    .collect();
                let is_null = format!(r#""{}_is_null""#, column.as_str());
                arrays.values.push(format!(
                    r#"CASE WHEN "{NEW}".{is_null} THEN NULL ELSE {value} END"#
                ));
                arrays
                    .parameters
                    .push(Value::Array(array_type, Some(Box::new(values))));
                types.push("bool");
                names.push(is_null);
                arrays
                    .parameters
                    .push(Value::Array(ArrayType::Bool, Some(Box::new(nulls))));
            } else {
                arrays.values.push(value);
                arrays
                    .parameters
                    .push(Value::Array(array_type, Some(Box::new(values))));
            }
            arrays.names.push(name);
        }
        let parameters: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(place, of)| format!("${}::{of}[]", place + 1))
            .collect();
        arrays.source = format!(
            r#"UNNEST({}) AS "{NEW}" ({})"#,
            parameters.join(", "),
            names.join(", ")
        );
        Ok(arrays)
    }

    async fn execute(self, tx: &DatabaseTransaction, sql: String) -> Result<(), DbErr> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, self.parameters);
        tx.execute_raw(statement).await?;
        Ok(())
    }
}

/// What PostgreSQL calls the types of arrays' items that are written.
const TYPES: [(ArrayType, &str); 7] = [
    (ArrayType::Bool, "bool"),
    (ArrayType::Int, "int4"),
    (ArrayType::BigInt, "int8"),
    (ArrayType::String, "text"),
    (ArrayType::Json, "jsonb"),
    (ArrayType::Uuid, "uuid"),
    (ArrayType::TimeDateTimeWithTimeZone, "timestamptz"),
];

fn name_of(array_type: &ArrayType) -> Result<&'static str, DbErr> {
    let found = TYPES.iter().find(|(known, _)| known == array_type);
    found
        .map(|(_, name)| *name)
        .ok_or_else(|| DbErr::Type(format!("no arrays of {array_type:?} are written")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_in_few_lengths_and_whole() {
        assert_eq!(padded(vec![1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(padded(vec![1, 2]), [1, 2]);
        assert_eq!(padded(Vec::<i32>::new()), Vec::<i32>::new());
        assert_eq!(padded(vec![0; 25_600]).len(), 25_600);
        let lengths = |count: usize| {
            groups(&vec![0; count])
                .into_iter()
                .map(<[_]>::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(45), [32, 8, 4, 1]);
        assert_eq!(lengths(600), [256, 256, 64, 16, 8]);
        assert_eq!(lengths(0), Vec::<usize>::new());
        assert_eq!(groups(&[1, 2, 3]).concat(), [1, 2, 3]);
    }
}
