//! Waiting for the end of an operation.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, ID, Subscription};
use futures::Stream;
use tocsin_domain::{
    Domain,
    error::{Fault, Refusal},
    operation::{self, Operation},
};
use tocsin_entity::id::OperationId;

use super::types::{SlackOperation, find};
use crate::graphql::{context::domain, failure::Result};

/// How often the row is looked at: any replica may take the report.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
    /// An operation as it is, and once more when it is over; then it ends.
    async fn slack_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The operation's id.")] id: ID,
    ) -> Result<impl Stream<Item = Result<SlackOperation>>> {
        let unknown =
            || Refusal::BadInput("There is no such Slack operation in your organisation.".to_owned());
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
                        Next::End(id) => Some((
                            end(&domain, id).await?.map(SlackOperation).map_err(Into::into),
                            None,
                        )),
                    }
                }
            },
        ))
    }
}

/// Waits until it is over, which it is at the latest when its time is up; none where it is gone.
async fn end(domain: &Domain, id: OperationId) -> Option<Result<Operation, Fault>> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match operation::read(domain, id).await {
            Err(fault) => return Some(Err(fault)),
            Ok(None) => return None,
            Ok(Some(now)) if now.is_over() => return Some(Ok(now)),
            Ok(Some(_)) => {}
        }
    }
}
