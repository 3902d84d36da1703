//! What the Slack bridge may do, and what of the schema is there for it alone.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{
    Context, Pos, Positioned, ServerError, ServerResult, ValidationResult, Value, Variables,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextValidation},
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
    registry::{MetaInputValue, MetaType, MetaTypeName, Registry},
};
use tocsin_domain::viewer::Viewer;

/// For `#[graphql(visible = …)]`: marks a field, an argument or an input field that is there for the bridge alone.
/// Nobody else sees it in the schema, and [`BridgeOnly`] answers whoever names it that it does not exist.
pub(crate) fn shown_to_bridge(ctx: &Context<'_>) -> bool {
    ctx.data_opt::<Viewer>().is_some_and(Viewer::is_bridge)
}

/// The schema extension that makes what is hidden uncallable. async-graphql's `visible` hides from introspection alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BridgeOnly;

impl ExtensionFactory for BridgeOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Gate)
    }
}

struct Gate;

fn is_bridge(ctx: &ExtensionContext<'_>) -> bool {
    ctx.data_opt::<Viewer>().is_some_and(Viewer::is_bridge)
}

#[async_trait]
impl Extension for Gate {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        if !is_bridge(ctx) {
            let registry = &ctx.schema_env.registry;
            Search { registry }.document(&document, variables)?;
        }
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let outcome = next.run(ctx).await;
        if is_bridge(ctx) {
            return outcome;
        }
        outcome.map_err(|mut errors| {
            let hidden = hidden_names(&ctx.schema_env.registry);
            for error in &mut errors {
                drop_suggestion(&mut error.message, &hidden);
            }
            errors
        })
    }
}

/// The names of all that is hidden.
fn hidden_names(registry: &Registry) -> HashSet<&str> {
    let mut names = HashSet::new();
    for kind in registry.types.values() {
        if let Some(fields) = kind.fields() {
            let hidden = fields.values().filter(|field| field.visible.is_some());
            names.extend(hidden.map(|field| field.name.as_str()));
        }
    }
    names
}

/// A suggestion is not to name what is hidden.
fn drop_suggestion(message: &mut String, hidden: &HashSet<&str>) {
    if let Some(at) = message.find(" Did you mean")
        && hidden
            .iter()
            .any(|name| message[at..].contains(&format!("\"{name}\"")))
    {
        message.truncate(at);
    }
}

/// Looks for what is hidden, wherever a document may name it.
struct Search<'a> {
    registry: &'a Registry,
}

impl Search<'_> {
    fn document(&self, document: &ExecutableDocument, variables: &Variables) -> ServerResult<()> {
        for fragment in document.fragments.values() {
            let on = fragment.node.type_condition.node.on.node.as_str();
            self.selections(on, &fragment.node.selection_set.node)?;
        }
        for (_, operation) in document.operations.iter() {
            let root = match operation.node.ty {
                OperationType::Query => Some(self.registry.query_type.as_str()),
                OperationType::Mutation => self.registry.mutation_type.as_deref(),
                OperationType::Subscription => self.registry.subscription_type.as_deref(),
            };
            if let Some(root) = root {
                self.selections(root, &operation.node.selection_set.node)?;
            }
            for variable in &operation.node.variable_definitions {
                let declared = variable.node.var_type.node.to_string();
                let default = variable.node.default_value.as_ref();
                let given = variables.get(&variable.node.name.node);
                for value in given.into_iter().chain(default.map(|value| &value.node)) {
                    self.value(&declared, value, variable.pos)?;
                }
            }
        }
        Ok(())
    }

    fn selections(&self, on: &str, set: &SelectionSet) -> ServerResult<()> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(on, field)?,
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| condition.node.on.node.as_str());
                    self.selections(on, &inline.node.selection_set.node)?;
                }
                // Each fragment is searched once, by itself.
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn field(&self, on: &str, field: &Positioned<async_graphql::parser::types::Field>) -> ServerResult<()> {
        let name = field.node.name.node.as_str();
        let known = self
            .registry
            .types
            .get(on)
            .and_then(|kind| kind.field_by_name(name));
        // What is not there at all is left to validation.
        let Some(known) = known else { return Ok(()) };
        if known.visible.is_some() {
            let message = format!("Unknown field \"{name}\" on type \"{on}\".");
            return Err(ServerError::new(message, Some(field.pos)));
        }
        for (argument, value) in &field.node.arguments {
            let Some(declared) = known.args.get(argument.node.as_str()) else {
                continue;
            };
            if declared.visible.is_some() {
                let message = format!("Unknown argument \"{}\" on field \"{name}\".", argument.node);
                return Err(ServerError::new(message, Some(argument.pos)));
            }
            // What variables bring is searched with the variables.
            let literal = value.node.clone().into_const_with(|_| Ok::<_, ()>(Value::Null));
            if let Ok(literal) = literal {
                self.value(&declared.ty, &literal, value.pos)?;
            }
        }
        self.selections(
            MetaTypeName::concrete_typename(&known.ty),
            &field.node.selection_set.node,
        )
    }

    fn value(&self, declared: &str, value: &Value, at: Pos) -> ServerResult<()> {
        match value {
            Value::List(items) => items.iter().try_for_each(|item| self.value(declared, item, at)),
            Value::Object(given) => {
                let name = MetaTypeName::concrete_typename(declared);
                let Some(MetaType::InputObject { input_fields, .. }) = self.registry.types.get(name) else {
                    return Ok(());
                };
                given.iter().try_for_each(|(field, value)| {
                    let known: Option<&MetaInputValue> = input_fields.get(field.as_str());
                    match known {
                        Some(known) if known.visible.is_some() => {
                            let message = format!("Unknown field \"{field}\" of type \"{name}\".");
                            Err(ServerError::new(message, Some(at)))
                        }
                        Some(known) => self.value(&known.ty, value, at),
                        None => Ok(()),
                    }
                })
            }
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_) => Ok(()),
        }
    }
}
