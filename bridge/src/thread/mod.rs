//! Which incident a message in Slack belongs to, by the posts on record and by what incidents were made of.

mod memory;
mod retract;

pub(crate) use memory::ThreadMemory;
pub(crate) use retract::retract;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::ExprTrait};
use tocsin_database::Database;
use tocsin_entity::{
    id::{ConnectorId, IncidentId, OrganizationId},
    kinds::PostKind,
    slack::post,
};
use tocsin_queue::JobError;

use crate::{installation::AppInstallation, origin, rich_text::message::ThreadReply, store::posts};

/// The thread of an incident's own message, or of the message that it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    pub(crate) team_id: String,
    /// Through which connector it is shown there; none where it was made of the thread's first message.
    pub(crate) connector: Option<ConnectorId>,
}

impl Thread {
    /// How the comment is called that a message in the thread is.
    pub(crate) fn external_ref(&self, place: &ThreadReply) -> String {
        format!("slack:{}/{}/{}", self.team_id, place.channel, place.ts)
    }
}

/// What a message is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ThreadMatch {
    /// An incident's own message.
    Incident(Thread),
    /// Nothing yet; but a message is on its way to this channel whose name in Slack is not known, and it may be that.
    Coming,
    /// Nothing of ours.
    None,
}

/// The incident whose own message this is, or which was made of it.
pub(crate) async fn find(
    database: &Database,
    installation: &AppInstallation,
    channel_id: &str,
    ts: &str,
) -> Result<ThreadMatch, JobError> {
    let post = posts::at_or_coming(database.read(), installation.team_id(), channel_id, ts)
        .await
        .map_err(JobError::retry)?;
    let (root, is_coming) = match post {
        Some(post) if post.ts.is_some() => (Some(post), false),
        Some(_) => (None, true),
        None => (None, false),
    };
    if let Some(root) = root {
        return Ok(match root.incident_id {
            Some(incident) if installation.serves(root.organization_id) => ThreadMatch::Incident(Thread {
                organization: root.organization_id,
                incident,
                team_id: root.team_id,
                connector: root.connector_id,
            }),
            Some(_) | None => ThreadMatch::None,
        });
    }
    if let Some(origin) = origin::of_message(database, installation, channel_id, ts)
        .await
        .map_err(JobError::retry)?
    {
        return Ok(ThreadMatch::Incident(Thread {
            organization: origin.organization_id,
            incident: origin.incident_id,
            team_id: origin.team_id,
            connector: None,
        }));
    }
    Ok(if is_coming {
        ThreadMatch::Coming
    } else {
        ThreadMatch::None
    })
}

/// The organisation of an incident whose own message this may be: it was sent to this channel, and its name in Slack is not known, or
/// has come to be known just now.
pub(crate) async fn organization_of_coming(
    database: &Database,
    installation: &AppInstallation,
    channel_id: &str,
    ts: &str,
    incident: IncidentId,
) -> Result<Option<OrganizationId>, JobError> {
    let found: Option<OrganizationId> = post::Entity::find()
        .select_only()
        .column(post::Column::OrganizationId)
        .filter(post::Column::TeamId.eq(installation.team_id()))
        .filter(post::Column::IncidentId.eq(incident))
        .filter(post::Column::ChannelId.eq(channel_id))
        .filter(post::Column::Ts.is_null().or(post::Column::Ts.eq(ts)))
        .filter(post::Column::Kind.eq(PostKind::Root))
        .into_tuple()
        .one(database.read())
        .await
        .map_err(JobError::retry)?;
    Ok(found.filter(|organization| installation.serves(*organization)))
}
