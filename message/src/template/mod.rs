//! Templates: an organisation's own words for an incident's message, written in a small part of Jinja.
//!
//! Whoever writes one is an administrator, and may use mrkdwn; what it shows of an incident is foreign, and never becomes markup: see
//! `seal`. Whatever it says, rendering ends soon and stays small: steps, nesting and output are limited, and nothing that could grow
//! a value is part of the language: see `syntax`.

mod facts;
mod filters;
mod seal;
mod syntax;
#[cfg(test)]
mod tests;

use std::{fmt, io};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, value::ValueKind,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use self::facts::{TemplateFacts, VARIABLES, Variable};
pub use crate::blocks::FIELDS_MAX;
use crate::{
    blocks::{self, SECTION_MAX},
    mrkdwn::Mrkdwn,
};

/// What the link to the whole of a cut text says.
const READ_MORE: &str = "Read more";

/// Longest source of a part, in characters.
pub const SOURCE_MAX: usize = 3_000;

/// Most steps of the engine for one part.
const FUEL: u64 = 5_000;

/// Deepest nesting.
const NESTING_MAX: usize = 20;

/// Most bytes that a part may come to before it is cut to what Slack takes.
const OUTPUT_MAX: usize = 200_000;

/// The parts of a message that a template gives; the default stands for those that it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// What stands above the coloured part.
    pub title: Option<String>,
    /// The text in the coloured part.
    pub body: Option<String>,
    /// The facts in two columns.
    pub fields: Option<Vec<TemplateField>>,
}

/// A fact: what it is called, and what it says. One that says nothing is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateField {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// The title where a template gives none.
pub const DEFAULT_TITLE: &str = "<{{ incident.url }}|{{ incident.key }} {{ incident.title }}>";

/// The body where a template gives none.
pub const DEFAULT_BODY: &str = "{{ incident.description }}";

/// The fields where a template gives none.
pub const DEFAULT_FIELDS: &[(&str, &str)] = &[
    ("Status", "{{ incident.status_emoji }} {{ incident.status }}"),
    ("Urgency", "{{ incident.urgency }}"),
    ("Service", "{{ service.name }}"),
    ("Severity", "{{ incident.severity }}"),
    ("Assigned to", "{{ incident.assignees | join(\", \") }}"),
    ("Acknowledged by", "{{ incident.acknowledged_by }}"),
    ("Resolved by", "{{ incident.resolved_by }}"),
    ("Triggered", "{{ incident.triggered_at | date }}"),
];

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The part: `title`, `body`, `fields`, `fields.0.name`, `fields.0.value`, …
    pub part: String,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// What is wrong, for people.
    pub message: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.part, self.message),
            None => write!(f, "{}: {}", self.part, self.message),
        }
    }
}

/// What a template says of an incident, as blocks within Slack's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedTemplate {
    /// What stands for the message in notifications.
    pub text: String,
    /// What stands above the coloured part.
    pub title: Json,
    /// The coloured part: fields, and then the body.
    pub body: Vec<Json>,
}

impl Template {
    /// All that is wrong with it, whatever the incident: its syntax, its variables, its size, and how it does with incidents of all sorts.
    pub fn problems(&self) -> Vec<TemplateProblem> {
        let mut problems = self.malformed();
        if problems.is_empty() {
            let samples = [
                TemplateFacts::full(),
                TemplateFacts::sparse(),
                TemplateFacts::hostile(),
            ];
            problems = samples
                .iter()
                .filter_map(|facts| self.render(facts).err())
                .collect();
            problems.dedup();
        }
        problems
    }

    fn malformed(&self) -> Vec<TemplateProblem> {
        let mut problems: Vec<_> = self
            .parts()
            .iter()
            .filter_map(|(part, source)| check(part, source).err())
            .collect();
        if self
            .fields
            .as_ref()
            .is_some_and(|fields| fields.len() > FIELDS_MAX)
        {
            problems.push(problem(
                "fields",
                format!("Slack shows at most {FIELDS_MAX} fields."),
            ));
        }
        problems
    }

    fn parts(&self) -> Vec<(String, &str)> {
        let title = self.title.as_deref().unwrap_or(DEFAULT_TITLE);
        let body = self.body.as_deref().unwrap_or(DEFAULT_BODY);
        let mut parts = vec![("title".to_owned(), title), ("body".to_owned(), body)];
        for (index, (name, value)) in self.pairs().into_iter().enumerate() {
            parts.push((format!("fields.{index}.name"), name));
            parts.push((format!("fields.{index}.value"), value));
        }
        parts
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        match &self.fields {
            Some(fields) => fields
                .iter()
                .map(|field| (field.name.as_str(), field.value.as_str()))
                .collect(),
            None => DEFAULT_FIELDS.to_vec(),
        }
    }

