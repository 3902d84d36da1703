//! What the previews of the links in a message were last sent as.
//!
//! Slack takes all previews of a message at once: what a call leaves out is gone. So whoever changes one sends the others with it.

use sea_orm::entity::prelude::*;

use crate::id::PostId;

/// What one preview was last sent as, or is sent as now.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_preview")]
pub struct Model {
    /// The preview, as it is among the posts.
    #[sea_orm(primary_key, auto_increment = false)]
    pub post_id: PostId,
    /// The message in which the link stands: team, channel and Slack's name for it; before them the organisation's own app, where it is not the
    /// server's.
    pub message: String,
    /// The link, as it was pasted.
    pub url: String,
    /// What is shown of it, as `chat.unfurl` takes it.
    pub content: Json,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
