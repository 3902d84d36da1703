//! `blocks.validate`.

use serde_json::Value;

use crate::block_kit;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, MethodRefusal};

/// `blocks.validate`: exactly one of blocks, a view, or a message.
pub(crate) fn validate(call: &MethodCall<'_>) -> MethodOutcome {
    let given: Vec<&str> = ["blocks", "view", "message"]
        .into_iter()
        .filter(|name| call.args.has(name))
        .collect();
    let [name] = given[..] else {
        return Err(MethodRefusal::explained(
            "invalid_arguments",
            &["[ERROR] give exactly one of: blocks, view, message".to_owned()],
        ));
    };
    let error = format!("invalid_{name}");
    let Ok(Some(value)) = call.args.structure(name) else {
        return Err(error.as_str().into());
    };
    let empty = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    let problems = match name {
        "blocks" => match value.as_array() {
            Some(blocks) => block_kit::message_problems(blocks, &[]),
            None => return Err(error.as_str().into()),
        },
        "view" => block_kit::view_problems(&value),
        _ => block_kit::message_problems(&list(&value["blocks"]), &list(&value["attachments"])),
    };
    if problems.is_empty() {
        Ok(Fields::new())
    } else {
        Err(MethodRefusal::explained(&error, &problems))
    }
}
