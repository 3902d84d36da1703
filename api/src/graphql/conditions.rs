//! The conditions of a filter: left out, or given. Null is neither, and is refused where the filter says nothing of it.

use async_graphql::{Context, ID, InputObject, MaybeUndefined};
use time::OffsetDateTime;
use tocsin_domain::{error::RequestError, time_range::TimeRange, viewer::Viewer};

use super::context::texts;

/// Reads the conditions of a filter.
pub(crate) struct Conditions {
    /// A bridge of the version before says null of what it leaves out.
    takes_null: bool,
}

impl Conditions {
    /// The conditions of whoever asks.
    pub(crate) fn of(ctx: &Context<'_>) -> Self {
        Self {
            takes_null: ctx.data_unchecked::<Viewer>().is_bridge(),
        }
    }

    /// Whether null of the viewer's means that a condition is left out.
    pub(crate) fn takes_null(&self) -> bool {
        self.takes_null
    }

    /// A condition; none where it is left out.
    ///
    /// # Errors
    /// A refusal, where it is null.
    pub(crate) fn given<T>(&self, name: &str, said: MaybeUndefined<T>) -> Result<Option<T>, RequestError> {
        match said {
            MaybeUndefined::Undefined => Ok(None),
            MaybeUndefined::Value(value) => Ok(Some(value)),
            MaybeUndefined::Null if self.takes_null => Ok(None),
            MaybeUndefined::Null => Err(RequestError::BadInput(format!(
                "`filter.{name}` can't be null. Leave it out if it doesn't matter."
            ))),
        }
    }

    /// An id.
    ///
    /// # Errors
    /// As [`Conditions::given`].
    pub(crate) fn id(&self, name: &str, said: MaybeUndefined<ID>) -> Result<Option<String>, RequestError> {
        Ok(self.given(name, said)?.map(|id| id.0))
    }

    /// Ids.
    ///
    /// # Errors
    /// As [`Conditions::given`].
    pub(crate) fn ids(
        &self,
        name: &str,
        said: MaybeUndefined<Vec<ID>>,
    ) -> Result<Option<Vec<String>>, RequestError> {
        Ok(self.given(name, said)?.map(texts))
    }

    /// A condition that has another name by now, beside the deprecated one.
    ///
    /// # Errors
    /// As [`Conditions::given`], and where both are given.
    pub(crate) fn renamed<T>(
        &self,
        (name, said): (&str, MaybeUndefined<T>),
        (deprecated, before): (&str, MaybeUndefined<T>),
    ) -> Result<Option<T>, RequestError> {
        match (self.given(name, said)?, self.given(deprecated, before)?) {
            (Some(_), Some(_)) => Err(RequestError::BadInput(format!(
                "Give `filter.{name}` alone: `filter.{deprecated}` is its deprecated name."
            ))),
            (given, before) => Ok(given.or(before)),
        }
    }
}

/// A period of time. Without `from`, the period has no beginning; without `to`, the period has no end.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct TimeRangeInput {
    /// The first moment of the period; no beginning by default.
    from: Option<OffsetDateTime>,
    /// The first moment after the period; no end by default.
    to: Option<OffsetDateTime>,
}

impl From<TimeRangeInput> for TimeRange {
    fn from(range: TimeRangeInput) -> Self {
        Self {
            from: range.from,
            to: range.to,
        }
    }
}
