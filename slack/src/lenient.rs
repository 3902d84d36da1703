//! Reading what Slack sends without breaking over what it adds, leaves out or changes.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// For `#[serde(deserialize_with = …)]`: a field that is null, missing or of another shape is as if it were not there.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// For `#[serde(deserialize_with = …)]`: a field that is null is as if it were not there. One of another shape fails still: for where a wrong
/// guess does harm, as that a page is the last.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An id, whether Slack sends it as text or as an object that has it (`channel_rename` does).
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(id) => Some(id).filter(|id| !id.is_empty()),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    })
}

/// The part of a payload that a handler reads; what is not an object has no fields.
pub fn read<T: DeserializeOwned + Default>(value: &Value) -> T {
    T::deserialize(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "lenient")]
        text: Option<String>,
        #[serde(deserialize_with = "lenient")]
        many: Vec<String>,
        #[serde(deserialize_with = "id")]
        channel: Option<String>,
    }

    #[test]
    fn a_field_of_another_shape_costs_no_more_than_itself() {
        let sample: Sample =
            read(&json!({"text": 7, "many": {"a": 1}, "channel": {"id": "C1", "name": "x"}, "new": []}));
        assert_eq!(
            sample,
            Sample {
                channel: Some("C1".to_owned()),
                ..Sample::default()
            }
        );
        let sample: Sample = read(&json!({"text": "t", "many": ["a"], "channel": "C1"}));
        assert_eq!(sample.text.as_deref(), Some("t"));
        assert_eq!(sample.many, ["a"]);
        assert_eq!(read::<Sample>(&json!(null)), Sample::default());
    }
}
