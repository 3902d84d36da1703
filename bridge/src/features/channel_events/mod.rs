//! Slack says that a channel has changed, or that the bot has come or gone.

use futures::FutureExt;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};
use serde_json::Value;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::channel::{Column, Entity};
use tocsin_queue::JobError;
use tocsin_slack::{channel::Channel, envelope::RequestKind, error::SlackError};

use crate::{
    directory::Directory,
    installation::AppInstallation,
    request::{self, InboundRequest, RequestOutcome, WorkResult},
    sharing::ChannelSharing,
    store::channels as store,
    workspace::{Workspace, Workspaces},
};

/// What it takes to hear of channels.
#[derive(Debug)]
pub(crate) struct ChannelEvents {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) sharing: ChannelSharing,
    pub(crate) workspaces: Workspaces,
}

type Route = request::Route<ChannelEvents>;

/// Each event with its route.
pub(crate) const ROUTES: [Route; 14] = [
    route("channel_archive"),
    route("channel_created"),
    route("channel_deleted"),
    route("channel_id_changed"),
    route("channel_rename"),
    route("channel_shared"),
    route("channel_unarchive"),
    route("channel_unshared"),
    route("group_archive"),
    route("group_deleted"),
    route("group_rename"),
    route("group_unarchive"),
    of_bot("member_joined_channel"),
    of_bot("member_left_channel"),
];

const fn route(name: &'static str) -> Route {
    Route {
        kind: RequestKind::Event,
        name,
        wanted: |_, payload| change(&payload["event"]).is_some(),
        work: |events, item| hear(events, item).boxed(),
    }
}

/// People come and go all the time; whether it is the bot is said by whom the event is for.
const fn of_bot(name: &'static str) -> Route {
    Route {
        wanted: |_, payload| is_of_bot(payload),
        ..route(name)
    }
}

fn is_of_bot(payload: &Value) -> bool {
    let bot = payload["authorizations"][0]["user_id"].as_str();
    let is_bot = bot.is_none_or(|bot| payload["event"]["user"] == bot);
    is_bot && change(&payload["event"]).is_some()
}

/// What has become of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Created {
        name: String,
        creator: Option<String>,
    },
    Renamed,
    Archived,
    Unarchived,
    Deleted,
    /// With another company, by Slack Connect.
    Shared,
    /// With one company less.
    Unshared,
    IsNow {
        id: String,
    },
    Joined {
        user: String,
    },
    Left {
        user: String,
    },
}

/// The channel, and what has become of it.
fn change(event: &Value) -> Option<(String, Change)> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let channel = &event["channel"];
    // Some events describe the channel, others name it.
    let id = || text(&channel["id"]).or_else(|| text(channel));
    let user = || text(&event["user"]);
    let told = match event["type"].as_str()? {
        "channel_created" => Change::Created {
            name: text(&channel["name"])?,
            creator: text(&channel["creator"]),
        },
        "channel_rename" | "group_rename" => Change::Renamed,
        "channel_archive" | "group_archive" => Change::Archived,
        "channel_unarchive" | "group_unarchive" => Change::Unarchived,
        "channel_deleted" | "group_deleted" => Change::Deleted,
        "channel_shared" => Change::Shared,
        "channel_unshared" => Change::Unshared,
        "channel_id_changed" => {
            let id = text(&event["new_channel_id"])?;
            return Some((text(&event["old_channel_id"])?, Change::IsNow { id }));
        }
        "member_joined_channel" => Change::Joined { user: user()? },
        "member_left_channel" => Change::Left { user: user()? },
        _ => return None,
    };
    Some((id()?, told))
}

async fn hear(events: &ChannelEvents, item: &InboundRequest) -> WorkResult {
    let Some((id, told)) = change(&item.payload["event"]) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let installation = &item.installation;
    if let Change::Joined { user } | Change::Left { user } = &told
        && !installation.is_bot(user)
    {
        return Ok(RequestOutcome::NotOurs("somebody_else"));
    }
    note(events, installation, &id, &told).await?;
    installation.workspace().channels.forget();
    if matches!(
        told,
        Change::Unarchived | Change::Joined { .. } | Change::IsNow { .. }
    ) {
        tracing::info!(slack.channel = %id, "{id} may take messages again: what has failed is tried again now");
        events.workspaces.heal();
    }
    Ok(RequestOutcome::Done("heard"))
}

/// Writes it down.
async fn note(
    events: &ChannelEvents,
    installation: &AppInstallation,
    id: &str,
    told: &Change,
) -> Result<(), JobError> {
    let (workspace, team) = (installation.workspace(), installation.team_id());
    if installation.may_be_forged() {
        return interaction(events, installation, id, told).await;
    }
    let set = async |column: Column, value: SimpleExpr| {
        let updated = Entity::update_many()
            .col_expr(column, value)
            .filter(Column::TeamId.eq(team))
            .filter(Column::ChannelId.eq(id))
            .exec(events.database.write())
            .await;
        updated.map(|_| ())
    };
    let noted = match told {
        Change::Created { name, creator } => {
            let is_member = creator.as_deref().is_some_and(|user| installation.is_bot(user));
            created(events, workspace, id, name, is_member).await
        }
        Change::Archived => set(Column::IsArchived, Expr::value(true)).await,
        Change::Unarchived => set(Column::IsArchived, Expr::value(false)).await,
        Change::Shared => {
            set(Column::IsShared, Expr::value(true))
                .await
                .map_err(JobError::retry)?;
            events
                .sharing
                .follow(team, id, true)
                .await
                .map_err(JobError::retry)?;
            // One that is not on record is known by now.
            return read(events, installation, id).await;
        }
        Change::Deleted => forget(events, team, id).await,
        Change::IsNow { id: now } => {
            // Whatever is known by the new id is newer.
            events
                .directory
                .renumbered(installation, id, now)
                .await
                .map_err(JobError::retry)?;
            forget(events, team, id).await.map_err(JobError::retry)?;
            return read(events, installation, now).await;
        }
        // Events may come in another order: what Slack says of a name when it is asked is newer. And of a channel that is shared with one
        // company less, whether another is in it still.
        Change::Renamed | Change::Joined { .. } | Change::Unshared => {
            return read(events, installation, id).await;
        }
        Change::Left { user } => left(events, team, id, user).await,
    };
    noted.map_err(JobError::retry)
}

