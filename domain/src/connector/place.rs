//! The channels of a Slack team, each one organisation's: where two are connected to the same team, each names channels of its own.
//!
//! Whoever names a channel that is another's is refused. What nobody has named just now (a connector that came with its organisation, one whose
//! workspace was connected after it, a channel that was given another name in Slack) is held back instead, and says so: of two connectors to one
//! channel that of the organisation is used that names it by its id, or else came first.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, QueryFilter,
    sea_query::{Expr, ExprTrait, Func},
};
use tocsin_database::Database;
use tocsin_entity::{
    connector::{Column, Entity, Model},
    id::{ConnectorId, OrganizationId, WorkspaceId},
    slack::{channel, directory, installation},
    slack_workspace,
};

use crate::{
    data_loader::Loader,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    loaders::BatchLoader,
    request::Request,
    tenant::everywhere,
};

/// Where a connector leads, as it was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConnectorDestination {
    id: ConnectorId,
    organization: OrganizationId,
    workspace: Option<WorkspaceId>,
    /// In lower case.
    channel: String,
}

impl From<&Model> for ConnectorDestination {
    fn from(row: &Model) -> Self {
        Self {
            id: row.id,
            organization: row.organization_id,
            workspace: row.workspace_id,
            channel: row.channel.to_lowercase(),
        }
    }
}

impl ConnectorDestination {
    /// Whether the channel is rather this one's than the other's.
    fn precedes(&self, other: &Self) -> bool {
        let rank = |lead: &Self| (lead.channel.starts_with('#'), lead.id);
        rank(self) < rank(other)
    }
}

/// A Slack team, as far as it is known which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DestinationTeam {
    Known(String),
    /// That of the server's own workspace, before Slack has said what it calls it.
    Servers,
}

/// The teams of all workspaces, as far as they are known.
struct DestinationTeams {
    of_workspaces: HashMap<WorkspaceId, String>,
    /// Those that were disconnected: nothing goes there, so that their connectors hold no channel.
    left: BTreeSet<WorkspaceId>,
    /// None where the server has no workspace of its own.
    servers: Option<DestinationTeam>,
}

impl DestinationTeams {
    async fn read(db: &impl ConnectionTrait, has_own_workspace: bool) -> Result<Self, DbErr> {
        // What the bridge has found holds for those that were connected by a token.
        let found = everywhere::<installation::Entity>("whose channel it is, all who lead there are asked")
            .all(db)
            .await?;
        let installed =
            everywhere::<slack_workspace::Entity>("whose channel it is, all who lead there are asked")
                .all(db)
                .await?;
        let found = found
            .into_iter()
            .filter_map(|row| Some((row.workspace_id, row.team_id?)));
        let left = installed
            .iter()
            .filter(|row| row.disconnected_at.is_some())
            .map(|row| row.id)
            .collect();
        let installed = installed
            .into_iter()
            .filter_map(|row| Some((row.id, row.team_id?)));
        let of_workspaces = found.chain(installed).collect();
        let servers = everywhere::<directory::Entity>("whose channel it is, all who lead there are asked")
            .filter(directory::Column::IsServers.eq(true))
            .one(db)
            .await?
            .map(|row| DestinationTeam::Known(row.team_id))
            .or(has_own_workspace.then_some(DestinationTeam::Servers));
        Ok(Self {
            of_workspaces,
            left,
            servers,
        })
    }

    fn of(&self, workspace: Option<WorkspaceId>) -> Option<DestinationTeam> {
        match workspace {
            Some(id) => self.of_workspaces.get(&id).cloned().map(DestinationTeam::Known),
            None => self.servers.clone(),
        }
    }

    /// The same, of a workspace in which connectors hold channels: one that was not disconnected.
    fn held(&self, workspace: Option<WorkspaceId>) -> Option<DestinationTeam> {
        let is_left = workspace.is_some_and(|id| self.left.contains(&id));
        (!is_left).then(|| self.of(workspace)).flatten()
    }
}

