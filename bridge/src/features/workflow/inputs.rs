//! What a workflow gave the step.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tocsin_slack::lenient::{lenient, read};

use super::declaration::FUNCTION;

/// An execution of our function.
pub(super) struct FunctionExecution {
    pub(super) execution_id: String,
    pub(super) inputs: FunctionInputs,
    /// The workflow's own token, for a quarter of an hour.
    pub(super) token: Option<SecretString>,
}

/// What a workflow gave the step; blank is as good as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FunctionInputs {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    /// A name or an id.
    pub(super) service: Option<String>,
    pub(super) urgency: Option<String>,
    pub(super) severity: Option<String>,
    /// A person in Slack, or an e-mail address.
    pub(super) assignee: Option<String>,
    /// The person in Slack in whose name it is done.
    pub(super) reporter: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(deserialize_with = "lenient")]
    function: Function,
    #[serde(deserialize_with = "lenient")]
    function_execution_id: String,
    #[serde(deserialize_with = "lenient")]
    inputs: Value,
    #[serde(deserialize_with = "lenient")]
    bot_access_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Function {
    #[serde(deserialize_with = "lenient")]
    callback_id: String,
}

impl FunctionExecution {
    /// The execution that a payload tells of, if it is of our function.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let event: Event = read(&payload["event"]);
        if event.function.callback_id != FUNCTION || event.function_execution_id.is_empty() {
            return None;
        }
        let given = |name: &str| text(&event.inputs[name]);
        let inputs = FunctionInputs {
            title: given("title"),
            description: given("description"),
            service: given("service"),
            urgency: given("urgency"),
            severity: given("severity"),
            assignee: given("assignee"),
            reporter: given("reporter"),
        };
        Some(Self {
            execution_id: event.function_execution_id,
            inputs,
            token: event
                .bot_access_token
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
        })
    }
}

impl fmt::Debug for FunctionExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executed")
            .field("execution_id", &self.execution_id)
            .finish_non_exhaustive()
    }
}

/// What was given, as a text. Slack gives persons by id, and some builders give a list of one.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) if values.len() == 1 => return text(&values[0]),
        Value::Object(fields) => return fields.get("id").or_else(|| fields.get("value")).and_then(text),
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The id of a person in Slack, where it is one, bare or as a mention.
pub(super) fn slack_user(text: &str) -> Option<&str> {
    let id = text
        .strip_prefix("<@")
        .and_then(|rest| rest.strip_suffix('>'))
        .map_or(text, |mention| mention.split('|').next().unwrap_or(mention));
    let is_one = id.starts_with(['U', 'W'])
        && id.len() >= 2
        && id
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_one.then_some(id)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_workflow_gave_is_read_whatever_its_shape() {
        let payload = json!({"event": {"type": "function_executed", "function": {"callback_id": "trigger_incident"},
            "function_execution_id": "Fx1", "bot_access_token": "xwfp-1",
            "inputs": {"title": " Down ", "service": "", "assignee": ["U1"], "reporter": {"id": "W2"}, "urgency": null, "new": 1}}});
        let executed = FunctionExecution::of(&payload).expect("an execution");
        assert_eq!(
            executed.inputs,
            FunctionInputs {
                title: Some("Down".to_owned()),
                assignee: Some("U1".to_owned()),
                reporter: Some("W2".to_owned()),
                ..FunctionInputs::default()
            }
        );
        assert_eq!(
            executed.token.as_ref().expect("a token").expose_secret(),
            "xwfp-1"
        );
        assert!(!format!("{executed:?}").contains("xwfp"));
    }

    #[test]
    fn other_functions_are_not_ours() {
        let other =
            json!({"event": {"function": {"callback_id": "reverse"}, "function_execution_id": "Fx1"}});
        assert!(FunctionExecution::of(&other).is_none());
        assert!(
            FunctionExecution::of(&json!({"event": {"function": {"callback_id": "trigger_incident"}}}))
                .is_none()
        );
        assert!(FunctionExecution::of(&json!({"event": 1})).is_none());
    }

    #[test]
    fn a_person_is_known_by_their_id_or_a_mention() {
        assert_eq!(slack_user("U012AB"), Some("U012AB"));
        assert_eq!(slack_user("<@W1X>"), Some("W1X"));
        assert_eq!(slack_user("<@U12|ada>"), Some("U12"));
        for other in ["ada@example.com", "U", "Ursula", "<@x>", ""] {
            assert_eq!(slack_user(other), None, "{other}");
        }
    }
}
