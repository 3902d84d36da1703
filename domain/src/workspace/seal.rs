//! The token of a Slack workspace on its way into the database.

use secrecy::SecretString;
use tocsin_entity::id::WorkspaceId;
use tocsin_seal::Sealer;
use tocsin_slack_app::sealing::token_place;

use crate::error::{UserError, UserErrorCode};

/// The token, sealed for its workspace.
pub(crate) fn sealed(sealer: Option<&Sealer>, id: WorkspaceId, token: String) -> Result<String, UserError> {
    let sealer = sealer.ok_or_else(no_key)?;
    Ok(sealer.seal(&token_place(id), &SecretString::from(token)))
}

/// The server has no key to seal with.
pub(crate) fn no_key() -> UserError {
    UserError::new(
        UserErrorCode::SecretKeyMissing,
        "Tokens can't be kept: set TOCSIN_SECRET_KEY for the API and the bridge alike (openssl rand -base64 32), and start them again.",
    )
}
