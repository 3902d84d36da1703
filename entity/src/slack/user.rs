//! A person in Slack, as last seen, and the member they are.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::UserId;

/// A person in Slack, as last seen, and the member they are.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
#[sea_orm(table_name = "slack_user")]
pub struct Model {
    /// The Slack workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: String,
    /// Slack's id for the person (`U…` or `W…`).
    #[sea_orm(primary_key, auto_increment = false)]
    pub slack_user_id: String,
    /// The e-mail address in Slack, in lowercase, where Slack gives it.
    pub email: Option<String>,
    /// The name people see in Slack.
    pub display_name: String,
    /// The address of their picture, which anybody can read.
    pub image_url: Option<String>,
    /// Whether it is a bot or an app.
    pub is_bot: bool,
    /// Whether Slack says the account is deactivated.
    pub deleted: bool,
    /// Whether it is a person of another company, as in channels that are shared by Slack Connect.
    pub is_external: bool,
    /// Whether it is a guest, who may be in some channels alone.
    pub is_guest: bool,
    /// The user with the same e-mail address, where one was found.
    pub user_id: Option<UserId>,
    /// Whether the person asked not to be taken for that user any more.
    pub unlinked: bool,
    /// When it was read from Slack.
    pub refreshed_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
