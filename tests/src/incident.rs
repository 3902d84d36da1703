//! An incident as the API tells it.

use serde::Deserialize;

/// What [`Incident`] is read with.
pub(crate) const FIELDS: &str = "id number title status urgency version url
    acknowledgedBy { email } resolvedBy { email }
    timeline(first: 100) { nodes { id kind source bodyMarkdown author { name email } } }
    deliveries { kind connector channel state attempts lastError lagMilliseconds }";

/// An incident that was just triggered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Triggered {
    /// `inc_…`
    pub id: String,
    /// What people call it.
    pub number: i64,
    /// Its page.
    pub url: String,
}

/// An incident as it is now.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// `inc_…`
    pub id: String,
    /// What people call it.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// `TRIGGERED`, `ACKNOWLEDGED` or `RESOLVED`.
    pub status: String,
    /// Grows with each change.
    pub version: i64,
    /// Who has it.
    pub acknowledged_by: Option<Person>,
    /// Who ended it.
    pub resolved_by: Option<Person>,
    timeline: Nodes,
    /// How far Slack has come.
    pub deliveries: Vec<Delivery>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// The address.
    pub email: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Nodes {
    nodes: Vec<Entry>,
}

/// Something on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// `TRIGGERED`, `COMMENT` and so on.
    pub kind: String,
    /// `API`, `SLACK` and so on.
    pub source: String,
    /// What was said.
    pub body_markdown: Option<String>,
    /// Who did it.
    pub author: Option<Author>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Author {
    /// The name shown.
    pub name: String,
    /// The address, of members alone.
    pub email: Option<String>,
}

/// A message in Slack about the incident.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// `ROOT`, `REPLY`, `UNFURL` or `DIGEST`.
    pub kind: String,
    /// The connector's name.
    pub connector: String,
    /// The channel's name.
    pub channel: String,
    /// `POSTED`, `RETRYING` and so on.
    pub state: String,
    /// Tries of the present content.
    pub attempts: i64,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// From the change to Slack having it.
    pub lag_milliseconds: Option<i64>,
}

impl Incident {
    /// Its timeline, oldest first.
    pub fn timeline(&self) -> &[Entry] {
        &self.timeline.nodes
    }

    /// What kinds of entries it has, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.timeline().iter().map(|entry| entry.kind.as_str()).collect()
    }

    /// The comments, in order.
    pub fn comments(&self) -> Vec<&str> {
        let comments = self.timeline().iter().filter(|entry| entry.kind == "COMMENT");
        comments
            .map(|entry| entry.body_markdown.as_deref().unwrap_or_default())
            .collect()
    }

    /// The comment that says this.
    pub fn comment(&self, body: &str) -> Option<&Entry> {
        let mut entries = self.timeline().iter();
        entries.find(|entry| entry.kind == "COMMENT" && entry.body_markdown.as_deref() == Some(body))
    }

    /// The delivery of its own message.
    pub fn root_delivery(&self) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.kind == "ROOT")
    }
}

impl Entry {
    /// The author's address.
    pub fn email(&self) -> Option<&str> {
        self.author.as_ref()?.email.as_deref()
    }
}
