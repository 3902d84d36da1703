//! Messages that are too long for the dialog that was filled with them.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A message that is to be an incident's description, whole, beside what a dialog shows of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_draft")]
pub struct Model {
    /// Its id, which the dialog carries.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who has opened the dialog: the installation and the user, `T…/U…`, with the app before it where it is an organisation's own.
    pub opened_by: String,
    /// What the dialog shows.
    pub shown: String,
    /// All of it, as Markdown.
    pub markdown: String,
    /// When the dialog was opened.
    pub created_at: OffsetDateTime,
}

/// No relations are declared.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
