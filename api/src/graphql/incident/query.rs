//! The queries for incidents.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Object,
    connection::{Connection, EmptyFields},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_domain::{
    error::{Fault, Refusal},
    paging::Page,
    viewer::{Need, Viewer},
};
use tocsin_entity::incident;

use super::{
    filter::{IncidentFilter, IncidentOrder},
    types::{Incident, find},
};
use crate::graphql::{context::domain, failure::Result, paging::connect};

/// What a list of incidents says of itself.
pub(crate) struct Total(Condition);

/// What a list of incidents says of itself.
#[Object]
impl Total {
    /// How many incidents meet the filter, on all pages together. Counted only where it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let count = incident::Entity::find()
            .filter(self.0.clone())
            .count(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(count)
    }
}

/// The queries for incidents.
#[derive(Default)]
pub(crate) struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// An incident by its id, or by its number in the viewer's organisation; null where there is none.
    async fn incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The number, without its hash.")] number: Option<i64>,
    ) -> Result<Option<Incident>> {
        match (id, number) {
            (Some(id), None) => find(ctx, &id).await,
            (None, Some(number)) => {
                let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
                let row = incident::Entity::find()
                    .filter(incident::Column::OrganizationId.eq(organization_id))
                    .filter(incident::Column::Number.eq(number))
                    .one(domain(ctx).database().read())
                    .await
                    .map_err(Fault::from)?;
                Ok(row.map(|row| Incident(Arc::new(row))))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(Refusal::BadInput("Give `id` or `number`: one of the two.".to_owned()).into())
            }
        }
    }

    /// The organisation's incidents.
    #[graphql(complexity = "crate::graphql::paging::weight(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "In which order; the newest first by default.")] order_by: Option<IncidentOrder>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Incident, Total, EmptyFields>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        let page = Page::new(first, after, last, before)?;
        let (after, before) = page.bounds::<i64>()?;
        let wanted = filter
            .unwrap_or_default()
            .condition()?
            .add(incident::Column::OrganizationId.eq(organization_id));
        let newest_first = order_by.unwrap_or_default() == IncidentOrder::NewestFirst;
        let (low, high) = if newest_first {
            (before, after)
        } else {
            (after, before)
        };
        let mut find = incident::Entity::find()
            .filter(wanted.clone())
            .limit(page.limit + 1);
        if let Some(low) = low {
            find = find.filter(incident::Column::Number.gt(low));
        }
        if let Some(high) = high {
            find = find.filter(incident::Column::Number.lt(high));
        }
        find = if newest_first == page.from_the_end {
            find.order_by_asc(incident::Column::Number)
        } else {
            find.order_by_desc(incident::Column::Number)
        };
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(connect(
            &page,
            rows,
            Total(wanted),
            |row| row.number.to_string(),
            |row| Incident(Arc::new(row)),
        ))
    }
}
