//! What an administrator asked for by the API, and why Slack does not do it. Plain text.

/// Slack has said nothing of the workspace yet.
pub(crate) const NOT_YET: &str = "Slack has not answered yet: try again.";

/// There is no name for the channel.
pub(crate) const NO_CHANNEL_NAME: &str = "The channel has no name.";

/// It is not known whether a channel was made.
pub(crate) fn channel_unknown(name: &str, error: &str) -> String {
    format!("Slack did not say whether it created #{name} ({error}): look there.")
}

/// There is a channel of that name.
pub(crate) fn channel_taken(name: &str, team: &str) -> String {
    format!(
        "There is already a channel #{name} in {team}, perhaps a private or an archived one: choose another name."
    )
}

/// Apps may create no channels.
pub(crate) fn channel_restricted(name: &str) -> String {
    format!("The workspace does not let apps create channels such as #{name}: allow it in its settings.")
}

/// A scope is missing, which a feature brings.
pub(crate) fn no_scope(scope: &str, feature: &str) -> String {
    format!(
        "The Slack app lacks the scope {scope}: add the feature {feature} to the workspace, and reauthorise it."
    )
}

/// There is no such member any more.
pub(crate) const NO_USER: &str = "The user is no longer a member.";

/// Somebody has linked an account that is deactivated in Slack.
pub(crate) fn linked_deactivated(member: &str, id: &str, team: &str) -> String {
    format!("{member} has linked {id}, who is deactivated in {team}: remove the link.")
}

/// Somebody has linked an account that is not there.
pub(crate) fn linked_unknown(member: &str, id: &str, team: &str) -> String {
    format!("{member} has linked {id}, whom nobody knows in {team}: remove the link.")
}

/// Nobody in Slack has their address.
pub(crate) fn nobody_with_email(member: &str, email: &str, team: &str) -> String {
    format!(
        "Nobody active in {team} has the email address {email}: give {member} the address that they have in Slack, or have them link themselves there."
    )
}

/// Somebody of another workspace has their address.
pub(crate) fn from_elsewhere(member: &str, email: &str, id: &str) -> String {
    format!(
        "{email} belongs to {id} of another Slack workspace, which Tocsin does not trust with it: have {member} link themselves."
    )
}

/// They have asked not to be matched.
pub(crate) fn unlinked(member: &str) -> String {
    format!("{member} has unlinked themselves in Slack: they may link themselves again there.")
}

/// The connector is gone.
pub(crate) const NO_CONNECTOR: &str = "The connector was deleted meanwhile.";

/// The channel takes no more messages for a while.
pub(crate) const CHANNEL_FULL: &str =
    "Slack accepts no more messages in the channel for a while: ask again in a minute.";

/// It is not known whether a message was taken.
pub(crate) fn message_unknown(cause: &str, channel: &str) -> String {
    format!(
        "Slack did not say whether it took the message ({cause}): look whether it is in {channel}, and don't send a second one before."
    )
}

/// Why, where nothing else is known.
pub(crate) const ANSWER_LOST: &str = "the answer was lost";

/// Slack takes no more calls for a while.
pub(crate) const SLACK_FULL: &str = "Slack accepts no more calls for a while: ask again in a minute.";

/// The API does not answer.
pub(crate) const API_DOWN: &str = "Tocsin's API does not answer the bridge: try again.";

/// The database does not answer.
pub(crate) const DATABASE_DOWN: &str = "Tocsin's database does not answer: try again.";

/// Slack does not answer.
pub(crate) fn unreachable(error: &str) -> String {
    format!("Slack does not answer ({error}): try again in a minute.")
}

/// The token is no good.
pub(crate) fn broken(code: &str) -> String {
    format!("Slack refuses the bot token ({code}): install the app again, or set another token.")
}

/// Slack refuses it.
pub(crate) fn refused(error: &str) -> String {
    format!("Slack refuses this: {error}.")
}

/// A newer version asks for it.
pub(crate) fn unknown_kind(name: &str) -> String {
    format!("This bridge is older than the API, and can't do {name}: update it.")
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        NOT_YET,
        NO_CHANNEL_NAME,
        NO_USER,
        NO_CONNECTOR,
        CHANNEL_FULL,
        ANSWER_LOST,
        SLACK_FULL,
        API_DOWN,
        DATABASE_DOWN
    ];
    let (ada, email) = ("Ada", "ada@example.com");
    all.extend(super::tests::made![
        channel_unknown("inc-42", "time-out"),
        channel_taken("inc-42", "Acme"),
        channel_restricted("inc-42"),
        no_scope("channels:manage", "incident-channels"),
        linked_deactivated(ada, "U1", "Acme"),
        linked_unknown(ada, "U1", "Acme"),
        nobody_with_email(ada, email, "Acme"),
        from_elsewhere(ada, email, "U1"),
        unlinked(ada),
        message_unknown(ANSWER_LOST, "#ops"),
        unreachable("time-out"),
        broken("token_revoked"),
        refused("is_archived"),
        unknown_kind("CREATE_CANVAS"),
    ]);
    all
}
