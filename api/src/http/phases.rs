//! How far a request came: the schema extension that tells the transport whether execution began.
//!
//! async-graphql answers `data: null` both to a document that it could not execute and to one whose execution failed;
//! GraphQL over HTTP gives the two different bodies and statuses.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult, Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
        NextValidation,
    },
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};

use super::{focus, variables};

/// What the transport and the extension share about one request, as request data.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<AtomicU8>);

const VALIDATED: u8 = 1;
const EXECUTED: u8 = 2;

impl Progress {
    fn reach(&self, phase: u8) {
        self.0.fetch_or(phase, Ordering::Relaxed);
    }

    /// The document and its variables are sound.
    pub(super) fn validated(&self) -> bool {
        self.0.load(Ordering::Relaxed) & VALIDATED != 0
    }

    /// The operation, or the first event of a subscription, was executed.
    pub(super) fn executed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & EXECUTED != 0
    }
}

/// The schema extension that the transport needs: `SchemaBuilder::extension(Phases)`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Phases;

impl ExtensionFactory for Phases {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Watch::default())
    }
}

/// One request's way through the schema.
#[derive(Default)]
struct Watch {
    operation_name: Mutex<Option<String>>,
    misfits: Mutex<Vec<ServerError>>,
}

fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().map(|operation| &operation.node)
        }
    }
}

#[async_trait]
impl Extension for Watch {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let request = next.run(ctx, request).await?;
        self.operation_name
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&request.operation_name);
        Ok(request)
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let mut document = next.run(ctx, query, variables).await?;
        let name = self.operation_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(operation) = operation(&document, name.as_deref()) {
            *self.misfits.lock().unwrap_or_else(PoisonError::into_inner) =
                variables::check(&ctx.schema_env.registry, operation, variables);
        }
        focus::on_operation(&mut document, name.as_deref());
        drop(name);
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let misfits = std::mem::take(&mut *self.misfits.lock().unwrap_or_else(PoisonError::into_inner));
        match next.run(ctx).await {
            Ok(result) if misfits.is_empty() => {
                if let Some(progress) = ctx.data_opt::<Progress>() {
                    progress.reach(VALIDATED);
                }
                Ok(result)
            }
            Ok(_) => Err(misfits),
            Err(mut errors) => {
                // The same misfits, seen through the arguments they are given to.
                if !misfits.is_empty() {
                    errors.retain(|error| !error.message.starts_with("Invalid value for argument"));
                }
                errors.extend(misfits);
                Err(errors)
            }
        }
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(progress) = ctx.data_opt::<Progress>() {
            progress.reach(EXECUTED);
        }
        next.run(ctx, operation_name).await
    }
}
