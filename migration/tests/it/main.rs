//! The schema holds every entity, and every entity's columns, on SQLite and on PostgreSQL.

mod kills;

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IntoActiveModel, Statement,
};
use sea_orm_migration::MigratorTrait;
use tocsin_database::Database;
use tocsin_entity::{
    self as entity,
    id::{ConnectorId, IncidentId, MembershipId, OrganizationId, ServiceId, TimelineEntryId, UserId},
    kinds::{EntryKind, IncidentStatus, ReplyMode, Role, Source, UnmatchedPolicy, Urgency},
};
use tocsin_migration::Migrator;

async fn holds_every_entity(db: &DatabaseConnection) {
    macro_rules! readable {
        ($($module:path),* $(,)?) => {$({
            use $module as table;
            let rows = table::Entity::find().all(db).await;
            assert!(rows.is_ok(), "{}: {:?}", stringify!($module), rows.err());
        })*};
    }
    readable!(
        entity::organization,
        entity::user,
        entity::membership,
        entity::api_key,
        entity::audit_entry,
        entity::authority,
        entity::service,
        entity::session,
        entity::sign_in_link,
        entity::connector,
        entity::incident,
        entity::incident_assignee,
        entity::timeline_entry,
        entity::comment_revision,
        entity::event,
        entity::timer,
        entity::idempotency,
        entity::postmortem,
        entity::slack::inbox,
        entity::slack::home,
        entity::slack::incident,
        entity::slack::origin,
        entity::slack::post,
        entity::slack::preview,
        entity::slack::pace,
        entity::slack::user,
        entity::slack::channel,
        entity::slack::digest,
        entity::slack::draft,
        entity::slack::digest_line,
        entity::slack::cursor,
        entity::slack::connector,
        entity::slack::installation,
        entity::slack::reception,
        entity::slack::oauth_state,
        entity::slack::token,
        entity::connector_rule,
        entity::service_manager,
        entity::slack_app,
        entity::slack_link,
        entity::slack_operation,
        entity::slack_workspace,
    );
}

async fn goes_up_and_down(db: &DatabaseConnection) {
    Migrator::up(db, None).await.expect("up");
    holds_every_entity(db).await;
    Migrator::down(db, None).await.expect("down");
    // Up to what the first version had, and on, with rows that it wrote.
    Migrator::up(db, Some(2)).await.expect("up again");
    let comment = write_as_the_first_version_did(db).await;
    Migrator::up(db, None).await.expect("further up");
    holds_every_entity(db).await;
    let entry = entity::timeline_entry::Entity::find_by_id(comment)
        .one(db)
        .await
        .expect("readable")
        .expect("the comment");
    assert_eq!(entry.body_markdown.as_deref(), Some("said before"));
    assert_eq!(
        (entry.changed_version, entry.retracted_at, entry.slack_muted),
        (0, None, false)
    );
    assert_eq!(entry.occurred_at, 0, "it was said at the beginning of time");
    let connector = entity::connector::Entity::find().one(db).await.expect("readable");
    let connector = connector.expect("the connector");
    assert_eq!(connector.reply_mode, ReplyMode::Thread);
    assert!(connector.is_default && connector.two_way_sync && !connector.events.contains("NOTE_ADDED"));
    let organization = entity::organization::Entity::find()
        .one(db)
        .await
        .expect("readable");
    let policy = organization.map(|row| row.slack_unmatched_policy);
    assert_eq!(
        policy,
        Some(UnmatchedPolicy::Attribute),
        "what was a comment goes on being one"
    );
    let incident = entity::incident::Entity::find().one(db).await.expect("readable");
    assert_eq!(
        incident.map(|row| (row.slack_muted, row.slack_reply_mode)),
        Some((false, None))
    );
    let member = entity::membership::Entity::find()
        .one(db)
        .await
        .expect("readable");
    let said = member.map(|member| (member.name, member.email));
    let said = said.map(|(name, email)| (name.unwrap_or_default(), email.unwrap_or_default().contains('@')));
    assert_eq!(
        said,
        Some(("Alice".to_owned(), true)),
        "what was said of the person"
    );
    // A replica of the first version goes on writing, and its entries have their place among the others.
    let late = write_as_the_first_version_did(db).await;
    let entry = entity::timeline_entry::Entity::find_by_id(late)
        .one(db)
        .await
        .expect("readable")
        .expect("the comment");
    let written = i64::try_from(entry.created_at.unix_timestamp_nanos() / 1_000).expect("a time");
    let now = tocsin_clock::machine_now().unix_timestamp() * 1_000_000;
    assert!(
        entry.occurred_at == written || (now - entry.occurred_at).abs() < 60_000_000,
        "{}",
        entry.occurred_at
    );
}