    /// What it says of an incident.
    ///
    /// # Errors
    /// With the first part that could not be rendered.
    pub fn render(&self, facts: &TemplateFacts) -> Result<RenderedTemplate, TemplateProblem> {
        if let Some(problem) = self.malformed().into_iter().next() {
            return Err(problem);
        }
        let values = facts.values();
        let mut rendered = Vec::new();
        for (part, source) in self.parts() {
            rendered.push(render(&part, source, &values)?);
        }
        let mut rendered = rendered.into_iter();
        let mut title = rendered.next().unwrap_or_default();
        if title.is_empty() {
            // A message without a title would have nothing to be known by.
            title = render("title", DEFAULT_TITLE, &values)?;
        }
        let text = rendered.next().unwrap_or_default();
        let url = &facts.url;
        let mut facts = Vec::new();
        while let (Some(name), Some(value)) = (rendered.next(), rendered.next()) {
            if !value.is_empty() {
                facts.push(if name.is_empty() {
                    value
                } else {
                    name.bold().plus("\n").and(&value)
                });
            }
        }
        let mut body = Vec::new();
        if !facts.is_empty() {
            body.push(blocks::fields(facts));
        }
        if !text.is_empty() {
            body.push(blocks::section(text.whole_at(url, READ_MORE)));
        }
        Ok(RenderedTemplate {
            text: blocks::fallback(title.clone()),
            title: blocks::section(title.fit(SECTION_MAX)),
            body,
        })
    }
}

fn problem(part: &str, message: String) -> TemplateProblem {
    TemplateProblem {
        part: part.to_owned(),
        line: None,
        message,
    }
}

/// Compiles a part, and looks whether there is all that it names.
fn check(part: &str, source: &str) -> Result<(), TemplateProblem> {
    let length = source.chars().count();
    if length > SOURCE_MAX {
        let message = format!("It has {length} characters; at most {SOURCE_MAX} are allowed.");
        return Err(problem(part, message));
    }
    syntax::check(source).map_err(|(line, message)| TemplateProblem {
        part: part.to_owned(),
        line: Some(line),
        message,
    })?;
    let environment = environment();
    let template = environment
        .template_from_named_str(part, source)
        .map_err(|error| of_error(part, &error))?;
    let mut unknown: Vec<_> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|name| !facts::is_known(name))
        .collect();
    unknown.sort();
    match unknown.first() {
        Some(name) => Err(TemplateProblem {
            part: part.to_owned(),
            line: source
                .lines()
                .position(|line| line.contains(name.as_str()))
                .map(|index| index + 1),
            message: format!("There is no variable `{name}`."),
        }),
        None => Ok(()),
    }
}

fn render(part: &str, source: &str, values: &Value) -> Result<Mrkdwn, TemplateProblem> {
    let environment = environment();
    let mut page = Page(Vec::new());
    environment
        .template_from_named_str(part, source)
        .and_then(|template| template.render_captured_to(values, &mut page).map(|_| ()))
        .map_err(|error| of_error(part, &error))?;
    let text = String::from_utf8_lossy(&page.0);
    Ok(Mrkdwn::recorded(seal::seal(&text).trim().to_owned()))
}

/// What is written, up to the limit.
struct Page(Vec<u8>);

impl io::Write for Page {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.0.len() + text.len() > OUTPUT_MAX {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of_error(part: &str, error: &Error) -> TemplateProblem {
    let message = if error.kind() == ErrorKind::OutOfFuel {
        "It takes too many steps.".to_owned()
    } else if error.kind() == ErrorKind::WriteFailure {
        format!("It comes to more than {OUTPUT_MAX} bytes.")
    } else if let Some(detail) = error.detail() {
        format!("{}: {detail}", error.kind())
    } else {
        error.kind().to_string()
    };
    TemplateProblem {
        part: part.to_owned(),
        line: error.line(),
        message,
    }
}

/// An engine with nothing in it but what is documented.
fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(NESTING_MAX);
    // What an incident lacks is empty; names that no incident has are found when a template is saved.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("mrkdwn"));
    environment.set_formatter(write);
    filters::add(&mut environment);
    environment
}

/// Writes a value: what our own filters made stands as it is, anything else is foreign.
fn write(out: &mut Output, _: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    if let Some(text) = value.as_str() {
        return if value.is_safe() {
            out.write_str(text)
        } else {
            out.write_str(&seal::foreign(&Mrkdwn::text(&seal::unmarked(text))))
        }
        .map_err(Error::from);
    }
    if matches!(value.kind(), ValueKind::Number | ValueKind::Bool) {
        return out.write_str(&value.to_string()).map_err(Error::from);
    }
    Err(Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "a {} cannot be shown as it is; `join` makes a text of a list",
            value.kind()
        ),
    ))
}
