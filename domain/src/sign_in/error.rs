//! Why somebody is not signed in.

use sea_orm::DbErr;

use crate::error::{InternalError, MutationError, RequestError, UserError};

/// Why somebody is not signed in, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such link.
    #[error("This link is not one of ours, or it is older than a day: ask for a new one.")]
    Unknown,
    /// Somebody has used it.
    #[error(
        "This link was used before, and works once: ask for a new one. If it was not you who used it, tell an administrator."
    )]
    Used,
    /// Its time is over.
    #[error("This link has expired: ask for a new one, and use it soon.")]
    Expired,
    /// The member whose link it is was deactivated.
    #[error("You are no active member of the organisation any more: ask an administrator.")]
    NoMember,
    /// It is for another browser: the one in which somebody began to sign in.
    #[error("This link works only in the browser in which you began to sign in: begin again there.")]
    OtherBrowser,
    /// The organisation has an owner already.
    #[error("The organisation has an owner already, so that this link makes none: ask the owner to add you.")]
    HasOwner,
    /// What the first owner says of themselves is wrong.
    #[error("{}", .0.message)]
    Told(UserError),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] InternalError),
}

impl SignInError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "LINK_UNKNOWN",
            Self::Used => "LINK_USED",
            Self::Expired => "LINK_EXPIRED",
            Self::NoMember => "MEMBER_DEACTIVATED",
            Self::OtherBrowser => "OTHER_BROWSER",
            Self::HasOwner => "OWNER_EXISTS",
            Self::Told(_) => "INVALID_INPUT",
            Self::Fault(_) => "UNAVAILABLE",
        }
    }
}

impl From<DbErr> for SignInError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<MutationError> for SignInError {
    fn from(error: MutationError) -> Self {
        match error {
            MutationError::Told(errors) => Self::Told(errors.first().clone()),
            MutationError::Refused(RequestError::Fault(fault)) => Self::Fault(fault),
            MutationError::Refused(
                refusal @ (RequestError::Unauthenticated
                | RequestError::Forbidden(_)
                | RequestError::BadInput(_)),
            ) => Self::Fault(InternalError::Broken(refusal.to_string())),
        }
    }
}
