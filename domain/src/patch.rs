//! What an update says of a value that may be absent.

use crate::error::UserError;

/// What becomes of an optional value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    Keep,
    /// It is taken away.
    Clear,
    /// It is this from now on.
    Set(T),
}

impl<T> Patch<T> {
    /// The same of another type.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(to(value)),
        }
    }

    /// The same of a caller who clears nothing.
    pub(crate) fn or_keep(self) -> Self {
        match self {
            Self::Keep | Self::Clear => Self::Keep,
            Self::Set(value) => Self::Set(value),
        }
    }

    /// The new value of what an object is never without; none where it stays.
    ///
    /// # Errors
    /// When it is to be taken away.
    pub(crate) fn needed(self, field: &str) -> Result<Option<T>, UserError> {
        match self {
            Self::Keep => Ok(None),
            Self::Clear => Err(UserError::invalid(
                field,
                format!("`{field}` can't be cleared. Leave it out to keep it as it is."),
            )),
            Self::Set(value) => Ok(Some(value)),
        }
    }

    /// The new value of what is empty rather than absent; none where it stays.
    pub(crate) fn or_empty(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Self::Keep => None,
            Self::Clear => Some(T::default()),
            Self::Set(value) => Some(value),
        }
    }

    /// The value after the update.
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}