/// Of what an organisation may have made up: Slack says how the channel is. That the bot has left is said of the organisation's own bot.
async fn interaction(
    events: &ChannelEvents,
    installation: &AppInstallation,
    id: &str,
    told: &Change,
) -> Result<(), JobError> {
    let team = installation.team_id();
    match told {
        Change::IsNow { id: now } => {
            events
                .directory
                .renumbered(installation, id, now)
                .await
                .map_err(JobError::retry)?;
            read(events, installation, now).await
        }
        Change::Left { user } => left(events, team, id, user).await.map_err(JobError::retry),
        Change::Created { .. }
        | Change::Renamed
        | Change::Archived
        | Change::Unarchived
        | Change::Deleted
        | Change::Shared
        | Change::Unshared
        | Change::Joined { .. } => read(events, installation, id).await,
    }
}

/// Where another app's bot has seen the channel last, what that says stays.
async fn left(events: &ChannelEvents, team: &str, id: &str, user: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::IsMember, Expr::value(false))
        .filter(Column::TeamId.eq(team))
        .filter(Column::ChannelId.eq(id))
        .filter(Column::SeenBy.eq(user).or(Column::SeenBy.is_null()))
        .exec(events.database.write())
        .await
        .map(|_| ())
}

async fn created(
    events: &ChannelEvents,
    workspace: &Workspace,
    id: &str,
    name: &str,
    is_member: bool,
) -> Result<(), DbErr> {
    let Some(bot) = workspace.installation() else {
        return Ok(());
    };
    // Only public channels are told of so.
    let channel = Channel {
        id: id.to_owned(),
        name: name.to_owned(),
        is_private: false,
        is_member,
        is_archived: false,
        is_ext_shared: false,
        is_pending_ext_shared: false,
        creator: None,
        created: None,
    };
    store::record(&events.database, &bot, &channel, events.clock.now()).await
}

async fn forget(events: &ChannelEvents, team: &str, id: &str) -> Result<(), DbErr> {
    Entity::delete_by_id((team.to_owned(), id.to_owned()))
        .exec(events.database.write())
        .await
        .map(|_| ())
}

/// Reads a channel of which the event does not say enough. What Slack does not show is known the next time that all are read.
async fn read(events: &ChannelEvents, installation: &AppInstallation, id: &str) -> Result<(), JobError> {
    let workspace = installation.workspace();
    let Some(bot) = workspace.installation() else {
        return Ok(());
    };
    match workspace.slack.channel(id).await {
        Ok(channel) => {
            events
                .directory
                .renamed(&bot.team_id, std::slice::from_ref(&channel))
                .await
                .map_err(JobError::retry)?;
            store::record(&events.database, &bot, &channel, events.clock.now())
                .await
                .map_err(JobError::retry)?;
            events
                .sharing
                .follow(&bot.team_id, &channel.id, channel.is_shared())
                .await
                .map_err(JobError::retry)
        }
        Err(error @ SlackError::Refused { .. }) => {
            tracing::warn!(slack.channel = id, "Slack does not say what {id} is: {error}");
            Ok(())
        }
        Err(error) => Err(workspace.failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_name_their_channel_or_describe_it() {
        let of = |event: Value| change(&event);
        let renamed = json!({"type": "channel_rename", "channel": {"id": "C1", "name": "new"}});
        assert_eq!(of(renamed), Some(("C1".to_owned(), Change::Renamed)));
        let archived = json!({"type": "group_archive", "channel": "G1", "user": "U1"});
        assert_eq!(of(archived), Some(("G1".to_owned(), Change::Archived)));
        let changed = json!({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C1"});
        assert_eq!(
            of(changed),
            Some(("G1".to_owned(), Change::IsNow { id: "C1".to_owned() }))
        );
        for broken in [
            json!({"type": "channel_rename", "channel": {}}),
            json!({"type": "channel_archive"}),
            json!({"type": "member_joined_channel", "channel": "C1"}),
            json!({"type": "channel_history_changed", "channel": "C1"}),
            json!(null),
        ] {
            assert_eq!(of(broken.clone()), None, "{broken}");
        }
    }

    #[test]
    fn of_those_who_come_and_go_the_bot_alone_is_of_interest() {
        let of = |user: &str| {
            json!({"authorizations": [{"user_id": "UBOT"}],
                "event": {"type": "member_joined_channel", "user": user, "channel": "C1"}})
        };
        assert!(is_of_bot(&of("UBOT")) && !is_of_bot(&of("U1")));
    }
}