/// The connectors of other organisations that lead to the same channels, by the connector that they vie with.
async fn rivals(
    db: &impl ConnectionTrait,
    has_own_workspace: bool,
    leads: &[ConnectorDestination],
) -> Result<HashMap<ConnectorId, Vec<ConnectorDestination>>, DbErr> {
    let organizations: BTreeSet<_> = leads.iter().map(|lead| lead.organization).collect();
    if let (Some(only), 1) = (organizations.first(), organizations.len()) {
        // Most servers serve one organisation.
        let other = everywhere::<Entity>("whose channel it is, all who lead there are asked")
            .filter(Column::OrganizationId.ne(*only))
            .one(db);
        if other.await?.is_none() {
            return Ok(HashMap::new());
        }
    }
    let teams = DestinationTeams::read(db, has_own_workspace).await?;
    let seen = seen(db, leads).await?;
    let owners: Vec<_> = leads
        .iter()
        .filter_map(|lead| {
            let team = teams.held(lead.workspace)?;
            let names = names(lead, &team, &seen);
            Some((lead, team, names))
        })
        .collect();
    let all: BTreeSet<&String> = owners.iter().flat_map(|(_, _, names)| names).collect();
    let named = Expr::expr(Func::lower(Expr::col(Column::Channel))).is_in(all.into_iter().cloned());
    let others: Vec<_> = everywhere::<Entity>("whose channel it is, all who lead there are asked")
        .filter(named)
        .all(db)
        .await?;
    let others: Vec<_> = others
        .iter()
        .map(|other| (ConnectorDestination::from(other), teams.held(other.workspace_id)))
        .collect();
    let vying = owners.into_iter().map(|(lead, team, names)| {
        let is_rival = |(other, of): &&(ConnectorDestination, Option<DestinationTeam>)| {
            other.organization != lead.organization
                && of.as_ref() == Some(&team)
                && names.contains(&other.channel)
        };
        let rivals = others.iter().filter(is_rival);
        (lead.id, rivals.map(|(other, _)| other.clone()).collect())
    });
    Ok(vying.collect())
}

/// What the bridge has seen of the channels that are named.
async fn seen(
    db: &impl ConnectionTrait,
    leads: &[ConnectorDestination],
) -> Result<Vec<channel::Model>, DbErr> {
    let channels = leads.iter().map(|lead| lead.channel.as_str());
    let (hashed, ids): (Vec<_>, Vec<_>) = channels.partition(|channel| channel.starts_with('#'));
    let names = hashed.iter().map(|name| name.trim_start_matches('#'));
    let ids = ids.iter().map(|id| id.to_uppercase());
    let either = channel::Column::Name
        .is_in(names)
        .or(channel::Column::ChannelId.is_in(ids));
    everywhere::<channel::Entity>("whose channel it is, all who lead there are asked")
        .filter(either)
        .all(db)
        .await
}

/// All by which the channel may be named, in lower case.
fn names(lead: &ConnectorDestination, team: &DestinationTeam, seen: &[channel::Model]) -> BTreeSet<String> {
    let mut names = BTreeSet::from([lead.channel.clone()]);
    let here = seen
        .iter()
        .filter(|row| matches!(team, DestinationTeam::Known(id) if *id == row.team_id));
    for row in here {
        let both = [
            row.channel_id.to_lowercase(),
            format!("#{}", row.name.to_lowercase()),
        ];
        if both.contains(&lead.channel) {
            names.extend(both);
        }
    }
    names
}

/// The key of [`ChannelOwners`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChannelOwnersOf(pub(super) OrganizationId);

/// By which names an organisation's connectors know their channels, and in which teams: where Slack has told both of a channel's names, and of
/// which team a workspace is.
#[derive(Debug, Default)]
pub(super) struct ChannelOwners(HashMap<ConnectorId, (DestinationTeam, BTreeSet<String>)>);

impl ChannelOwners {
    /// Whether two connectors lead to one channel, as far as it is known.
    pub(super) fn are_same(&self, one: &Model, other: &Model) -> bool {
        let (Some((here, names)), Some((there, _))) = (self.0.get(&one.id), self.0.get(&other.id)) else {
            return false;
        };
        here == there && names.contains(&other.channel.to_lowercase())
    }
}

impl Loader<ChannelOwnersOf> for BatchLoader {
    type Value = Arc<ChannelOwners>;
    type Error = InternalError;

    async fn load(
        &self,
        keys: &[ChannelOwnersOf],
    ) -> Result<HashMap<ChannelOwnersOf, Self::Value>, InternalError> {
        let db = self.database().read();
        let rows = everywhere::<Entity>("whose channel it is, all who lead there are asked")
            .filter(Column::OrganizationId.is_in(keys.iter().map(|key| key.0)))
            .all(db)
            .await?;
        let leads: Vec<_> = rows.iter().map(ConnectorDestination::from).collect();
        let teams = DestinationTeams::read(db, self.has_own_workspace()).await?;
        let seen = seen(db, &leads).await?;
        let mut found: HashMap<ChannelOwnersOf, ChannelOwners> = HashMap::new();
        for lead in &leads {
            if let Some(team) = teams.held(lead.workspace) {
                let names = names(lead, &team, &seen);
                let owners = found.entry(ChannelOwnersOf(lead.organization)).or_default();
                owners.0.insert(lead.id, (team, names));
            }
        }
        Ok(found
            .into_iter()
            .map(|(key, owners)| (key, Arc::new(owners)))
            .collect())
    }
}

fn has_own_workspace(request: &Request<'_>) -> bool {
    request.domain.config().slack.has_own_workspace
}

/// Whether no other organisation's connector leads to the same channel.
pub(crate) async fn is_free(
    db: &impl ConnectionTrait,
    has_own_workspace: bool,
    row: &Model,
) -> Result<bool, DbErr> {
    let rivals = rivals(db, has_own_workspace, &[ConnectorDestination::from(row)]).await?;
    Ok(rivals.values().all(Vec::is_empty))
}

