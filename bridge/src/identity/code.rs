//! What somebody is given in Slack so that a member can say that it is they.
//!
//! It is sealed, and names the person to whom it was given: the member who shows it to the API, with a key of their own, is they. So each of the two
//! has said so, and neither can take the other's place.

use std::time::Duration;

use tocsin_slack_app::{
    link_state::{CODE, LinkCode},
    public_url::below,
};

use super::IdentityService;
use super::SlackActor;

/// How long a code is good for.
const LIVES: Duration = Duration::from_secs(600);

/// The page where a person says with a key which member they are; none where the bridge has no key, and for whoever can't be a member.
///
/// The code is in the fragment, which browsers keep for themselves.
pub(crate) fn link_address(identity: &IdentityService, person: &SlackActor) -> Option<String> {
    let code = code(identity, person)?;
    Some(format!("{}#{code}", below(identity.public_url.as_str(), "/link")))
}

fn code(identity: &IdentityService, person: &SlackActor) -> Option<String> {
    let sealer = identity.sealer.as_ref()?;
    if person.is_bot || person.is_nobody {
        return None;
    }
    let content = LinkCode {
        team_id: person.team_id.clone(),
        slack_user_id: person.slack_user_id.clone(),
        organizations: person.installation.served(),
    };
    match sealer.seal_state_until(CODE, &content, identity.clock.now() + LIVES) {
        Ok(code) => Some(code),
        Err(error) => {
            tracing::error!("a code can't be sealed: {error}");
            None
        }
    }
}
