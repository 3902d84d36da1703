//! Who a person in Slack is to an organisation, by their own word. It goes before their e-mail address.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{OrganizationId, SlackLinkId, UserId},
    kinds::SlackMatch,
};

/// Who a person in Slack is to an organisation, by their own word. It goes before their e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_link")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SlackLinkId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The member.
    pub user_id: UserId,
    /// The Slack workspace.
    pub team_id: String,
    /// The person there.
    pub slack_user_id: String,
    /// How that is known.
    pub kind: SlackMatch,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
