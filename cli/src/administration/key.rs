//! `tocsin key create` with a key: through the API.

use secrecy::ExposeSecret;
use tocsin_client::{ApiKeyDraft, ChangeError};
use tocsin_entity::kinds::Scope;

use super::{
    connection::{ApiArguments, Connection, idempotency_key},
    user,
};
use crate::{
    config::{GivenSettings, Settings},
    terminal::Terminal,
};

/// Whether a key is given, so that the command goes through the API.
pub(crate) fn has_key(arguments: &ApiArguments, given: &GivenSettings) -> anyhow::Result<bool> {
    Ok(arguments.find_key(given)?.is_some())
}

/// Makes a key, for a member where an e-mail address is given, and prints it.
pub(crate) async fn run(
    name: &str,
    email: Option<&str>,
    scopes: &[Scope],
    arguments: &ApiArguments,
    given: &GivenSettings,
    settings: &Settings,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let connection = Connection::open(arguments, given, settings, terminal)?;
    let member = match email {
        Some(email) => Some(user::find(&connection, email).await?),
        None => None,
    };
    let draft = ApiKeyDraft {
        name,
        scopes,
        user_id: member.as_ref().map(|member| member.id.as_str()),
        expires_at: None,
    };
    let made = connection
        .api
        .add_api_key(draft, idempotency_key())
        .await
        .map_err(|error| match error {
            ChangeError::Empty(_) => anyhow::anyhow!(
                "the key {name} was made, and the answer with it was lost: revoke it, and make another one"
            ),
            ChangeError::Api(_) | ChangeError::Refused { .. } => connection.change_error(error),
        })?;
    if arguments.json {
        return connection.output.object(
            &serde_json::json!({
                "apiKey": made.description,
                "secret": made.secret.expose_secret(),
            }),
            &[],
        );
    }
    terminal.line(format!("Made the key {name}.\n"));
    terminal.key(&made.secret);
    Ok(())
}
