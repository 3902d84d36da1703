//! The step as the app's manifest declares it: what a workflow gives it, and what it gives back.

use serde_json::{Map, Value, json};

use crate::request::WorkflowStep;
use crate::texts::workflow as texts;

/// The function's name in the app's manifest.
pub(super) const FUNCTION: &str = "trigger_incident";

/// Something that goes into the step or comes out of it.
struct Parameter {
    name: &'static str,
    kind: &'static str,
    title: &'static str,
    description: &'static str,
    required: bool,
}

impl Parameter {
    /// A text that may be left out.
    const fn text(name: &'static str, title: &'static str, description: &'static str) -> Self {
        Self {
            name,
            kind: "string",
            title,
            description,
            required: false,
        }
    }

    const fn person(name: &'static str, title: &'static str, description: &'static str) -> Self {
        Self {
            kind: "slack#/types/user_id",
            ..Self::text(name, title, description)
        }
    }

    const fn number(name: &'static str, title: &'static str, description: &'static str) -> Self {
        Self {
            kind: "number",
            ..Self::text(name, title, description)
        }
    }

    const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

/// What [`super::inputs`] reads.
const INPUTS: [Parameter; 7] = [
    Parameter::text("title", "Title", texts::ABOUT_TITLE).required(),
    Parameter::text("description", "Description", texts::ABOUT_DESCRIPTION),
    Parameter::text("service", "Service", texts::ABOUT_SERVICE),
    Parameter::text("urgency", "Urgency", texts::ABOUT_URGENCY),
    Parameter::text("severity", "Severity", texts::ABOUT_SEVERITY),
    Parameter::person("assignee", "Assignee", texts::ABOUT_ASSIGNEE),
    Parameter::person("reporter", "Reporter", texts::ABOUT_REPORTER).required(),
];

/// What [`super::trigger`] gives back.
const OUTPUTS: [Parameter; 3] = [
    Parameter::number("incident_number", "Number", texts::ABOUT_NUMBER).required(),
    Parameter::text("incident_title", "Title", texts::ABOUT_NAME).required(),
    Parameter::text("incident_url", "Address", texts::ABOUT_URL).required(),
];

/// The step in the app's manifest.
pub(crate) const STEP: WorkflowStep = WorkflowStep {
    function: FUNCTION,
    declaration,
};

/// The function in the app's manifest.
fn declaration() -> Value {
    json!({
        "title": texts::TITLE,
        "description": texts::DESCRIPTION,
        "input_parameters": parameters(&INPUTS),
        "output_parameters": parameters(&OUTPUTS),
    })
}

fn parameters(all: &[Parameter]) -> Value {
    let properties: Map<String, Value> = all
        .iter()
        .map(|parameter| {
            let Parameter {
                name,
                kind,
                title,
                description,
                required: _,
            } = parameter;
            let declared = json!({"type": kind, "title": title, "description": description});
            ((*name).to_owned(), declared)
        })
        .collect();
    let required: Vec<&str> = all
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.name)
        .collect();
    json!({"properties": properties, "required": required})
}

#[cfg(test)]
mod tests {
    use super::{super::inputs::FunctionExecution, *};

    #[test]
    fn what_the_manifest_declares_is_what_is_read() {
        let inputs: Map<String, Value> = INPUTS
            .iter()
            .map(|parameter| (parameter.name.to_owned(), json!(format!("a {}", parameter.name))))
            .collect();
        let payload = json!({"event": {"function": {"callback_id": FUNCTION}, "function_execution_id": "Fx1", "inputs": inputs}});
        let read = format!(
            "{:?}",
            FunctionExecution::of(&payload).expect("an execution").inputs
        );
        for parameter in &INPUTS {
            let name = parameter.name;
            assert!(
                read.contains(&format!("{name}: Some(\"a {name}\")")),
                "{name} in {read}"
            );
        }
        assert!(!read.contains("None"), "{read}");
    }
}
