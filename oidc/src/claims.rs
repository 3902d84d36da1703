//! What an issuer says of somebody, and what of it counts.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{config::OidcConfig, error::OidcError};

/// Somebody of whom the issuer has said who they are, with an e-mail address that it has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedIdentity {
    /// The issuer.
    pub issuer: String,
    /// What it calls them, for ever and nobody else.
    pub subject: String,
    /// Their e-mail address, as the issuer writes it.
    pub email: String,
    /// Their groups; none where they do not count.
    pub groups: Option<Vec<String>>,
}

/// All claims that OpenID Connect does not define.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FurtherClaims(Map<String, Json>);

impl AdditionalClaims for FurtherClaims {}

/// What is read of a token or of the issuer's page on somebody.
#[derive(Debug, Default)]
pub(crate) struct ReadClaims {
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
    pub(crate) further: FurtherClaims,
}

/// The standard claim for it.
pub(crate) const EMAIL_VERIFIED: &str = "email_verified";

/// Some issuers write `true` as a text or a number.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(is_true) => *is_true,
        Json::String(text) => text == "true" || text == "1",
        Json::Number(number) => number.as_u64() == Some(1),
        Json::Null | Json::Array(_) | Json::Object(_) => false,
    }
}

impl ReadClaims {
    /// Whether the address stands here, with whether it is verified.
    fn verified_email(&self, config: &OidcConfig) -> Option<(&str, bool)> {
        let email = self.email.as_deref().filter(|email| !email.is_empty())?;
        let is_verified = if config.verified_claim == EMAIL_VERIFIED {
            self.email_verified == Some(true)
        } else {
            self.further.0.get(&config.verified_claim).is_some_and(is_true)
        };
        Some((email, is_verified))
    }

    /// The groups that stand here: a list of texts, or one text.
    fn groups(&self, claim: &str) -> Option<Vec<String>> {
        match self.further.0.get(claim)? {
            Json::Array(all) => Some(
                all.iter()
                    .filter_map(|one| one.as_str().map(str::to_owned))
                    .collect(),
            ),
            Json::String(one) => Some(vec![one.clone()]),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => None,
        }
    }

    /// Whether the token says all that is needed, so that nothing else is asked.
    pub(crate) fn is_enough(&self, config: &OidcConfig) -> bool {
        let says_groups = config
            .groups_claim
            .as_deref()
            .is_none_or(|claim| self.groups(claim).is_some());
        self.verified_email(config)
            .is_some_and(|(_, is_verified)| is_verified)
            && says_groups
    }
}

/// What counts of a token's claims, and of the issuer's page on the same person. The page's word on the address is taken whole: an address from one and
/// its verification from the other would vouch for nothing.
pub(crate) fn identity(
    config: &OidcConfig,
    subject: String,
    token: &ReadClaims,
    page: Option<&ReadClaims>,
) -> Result<VerifiedIdentity, OidcError> {
    let said: Vec<_> = [Some(token), page].into_iter().flatten().collect();
    let emails: Vec<_> = said
        .iter()
        .filter_map(|claims| claims.verified_email(config))
        .collect();
    let verified = emails.iter().find(|(_, is_verified)| *is_verified);
    let email = match (verified, emails.is_empty()) {
        (Some((email, _)), _) => (*email).to_owned(),
        (None, true) => return Err(OidcError::EmailMissing),
        (None, false) => return Err(OidcError::EmailUnverified),
    };
    let groups = match config.groups_claim.as_deref() {
        Some(claim) => {
            let found = said.iter().find_map(|claims| claims.groups(claim));
            Some(found.ok_or(OidcError::GroupsMissing)?)
        }
        None => None,
    };
    Ok(VerifiedIdentity {
        issuer: config.issuer.clone(),
        subject,
        email,
        groups,
    })
}
