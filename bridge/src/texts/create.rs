//! Creating an incident.

use tocsin_message::mrkdwn::Mrkdwn;

use super::name;

/// A shortcut, and what it does.
pub(crate) const SHORTCUT: &str = "Create incident";
/// A shortcut, and what it does.
pub(crate) const SHORTCUT_DOES: &str = "Open the form for a new incident";
/// A shortcut, and what it does.
pub(crate) const MESSAGE_SHORTCUT: &str = "Create incident from it";
/// A shortcut, and what it does.
pub(crate) const MESSAGE_SHORTCUT_DOES: &str = "Make an incident of this message and link its thread";

/// The form's title.
pub(crate) const TITLE: &str = "Create incident";

/// The button that submits it.
pub(crate) const SUBMIT: &str = "Create";

/// The form's inputs.
pub(crate) const SERVICE_LABEL: &str = "Service";
/// The form's inputs.
pub(crate) const TITLE_LABEL: &str = "Title";
/// The form's inputs.
pub(crate) const DESCRIPTION_LABEL: &str = "Description";
/// The form's inputs.
pub(crate) const URGENCY_LABEL: &str = "Urgency";
/// The form's inputs.
pub(crate) const SEVERITY_LABEL: &str = "Severity";

/// What an empty input says.
pub(crate) const SERVICE_PLACEHOLDER: &str = "Type a service's name";
/// What an empty input says.
pub(crate) const URGENCY_PLACEHOLDER: &str = "The service's usual one";
/// What an empty input says.
pub(crate) const SEVERITY_PLACEHOLDER: &str = "None";

/// Below the service, where it may be left out.
pub(crate) const SERVICE_HINT: &str = "If you choose none, it is your organisation's default service.";

/// Below a description that shows the beginning of a message.
pub(crate) const CUT_HINT: &str = "The message is longer than a form can show. Leave this text as it is, and the incident gets the whole message.";

/// The title is missing.
pub(crate) const TITLE_MISSING: &str = "Write what is wrong, in a line.";

/// The title is too long, or of several lines.
pub(crate) const TITLE_TOO_LONG: &str = "Write one line of at most 200 characters.";

/// The service is none of the list.
pub(crate) const SERVICE_UNKNOWN: &str = "Choose a service from the list.";

/// The service must say which organisation is meant.
pub(crate) const SERVICE_MISSING: &str = "Choose a service: you are a member of several organisations.";

/// In the form, until it is created.
pub(crate) const CREATING: &str = "Creating the incident …";

/// It is created. `link` leads to it; `trouble` is why it is not announced yet where the person was.
pub(crate) fn created(link: &Mrkdwn, trouble: Option<&str>) -> Mrkdwn {
    let text = Mrkdwn::own("You have created ").and(link).plus(".");
    match trouble {
        Some(trouble) => text
            .plus(" It can't be announced here yet: ")
            .and(&Mrkdwn::text(trouble).cut(500))
            .plus(" (NOT_ANNOUNCED)."),
        None => text,
    }
}

/// There is no service of this name, and which is close to it.
pub(crate) fn no_service(typed: &str, close: Option<&str>) -> Mrkdwn {
    let text = Mrkdwn::own("Nothing was done: there is no service \"")
        .and(&name(typed))
        .plus("\" (NOT_FOUND)");
    match close {
        Some(close) => text.plus(". Did you mean \"").and(&name(close)).plus("\"?"),
        None => text.plus("."),
    }
}

/// Several organisations have a service of this name: which there are.
pub(crate) fn several_services(typed: &str, full_names: &[String]) -> Mrkdwn {
    let text = Mrkdwn::own("Nothing was done: several of your organisations have a service \"")
        .and(&name(typed))
        .plus("\" (AMBIGUOUS_SERVICE). Say which one you mean: ");
    let mut names = full_names
        .iter()
        .map(|full| Mrkdwn::own("\"").and(&name(full)).plus("\""));
    let first = names.next().unwrap_or_default();
    names
        .fold(text.and(&first), |text, one| text.plus(" or ").and(&one))
        .plus(".")
}

/// In place of the name of an app that gives none, as the author of a message.
pub(crate) const AN_APP: &str = "an app";

/// What is wrong after `urgency:`.
pub(crate) const URGENCY_WRONG: &str = "the urgency is `high`, `medium` or `low`";

/// What is wrong after `severity:`.
pub(crate) const SEVERITY_WRONG: &str = "the severity is `sev1` to `sev5`";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        SHORTCUT,
        SHORTCUT_DOES,
        MESSAGE_SHORTCUT,
        MESSAGE_SHORTCUT_DOES,
        TITLE,
        SUBMIT,
        SERVICE_LABEL,
        TITLE_LABEL,
        DESCRIPTION_LABEL,
        URGENCY_LABEL,
        SEVERITY_LABEL,
        SERVICE_PLACEHOLDER,
        URGENCY_PLACEHOLDER,
        SEVERITY_PLACEHOLDER,
        SERVICE_HINT,
        CUT_HINT,
        TITLE_MISSING,
        TITLE_TOO_LONG,
        SERVICE_UNKNOWN,
        SERVICE_MISSING,
        CREATING,
        AN_APP,
        URGENCY_WRONG,
        SEVERITY_WRONG
    ];
    let full = ["Payments (Acme)", "Payments (Other)"].map(str::to_owned);
    all.extend(super::tests::made![
        created(&super::tests::link(), None),
        created(
            &super::tests::link(),
            Some("the bot is not in #ops. Type /invite @tocsin there")
        ),
        no_service("paymnets", Some("Payments")),
        no_service("<x>", None),
        several_services("payments", &full),
    ]);
    all
}
