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
    /// Somebody has come back too late.
    #[error("You have taken longer than ten minutes: sign in again.")]
    StateExpired,
    /// Somebody comes back with what was not made here.
    #[error("This is no answer to a sign-in that began here: sign in again.")]
    StateForged,
    /// Somebody has come back with it before.
    #[error("This sign-in was finished before: sign in again.")]
    StateUsed,
    /// It began in another browser, or another sign-in has begun in this one since.
    #[error("You have begun to sign in with another browser, or began anew in this one: sign in again here.")]
    StateOfOtherBrowser,
    /// No organisation knows the address.
    #[error(
        "No member here has the e-mail address {0}: ask an administrator of your organisation to add you with it."
    )]
    Stranger(String),
    /// The member of this address signs in with another account at the issuer.
    #[error(
        "The member with the e-mail address {0} signs in with another account of your identity provider. If the account was made anew for the same person, \
         an administrator releases the old one: by deactivating the member and activating them again."
    )]
    OtherAccount(String),
    /// None of the groups gives a role.
    #[error(
        "Your identity provider names no group of yours that gives a role here: ask whoever runs it to add you to one."
    )]
    NoRole,
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
            Self::StateExpired => "SIGN_IN_EXPIRED",
            Self::StateForged => "SIGN_IN_INVALID",
            Self::StateUsed => "SIGN_IN_USED",
            Self::StateOfOtherBrowser => "SIGN_IN_OTHER_BROWSER",
            Self::Stranger(_) => "NOT_A_MEMBER",
            Self::OtherAccount(_) => "OTHER_ACCOUNT",
            Self::NoRole => "NO_ROLE",
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
