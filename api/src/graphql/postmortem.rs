//! Post-mortems in GraphQL.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    error::{InternalError, MutationError, RequestError},
    paging::PageRequest,
    postmortem::PostmortemSort,
};
use tocsin_entity::{incident, kinds::PostmortemStatus, postmortem};

use crate::graphql::{
    context::{domain, given_key, loaders, patch, request},
    failure::{Result, UserError, into_payload},
    incident::Incident,
    ordering::OrderDirection,
    paging::{TotalCount, connect},
    user::{User, load_member},
};

/// A post-mortem: what the organisation learned from an incident. Each incident has at most 1 post-mortem, drafted from the incident's timeline.
#[derive(Clone)]
pub(crate) struct Postmortem(pub(crate) postmortem::Model);

/// A post-mortem: what the organisation learned from an incident. Each incident has at most 1 post-mortem, drafted from the incident's timeline.
#[Object]
impl Postmortem {
    /// The global id of the post-mortem.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The incident that the post-mortem is about.
    async fn incident(&self, ctx: &Context<'_>) -> Result<Incident> {
        let row: Option<Arc<incident::Model>> = loaders(ctx).load_one(self.0.incident_id).await?;
        let row =
            row.ok_or_else(|| InternalError::Broken(format!("post-mortem {} has no incident", self.0.id)))?;
        Ok(Incident(row))
    }

    /// The address of the web page that shows the post-mortem.
    async fn url(&self, ctx: &Context<'_>) -> Result<String> {
        let number = self.incident(ctx).await?.0.number;
        Ok(format!("{}/postmortem", domain(ctx).incident_url(number)))
    }

    /// The title of the post-mortem.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The text of the post-mortem, in Markdown.
    async fn body_markdown(&self) -> &str {
        &self.0.body_markdown
    }

    /// The status of the post-mortem.
    async fn status(&self) -> PostmortemStatus {
        self.0.status
    }

    /// The version of the post-mortem: a counter that starts at 1 and grows with each change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The user who drafted the post-mortem; null if no user did, such as for an API key of the organisation itself.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.created_by).await?)
    }

    /// The time when the post-mortem was drafted.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The time of the post-mortem's last change.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }

    /// The time when the post-mortem was sent for review; null if nobody has requested a review yet.
    async fn review_requested_at(&self) -> Option<OffsetDateTime> {
        self.0.review_requested_at
    }

    /// The time when the post-mortem was published; null if the post-mortem isn't published.
    async fn published_at(&self) -> Option<OffsetDateTime> {
        self.0.published_at
    }
}

/// A post-mortem that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Postmortem>> {
    let found = tocsin_domain::postmortem::find(&request(ctx), id).await?;
    Ok(found.map(Postmortem))
}

/// The order of a list of post-mortems. Post-mortems with the same value are listed in the order in which they were drafted.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct PostmortemOrder {
    /// The value that orders the post-mortems.
    field: PostmortemOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// The values that can order a list of post-mortems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tocsin_domain::postmortem::PostmortemOrderField")]
pub(crate) enum PostmortemOrderField {
    /// The time when the post-mortem was drafted.
    CreatedAt,
    /// The time of the post-mortem's last change.
    UpdatedAt,
    /// The title of the post-mortem, in any case.
    Title,
}

/// The order that is asked for; the oldest first where none is.
fn sort(order: Option<PostmortemOrder>) -> PostmortemSort {
    let order = order.unwrap_or(PostmortemOrder {
        field: PostmortemOrderField::CreatedAt,
        direction: OrderDirection::Ascending,
    });
    PostmortemSort {
        field: order.field.into(),
        direction: order.direction.into(),
    }
}

/// The queries for post-mortems.
#[derive(Default)]
pub(crate) struct PostmortemQuery;

#[Object]
impl PostmortemQuery {
    /// The post-mortem with this id, or of the incident with this number; null if no such post-mortem exists or the viewer can't read it. Give either
    /// `id` or `incidentNumber`.
    async fn postmortem(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the post-mortem.")] id: Option<ID>,
        #[graphql(desc = "The number of the incident, without the hash.")] incident_number: Option<i64>,
    ) -> Result<Option<Postmortem>> {
        match (id, incident_number) {
            (Some(id), None) => find(ctx, &id).await,
            (None, Some(number)) => {
                let found = tocsin_domain::postmortem::find_by_incident_number(&request(ctx), number).await?;
                Ok(found.map(Postmortem))
            }
            (Some(_), Some(_)) | (None, None) => Err(RequestError::BadInput(
                "Give `id` or `incidentNumber`: one of the two.".to_owned(),
            )
            .into()),
        }
    }

