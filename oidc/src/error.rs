//! Why an issuer's word is not taken, in words for whoever wants to sign in.

/// Why an issuer's word is not taken. What is shown has no secret; what goes to the log, beside it, neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// They were asked by the issuer and said no, or may not.
    #[error("Your identity provider says that you declined, or that you may not sign in to Tocsin.")]
    Denied,
    /// The issuer ended it, with an error code of its own.
    #[error("Your identity provider ended this with the error {0}.")]
    Ended(String),
    /// It cannot be reached, or is too slow.
    #[error("Your identity provider does not answer just now.")]
    Unreachable(String),
    /// It answers, but not as an issuer does.
    #[error("Your identity provider's answer can't be understood.")]
    BadAnswer(String),
    /// It knows this server's client under no such id or secret, or not with this redirect URI.
    #[error("Your identity provider does not take Tocsin's request.")]
    ClientRefused(String),
    /// Its token is not one for this sign-in.
    #[error("Your identity provider's token is not for this sign-in.")]
    TokenInvalid(&'static str),
    /// It does not say an e-mail address.
    #[error("Your identity provider does not say your e-mail address.")]
    EmailMissing,
    /// It does not vouch for the e-mail address.
    #[error("Your identity provider has not verified your e-mail address.")]
    EmailUnverified,
    /// It does not say the groups.
    #[error("Your identity provider does not say in which groups you are, and your role depends on them.")]
    GroupsMissing,
    /// This server has no way to ask it.
    #[error("Tocsin can't ask your identity provider.")]
    NoClient(String),
}

impl OidcError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied => "OIDC_DENIED",
            Self::Ended(_) => "OIDC_ENDED",
            Self::Unreachable(_) => "OIDC_UNREACHABLE",
            Self::BadAnswer(_) => "OIDC_BAD_ANSWER",
            Self::ClientRefused(_) => "OIDC_CLIENT_REFUSED",
            Self::TokenInvalid(_) => "OIDC_TOKEN_INVALID",
            Self::EmailMissing => "OIDC_EMAIL_MISSING",
            Self::EmailUnverified => "OIDC_EMAIL_UNVERIFIED",
            Self::GroupsMissing => "OIDC_GROUPS_MISSING",
            Self::NoClient(_) => "OIDC_NO_CLIENT",
        }
    }

    /// What else there is to say of it, for the log and the doctor.
    pub fn detail(&self) -> &str {
        match self {
            Self::Denied => "access_denied",
            Self::Ended(why)
            | Self::Unreachable(why)
            | Self::BadAnswer(why)
            | Self::ClientRefused(why)
            | Self::NoClient(why) => why,
            Self::TokenInvalid(why) => why,
            Self::EmailMissing => "no e-mail address",
            Self::EmailUnverified => "the e-mail address is not verified",
            Self::GroupsMissing => "no groups",
        }
    }

    /// What to do about it.
    pub fn way_on(&self) -> &'static str {
        match self {
            Self::Denied | Self::Ended(_) => {
                "Sign in again, or ask whoever runs the identity provider to let you use Tocsin."
            }
            Self::Unreachable(_) => "Try again in a moment, or sign in another way.",
            Self::BadAnswer(_) | Self::ClientRefused(_) | Self::NoClient(_) => {
                "Ask whoever runs this server: `tocsin doctor` and its log say what is wrong. Until then, sign in another way."
            }
            Self::TokenInvalid(_) => "Sign in again. If it stays so, ask whoever runs this server.",
            Self::EmailMissing => {
                "Ask whoever runs the identity provider to give Tocsin the scope and claim `email`."
            }
            Self::EmailUnverified => "Verify it there, then sign in again.",
            Self::GroupsMissing => "Ask whoever runs the identity provider to give Tocsin your groups.",
        }
    }

    /// What the issuer says by `error` where it sends somebody back. A code is shown if it looks like one.
    pub fn of_redirect(code: &str) -> Self {
        let is_code = !code.is_empty()
            && code.len() <= 64
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match code {
            "access_denied" => Self::Denied,
            "temporarily_unavailable" | "server_error" => Self::Unreachable(code.to_owned()),
            _ if is_code => Self::Ended(code.to_owned()),
            _ => Self::Ended("unknown".to_owned()),
        }
    }
}
