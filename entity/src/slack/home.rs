//! A person's Home tab in Slack, from when they first opened it: what it shows, and whether that is still so.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::SlackAppId;

/// A person's Home tab in Slack, from when they first opened it: what it shows, and whether that is still so.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_home")]
pub struct Model {
    /// The Slack workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: String,
    /// Slack's id of the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slack_user_id: String,
    /// The organisation's own Slack app in which it was opened last; none for the server's.
    pub app_id: Option<SlackAppId>,
    /// The organisations that it tells of, by their ids, with blanks between.
    pub organizations: String,
    /// When the person last opened it.
    pub opened_at: OffsetDateTime,
    /// Counts what made it due.
    pub wanted_version: i64,
    /// How far that has been worked; work is due while it is behind.
    pub shown_version: i64,
    /// When it is to be worked next, while work is due.
    pub due_at: OffsetDateTime,
    /// How often the present work was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// SHA-256 of the content that Slack shows, in hex.
    pub content_hash: Option<String>,
    /// When Slack last had it.
    pub published_at: Option<OffsetDateTime>,
    /// Until when a worker has it; one that died lets go by then.
    pub claimed_until: Option<OffsetDateTime>,
    /// The number of the present claim: it grows with each, and a worker writes only while it is still its own.
    pub claim: i64,
    /// Whether a worker that had lost its claim may have published the tab: it is published anew.
    pub in_doubt: bool,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