    /// The post-mortems of the viewer's organisation, oldest first by default. Stakeholders see only published post-mortems.
    #[graphql(complexity = "crate::graphql::paging::weight(\"postmortems\", first, last, child_complexity)")]
    async fn postmortems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order of the list; oldest first by default.")] order_by: Option<
            PostmortemOrder,
        >,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Postmortem, TotalCount, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let sort = sort(order_by);
        let page = tocsin_domain::postmortem::list(&request(ctx), sort, page).await?;
        let total = TotalCount::of((), |request, _| {
            async move { tocsin_domain::postmortem::count(&request).await }.boxed()
        });
        Ok(connect(page, total, |row| sort.cursor(row), Postmortem))
    }
}

/// The incident for which to draft a post-mortem.
#[derive(Debug, InputObject)]
pub(crate) struct CreatePostmortemInput {
    /// The id of the incident.
    incident_id: ID,
    /// The title of the post-mortem; at most 200 characters. The number and title of the incident by default.
    title: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl CreatePostmortemInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::postmortem::CreatePostmortem> {
        Ok(tocsin_domain::postmortem::CreatePostmortem {
            incident_id: self.incident_id.0,
            title: self.title,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a post-mortem. What you leave out stays the same. A post-mortem always has a title: null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdatePostmortemInput {
    /// The id of the post-mortem.
    id: ID,
    /// The title of the post-mortem; at most 200 characters. Null is refused.
    title: MaybeUndefined<String>,
    /// The text of the post-mortem, in Markdown; at most 200,000 characters. Null removes the text.
    body_markdown: MaybeUndefined<String>,
    /// The version of the post-mortem that you have read. If the post-mortem has another version by now, nothing changes and the error is `CONFLICT`.
    /// By default, the change doesn't depend on the version.
    version: Option<i64>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl UpdatePostmortemInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::postmortem::UpdatePostmortem> {
        Ok(tocsin_domain::postmortem::UpdatePostmortem {
            id: self.id.0,
            title: patch(self.title),
            body_markdown: patch(self.body_markdown),
            version: self.version,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The post-mortem to send for review.
#[derive(Debug, InputObject)]
pub(crate) struct RequestPostmortemReviewInput {
    /// The id of the post-mortem.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl RequestPostmortemReviewInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::postmortem::RequestPostmortemReview> {
        Ok(tocsin_domain::postmortem::RequestPostmortemReview {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The post-mortem to publish.
#[derive(Debug, InputObject)]
pub(crate) struct PublishPostmortemInput {
    /// The id of the post-mortem.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl PublishPostmortemInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::postmortem::PublishPostmortem> {
        Ok(tocsin_domain::postmortem::PublishPostmortem {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The result of a change of a post-mortem.
#[derive(SimpleObject)]
pub(crate) struct PostmortemPayload {
    /// The post-mortem after the change; null if the change was refused.
    postmortem: Option<Postmortem>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

fn payload(result: Result<postmortem::Model, MutationError>) -> Result<PostmortemPayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(PostmortemPayload {
        postmortem: row.map(Postmortem),
        user_errors,
    })
}

/// The mutations of post-mortems.
#[derive(Default)]
pub(crate) struct PostmortemMutation;

#[Object]
impl PostmortemMutation {
    /// Drafts the post-mortem of an incident from the incident's timeline. If the post-mortem exists already, the mutation returns it unchanged.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn create_postmortem(
        &self,
        ctx: &Context<'_>,
        input: CreatePostmortemInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes the title or the text of a post-mortem.
    ///
    /// Errors: `CONFLICT`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn update_postmortem(
        &self,
        ctx: &Context<'_>,
        input: UpdatePostmortemInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Sends a draft of a post-mortem to the reviewers.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn request_postmortem_review(
        &self,
        ctx: &Context<'_>,
        input: RequestPostmortemReviewInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::request_review(&request(ctx), input.command(ctx)?).await)
    }

    /// Publishes a post-mortem that is in review.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn publish_postmortem(
        &self,
        ctx: &Context<'_>,
        input: PublishPostmortemInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::publish(&request(ctx), input.command(ctx)?).await)
    }
}
