//! Custom functions of the app, as steps of workflows.
//!
//! Source: Slack, "`function_executed`", "`functions.completeSuccess`", "Tokens": the step runs until the app completes it, once; its own token
//! is good for that, and for 15 minutes at the most.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Event, SimulatedWorkspace};
use crate::clock;
use crate::config::FunctionParameter;
use crate::error::ActError;

/// How long a workflow's token lives.
const TOKEN_LIVES_MICROS: u64 = 15 * 60 * 1_000_000;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FunctionOutcome {
    /// It waits for the app.
    Running,
    /// The app has completed it.
    Succeeded {
        /// What the workflow goes on with.
        outputs: Map<String, Value>,
    },
    /// The app has failed it.
    Failed {
        /// What the workflow's owner reads.
        error: String,
    },
}

/// One run of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// `Fx…`
    pub id: String,
    /// Which function.
    pub callback_id: String,
    /// What it was given.
    pub inputs: Map<String, Value>,
    /// What came of it.
    pub outcome: FunctionOutcome,
    /// `xwfp-…`
    pub(crate) token: String,
    pub(crate) began_micros: u64,
}

impl Execution {
    /// Whether its token is taken.
    pub(crate) fn has_token(&self, token: &str) -> bool {
        let lives = clock::now_micros().saturating_sub(self.began_micros) < TOKEN_LIVES_MICROS;
        self.token == token && lives && self.outcome == FunctionOutcome::Running
    }
}

impl SimulatedWorkspace {
    /// A workflow comes to a step of the app's.
    pub(crate) fn run_function(
        &mut self,
        person: &str,
        callback_id: &str,
        mut inputs: Map<String, Value>,
    ) -> Result<String, ActError> {
        let user = self.find_person(person)?.id.clone();
        let function = self
            .functions
            .iter()
            .find(|function| function.callback_id == callback_id)
            .cloned()
            .ok_or_else(|| ActError::NotFound(format!("the app has no function \"{callback_id}\"")))?;
        if let Some(reporter) = inputs.get_mut("reporter")
            && reporter == "me"
        {
            // As the variable "Person who used this workflow".
            *reporter = json!(user);
        }
        check("input", &function.inputs, &inputs).map_err(ActError::Refused)?;
        let execution = Execution {
            id: self.next_id("Fx"),
            callback_id: callback_id.to_owned(),
            inputs: inputs.clone(),
            outcome: FunctionOutcome::Running,
            token: format!("xwfp-{}", crate::random::hex()),
            began_micros: clock::now_micros(),
        };
        let id = execution.id.clone();
        let body = json!({
            "type": "function_executed",
            "function": {
                "id": "Fn0TOCSIN",
                "callback_id": callback_id,
                "title": callback_id,
                "description": "",
                "type": "app",
                "input_parameters": parameters(&function.inputs),
                "output_parameters": parameters(&function.outputs),
                "app_id": self.app.id,
                "date_updated": 1,
            },
            "inputs": inputs,
            "function_execution_id": id,
            "workflow_execution_id": self.next_id("Wx"),
            "event_ts": self.next_ts(),
            "bot_access_token": execution.token,
        });
        self.executions.push(execution);
        self.touch("");
        self.emit(Event::new(body, &[]));
        Ok(id)
    }

    /// What the app says of a step; Slack's error where it takes no such word.
    pub(crate) fn complete(&mut self, id: &str, outcome: FunctionOutcome) -> Result<(), &'static str> {
        let index = self
            .executions
            .iter()
            .position(|execution| execution.id == id)
            .ok_or("function_execution_not_found")?;
        let execution = &self.executions[index];
        if execution.outcome != FunctionOutcome::Running {
            return Err("execution_not_in_running_state");
        }
        if let FunctionOutcome::Succeeded { outputs } = &outcome {
            let function = self
                .functions
                .iter()
                .find(|function| function.callback_id == execution.callback_id);
            let declared = function.map_or(&[][..], |function| &function.outputs);
            check("output", declared, outputs).map_err(|_| "parameter_validation_failed")?;
        }
        self.executions[index].outcome = outcome;
        self.touch("");
        Ok(())
    }
}

fn parameters(declared: &[FunctionParameter]) -> Vec<Value> {
    let described = declared.iter().map(|parameter| {
        json!({"type": parameter.kind, "name": parameter.name, "title": parameter.name, "description": "",
            "is_required": parameter.is_required})
    });
    described.collect()
}

/// Whether what is given is what was declared.
fn check(what: &str, declared: &[FunctionParameter], given: &Map<String, Value>) -> Result<(), String> {
    for name in given.keys() {
        if !declared.iter().any(|parameter| parameter.name == *name) {
            return Err(format!("the function has no {what} \"{name}\""));
        }
    }
    for parameter in declared {
        let value = given.get(&parameter.name).filter(|value| !value.is_null());
        let fits = match (value, parameter.kind.as_str()) {
            (None, _) => !parameter.is_required,
            (Some(value), "number") => value.is_number(),
            (Some(value), "integer") => value.is_i64() || value.is_u64(),
            (Some(value), "boolean") => value.is_boolean(),
            (Some(value), _) => value.is_string(),
        };
        if !fits {
            let (name, kind) = (&parameter.name, &parameter.kind);
            return Err(format!("the {what} \"{name}\" must be a {kind}"));
        }
    }
    Ok(())
}
