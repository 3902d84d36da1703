//! What administrators and operators are told of workspaces, connectors and requests that do not work. Plain text.

/// The token can't be opened: there is no key.
pub(crate) const KEY_MISSING: &str = "The bot token is sealed and the bridge has no key: set TOCSIN_SECRET_KEY for the bridge to the API's, and start it again";

/// The token can't be opened: the key is another.
pub(crate) fn key_mismatch(error: &str) -> String {
    format!(
        "The bot token can't be opened ({error}): set TOCSIN_SECRET_KEY of the bridge and the API to the key under which it was sealed, or \
         add that key behind the present one with a comma between, and start both again; or give the token again with `tocsin slack connect`"
    )
}

/// An organisation's own app is not listened to.
pub(crate) const SHARED_WORKSPACE: &str = "Messages are delivered, and what people do there through the organisation's own Slack app is refused, since others are connected to \
                                           the same Slack workspace: whoever knows the app's secret could speak for their people. Disconnect them there, or use the server's app";

/// Nothing comes by Socket Mode.
pub(crate) fn no_sockets(trouble: &str) -> String {
    format!(
        "Messages are delivered, and nothing that people do there arrives, since the app's Socket Mode does not work: {trouble}"
    )
}

/// How a scope is added without a link.
pub(crate) const BY_HAND: &str = "add the scope on the app's page OAuth & Permissions and install it again";

/// How a scope is added.
pub(crate) fn by_link() -> String {
    format!("install it again by the link that `tocsin slack install-url --workspace` gives, or {BY_HAND}")
}

/// A scope is missing, of these features.
pub(crate) fn no_scope(scopes: &str, features: &[&str], remedy: &str) -> String {
    let of = if features.is_empty() {
        String::new()
    } else {
        format!(" (of {})", features.join(", "))
    };
    format!("The app lacks the scope {scopes}{of}, and Slack refuses what needs it: {remedy}")
}

/// A token can't be renewed: nothing says by which app it was given.
pub(crate) const NO_CLIENT: &str = "The bot token expires and can't be renewed: the app's client id and secret are not set. Set SLACK_CLIENT_ID and \
                                    SLACK_CLIENT_SECRET for the bridge, or, for an app of your own, give both by updateSlackApp";

/// What to do about a client that is wrong.
pub(crate) const CORRECT_CLIENT: &str = "correct the app's client id and secret (SLACK_CLIENT_ID and SLACK_CLIENT_SECRET, or updateSlackApp for an app of your own)";

/// What to do about another refusal.
pub(crate) const INSTALL_AGAIN: &str =
    "install the app again by the link that `tocsin slack install-url --workspace` gives";

/// A token can't be renewed: Slack refuses it.
pub(crate) fn not_renewed(code: &str, until: &str, remedy: &str) -> String {
    format!("Slack refuses to renew the bot token ({code}); the present one works until {until}: {remedy}")
}

/// The Socket Mode of an organisation's own app does not work.
pub(crate) fn sockets_of(app: &str, trouble: &str) -> String {
    format!("of an organisation's Slack app ({app}): {trouble}")
}

/// After those that are named.
pub(crate) fn more_apps(count: usize) -> String {
    format!("and of {count} more apps")
}

/// Requests were refused for their signatures.
pub(crate) fn refused_requests(count: u64, code: &str) -> String {
    format!(
        "{count} requests at Slack's addresses were refused of late, the last as {code}: run `tocsin doctor`, which says whether a signing secret \
         or a clock is wrong, or somebody tries"
    )
}

/// Where incidents go while a connector's channel takes nothing.
pub(crate) fn meanwhile(connector: &str, channel: &str) -> String {
    format!("Meanwhile incidents go through the connector {connector} to {channel}")
}

/// A connector's template makes what Slack refuses.
pub(crate) fn template_refused(code: &str) -> String {
    format!("Slack refuses the blocks that come of the template ({code}).")
}

/// What people see of the app where it is installed.
pub(crate) const APP: &str = "Incidents: paged, worked and resolved from Slack.";

/// What people see of its slash command.
pub(crate) const COMMAND: &str = "Create and work incidents";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        KEY_MISSING,
        SHARED_WORKSPACE,
        BY_HAND,
        NO_CLIENT,
        CORRECT_CLIENT,
        INSTALL_AGAIN,
        APP,
        COMMAND
    ];
    all.extend(super::tests::made![
        key_mismatch("it was sealed under another key"),
        no_sockets("SOCKET_REFUSED"),
        by_link(),
        no_scope("reactions:write", &["commands"], BY_HAND),
        no_scope("x:y", &[], &by_link()),
        not_renewed("invalid_refresh_token", "2026-11-30T12:00:00Z", INSTALL_AGAIN),
        sockets_of("app_1", "SOCKET_REFUSED"),
        more_apps(3),
        refused_requests(2, "SIGNATURE_MISMATCH"),
        meanwhile("ops", "#ops"),
        template_refused("invalid_blocks"),
    ]);
    all
}
