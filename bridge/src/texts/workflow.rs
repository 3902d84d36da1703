//! The step for Slack's Workflow Builder: what it asks for, and why it could do nothing. Plain text.

/// The step's name.
pub(crate) const TITLE: &str = "Trigger incident";
/// What it does.
pub(crate) const DESCRIPTION: &str = "Triggers an incident in Tocsin";

/// An input or an output of the step.
pub(crate) const ABOUT_TITLE: &str = "What is wrong, in a line";
/// An input or an output of the step.
pub(crate) const ABOUT_DESCRIPTION: &str = "What is known";
/// An input or an output of the step.
pub(crate) const ABOUT_SERVICE: &str = "The service's name";
/// An input or an output of the step.
pub(crate) const ABOUT_URGENCY: &str = "high, medium or low";
/// An input or an output of the step.
pub(crate) const ABOUT_SEVERITY: &str = "SEV1 to SEV5";
/// An input or an output of the step.
pub(crate) const ABOUT_ASSIGNEE: &str = "Who is to work it";
/// An input or an output of the step.
pub(crate) const ABOUT_REPORTER: &str = "In whose name: the person who used this workflow";
/// An input or an output of the step.
pub(crate) const ABOUT_NUMBER: &str = "The incident's number";
/// An input or an output of the step.
pub(crate) const ABOUT_NAME: &str = "The incident's title";
/// An input or an output of the step.
pub(crate) const ABOUT_URL: &str = "The incident's page";

/// Nobody knows in whose name it may act.
pub(crate) const SAY_WHO: &str = "Set the step's Reporter to \"Person who used this workflow\": an incident is triggered in the name of a member.";

/// The incident has no title.
pub(crate) const NO_TITLE: &str = "The step's Title is empty: give the incident a title.";

/// The urgencies that there are.
pub(crate) const URGENCIES: &str = "HIGH, MEDIUM or LOW";
/// The severities that there are.
pub(crate) const SEVERITIES: &str = "SEV1 to SEV5";

/// An input is none of those that there are.
pub(crate) fn unknown_value(input: &str, given: &str, known: &str) -> String {
    format!("The step's {input} is \"{given}\": use {known}.")
}

/// The reporter is nobody in Slack.
pub(crate) fn no_person(reporter: &str) -> String {
    format!("The step's Reporter is \"{reporter}\", which is no person in Slack. {SAY_WHO}")
}

/// The reporter is a member no longer.
pub(crate) fn deactivated(reporter: &str) -> String {
    format!("{reporter} is deactivated in Tocsin (DEACTIVATED): have somebody else run the workflow.")
}

/// The reporter is no member.
pub(crate) fn no_member(reporter: &str, code: &str) -> String {
    format!(
        "No member in Tocsin has the email address of {reporter} ({code}): ask an administrator to add them."
    )
}

/// The reporter is a member of several organisations.
pub(crate) const AMBIGUOUS: &str =
    "The reporter is a member of several organisations (AMBIGUOUS_ORGANIZATION): name the Service.";

/// There is no such service.
pub(crate) fn no_service(service: &str) -> String {
    format!("There is no service \"{service}\": use its name as it is in Tocsin, or its id.")
}

/// There are several.
pub(crate) fn several_services(service: &str) -> String {
    format!(
        "Several of the reporter's organisations have a service \"{service}\" (AMBIGUOUS_ORGANIZATION): use its id."
    )
}

/// The assignee is no member.
pub(crate) fn no_assignee(assignee: &str) -> String {
    format!(
        "The step's Assignee ({assignee}) is no active member of the organisation: choose a member, or leave it empty."
    )
}

/// It can't be done, now or later.
pub(crate) fn failed(error: &str) -> String {
    format!("Tocsin could not trigger the incident: {error}")
}

/// It is done, and the manifest promises other outputs.
pub(crate) fn wrong_outputs(url: &str) -> String {
    format!(
        "The incident was triggered ({url}), but Slack does not accept the step's outputs: give the function the outputs incident_number, \
         incident_title and incident_url in the app's manifest."
    )
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        TITLE,
        DESCRIPTION,
        ABOUT_TITLE,
        ABOUT_DESCRIPTION,
        ABOUT_SERVICE,
        ABOUT_URGENCY,
        ABOUT_SEVERITY,
        ABOUT_ASSIGNEE,
        ABOUT_REPORTER,
        ABOUT_NUMBER,
        ABOUT_NAME,
        ABOUT_URL,
        SAY_WHO,
        NO_TITLE,
        URGENCIES,
        SEVERITIES,
        AMBIGUOUS
    ];
    all.extend(super::tests::made![
        unknown_value("Urgency", "huge", URGENCIES),
        no_person("x"),
        deactivated("Ada"),
        no_member("Ada", "NOT_LINKED"),
        no_service("paymnets"),
        several_services("payments"),
        no_assignee("bob@example.com"),
        failed("the id is malformed"),
        wrong_outputs(super::tests::URL),
    ]);
    all
}
