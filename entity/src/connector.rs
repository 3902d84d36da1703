//! A connector: a Slack channel that an organisation's incidents go to. Owned by the api; the bridge reads it by GraphQL.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ConnectorId, OrganizationId, SlackTemplateId, WorkspaceId},
    kinds::{ReplyMode, UrgencyFilter},
};

/// A connector: a Slack channel that an organisation's incidents go to. Owned by the api; the bridge reads it by GraphQL.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connector")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConnectorId,
    /// The organisation whose incidents it carries.
    pub organization_id: OrganizationId,
    /// What people call it; unique in the organisation.
    pub name: String,
    /// The workspace it is in; none for that of the server's configuration.
    pub workspace_id: Option<WorkspaceId>,
    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    pub channel: String,
    /// How later changes are told there.
    pub reply_mode: ReplyMode,
    /// Whether incidents go there to which no rule gives another place.
    pub is_default: bool,
    /// What it tells, with commas between.
    pub events: String,
    /// Of how urgent incidents.
    pub urgency_filter: UrgencyFilter,
    /// Whether replies become comments, and comments replies.
    pub two_way_sync: bool,
    /// The name under which it posts; the app's own where there is none.
    pub appearance_name: Option<String>,
    /// The picture beside it: an emoji (`:fire:`) or an `https` address.
    pub appearance_icon: Option<String>,
    /// Through which other connector incidents go while its channel takes nothing.
    pub fallback_id: Option<ConnectorId>,
    /// In whose words its messages are; the built-in ones where there is none.
    pub template_id: Option<SlackTemplateId>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
