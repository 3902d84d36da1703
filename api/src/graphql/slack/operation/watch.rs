//! Waiting for the end of an operation.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use futures::Stream;
use tocsin_domain::{error::RequestError, operation};
use tocsin_entity::id::OperationId;

use super::types::{SlackOperation, find};
use crate::graphql::{context::domain, failure::Result};

/// The subscriptions to operations.
#[derive(Default)]
pub(crate) struct SlackOperationSubscription;

/// What is told next.
enum Next {
    Present(Box<SlackOperation>),
    End(OperationId),
}

#[Subscription]
impl SlackOperationSubscription {
    /// The present state of an operation in Slack, and then the final state when the operation is over; after that, the subscription ends.
    async fn slack_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the operation.")] id: ID,
    ) -> Result<impl Stream<Item = Result<SlackOperation>>> {
        let unknown =
            || RequestError::BadInput("There is no such Slack operation in your organisation.".to_owned());
        let present = find(ctx, &id).await?.ok_or_else(unknown)?;
        let id: OperationId = id.parse().map_err(|_| unknown())?;
        let domain = Arc::clone(domain(ctx));
        Ok(futures::stream::unfold(
            Some(Next::Present(Box::new(present))),
            move |next| {
                let domain = Arc::clone(&domain);
                async move {
                    match next? {
                        Next::Present(present) => {
                            let next = (!present.0.is_over()).then_some(Next::End(id));
                            Some((Ok(*present), next))
                        }
                        Next::End(id) => {
                            let end = operation::finished(&domain, id).await.transpose()?;
                            Some((end.map(SlackOperation).map_err(Into::into), None))
                        }
                    }
                }
            },
        ))
    }
}
