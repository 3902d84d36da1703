//! Many rows in one statement come back as they were given, on both databases.

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, Statement, Value,
};
use time::OffsetDateTime;
use tocsin_database::{Database, rows};
use uuid::Uuid;

use crate::server;

mod sample {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) number: i64,
        pub(super) tries: Option<i32>,
        pub(super) is_open: bool,
        pub(super) text: String,
        pub(super) note: Option<String>,
        pub(super) owner: Option<Uuid>,
        pub(super) labels: Json,
        pub(super) details: Option<Json>,
        pub(super) made_at: TimeDateTimeWithTimeZone,
        pub(super) seen_at: Option<TimeDateTimeWithTimeZone>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A row; every third one has nothing that may be missing.
fn row(number: i64) -> sample::Model {
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000 + number).expect("a time");
    let is_full = number % 3 != 0;
    sample::Model {
        id: Uuid::now_v7(),
        number,
        tries: is_full.then_some(7),
        is_open: number % 2 == 0,
        text: format!("'{number}' \\ {{\"a\"}}, NULL ü"),
        note: is_full.then(String::new),
        owner: is_full.then(Uuid::now_v7),
        labels: serde_json::json!([{ "key": "a", "value": number }]),
        details: is_full.then_some(serde_json::json!({ "b": [1, null] })),
        made_at: now,
        seen_at: is_full.then_some(now),
    }
}

/// A transaction of each database, in which there is the table.
async fn transactions() -> Vec<DatabaseTransaction> {
    let mut transactions = Vec::new();
    for (url, [id, time, json]) in [
        ("sqlite::memory:".to_owned(), ["UUID_TEXT", "TEXT", "JSON_TEXT"]),
        (server::url(), ["UUID", "TIMESTAMPTZ", "JSONB"]),
    ] {
        let database = Database::open(&url, 1).await.expect("a database");
        let tx = database.begin_write().await.expect("a transaction");
        tx.execute_unprepared(&format!(
            "CREATE TEMPORARY TABLE sample (id {id} PRIMARY KEY, number BIGINT NOT NULL, tries INTEGER, is_open BOOLEAN NOT NULL, \
             text VARCHAR(64) NOT NULL, note TEXT, owner {id}, labels {json} NOT NULL, details {json}, made_at {time} NOT NULL, seen_at {time})"
        ))
        .await
        .expect("a table");
        transactions.push(tx);
    }
    transactions
}

async fn all(tx: &DatabaseTransaction) -> Vec<sample::Model> {
    sample::Entity::find()
        .order_by_asc(sample::Column::Number)
        .all(tx)
        .await
        .expect("readable")
}

#[tokio::test]
async fn rows_come_back_as_they_were_inserted() {
    for tx in transactions().await {
        for count in [0, 1, 2, 601] {
            let given: Vec<_> = (0..count).map(row).collect();
            let active = given.iter().cloned().map(IntoActiveModel::into_active_model);
            rows::insert(&tx, active.collect()).await.expect("inserted");
            assert_eq!(all(&tx).await, given);
            sample::Entity::delete_many().exec(&tx).await.expect("deleted");
        }
    }
}

#[tokio::test]
async fn a_row_that_lacks_a_column_is_refused_on_postgresql() {
    let tx = transactions().await.pop().expect("a transaction");
    let lacking = sample::ActiveModel {
        id: Set(Uuid::now_v7()),
        ..Default::default()
    };
    let refused = rows::insert(&tx, vec![lacking]).await;
    assert!(
        matches!(refused, Err(sea_orm::DbErr::AttrNotSet(_))),
        "{refused:?}"
    );
    assert_eq!(all(&tx).await, []);
}

#[tokio::test]
async fn rows_are_updated_each_to_its_own_values() {
    for tx in transactions().await {
        let mut given: Vec<_> = (0..301).map(row).collect();
        let active = given.iter().cloned().map(IntoActiveModel::into_active_model);
        rows::insert(&tx, active.collect()).await.expect("inserted");
        for row in &mut given[..300] {
            row.text = format!("now {}", row.number);
            row.note = (row.number % 2 == 0).then(|| "seen".to_owned());
            row.seen_at = None;
        }
        let columns = [sample::Column::Text, sample::Column::Note, sample::Column::SeenAt];
        let mut values: Vec<Vec<Value>> = given[..300]
            .iter()
            .map(|row| {
                let id = std::iter::once(row.get(sample::Column::Id));
                id.chain(columns.iter().map(|column| row.get(*column))).collect()
            })
            .collect();
        // One that is not there is passed over.
        values.push(vec![
            Uuid::now_v7().into(),
            "x".into(),
            Option::<String>::None.into(),
            Option::<OffsetDateTime>::None.into(),
        ]);
        rows::update::<sample::Entity>(&tx, sample::Column::Id, &columns, values)
            .await
            .expect("updated");
        assert_eq!(all(&tx).await, given);
    }
}

#[tokio::test]
async fn rows_are_found_by_any_number_of_values() {
    for tx in transactions().await {
        let given: Vec<_> = (0..40).map(row).collect();
        let active = given.iter().cloned().map(IntoActiveModel::into_active_model);
        rows::insert(&tx, active.collect()).await.expect("inserted");
        for (count, others) in [(0, 0), (1, 0), (3, 0), (33, 0), (40, 25_600)] {
            let strangers = (0..others).map(|_| Uuid::now_v7());
            let ids = given[..count].iter().map(|row| row.id).chain(strangers);
            let found = sample::Entity::find()
                .filter(rows::is_among(&tx, sample::Column::Id, ids))
                .count(&tx)
                .await
                .expect("readable");
            assert_eq!(found, count as u64);
        }
    }
}

#[tokio::test]
async fn postgresql_reads_a_statement_once_however_many_rows_there_are() {
    let tx = transactions().await.pop().expect("a transaction");
    for count in 1..20 {
        let active = (0..count).map(|number| row(number).into_active_model());
        rows::insert(&tx, active.collect()).await.expect("inserted");
    }
    let prepared = Statement::from_string(
        tx.get_database_backend(),
        "SELECT count(*) AS n FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO \"sample\"%'",
    );
    let row = tx
        .query_one_raw(prepared)
        .await
        .expect("readable")
        .expect("a row");
    assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 1);
}
