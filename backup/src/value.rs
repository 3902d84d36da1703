//! A value of a row: in the database, and in the file.

use sea_orm::{DbErr, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// What a column holds. The file names it, so that a value means the same in both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ColumnKind {
    /// An id.
    Uuid,
    /// Text, or a name of an enum.
    Text,
    /// A number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A moment.
    Time,
    /// JSON. In the file it is text, so that the JSON `null` and no value are told apart.
    Json,
}

impl ColumnKind {
    /// The kind of a column that SQLite declares in this way.
    pub(crate) fn of_declaration(declared: &str) -> Option<Self> {
        match declared.split('(').next().unwrap_or(declared) {
            "uuid_text" => Some(Self::Uuid),
            "text" | "varchar" | "enum_text" => Some(Self::Text),
            "integer" | "bigint" => Some(Self::Integer),
            "boolean" => Some(Self::Boolean),
            "timestamp_with_timezone_text" => Some(Self::Time),
            "json_text" | "jsonb_text" => Some(Self::Json),
            _ => None,
        }
    }

    /// The value in a row, for the file.
    pub(crate) fn read(self, row: &QueryResult, index: usize) -> Result<Json, DbErr> {
        Ok(match self {
            Self::Uuid => row
                .try_get_by_index::<Option<Uuid>>(index)?
                .map(|id| id.to_string())
                .into(),
            Self::Text => row.try_get_by_index::<Option<String>>(index)?.into(),
            Self::Integer => row.try_get_by_index::<Option<i64>>(index)?.into(),
            Self::Boolean => row.try_get_by_index::<Option<bool>>(index)?.into(),
            Self::Time => match row.try_get_by_index::<Option<OffsetDateTime>>(index)? {
                None => Json::Null,
                Some(time) => time
                    .format(&Rfc3339)
                    .map_err(|error| DbErr::Type(error.to_string()))?
                    .into(),
            },
            Self::Json => row
                .try_get_by_index::<Option<Json>>(index)?
                .map(|json| json.to_string())
                .into(),
        })
    }

    /// The value for the database; `Err` says why it is none of this kind.
    pub(crate) fn bind(self, value: &Json) -> Result<Value, String> {
        let text = || value.as_str().ok_or_else(|| format!("{self:?} is not text"));
        let is_null = value.is_null();
        Ok(match self {
            Self::Uuid if is_null => Value::from(None::<Uuid>),
            Self::Uuid => Value::from(Uuid::parse_str(text()?).map_err(|error| error.to_string())?),
            Self::Text if is_null => Value::from(None::<String>),
            Self::Text => Value::from(text()?.to_owned()),
            Self::Integer if is_null => Value::from(None::<i64>),
            Self::Integer => Value::from(value.as_i64().ok_or("it is not a whole number")?),
            Self::Boolean if is_null => Value::from(None::<bool>),
            Self::Boolean => Value::from(value.as_bool().ok_or("it is neither true nor false")?),
            Self::Time if is_null => Value::from(None::<OffsetDateTime>),
            Self::Time => {
                Value::from(OffsetDateTime::parse(text()?, &Rfc3339).map_err(|error| error.to_string())?)
            }
            Self::Json if is_null => Value::from(None::<Json>),
            Self::Json => {
                Value::from(serde_json::from_str::<Json>(text()?).map_err(|error| error.to_string())?)
            }
        })
    }
}
