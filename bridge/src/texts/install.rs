//! The pages on which an app is installed, people sign in, and link themselves. Plain text: the page escapes it.

/// To whoever has no link.
pub(crate) const BEGIN_TITLE: &str = "Connect Slack";
/// To whoever has no link.
pub(crate) const BEGIN: &str =
    "Ask an administrator of your organisation in Tocsin for a link: `tocsin slack install-url` prints one.";

/// Above a page that says that it is done.
pub(crate) const DONE: &str = "Done";
/// Above a page that says that it is not.
pub(crate) const FAILED: &str = "That did not work";

/// The workspace is connected. Whoever has installed the app need not be who asked: they are told whose the workspace is now.
pub(crate) fn connected(team: &str, organization: &str) -> String {
    format!(
        "The Slack workspace {team} is connected to the organisation {organization} of Tocsin. You may close this page."
    )
}

/// The bridge has no key.
pub(crate) const NO_KEY: &str =
    "Tocsin's bridge lacks TOCSIN_SECRET_KEY: give it the same as the API, and begin again.";
/// The link is too old.
pub(crate) const LINK_EXPIRED: &str = "The link has expired: it works for ten minutes. Ask for a new one.";
/// The link was made by nobody here.
pub(crate) const LINK_FORGED: &str = "Tocsin did not make this link: ask Tocsin for a new one.";
/// The link was used before.
pub(crate) const LINK_USED: &str = "The link was used before: ask for a new one.";
/// The link can't be looked up.
pub(crate) const LINK_UNKNOWN: &str = "Tocsin can't do this right now: ask for a new link in a moment.";

/// Slack's answer says nothing.
pub(crate) const NO_ANSWER: &str = "Slack sent neither a code nor an error: begin again with a new link.";

/// Somebody changed their mind in Slack.
pub(crate) const CANCELLED: &str = "The installation was cancelled in Slack: nothing was changed.";

/// Slack refuses the installation.
pub(crate) fn denied(code: &str) -> String {
    format!(
        "Slack refuses the installation ({code}): update the app by the manifest that `tocsin manifest` prints, and begin again."
    )
}

/// The bridge knows no client.
pub(crate) const NO_CLIENT: &str = "Tocsin's bridge lacks the Slack app's client id and secret (SLACK_CLIENT_ID, SLACK_CLIENT_SECRET): set them, and begin again.";

/// The app is in a whole enterprise.
pub(crate) const ENTERPRISE: &str = "The app was installed for a whole enterprise, which Tocsin does not support: install it in a workspace instead.";

/// Somebody else is faster.
pub(crate) const CONFLICT: &str = "Somebody else is installing the app right now: begin again.";

/// The client is wrong.
pub(crate) const WRONG_CLIENT: &str = "Slack does not accept the app's client id and secret: copy both from the app's page Basic Information, and begin again.";

/// The address to come back to is wrong.
pub(crate) const WRONG_REDIRECT: &str = "Slack does not know where to send people back to: update the app by the manifest that `tocsin manifest` prints, with TOCSIN_PUBLIC_URL as it \
                                         is set here, and begin again.";

/// Slack refuses the code.
pub(crate) fn wrong_code(code: &str) -> String {
    format!("Slack does not accept the code ({code}): begin again with a new link.")
}

/// Slack does not answer.
pub(crate) const NO_SLACK: &str = "Slack does not answer: begin again with a new link in a moment.";

/// The app asks for nothing.
pub(crate) const NO_BOT_TOKEN: &str =
    "Slack gave no bot token: the app asks for no bot scopes. Update it by its manifest, and begin again.";

/// It is installed, and not recorded.
pub(crate) const NOT_RECORDED: &str = "Slack has installed the app, but Tocsin could not record it just now: begin again with a new link in a moment.";

/// A sign-in can't be worked.
pub(crate) const UNAVAILABLE: &str = "Tocsin can't do this right now: try again in a moment.";

/// Nobody can sign in.
pub(crate) const NO_SIGN_IN: &str = "Nobody can sign in with Slack here: Tocsin's bridge lacks the Slack app's client id and secret (SLACK_CLIENT_ID, SLACK_CLIENT_SECRET).";

/// Which organisation somebody signs in to.
pub(crate) const WHERE: &str = "You are a member of several organisations. Where do you sign in?";

/// Another browser, or too late.
pub(crate) const OTHER_BROWSER: &str =
    "You began to sign in with another browser, or too long ago: begin again in this one.";

/// Slack's answer says nothing.
pub(crate) const SIGN_IN_NO_ANSWER: &str = "Slack sent neither a code nor an error: begin again.";

/// Slack's answer is to another.
pub(crate) const OTHER_SIGN_IN: &str = "Slack's answer belongs to another sign-in: begin again.";

/// They are a member no longer.
pub(crate) const NOT_ACTIVE: &str =
    "Your account in Tocsin is deactivated: ask an administrator of your organisation to activate it.";

/// Nothing matches them with a member.
pub(crate) const NOT_LINKED: &str = "Your Slack account isn't linked to a member here: link it in Slack with /incident link, or ask an administrator of your organisation to add you \
                                     with your email address.";

/// Somebody changed their mind in Slack.
pub(crate) const LINK_CANCELLED: &str = "It was cancelled in Slack: nothing was changed.";

/// Slack refuses the sign-in.
pub(crate) fn link_denied(code: &str) -> String {
    format!(
        "Slack refuses it ({code}): update the app by the manifest that `tocsin manifest` prints, with the feature identity, and begin again."
    )
}

/// Slack's answer is to another.
pub(crate) const OTHER_LINK: &str = "Slack's answer belongs to another link: begin again with a new one.";

/// They signed in elsewhere.
pub(crate) const OTHER_WORKSPACE: &str = "Your organisation is not connected to the Slack workspace that you signed in to: choose another one there, and begin again.";

/// They are linked.
pub(crate) const LINKED: &str =
    "You are linked: what you do in Slack is done in your name. You may close this page.";

/// Slack does not say who they are.
pub(crate) fn nobody(code: &str) -> String {
    format!("Slack does not say who you are ({code}): begin again with a new link.")
}

/// They are known, and not recorded.
pub(crate) const LINK_NOT_RECORDED: &str = "Slack has said who you are, but Tocsin could not record it just now: begin again with a new link in a moment.";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        BEGIN_TITLE,
        BEGIN,
        DONE,
        FAILED,
        NO_KEY,
        LINK_EXPIRED,
        LINK_FORGED,
        LINK_USED,
        LINK_UNKNOWN,
        NO_ANSWER,
        CANCELLED,
        NO_CLIENT,
        ENTERPRISE,
        CONFLICT,
        WRONG_CLIENT,
        WRONG_REDIRECT,
        NO_SLACK,
        NO_BOT_TOKEN,
        NOT_RECORDED,
        UNAVAILABLE,
        NO_SIGN_IN,
        WHERE,
        OTHER_BROWSER,
        SIGN_IN_NO_ANSWER,
        OTHER_SIGN_IN,
        NOT_ACTIVE,
        NOT_LINKED,
        LINK_CANCELLED,
        OTHER_LINK,
        OTHER_WORKSPACE,
        LINKED,
        LINK_NOT_RECORDED
    ];
    all.extend(super::tests::made![
        connected("Acme", "Acme & Co"),
        denied("invalid_scope"),
        wrong_code("invalid_code"),
        link_denied("invalid_scope"),
        nobody("invalid_code"),
    ]);
    all
}
