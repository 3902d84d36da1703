//! How people are linked to members, and how they sign in.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};

use super::name;

/// Before whom somebody acts as, once they are linked.
pub(crate) fn linked(membership: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("You are linked. ").and(membership)
}

/// Nobody has their address, and whether they can link themselves on a page, at this address.
pub(crate) fn no_member(email: Option<&str>, page: Option<&str>) -> Mrkdwn {
    let why = match email {
        Some(email) => Mrkdwn::own("No member has the email address of your Slack profile, ")
            .and(&name(email))
            .plus(" (NOT_LINKED). Ask an administrator of your organisation to add you with it."),
        None => Mrkdwn::own(
            "Slack doesn't share your email address with Tocsin, so Tocsin can't link you to a member (NOT_LINKED).",
        ),
    };
    match page {
        Some(page) => why
            .plus(" If you are a member already, ")
            .and(&Mrkdwn::link(page, "link your account"))
            .plus(
                ". The page asks you to sign in to Tocsin: an administrator can give you a sign-in link. The link to the page works once, for ten minutes.",
            ),
        None => why,
    }
}

/// To whoever has unlinked themselves.
pub(crate) const UNLINKED: &str = "You are no longer linked. You can't change incidents from Slack, and your replies in threads become comments only if your \
                                   organisation accepts comments from people that it doesn't know. To link yourself again, use the subcommand `link`.";

/// What is typed to link oneself, after the slash command of this name; the name is not always known.
pub(crate) fn link_command(command: Option<&str>) -> Mrkdwn {
    match command {
        Some(command) => Mrkdwn::own("`")
            .and(&Mrkdwn::recorded(escape(&command.replace('`', ""))))
            .plus(" link`"),
        None => Mrkdwn::own("the slash command's `link`"),
    }
}

/// To somebody who acts and is matched with no member, once: what they can type, if anything, and who can add them.
pub(crate) fn link_yourself(command: Option<&Mrkdwn>, email: Option<&str>) -> Mrkdwn {
    let text = Mrkdwn::own("To act from Slack, ");
    let text = match command {
        Some(command) => text
            .plus("link yourself: type ")
            .and(command)
            .plus(" here and follow the steps, or "),
        None => text,
    };
    match email {
        Some(email) => text
            .plus("ask an administrator of your organisation to add you as a member with the email address ")
            .and(&name(email))
            .plus("."),
        None => text.plus("ask an administrator of your organisation whether you are a member."),
    }
}

/// To the same, where the app has nothing by which they could be matched.
pub(crate) const NO_IDENTITIES: &str = "This Slack app can't tell who you are. Use the incident's page, or ask an administrator to add the features `identity` \
                                        and `commands` to the app.";

/// As whom somebody acts.
pub(crate) fn membership(member: &str, email: &str, role: &Mrkdwn, organization: &str) -> Mrkdwn {
    Mrkdwn::own("You are ")
        .and(&name(member).bold())
        .plus(" (")
        .and(&name(email))
        .plus("), ")
        .and(role)
        .plus(" of ")
        .and(&name(organization).bold())
        .plus(".")
}

/// A role as people call it.
pub(crate) const OWNER: &str = "owner";
/// A role as people call it.
pub(crate) const ADMINISTRATOR: &str = "administrator";
/// A role as people call it.
pub(crate) const RESPONDER: &str = "responder";
/// A role as people call it.
pub(crate) const STAKEHOLDER: &str = "stakeholder (read-only)";

/// The link that signs somebody in.
pub(crate) const SIGN_IN: &str = "Sign in to Tocsin";

/// After it.
pub(crate) const SIGN_IN_ONCE: &str =
    "The link works once, for five minutes. Don't pass it on: whoever opens it is signed in as you.";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        UNLINKED,
        NO_IDENTITIES,
        OWNER,
        ADMINISTRATOR,
        RESPONDER,
        STAKEHOLDER,
        SIGN_IN,
        SIGN_IN_ONCE
    ];
    let command = link_command(Some("/incident"));
    let ada = Some("ada@example.com");
    all.extend(super::tests::made![
        linked(&membership(
            "Ada",
            "ada@example.com",
            &Mrkdwn::own(OWNER),
            "Acme & Co"
        )),
        no_member(ada, Some(super::tests::URL)),
        no_member(None, None),
        link_command(None),
        link_yourself(Some(&command), ada),
        link_yourself(None, ada),
        link_yourself(None, None),
        membership(
            "Ada <!here>",
            "ada@example.com",
            &Mrkdwn::own(STAKEHOLDER),
            "Acme & Co"
        ),
    ]);
    all
}
