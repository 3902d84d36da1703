//! Pairs of tokens that are of no use any more are not kept: those of workspaces that were disconnected, or given a token that Slack does not change.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_client::{SealedToken, SlackWorkspace};
use tocsin_entity::slack::token::{Column, Entity, Model};

use super::WorkspaceSync;

impl WorkspaceSync {
    /// Deletes the pairs that are over, where these are the workspaces.
    pub(super) async fn forget(&self, workspaces: &[SlackWorkspace]) {
        if let Err(trouble) = self.try_to_forget(workspaces).await {
            // It is looked again soon.
            tracing::warn!("pairs of tokens that are over are still on record: {trouble}");
        }
    }

    async fn try_to_forget(&self, workspaces: &[SlackWorkspace]) -> Result<(), String> {
        let (read, write) = (self.database.read(), self.database.write());
        let pairs = Entity::find()
            .all(read)
            .await
            .map_err(|error| error.to_string())?;
        if !pairs.iter().any(|pair| is_over(pair, workspaces)) {
            return Ok(());
        }
        // A workspace may have been connected again before its pair was read: what is asked now is at least as new as the pair.
        let workspaces = self
            .api
            .slack_workspaces()
            .await
            .map_err(|error| error.to_string())?;
        for pair in pairs.iter().filter(|pair| is_over(pair, &workspaces)) {
            Entity::delete_many()
                .filter(Column::WorkspaceId.eq(pair.workspace_id))
                .filter(Column::TokenVersion.eq(pair.token_version))
                .exec(write)
                .await
                .map_err(|error| error.to_string())?;
            tracing::info!(workspace.id = %pair.workspace_id, "the tokens of a Slack workspace are no longer kept");
        }
        Ok(())
    }
}

/// Whether nobody will use the pair again. Of a workspace that is not told of nothing is known.
fn is_over(pair: &Model, workspaces: &[SlackWorkspace]) -> bool {
    let of_it = workspaces.iter().find(|one| one.id == pair.workspace_id);
    of_it.is_some_and(|workspace| {
        // Where Slack changes a newer one, that one's pair takes the place of this.
        let is_used =
            |token: &SealedToken| token.rotating.is_some() || token.version <= pair.token_version.into();
        !workspace.token.as_ref().is_some_and(is_used)
    })
}
