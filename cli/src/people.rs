//! The people of the simulated workspace, as members: so that they act in Slack with rights of their own.

use secrecy::SecretString;
use serde_json::json;
use url::Url;

use crate::graphql::Client;

/// Those of the simulator's people who are members; `Gus Guest` stays one who is none.
const MEMBERS: [(&str, &str); 3] = [
    ("Alice Archer", "alice@example.com"),
    ("Bob Baker", "bob@example.com"),
    ("Carol Chen", "carol@example.com"),
];

const CREATE: &str =
    "mutation($input: CreateUserInput!) { createUser(input: $input) { userErrors { code message } } }";

/// Makes them members of the organisation that the key opens.
pub(crate) async fn seed(api: &Url, key: &SecretString) -> anyhow::Result<()> {
    let client = Client::new(api, key.clone())?;
    for (name, email) in MEMBERS {
        let input = json!({ "name": name, "email": email, "role": "RESPONDER" });
        client
            .change("createUser", CREATE, json!({ "input": input }))
            .await?;
    }
    Ok(())
}
