//! Enum values that this version may not know: the API may be newer than the caller.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::value::StrDeserializer};

/// A value of one of our enums, or the name of one that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// A value that this version knows.
    Value(T),
    /// Another one, as the API names it.
    Other(String),
}

impl<T> Known<T> {
    /// The value, where this version knows it.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T: PartialEq> PartialEq<T> for Known<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Self::Value(value) if value == other)
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Known<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl<T: Serialize> Serialize for Known<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Other(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Known<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = T::deserialize(StrDeserializer::<serde::de::value::Error>::new(&name));
        Ok(known.map_or(Self::Other(name), Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use tocsin_entity::kinds::IncidentStatus;

    use super::*;

    #[test]
    fn a_value_of_a_newer_api_is_kept_by_name() {
        let known: Known<IncidentStatus> = serde_json::from_str("\"RESOLVED\"").unwrap();
        let newer: Known<IncidentStatus> = serde_json::from_str("\"MERGED\"").unwrap();
        assert_eq!(known, Known::Value(IncidentStatus::Resolved));
        assert_eq!(newer, Known::Other("MERGED".to_owned()));
        assert_eq!(serde_json::to_string(&newer).unwrap(), "\"MERGED\"");
    }
}
