//! What becomes of the library's errors: none has a token, a code or a secret in it afterwards.

use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, UserInfoError, core::CoreErrorResponseType,
};

use crate::{error::OidcError, http::IssuerCallError};

fn of_call(error: &IssuerCallError) -> OidcError {
    match error {
        IssuerCallError::Unreachable(why) => OidcError::Unreachable(why.clone()),
        IssuerCallError::Refused(why) => OidcError::BadAnswer(why.clone()),
    }
}

fn of_status(what: &str, status: u16) -> OidcError {
    let why = format!("{what} answers with the status {status}");
    if status >= 500 || status == 429 {
        OidcError::Unreachable(why)
    } else {
        OidcError::BadAnswer(why)
    }
}

pub(crate) fn of_discovery(error: &DiscoveryError<IssuerCallError>) -> OidcError {
    match error {
        DiscoveryError::Request(error) => of_call(error),
        DiscoveryError::Response(status, _, why) => match status.as_u16() {
            200 => OidcError::BadAnswer(why.clone()),
            status => of_status("its discovery document or its keys", status),
        },
        DiscoveryError::Parse(error) => OidcError::BadAnswer(format!(
            "its discovery document or its keys have another form, at {}",
            error.path()
        )),
        DiscoveryError::Validation(why) => OidcError::BadAnswer(why.clone()),
        DiscoveryError::Other(_) | DiscoveryError::UrlParse(_) | _ => {
            OidcError::BadAnswer("its discovery document can't be used".to_owned())
        }
    }
}

pub(crate) fn of_exchange(
    error: &RequestTokenError<IssuerCallError, StandardErrorResponse<CoreErrorResponseType>>,
) -> OidcError {
    match error {
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => OidcError::Ended("invalid_grant".to_owned()),
            CoreErrorResponseType::Extension(code) => OidcError::of_redirect(code),
            known @ (CoreErrorResponseType::InvalidClient
            | CoreErrorResponseType::InvalidRequest
            | CoreErrorResponseType::InvalidScope
            | CoreErrorResponseType::UnauthorizedClient
            | CoreErrorResponseType::UnsupportedGrantType) => {
                OidcError::ClientRefused(known.as_ref().to_owned())
            }
        },
        RequestTokenError::Request(error) => of_call(error),
        // Neither names the body: it may hold a token.
        RequestTokenError::Parse(error, _) => OidcError::BadAnswer(format!(
            "its answer at the token endpoint has another form, at {}",
            error.path()
        )),
        RequestTokenError::Other(_) => {
            OidcError::Unreachable("its token endpoint gave no answer of use".to_owned())
        }
    }
}

pub(crate) fn of_page(error: &UserInfoError<IssuerCallError>) -> OidcError {
    match error {
        UserInfoError::ClaimsVerification(error) => of_token(error),
        UserInfoError::Request(error) => of_call(error),
        UserInfoError::Response(status, _, _) => of_status("its userinfo endpoint", status.as_u16()),
        UserInfoError::Parse(_) | UserInfoError::Other(_) | _ => {
            OidcError::BadAnswer("what it says of you has another form".to_owned())
        }
    }
}

/// What is wrong with a token, in words that have nothing of it.
pub(crate) fn of_token(error: &ClaimsVerificationError) -> OidcError {
    use SignatureVerificationError as Signature;
    OidcError::TokenInvalid(match error {
        ClaimsVerificationError::Expired(_) => "expired, or not of now",
        ClaimsVerificationError::InvalidAudience(_) => "for another client (audience)",
        ClaimsVerificationError::InvalidIssuer(_) => "of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "for another sign-in (nonce)",
        ClaimsVerificationError::InvalidSubject(_) => "about somebody else (subject)",
        ClaimsVerificationError::SignatureVerification(Signature::NoMatchingKey) => {
            "signed with a key that is not known"
        }
        ClaimsVerificationError::SignatureVerification(Signature::NoSignature) => "not signed",
        ClaimsVerificationError::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_),
        ) => "signed in a way that is not taken",
        ClaimsVerificationError::SignatureVerification(_) => "wrongly signed",
        ClaimsVerificationError::Other(_) => "missing",
        ClaimsVerificationError::InvalidAuthContext(_)
        | ClaimsVerificationError::InvalidAuthTime(_)
        | ClaimsVerificationError::Unsupported(_)
        | _ => "of a form that is not taken",
    })
}
