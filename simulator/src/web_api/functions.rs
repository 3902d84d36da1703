//! `functions.completeSuccess` and `functions.completeError`.

use serde_json::Value;

use crate::method::arguments::missing_argument;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome};
use crate::state::workspace::function;

/// `functions.completeSuccess`: the step goes on with these outputs.
pub(crate) fn complete_success(call: &MethodCall<'_>) -> MethodOutcome {
    let outputs = match call.args.structure("outputs") {
        Ok(Some(Value::Object(outputs))) => outputs,
        Ok(Some(_)) | Err(_) => return Err("parameter_validation_failed".into()),
        Ok(None) => return Err(missing_argument("outputs")),
    };
    complete(call, function::FunctionOutcome::Succeeded { outputs })
}

/// `functions.completeError`: the step has failed.
pub(crate) fn complete_error(call: &MethodCall<'_>) -> MethodOutcome {
    let error = call.args.required("error")?;
    complete(call, function::FunctionOutcome::Failed { error })
}

fn complete(call: &MethodCall<'_>, outcome: function::FunctionOutcome) -> MethodOutcome {
    let id = call.args.required("function_execution_id")?;
    // A workflow's token is that of one step.
    let own = call
        .args
        .token
        .as_deref()
        .filter(|token| token.starts_with("xwfp-"));
    call.host.change(|ws| {
        let mut executions = ws.executions.iter();
        if own.is_some_and(|token| {
            !executions.any(|execution| execution.id == id && execution.has_token(token))
        }) {
            return Err("access_denied".into());
        }
        ws.complete(&id, outcome)?;
        Ok(Fields::default())
    })
}