/// Refuses a channel to which another organisation's connector leads.
pub(super) async fn need_free(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    row: &Model,
) -> Result<(), MutationError> {
    if is_free(tx, has_own_workspace(request), row).await? {
        return Ok(());
    }
    let error = UserError::new(UserErrorCode::ChannelTaken, taken(&row.channel));
    Err(error.at("channel").into())
}

/// Why nothing goes to a channel, and what to do.
pub(super) fn taken(channel: &str) -> String {
    format!(
        "{channel} is another organisation's in this Slack workspace: where two are connected to the same one, each names channels of its own."
    )
}

/// Those through which nothing goes, since their channel is another organisation's.
async fn held_back(
    db: &impl ConnectionTrait,
    has_own_workspace: bool,
    leads: &[ConnectorDestination],
) -> Result<BTreeSet<ConnectorId>, DbErr> {
    let rivals = rivals(db, has_own_workspace, leads).await?;
    let held = leads.iter().filter(|lead| {
        let mut rivals = rivals.get(&lead.id).into_iter().flatten();
        rivals.any(|rival| rival.precedes(lead))
    });
    Ok(held.map(|lead| lead.id).collect())
}

/// The connectors through which nothing goes, since their channel is another organisation's; `has_own_workspace` as in
/// [`crate::SlackAppConfig`].
///
/// # Errors
/// When the database fails.
pub async fn connectors_held_back(database: &Database, has_own_workspace: bool) -> Result<Vec<Model>, DbErr> {
    let all = everywhere::<Entity>("whose channel it is, all who lead there are asked")
        .all(database.read())
        .await?;
    let leads: Vec<_> = all.iter().map(ConnectorDestination::from).collect();
    let held = held_back(database.read(), has_own_workspace, &leads).await?;
    Ok(all.into_iter().filter(|row| held.contains(&row.id)).collect())
}

impl Loader<ConnectorDestination> for BatchLoader {
    /// Whether the channel is another organisation's.
    type Value = bool;
    type Error = InternalError;

    async fn load(
        &self,
        leads: &[ConnectorDestination],
    ) -> Result<HashMap<ConnectorDestination, bool>, InternalError> {
        let held = held_back(self.database().read(), self.has_own_workspace(), leads).await?;
        let found = leads.iter().map(|lead| (lead.clone(), held.contains(&lead.id)));
        Ok(found.collect())
    }
}

/// Whether a connector's channel is another organisation's, so that nothing goes there through it.
pub async fn is_taken(request: &Request<'_>, row: &Model) -> Result<bool, InternalError> {
    let found = request
        .loaders()
        .load_one(ConnectorDestination::from(row))
        .await?;
    Ok(found.unwrap_or(false))
}

/// What a connector is to name its channel that is called otherwise now: so, or by its id where another organisation's connector has that name
/// already, which would take the channel from whoever has it.
pub(super) async fn canonical_channel(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    row: &Model,
    team_id: &str,
    to: &str,
) -> Result<String, DbErr> {
    let renamed = Model {
        channel: to.to_owned(),
        ..row.clone()
    };
    if !to.starts_with('#') || is_free(tx, has_own_workspace(request), &renamed).await? {
        return Ok(renamed.channel);
    }
    // The directory has it under the name before until this is reported.
    let found = everywhere::<channel::Entity>("whose channel it is, all who lead there are asked")
        .filter(channel::Column::TeamId.eq(team_id))
        .filter(channel::Column::Name.eq(row.channel.trim_start_matches('#').to_lowercase()))
        .one(tx)
        .await?;
    Ok(found.map_or(renamed.channel, |found| found.channel_id))
}

/// Those of the connectors that lead to a channel of this team.
pub(super) async fn in_team(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    rows: Vec<Model>,
    team_id: &str,
) -> Result<Vec<Model>, DbErr> {
    let teams = DestinationTeams::read(tx, has_own_workspace(request)).await?;
    let is_here =
        |row: &Model| matches!(teams.of(row.workspace_id), Some(DestinationTeam::Known(id)) if id == team_id);
    Ok(rows.into_iter().filter(is_here).collect())
}

/// The channel as it is called, where it is named by its id and another team knows no such id.
pub(super) async fn by_name(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    row: &Model,
    to: Option<WorkspaceId>,
) -> Result<String, DbErr> {
    if row.channel.starts_with('#') {
        return Ok(row.channel.clone());
    }
    let teams = DestinationTeams::read(tx, has_own_workspace(request)).await?;
    let from = teams.of(row.workspace_id);
    if from.is_some() && from == teams.of(to) {
        return Ok(row.channel.clone());
    }
    let found = everywhere::<channel::Entity>("whose channel it is, all who lead there are asked")
        .filter(channel::Column::ChannelId.eq(&row.channel))
        .one(tx)
        .await?;
    Ok(found.map_or_else(|| row.channel.clone(), |found| format!("#{}", found.name)))
}
