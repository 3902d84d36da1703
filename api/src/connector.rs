//! Connectors: the Slack channels that an organisation's incidents go to.

use async_graphql::{Context, ID, Object, Result};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tocsin_entity::{connector, id::ConnectorId};

use crate::{
    error::Fault,
    node::{domain, load_owned},
    viewer::{Need, Viewer},
};

/// A Slack destination.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) connector::Model);

/// A Slack channel that the organisation's incidents go to.
#[Object]
impl Connector {
    /// The connector's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation's id.
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    async fn channel(&self) -> &str {
        &self.0.channel
    }
}

/// A connector that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Connector>> {
    Ok(load_owned::<ConnectorId, connector::Model>(ctx, Need::Read, id)
        .await?
        .map(Connector))
}

/// The queries for connectors.
#[derive(Default)]
pub(crate) struct ConnectorQuery;

#[Object]
impl ConnectorQuery {
    /// The organisation's connectors, oldest first. For the bridge without an organisation, everybody's.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let viewer = ctx.data_unchecked::<Viewer>();
        let mut find = connector::Entity::find().order_by_asc(connector::Column::Id);
        if !(viewer.is_bridge() && viewer.organization_id().is_none()) {
            find = find.filter(connector::Column::OrganizationId.eq(viewer.may(Need::Read)?));
        }
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(rows.into_iter().map(Connector).collect())
    }
}
