//! The posts on record: what ought to be in Slack, and what is known to be there.

use std::borrow::Borrow;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use time::OffsetDateTime;
use tocsin_database::rows::{groups, padded};
use tocsin_entity::{
    id::{DigestId, IncidentId, OrganizationId, PostId},
    kinds::{PostKind, PostState},
    slack::{digest_line, post},
};

/// All that a delivery may make of a post's record. Where a link was pasted is for others to say, who may do so meanwhile.
const MUTABLE: [post::Column; 18] = [
    post::Column::ConnectorName,
    post::Column::WorkspaceId,
    post::Column::TeamId,
    post::Column::ChannelId,
    post::Column::ChannelName,
    post::Column::ThreadTs,
    post::Column::Ts,
    post::Column::ContentHash,
    post::Column::ShownVersion,
    post::Column::State,
    post::Column::Attempts,
    post::Column::LastError,
    post::Column::NotBefore,
    post::Column::SentAt,
    post::Column::PostedAt,
    post::Column::UpdatedAt,
    post::Column::LagMilliseconds,
    post::Column::IsOpen,
];

/// A record of a post before anything has been done about it, and of no place yet.
pub(crate) fn queued(
    organization_id: OrganizationId,
    key: String,
    kind: PostKind,
    now: OffsetDateTime,
) -> post::Model {
    post::Model {
        id: PostId::new(),
        organization_id,
        key,
        kind,
        incident_id: None,
        digest_id: None,
        connector_id: None,
        connector_name: String::new(),
        workspace_id: None,
        team_id: String::new(),
        channel_id: String::new(),
        channel_name: String::new(),
        thread_ts: None,
        ts: None,
        address: None,
        content_hash: None,
        shown_version: 0,
        state: PostState::Queued,
        attempts: 0,
        last_error: None,
        not_before: None,
        sent_at: None,
        queued_at: now,
        posted_at: None,
        updated_at: None,
        lag_milliseconds: None,
        is_open: None,
        looked_at: None,
    }
}

/// The post at this place in Slack; else one on its way to that channel, whose `ts` is not known yet and may be this.
///
/// It is one query, which sees one state: whoever asks for the one and then for the other misses both where the `ts` is noted in between.
pub(crate) async fn at_or_coming(
    database: &impl ConnectionTrait,
    team_id: &str,
    channel_id: &str,
    ts: &str,
) -> Result<Option<post::Model>, DbErr> {
    // What is told of an incident as a message of its own has a thread as well.
    let here = Condition::all()
        .add(post::Column::Ts.eq(ts))
        .add(post::Column::Kind.is_in([PostKind::Root, PostKind::Reply]));
    let coming = Condition::all()
        .add(post::Column::Ts.is_null())
        .add(post::Column::Kind.eq(PostKind::Root))
        .add(post::Column::SentAt.is_not_null())
        .add(post::Column::State.ne(PostState::Failed));
    post::Entity::find()
        .filter(post::Column::TeamId.eq(team_id))
        .filter(post::Column::ChannelId.eq(channel_id))
        .filter(Condition::any().add(here).add(coming))
        .order_by_asc(post::Column::Ts.is_null())
        .limit(1)
        .one(database)
        .await
}

/// Writes a post's record, new or changed, by whoever has made sure that nobody else does.
pub(crate) async fn save(tx: &impl ConnectionTrait, post: &post::Model) -> Result<(), DbErr> {
    save_all(tx, std::slice::from_ref(post)).await
}

