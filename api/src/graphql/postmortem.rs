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

/// A post-mortem.
#[derive(Clone)]
pub(crate) struct Postmortem(pub(crate) postmortem::Model);

/// What was learnt from an incident: one for each, drafted from its timeline.
#[Object]
impl Postmortem {
    /// The post-mortem's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The incident it tells of.
    async fn incident(&self, ctx: &Context<'_>) -> Result<Incident> {
        let row: Option<Arc<incident::Model>> = loaders(ctx).load_one(self.0.incident_id).await?;
        let row =
            row.ok_or_else(|| InternalError::Broken(format!("post-mortem {} has no incident", self.0.id)))?;
        Ok(Incident(row))
    }

    /// Where people read it.
    async fn url(&self, ctx: &Context<'_>) -> Result<String> {
        let number = self.incident(ctx).await?.0.number;
        Ok(format!("{}/postmortem", domain(ctx).incident_url(number)))
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text.
    async fn body_markdown(&self) -> &str {
        &self.0.body_markdown
    }

    /// Where it stands.
    async fn status(&self) -> PostmortemStatus {
        self.0.status
    }

    /// Counts its changes, from 1.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Who drafted it, where a member did.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.created_by).await?)
    }

    /// When it was drafted.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }

    /// When it was sent for review.
    async fn review_requested_at(&self) -> Option<OffsetDateTime> {
        self.0.review_requested_at
    }

    /// When it was published.
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
    /// By what post-mortems are ordered.
    field: PostmortemOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// By what post-mortems are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tocsin_domain::postmortem::PostmortemOrderField")]
pub(crate) enum PostmortemOrderField {
    /// By the time when the post-mortem was drafted.
    CreatedAt,
    /// By the time when the post-mortem last changed.
    UpdatedAt,
    /// By title, in any case.
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
    /// A post-mortem by its id, or by the number of its incident; null where there is none.
    async fn postmortem(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The incident's number, without its hash.")] incident_number: Option<i64>,
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

    /// The organisation's post-mortems, oldest first by default. Stakeholders see published post-mortems only.
    #[graphql(complexity = "crate::graphql::paging::weight(\"postmortems\", first, last, child_complexity)")]
    async fn postmortems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order of the list; the oldest first by default.")] order_by: Option<
            PostmortemOrder,
        >,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
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

/// Which incident's post-mortem is to be drafted.
#[derive(Debug, InputObject)]
pub(crate) struct CreatePostmortemInput {
    /// The incident's id.
    incident_id: ID,
    /// The title, of at most 200 characters; the incident's where none is given.
    title: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// New words for a post-mortem; what is left out stays. It always has a title: null is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdatePostmortemInput {
    /// The post-mortem's id.
    id: ID,
    /// The title, of at most 200 characters.
    title: MaybeUndefined<String>,
    /// The text, of at most 200,000 characters; null for none.
    body_markdown: MaybeUndefined<String>,
    /// The version that the words were written on: if another is there by now, nothing is changed.
    version: Option<i64>,
    /// Makes the request repeatable for 24 hours.
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

/// Which post-mortem goes to its reviewers.
#[derive(Debug, InputObject)]
pub(crate) struct RequestPostmortemReviewInput {
    /// The post-mortem's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// Which post-mortem is done.
#[derive(Debug, InputObject)]
pub(crate) struct PublishPostmortemInput {
    /// The post-mortem's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// What came of a change of a post-mortem.
#[derive(SimpleObject)]
pub(crate) struct PostmortemPayload {
    /// The post-mortem as it is now; none where the change was refused.
    postmortem: Option<Postmortem>,
    /// Why nothing was changed.
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
    /// Drafts an incident's post-mortem from its timeline. One that is there already is given back as it is.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn create_postmortem(
        &self,
        ctx: &Context<'_>,
        input: CreatePostmortemInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Edits a post-mortem.
    ///
    /// Errors: `CONFLICT`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn update_postmortem(
        &self,
        ctx: &Context<'_>,
        input: UpdatePostmortemInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Sends a draft to its reviewers.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn request_postmortem_review(
        &self,
        ctx: &Context<'_>,
        input: RequestPostmortemReviewInput,
    ) -> Result<PostmortemPayload> {
        payload(tocsin_domain::postmortem::request_review(&request(ctx), input.command(ctx)?).await)
    }

    /// Publishes a post-mortem that was reviewed.
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
