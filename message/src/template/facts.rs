//! What templates can show of an incident.

use minijinja::{Value, context};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::{
    filters::{self, MARKDOWN_MAX},
    seal,
};
use crate::markdown::escape;

/// Most tags and assignees that are shown.
const LIST_MAX: usize = 50;

/// Longest line of what is shown, in characters.
const LINE_MAX: usize = 250;

/// A variable of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// How it may be used.
    pub example: &'static str,
}

const fn variable(name: &'static str, description: &'static str, example: &'static str) -> Variable {
    Variable {
        name,
        description,
        example,
    }
}

/// All variables that there are.
pub const VARIABLES: &[Variable] = &[
    variable(
        "incident.number",
        "The incident's number in its organisation.",
        "{{ incident.number }}",
    ),
    variable(
        "incident.key",
        "The number as people say it.",
        "{{ incident.key }}",
    ),
    variable(
        "incident.title",
        "The title.",
        "{{ incident.title | truncate(80) }}",
    ),
    variable(
        "incident.description",
        "The first 600 characters of the description, as mrkdwn.",
        "{{ incident.description }}",
    ),
    variable(
        "incident.description_markdown",
        "The whole description, in Markdown.",
        "{{ incident.description_markdown | markdown(2000) }}",
    ),
    variable(
        "incident.status",
        "`Triggered`, `Acknowledged` or `Resolved`.",
        "{% if incident.status == \"Resolved\" %}Over.{% endif %}",
    ),
    variable(
        "incident.status_emoji",
        "An emoji for the status.",
        "{{ incident.status_emoji }}",
    ),
    variable(
        "incident.urgency",
        "`High`, `Medium` or `Low`.",
        "{{ incident.urgency | upper }}",
    ),
    variable(
        "incident.severity",
        "`SEV1` to `SEV5`, or nothing.",
        "{{ incident.severity | default(\"no severity\") }}",
    ),
    variable(
        "incident.url",
        "Its address.",
        "<{{ incident.url }}|{{ incident.key }}>",
    ),
    variable(
        "incident.assignees",
        "The names of those it is assigned to, a list.",
        "{{ incident.assignees | join(\", \") }}",
    ),
    variable(
        "incident.tags",
        "Its tags, by their keys.",
        "{{ incident.tags.region | default(\"everywhere\") }}",
    ),
    variable(
        "incident.tag_list",
        "Its tags, a list of `key` and `value`.",
        "{% for tag in incident.tag_list %}{{ tag.key }}: {{ tag.value }} {% endfor %}",
    ),
    variable(
        "incident.triggered_at",
        "When it was triggered.",
        "{{ incident.triggered_at | date }}",
    ),
    variable(
        "incident.triggered_by",
        "Who triggered it, or nothing.",
        "{{ incident.triggered_by }}",
    ),
    variable(
        "incident.acknowledged_at",
        "When it was acknowledged, or nothing.",
        "{{ incident.acknowledged_at | ago }}",
    ),
    variable(
        "incident.acknowledged_by",
        "Who acknowledged it, or nothing.",
        "{{ incident.acknowledged_by }}",
    ),
    variable(
        "incident.resolved_at",
        "When it was resolved, or nothing.",
        "{{ incident.resolved_at | date }}",
    ),
    variable(
        "incident.resolved_by",
        "Who resolved it, or nothing.",
        "{{ incident.resolved_by }}",
    ),
    variable(
        "service.name",
        "The service whose incident it is.",
        "<https://wiki.example.com/{{ service.name }}|Runbook>",
    ),
    variable(
        "organization.name",
        "The organisation.",
        "{{ organization.name }}",
    ),
];

/// Whether a template may name that.
pub(super) fn is_known(name: &str) -> bool {
    let within = |whole: &str, part: &str| whole.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'));
    within(name, "incident.tags")
        || VARIABLES
            .iter()
            .any(|known| known.name == name || within(known.name, name))
}

/// An incident as templates see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "VARIABLES tells what they are")]
pub struct TemplateFacts {
    pub number: i64,
    pub title: String,
    pub description_markdown: String,
    pub status: String,
    pub status_emoji: String,
    pub urgency: String,
    pub severity: Option<String>,
    pub url: String,
    pub service: String,
    pub organization: String,
    pub assignees: Vec<String>,
    pub tags: Vec<(String, String)>,
    pub triggered_at: OffsetDateTime,
    pub triggered_by: Option<String>,
    pub acknowledged_at: Option<OffsetDateTime>,
    pub acknowledged_by: Option<String>,
    pub resolved_at: Option<OffsetDateTime>,
    pub resolved_by: Option<String>,
}

