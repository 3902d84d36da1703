//! How far a request came: the schema extension that tells the transport whether execution began, and how long its answer is.
//!
//! async-graphql answers `data: null` both to a document that it could not execute and to one whose execution failed;
//! GraphQL over HTTP gives the two different bodies and statuses.
//!
//! Each field that is resolved is counted. Once they come to more than [`ANSWER_BYTES_MAX`], no field is resolved any more, and the
//! transport gives the execution up: neither its tree of values nor its JSON grows on.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
};

use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
        NextResolve, NextValidation, ResolveInfo,
    },
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    value,
};

use tokio_util::sync::CancellationToken;

use super::{
    absent_variables, cost,
    field_errors::{FieldErrors, Place},
    focus,
    names::SchemaNames,
    variables,
};

/// By which extension of a request a caller asks what it costs.
pub(super) const TELL_COST: &str = "cost";
/// Longest answer, in bytes of JSON.
pub(super) const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What a field's name has around it in JSON: quotes, colon, comma.
const AROUND_A_NAME: usize = 4;

/// What the transport and the extension share about one request, as request data.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestProgress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    bytes: AtomicUsize,
    too_large: CancellationToken,
    names: OnceLock<Arc<SchemaNames>>,
}

const VALIDATED: u8 = 1;
const EXECUTED: u8 = 2;

impl RequestProgress {
    fn reach(&self, phase: u8) {
        self.0.phase.fetch_or(phase, Ordering::Relaxed);
    }

    /// The document and its variables are sound.
    pub(super) fn validated(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) & VALIDATED != 0
    }

    /// The operation, or the first event of a subscription, was executed.
    pub(super) fn executed(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) & EXECUTED != 0
    }

    /// Returns when the answer has become too large.
    pub(super) async fn overflowed(&self) {
        self.0.too_large.cancelled().await;
    }

    /// The message as the caller may read it: without source text.
    pub(super) fn clean(&self, message: &str) -> String {
        match self.0.names.get() {
            Some(names) => names.clean(message),
            None => SchemaNames::default().clean(message),
        }
    }

    /// A message of our own, in which only a name in quotes can be the caller's.
    fn hide_names(&self, message: &str) -> String {
        match self.0.names.get() {
            Some(names) => names.quoted(message),
            None => SchemaNames::default().quoted(message),
        }
    }

    /// An answer begins: of a subscription each event is one.
    fn begin_answer(&self) {
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    /// Counts a part of the answer. Whether there is room for it.
    fn take(&self, bytes: usize) -> bool {
        let taken = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = taken.saturating_add(bytes) <= ANSWER_BYTES_MAX;
        if !fits {
            self.0.too_large.cancel();
        }
        fits
    }
}

/// The schema extension that the transport needs: `SchemaBuilder::extension(Phases::default())`.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhaseExtension {
    /// Of the schema; read from it when the first request comes.
    names: Arc<OnceLock<Arc<SchemaNames>>>,
}

impl ExtensionFactory for PhaseExtension {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Watch {
            schema_names: Arc::clone(&self.names),
            ..Watch::default()
        })
    }
}

/// How many bytes a value is in JSON. What is in objects was counted with their fields, what is in lists with their items.
fn length(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Boolean(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => json_length(text),
        Value::Enum(name) => name.len() + 2,
        Value::Binary(bytes) => bytes.len() * 4,
        Value::List(items) => items.len() + 2,
        Value::Object(_) => 3,
    }
}

fn json_length(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + 2 + escaped.sum::<usize>()
}

/// One request's way through the schema.
#[derive(Default)]
struct Watch {
    schema_names: Arc<OnceLock<Arc<SchemaNames>>>,
    progress: OnceLock<RequestProgress>,
    operation_name: Mutex<Option<String>>,
    misfits: Mutex<Vec<ServerError>>,
    errors: FieldErrors,
    /// What the query costs, once it is known.
    cost: AtomicUsize,
    /// Whether the caller wants to be told.
    tells_cost: AtomicBool,
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
        let tells_cost = request.extensions.get(TELL_COST) == Some(&Value::Boolean(true));
        self.tells_cost.store(tells_cost, Ordering::Relaxed);
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
        absent_variables::leave_out(&mut document, variables);
        drop(name);
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        // Only from here on is the request's data there.
        if let Some(progress) = ctx.data_opt::<RequestProgress>() {
            let names = || Arc::new(SchemaNames::of(&ctx.schema_env.registry));
            progress
                .0
                .names
                .get_or_init(|| Arc::clone(self.schema_names.get_or_init(names)));
            self.progress.get_or_init(|| progress.clone());
        }
        let mut misfits = std::mem::take(&mut *self.misfits.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(progress) = self.progress.get() {
            for misfit in &mut misfits {
                misfit.message = progress.hide_names(&misfit.message);
            }
        }
        let (validated, dearest) = cost::counted(next.run(ctx)).await;
        if let Ok(result) = &validated {
            self.cost.store(result.complexity, Ordering::Relaxed);
        }
        match validated {
            Ok(result) if misfits.is_empty() && result.complexity > cost::COST_MAX => {
                let mut error = ServerError::new(cost::too_much(result.complexity, dearest), None);
                let told = error.extensions.get_or_insert_default();
                told.set("cost", result.complexity);
                told.set("costMaximum", cost::COST_MAX);
                if let Some(list) = dearest {
                    told.set("costliestField", list.field);
                }
                Err(vec![error])
            }
            Ok(result) if misfits.is_empty() => {
                if let Some(progress) = ctx.data_opt::<RequestProgress>() {
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
        if let Some(progress) = ctx.data_opt::<RequestProgress>() {
            progress.reach(EXECUTED);
            progress.begin_answer();
        }
        let answer = self.errors.complete(next.run(ctx, operation_name).await);
        if self.tells_cost.load(Ordering::Relaxed) {
            let told = value!({ "complexity": self.cost.load(Ordering::Relaxed), "maximum": cost::COST_MAX });
            return answer.extension("cost", told);
        }
        answer
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let name = info.alias.unwrap_or(info.name).len() + AROUND_A_NAME;
        let place = Place::of(&info);
        let value = self.errors.settle(&place, next.run(ctx, info).await);
        let bytes = name + value.as_ref().map_or(4, length);
        if self.progress.get().is_some_and(|progress| !progress.take(bytes)) {
            // The transport has been told, and drops the execution.
            std::future::pending::<()>().await;
        }
        Ok(value)
    }
}
