//! What channels are called.

use sea_orm::EntityTrait;
use time::Duration;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::channel;
use tocsin_queue::JobError;

use crate::{installation::AppInstallation, store::channels::record};

/// What it takes to name channels. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ChannelNames {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
}

/// How long a channel's name is believed.
const FRESH: Duration = Duration::hours(6);

/// A channel's name, without its hash: from the table while it is fresh, else from Slack; none where Slack does not say.
pub(crate) async fn channel_name(
    names: &ChannelNames,
    installation: &AppInstallation,
    channel_id: &str,
) -> Result<Option<String>, JobError> {
    let key = (installation.team_id().to_owned(), channel_id.to_owned());
    let known = channel::Entity::find_by_id(key)
        .one(names.database.read())
        .await
        .map_err(JobError::retry)?;
    let now = names.clock.now();
    if let Some(known) = known
        .as_ref()
        .filter(|known| now - known.refreshed_at < FRESH && !known.name.is_empty())
    {
        return Ok(Some(known.name.clone()));
    }
    let told = match installation.slack().channel(channel_id).await {
        Ok(told) => told,
        Err(error) => {
            tracing::debug!(
                slack.channel = channel_id,
                "Slack does not name {channel_id}: {error}"
            );
            return Ok(known.map(|known| known.name));
        }
    };
    if let Some(bot) = installation.bot() {
        record(&names.database, &bot, &told, now)
            .await
            .map_err(JobError::retry)?;
    }
    Ok(Some(told.name).filter(|name| !name.is_empty()))
}