/// The same of many, each once.
pub(crate) async fn save_all<P: Borrow<post::Model>>(
    tx: &impl ConnectionTrait,
    posts: &[P],
) -> Result<(), DbErr> {
    for some in groups(posts) {
        let rows = some.iter().map(|post| post.borrow().clone());
        post::Entity::insert_many(rows.map(|post| post.into_active_model().reset_all()))
            .on_conflict(
                OnConflict::column(post::Column::Id)
                    .update_columns(MUTABLE)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Forgets posts that are not in Slack.
pub(crate) async fn forget(tx: &impl ConnectionTrait, ids: Vec<PostId>) -> Result<(), DbErr> {
    if !ids.is_empty() {
        let ids = post::Column::Id.is_in(padded(ids));
        post::Entity::delete_many().filter(ids).exec(tx).await?;
    }
    Ok(())
}

/// All posts that show these incidents, oldest first.
pub(crate) async fn of_incidents(
    db: &impl ConnectionTrait,
    ids: Vec<IncidentId>,
) -> Result<Vec<post::Model>, DbErr> {
    post::Entity::find()
        .filter(post::Column::IncidentId.is_in(padded(ids)))
        .order_by_asc(post::Column::Id)
        .all(db)
        .await
}

/// These incidents' lines in digests.
pub(crate) async fn lines_of_incidents(
    db: &impl ConnectionTrait,
    ids: Vec<IncidentId>,
) -> Result<Vec<digest_line::Model>, DbErr> {
    digest_line::Entity::find()
        .filter(digest_line::Column::IncidentId.is_in(padded(ids)))
        .all(db)
        .await
}

/// The incident's message at this place in Slack.
pub(crate) async fn root_at(
    db: &impl ConnectionTrait,
    team_id: &str,
    channel_id: &str,
    ts: &str,
) -> Result<Option<post::Model>, DbErr> {
    post::Entity::find()
        .filter(post::Column::TeamId.eq(team_id))
        .filter(post::Column::ChannelId.eq(channel_id))
        .filter(post::Column::Ts.eq(ts))
        .filter(post::Column::Kind.eq(PostKind::Root))
        .one(db)
        .await
}

/// Open incidents' messages that Slack has not been asked for since, nor changed: those first that have waited longest.
pub(crate) async fn to_look_for(
    db: &impl ConnectionTrait,
    since: OffsetDateTime,
    most: u64,
) -> Result<Vec<post::Model>, DbErr> {
    let column = |column: post::Column| Condition::any().add(column.is_null()).add(column.lt(since));
    post::Entity::find()
        .filter(post::Column::IsOpen.eq(true))
        .filter(post::Column::Kind.eq(PostKind::Root))
        .filter(post::Column::Ts.is_not_null())
        .filter(post::Column::State.is_in([PostState::Posted, PostState::Updated]))
        .filter(column(post::Column::LookedAt))
        .filter(column(post::Column::PostedAt))
        .filter(column(post::Column::UpdatedAt))
        .order_by_asc(post::Column::LookedAt.is_not_null())
        .order_by_asc(post::Column::LookedAt)
        .limit(most)
        .all(db)
        .await
}

/// Notes that a message is looked for now; whether nobody else has since.
pub(crate) async fn looks_for(
    db: &impl ConnectionTrait,
    id: PostId,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let is_free = Condition::any()
        .add(post::Column::LookedAt.is_null())
        .add(post::Column::LookedAt.lte(since));
    let noted = post::Entity::update_many()
        .col_expr(post::Column::LookedAt, Expr::value(Some(now)))
        .filter(post::Column::Id.eq(id))
        .filter(is_free)
        .exec(db)
        .await?;
    Ok(noted.rows_affected > 0)
}

/// Forgets what the posts are known to show that may be changed in place: whoever worked on them died, perhaps just after a change.
pub(crate) async fn doubt(tx: &impl ConnectionTrait, of: SimpleExpr) -> Result<(), DbErr> {
    let in_slack = [PostState::Posted, PostState::Updated, PostState::Retrying];
    post::Entity::update_many()
        .col_expr(post::Column::ContentHash, Expr::value(None::<String>))
        .filter(of)
        .filter(post::Column::Kind.ne(PostKind::Reply))
        .filter(post::Column::State.is_in(in_slack))
        .exec(tx)
        .await?;
    Ok(())
}

/// The message of a digest.
pub(crate) async fn find_of_digest(
    db: &impl ConnectionTrait,
    id: DigestId,
) -> Result<Option<post::Model>, DbErr> {
    post::Entity::find()
        .filter(post::Column::DigestId.eq(id))
        .one(db)
        .await
}

/// When the oldest post was sent of whose answer nothing is known, in a channel: from there on Slack must be searched.
pub(crate) async fn oldest_uncertain(
    db: &impl ConnectionTrait,
    channel: &str,
) -> Result<Option<OffsetDateTime>, DbErr> {
    let oldest: Option<Option<OffsetDateTime>> = post::Entity::find()
        .select_only()
        .column_as(post::Column::SentAt.min(), "oldest")
        .filter(post::Column::ChannelId.eq(channel))
        .filter(post::Column::State.eq(PostState::Sending))
        .into_tuple()
        .one(db)
        .await?;
    Ok(oldest.flatten())
}
