//! Links by which members sign in once.

use secrecy::SecretString;

use crate::{
    api::ApiClient,
    documents::{CreateSignInLink, create_sign_in_link},
    error::ApiError,
    transport::As,
};

/// How it is known who somebody is who asks for a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInProof {
    /// They have asked for it in Slack.
    AskedInSlack,
    /// They have signed in with Slack, in the browser that holds what this is the SHA-256 of, in hex: no other may use the link.
    SignedInWithSlack(String),
}

impl ApiClient {
    /// A link by which the member on whose behalf it is asked signs in once, or why there is none.
    pub async fn sign_in_link(
        &self,
        who: As<'_>,
        proof: SignInProof,
    ) -> Result<Result<SecretString, String>, ApiError> {
        let (method, browser_hash) = match proof {
            SignInProof::AskedInSlack => (create_sign_in_link::SignInLinkMethod::LINK, None),
            SignInProof::SignedInWithSlack(hash) => {
                (create_sign_in_link::SignInLinkMethod::SLACK, Some(hash))
            }
        };
        let input = create_sign_in_link::CreateSignInLinkInput {
            method,
            browser_hash,
            idempotency_key: None,
        };
        let variables = create_sign_in_link::Variables { input };
        let payload = self
            .execute::<CreateSignInLink>(who, variables)
            .await?
            .create_sign_in_link;
        let refused = payload.user_errors.into_iter().next().map(|error| error.message);
        Ok(match (payload.url, refused) {
            (Some(url), None) => Ok(url.into()),
            (_, Some(why)) => Err(why),
            (None, None) => Err("The API gave no link.".to_owned()),
        })
    }
}