#[derive(Serialize)]
struct Tag {
    key: String,
    value: String,
}

impl TemplateFacts {
    pub(super) fn values(&self) -> Value {
        let tags = self.tags.iter().take(LIST_MAX);
        let by_key: std::collections::BTreeMap<_, _> = tags
            .clone()
            .map(|(key, value)| (line(key), line(value)))
            .collect();
        let list: Vec<_> = tags
            .map(|(key, value)| Tag {
                key: line(key),
                value: line(value),
            })
            .collect();
        let assignees: Vec<_> = self
            .assignees
            .iter()
            .take(LIST_MAX)
            .map(|name| line(name))
            .collect();
        let description = filters::shown(&self.description_markdown, MARKDOWN_MAX, Some(&self.url));
        context! {
            incident => context! {
                number => self.number,
                key => format!("#{}", self.number),
                title => line(&self.title),
                description => Value::from_safe_string(seal::foreign(&description)),
                description_markdown => seal::unmarked(&self.description_markdown),
                status => line(&self.status),
                status_emoji => line(&self.status_emoji),
                urgency => line(&self.urgency),
                severity => maybe(self.severity.as_ref()),
                url => address(&self.url),
                assignees => assignees,
                tags => by_key,
                tag_list => list,
                triggered_at => moment(Some(self.triggered_at)),
                triggered_by => maybe(self.triggered_by.as_ref()),
                acknowledged_at => moment(self.acknowledged_at),
                acknowledged_by => maybe(self.acknowledged_by.as_ref()),
                resolved_at => moment(self.resolved_at),
                resolved_by => maybe(self.resolved_by.as_ref()),
            },
            service => context! { name => line(&self.service) },
            organization => context! { name => line(&self.organization) },
        }
    }

    /// An incident that has everything.
    pub fn full() -> Self {
        let text = str::to_owned;
        Self {
            number: 42,
            title: text("Payments are failing"),
            description_markdown: text(
                "**Checkout** answers 500 since the [last deploy](https://ci.example.com/7).",
            ),
            status: text("Resolved"),
            status_emoji: text(":white_check_mark:"),
            urgency: text("High"),
            severity: Some(text("SEV1")),
            url: text("https://tocsin.example.com/incidents/42"),
            service: text("Payments"),
            organization: text("Example"),
            assignees: vec![text("Alice"), text("Bob")],
            tags: vec![(text("region"), text("eu")), (text("team"), text("payments"))],
            triggered_at: datetime!(2026-11-20 22:36:07 UTC),
            triggered_by: Some(text("Carol")),
            acknowledged_at: Some(datetime!(2026-11-20 22:38:00 UTC)),
            acknowledged_by: Some(text("Alice")),
            resolved_at: Some(datetime!(2026-11-20 23:01:00 UTC)),
            resolved_by: Some(text("Bob")),
        }
    }

    /// An incident that has only what each has.
    pub fn sparse() -> Self {
        Self {
            description_markdown: String::new(),
            status: "Triggered".to_owned(),
            status_emoji: ":rotating_light:".to_owned(),
            severity: None,
            assignees: Vec::new(),
            tags: Vec::new(),
            triggered_by: None,
            acknowledged_at: None,
            acknowledged_by: None,
            resolved_at: None,
            resolved_by: None,
            ..Self::full()
        }
    }

    /// An incident whose texts try to be more than text.
    pub fn hostile() -> Self {
        let bad = "<!channel> <https://evil.example|x> {{ 7 }} *_~`&|> ".repeat(6);
        Self {
            title: bad.clone(),
            description_markdown: bad.repeat(60),
            service: bad.clone(),
            organization: bad.clone(),
            assignees: vec![bad.clone(); LIST_MAX],
            tags: vec![(bad.clone(), bad.clone()); LIST_MAX],
            triggered_by: Some(bad.clone()),
            acknowledged_by: Some(bad.clone()),
            resolved_by: Some(bad),
            ..Self::full()
        }
    }
}

fn line(text: &str) -> String {
    crate::mrkdwn::cut_plain(&seal::unmarked(text), LINE_MAX)
}

fn maybe(text: Option<&String>) -> Option<String> {
    text.map(|text| line(text))
}

fn moment(at: Option<OffsetDateTime>) -> Option<String> {
    at.and_then(|at| at.format(&Rfc3339).ok())
}

/// The incident's own address, which may stand where a template makes a link.
fn address(url: &str) -> Value {
    let url: String = seal::unmarked(url)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let url = url.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
    Value::from_safe_string(escape(&url))
}
