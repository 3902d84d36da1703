//! A channel that another company comes into: what was shown there to colleagues is not for it.
//!
//! Slack takes a preview back from nobody, and lets it be replaced. So each one in the channel is marked, and the mirror shows in its place that it is
//! hidden; when the other company is gone, it is shown again.

use futures::FutureExt;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{kinds::PostKind, slack::post};
use tocsin_queue::{Queue, jobs::ReconcileIncident};

use crate::store::{GroupWriter, claim};

/// In the address of a preview: whether it is hidden.
const HIDDEN: &str = "is_hidden";

/// Whether a preview is in a channel that is shared with another company.
pub(crate) fn is_hidden(post: &post::Model) -> bool {
    post.address
        .as_ref()
        .is_some_and(|address| address[HIDDEN] == true)
}

/// Hides previews from other companies. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ChannelSharing {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) writer: GroupWriter,
    pub(crate) queue: Queue,
}

impl ChannelSharing {
    /// Marks the previews in a channel, and has the mirror look at their incidents.
    pub(crate) async fn follow(&self, team: &str, channel: &str, is_shared: bool) -> Result<(), DbErr> {
        let all = post::Entity::find()
            .filter(post::Column::Kind.eq(PostKind::Unfurl))
            .filter(post::Column::TeamId.eq(team))
            .filter(post::Column::ChannelId.eq(channel))
            .all(self.database.read())
            .await?;
        for post in all.into_iter().filter(|post| is_hidden(post) != is_shared) {
            let mut address = post
                .address
                .clone()
                .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            address[HIDDEN] = json!(is_shared);
            post::Entity::update_many()
                .col_expr(post::Column::Address, Expr::value(Some(address)))
                .filter(post::Column::Id.eq(post.id))
                .exec(self.database.write())
                .await?;
            let Some(incident) = post.incident_id else {
                continue;
            };
            let clock = self.clock.clone();
            let again = self.writer.write(move |tx| {
                let now = clock.now();
                async move { claim::use_menu(tx, incident, now).await }.boxed()
            });
            if let Some((organization, version)) = again.await? {
                self.queue.enqueue(&ReconcileIncident {
                    incident_id: incident.to_string(),
                    organization_id: organization.to_string(),
                    version,
                    request_id: None,
                });
            }
        }
        Ok(())
    }
}