/// A row of each table that has got columns since, without them. Gives the comment's id.
async fn write_as_the_first_version_did(db: &DatabaseConnection) -> TimelineEntryId {
    let (now, organization_id) = (time::OffsetDateTime::UNIX_EPOCH, OrganizationId::new());
    let (service_id, incident_id, comment) = (ServiceId::new(), IncidentId::new(), TimelineEntryId::new());
    let organization = entity::organization::ActiveModel {
        id: Set(organization_id),
        name: Set("Acme".to_owned()),
        slug: Set(organization_id.to_string()),
        last_incident_number: Set(1),
        last_event_seq: Set(0),
        created_at: Set(now),
        ..Default::default()
    };
    let service = entity::service::ActiveModel {
        id: Set(service_id),
        organization_id: Set(organization_id),
        name: Set("Default".to_owned()),
        description_markdown: Set(String::new()),
        default_urgency: Set(Urgency::High),
        is_default: Set(true),
        created_at: Set(now),
        ..Default::default()
    };
    let connector = entity::connector::ActiveModel {
        id: Set(ConnectorId::new()),
        organization_id: Set(organization_id),
        name: Set("all".to_owned()),
        channel: Set("#incidents".to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    let incident = entity::incident::ActiveModel {
        id: Set(incident_id),
        organization_id: Set(organization_id),
        service_id: Set(service_id),
        number: Set(1),
        title: Set("Down".to_owned()),
        description_markdown: Set(String::new()),
        status: Set(IncidentStatus::Triggered),
        urgency: Set(Urgency::High),
        tags: Set(serde_json::json!([])),
        version: Set(2),
        source: Set(Source::Api),
        triggered_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let entry = entity::timeline_entry::ActiveModel {
        id: Set(comment),
        organization_id: Set(organization_id),
        incident_id: Set(incident_id),
        version: Set(2),
        kind: Set(EntryKind::Comment),
        source: Set(Source::Api),
        body_markdown: Set(Some("said before".to_owned())),
        created_at: Set(now),
        ..Default::default()
    };
    let user_id = UserId::new();
    let person = entity::user::Model {
        id: user_id,
        email: format!("{user_id}@example.com"),
        name: "Alice".to_owned(),
        created_at: now,
    };
    let member = entity::membership::ActiveModel {
        id: Set(MembershipId::new()),
        organization_id: Set(organization_id),
        user_id: Set(user_id),
        role: Set(Role::Owner),
        created_at: Set(now),
        ..Default::default()
    };
    macro_rules! insert {
        ($($table:ident = $row:expr),* $(,)?) => {$(
            entity::$table::Entity::insert($row.into_active_model())
                .exec_without_returning(db)
                .await
                .expect(stringify!($table));
        )*};
    }
    insert!(
        organization = organization,
        service = service,
        connector = connector,
        incident = incident,
        timeline_entry = entry,
        user = person,
        membership = member,
    );
    comment
}

#[tokio::test]
async fn the_schema_holds_every_entity_on_sqlite() {
    let db = Database::open("sqlite::memory:", 1)
        .await
        .expect("a database in memory");
    goes_up_and_down(db.write()).await;
}

#[tokio::test]
async fn every_table_of_the_schema_has_one_owner() {
    let db = Database::open("sqlite::memory:", 1)
        .await
        .expect("a database in memory");
    let db = db.write();
    Migrator::up(db, None).await.expect("up");
    let tables = Statement::from_string(
        DbBackend::Sqlite,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations'",
    );
    let rows = db.query_all_raw(tables).await.expect("readable");
    let tables: BTreeSet<String> = rows
        .iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect();
    let owned: Vec<String> = entity::OWNERS
        .iter()
        .map(|(table, _)| (*table).to_owned())
        .collect();
    assert_eq!(
        tables,
        owned.iter().cloned().collect(),
        "OWNERS of entity beside the schema"
    );
    assert_eq!(tables.len(), owned.len(), "a table stands twice in OWNERS");
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
async fn the_schema_holds_every_entity_on_postgresql() {
    let url = std::env::var("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests: run ./test, which starts one");
    let server = Database::open(&url, 1).await.expect("the test server");
    let name = format!("migration_{}", uuid::Uuid::now_v7().simple());
    server
        .write()
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("a database");
    let mut own = url::Url::parse(&url).expect("a URL");
    own.set_path(&name);
    let db = Database::open(own.as_str(), 1).await.expect("the new database");
    goes_up_and_down(db.write()).await;
    db.close().await.expect("closed");
    server
        .write()
        .execute_unprepared(&format!("DROP DATABASE {name}"))
        .await
        .expect("dropped");
}
