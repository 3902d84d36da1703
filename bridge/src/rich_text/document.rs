//! What a person wrote in Slack, whichever way Slack tells it: blocks of lines, before names are known.

use std::collections::{BTreeSet, HashMap};

use pulldown_cmark::{Event, Options, Parser, TagEnd};

/// A message's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Text(Vec<Inline>),
    /// What somebody else has said, or is marked as such.
    Quote(Vec<Block>),
    /// Markdown of an app's, which Slack shows as such.
    Markdown(String),
    Code {
        language: String,
        text: String,
    },
    /// A list, or a part of one: Slack tells a nested list as a sibling with a deeper indent.
    List {
        ordered: bool,
        indent: usize,
        first: u64,
        items: Vec<Vec<Inline>>,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "styles are independent of each other"
)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) strike: bool,
    pub(crate) code: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inline {
    pub(crate) what: InlineContent,
    pub(crate) style: Style,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InlineContent {
    /// Text, which may hold several lines.
    Text(String),
    Link {
        url: String,
        label: Option<String>,
    },
    /// A person, by Slack's id; the label is what the message itself calls them.
    Person {
        id: String,
        label: Option<String>,
    },
    Channel {
        id: String,
        label: Option<String>,
    },
    /// A group of people who are called together.
    Group {
        id: String,
        label: Option<String>,
    },
}

/// What ids are called.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownNames {
    pub(crate) people: HashMap<String, String>,
    pub(crate) channels: HashMap<String, String>,
    /// Handles, without their `@`.
    pub(crate) groups: HashMap<String, String>,
}

impl Inline {
    pub(crate) fn text(text: impl Into<String>, style: Style) -> Self {
        Self {
            what: InlineContent::Text(text.into()),
            style,
        }
    }

    /// What people see of it.
    pub(crate) fn shown(&self, names: &KnownNames) -> String {
        match &self.what {
            InlineContent::Text(text) => text.clone(),
            InlineContent::Link { url, label } => label.clone().unwrap_or_else(|| url.clone()),
            InlineContent::Person { id, label } => {
                format!("@{}", called(&names.people, id, label.as_deref()))
            }
            InlineContent::Channel { id, label } => {
                format!("#{}", called(&names.channels, id, label.as_deref()))
            }
            InlineContent::Group { id, label } => format!("@{}", called(&names.groups, id, label.as_deref())),
        }
    }
}

fn called<'a>(names: &'a HashMap<String, String>, id: &'a str, label: Option<&'a str>) -> &'a str {
    names
        .get(id)
        .map(String::as_str)
        .or(label)
        .filter(|name| !name.trim().is_empty())
        .unwrap_or(id)
}

impl Document {
    /// Its first line, as people see it.
    pub(crate) fn first_line(&self, names: &KnownNames) -> Option<String> {
        self.blocks.iter().find_map(|block| block.first_line(names))
    }

    /// The ids of the people it mentions.
    pub(crate) fn people(&self) -> BTreeSet<&str> {
        self.ids(|what| match what {
            InlineContent::Person { id, .. } => Some(id),
            InlineContent::Text(_)
            | InlineContent::Link { .. }
            | InlineContent::Channel { .. }
            | InlineContent::Group { .. } => None,
        })
    }

    /// The ids of the channels it mentions.
    pub(crate) fn channels(&self) -> BTreeSet<&str> {
        self.ids(|what| match what {
            InlineContent::Channel { id, .. } => Some(id),
            InlineContent::Text(_)
            | InlineContent::Link { .. }
            | InlineContent::Person { .. }
            | InlineContent::Group { .. } => None,
        })
    }

    /// The ids of the groups that it mentions without saying what they are called.
    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        self.ids(|what| match what {
            InlineContent::Group { id, label: None } => Some(id),
            InlineContent::Text(_)
            | InlineContent::Link { .. }
            | InlineContent::Person { .. }
            | InlineContent::Channel { .. }
            | InlineContent::Group { .. } => None,
        })
    }

    fn ids(&self, of: impl Fn(&InlineContent) -> Option<&String>) -> BTreeSet<&str> {
        self.blocks
            .iter()
            .flat_map(Block::inlines)
            .filter_map(|inline| of(&inline.what))
            .map(String::as_str)
            .collect()
    }
}

impl Block {
    /// The same without its styles.
    pub(crate) fn unstyled(&self) -> Self {
        let unstyled = |inlines: &Vec<Inline>| -> Vec<Inline> {
            let bare = |inline: &Inline| Inline {
                what: inline.what.clone(),
                style: Style::default(),
            };
            inlines.iter().map(bare).collect()
        };
        match self {
            Self::Text(inlines) => Self::Text(unstyled(inlines)),
            Self::Quote(blocks) => Self::Quote(blocks.iter().map(Self::unstyled).collect()),
            Self::List {
                ordered,
                indent,
                first,
                items,
            } => Self::List {
                ordered: *ordered,
                indent: *indent,
                first: *first,
                items: items.iter().map(unstyled).collect(),
            },
            Self::Code { .. } | Self::Markdown(_) => self.clone(),
        }
    }

    pub(crate) fn inlines(&self) -> Box<dyn Iterator<Item = &Inline> + '_> {
        match self {
            Self::Text(inlines) => Box::new(inlines.iter()),
            Self::Quote(blocks) => Box::new(blocks.iter().flat_map(Self::inlines)),
            Self::List { items, .. } => Box::new(items.iter().flatten()),
            Self::Code { .. } | Self::Markdown(_) => Box::new(std::iter::empty()),
        }
    }

    /// Whether there is nothing to be seen.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Code { text, .. } | Self::Markdown(text) => text.trim().is_empty(),
            Self::Quote(blocks) => blocks.iter().all(Self::is_empty),
            Self::Text(_) | Self::List { .. } => self
                .inlines()
                .all(|inline| matches!(&inline.what, InlineContent::Text(text) if text.trim().is_empty())),
        }
    }

    fn first_line(&self, names: &KnownNames) -> Option<String> {
        let text = match self {
            Self::Code { text, .. } => text.clone(),
            Self::Markdown(text) => plain(text),
            Self::Quote(blocks) => return blocks.iter().find_map(|block| block.first_line(names)),
            Self::Text(inlines) => shown(inlines, names),
            Self::List { items, .. } => {
                let items: Vec<_> = items.iter().map(|item| shown(item, names)).collect();
                items.join("\n")
            }
        };
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| !line.is_empty()).map(str::to_owned)
    }
}

fn shown(inlines: &[Inline], names: &KnownNames) -> String {
    inlines.iter().map(|inline| inline.shown(names)).collect()
}

/// Markdown without its marks.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        if let Event::Text(part) | Event::Code(part) = event {
            text.push_str(&part);
        } else if matches!(
            event,
            Event::SoftBreak
                | Event::HardBreak
                | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item)
        ) {
            text.push('\n');
        }
    }
    text
}
