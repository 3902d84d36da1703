//! The people of the simulated workspace, as members: so that they act in Slack with rights of their own.

use secrecy::SecretString;
use tocsin_client::MemberDraft;
use tocsin_entity::kinds::Role;
use url::Url;

use crate::graphql;

/// Those of the simulator's people who are members; `Gus Guest` stays one who is none.
const MEMBERS: [(&str, &str); 3] = [
    ("Alice Archer", "alice@example.com"),
    ("Bob Baker", "bob@example.com"),
    ("Carol Chen", "carol@example.com"),
];

/// Makes them members of the organisation that the key opens.
pub(crate) async fn seed(api: &Url, key: &SecretString) -> anyhow::Result<()> {
    let client = graphql::client(api, key.clone())?;
    for (name, email) in MEMBERS {
        let member = MemberDraft {
            name,
            email,
            role: Role::Responder,
        };
        client
            .add_member(member, format!("simulated-member-{email}"))
            .await?;
    }
    Ok(())
}
