//! What may come of a change that a command asks for.

use crate::error::ApiError;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The request did not succeed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The API understood the change and refused it.
    #[error("{mutation} was refused: {message} ({code})")]
    Refused {
        /// What was to be done, by its name in the schema.
        mutation: &'static str,
        /// The stable code.
        code: String,
        /// For people.
        message: String,
    },
    /// The API says that the change was made, and not what came of it.
    #[error("{0} answered neither an error nor what it made")]
    Empty(&'static str),
}

/// Gives the first of a mutation's user errors, if there is one. Each document has a type of its own for them.
macro_rules! accept {
    ($mutation:literal, $errors:expr) => {
        if let Some(error) = $errors.into_iter().next() {
            return Err(ChangeError::Refused {
                mutation: $mutation,
                code: error.code,
                message: error.message,
            });
        }
    };
}

pub(crate) use accept;
