//! What a person typed after the command. Pure.
//!
//! People type as their keyboards let them: with smart quotes, hard blanks, capitals, and numbers with or without a hash. What Slack
//! made of mentions and addresses (`<@U…|name>`, `<mailto:…|…>`) is read back.

use time::Duration;
use tocsin_entity::kinds::{IncidentStatus, Severity, Urgency};

use super::verb::Verb;

/// The longest snooze, as the API allows.
pub(crate) const SNOOZE_MAX: Duration = Duration::days(30);

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Create(Given),
    List(Filters),
    Show(i64),
    Act { number: i64, deed: Deed },
    Status,
    WhoAmI,
    Link,
    Unlink,
}

/// What is to be done to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Acknowledge,
    /// With a note, as Slack told it.
    Resolve {
        note: Option<String>,
    },
    Note {
        text: String,
    },
    Assign {
        to: Vec<Assignee>,
    },
    Snooze {
        pause: Duration,
    },
}

impl Deed {
    /// The subcommand that does it.
    pub(crate) fn verb(&self) -> Verb {
        match self {
            Self::Acknowledge => Verb::Acknowledge,
            Self::Resolve { .. } => Verb::Resolve,
            Self::Note { .. } => Verb::Note,
            Self::Assign { .. } => Verb::Assign,
            Self::Snooze { .. } => Verb::Snooze,
        }
    }
}

/// Whom a person named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assignee {
    Me,
    /// By Slack's id.
    Slack(String),
    Email(String),
    /// As typed, without the `@`.
    Name(String),
}

/// What is known of an incident to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) title: Option<String>,
    /// By name.
    pub(crate) service: Option<String>,
    pub(crate) urgency: Option<Urgency>,
    pub(crate) severity: Option<Severity>,
}

/// Which incidents are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    pub(crate) mine: bool,
    /// Resolved ones too.
    pub(crate) all: bool,
    pub(crate) statuses: Vec<IncidentStatus>,
    pub(crate) urgencies: Vec<Urgency>,
    pub(crate) severities: Vec<Severity>,
    /// By name.
    pub(crate) service: Option<String>,
}

/// Why it can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misread {
    Unknown { word: String, close: Option<Verb> },
    Wrong { verb: Verb, why: String },
}

/// Reads what was typed. Nothing is a call for help.
pub(crate) fn parse(text: &str) -> Result<Command, Misread> {
    let (word, rest) = first_word(text);
    if word.is_empty() {
        return Ok(Command::Help);
    }
    let Some(verb) = Verb::named(word) else {
        return Err(Misread::Unknown {
            word: word.chars().take(60).collect(),
            close: Verb::close_to(word),
        });
    };
    let wrong = |why: &str| Misread::Wrong {
        verb,
        why: why.to_owned(),
    };
    let of_incident = || numbered(rest).ok_or_else(|| wrong("it needs the incident's number"));
    Ok(match verb {
        Verb::Help => Command::Help,
        Verb::Status => Command::Status,
        Verb::WhoAmI => Command::WhoAmI,
        Verb::Link => Command::Link,
        Verb::Unlink => Command::Unlink,
        Verb::Create => Command::Create(given(rest)?),
        Verb::List => Command::List(filters(rest)?),
        Verb::Show => Command::Show(of_incident()?.0),
        Verb::Acknowledge | Verb::Resolve | Verb::Note | Verb::Assign | Verb::Snooze => {
            let (number, rest) = of_incident()?;
            let deed = deed(verb, rest).map_err(wrong)?;
            Command::Act { number, deed }
        }
    })
}

/// What is to be done, by all that follows the incident's number, or where there is no number to give.
pub(crate) fn deed(verb: Verb, rest: &str) -> Result<Deed, &'static str> {
    let text = unquoted(rest).to_owned();
    Ok(match verb {
        Verb::Acknowledge => Deed::Acknowledge,
        Verb::Resolve => Deed::Resolve {
            note: Some(text).filter(|note| !note.is_empty()),
        },
        Verb::Note if text.is_empty() => return Err("the note is empty"),
        Verb::Note => Deed::Note { text },
        Verb::Assign => match assignees(rest) {
            to if to.is_empty() => return Err("it needs somebody to give the incident to"),
            to => Deed::Assign { to },
        },
        Verb::Snooze => match pause(rest) {
            Some(pause) if pause > SNOOZE_MAX => return Err("30 days are the most"),
            Some(pause) => Deed::Snooze { pause },
            None => return Err("it needs a time such as `30m`, `2h` or `1d`"),
        },
        Verb::Help
        | Verb::Create
        | Verb::List
        | Verb::Show
        | Verb::Status
        | Verb::WhoAmI
        | Verb::Link
        | Verb::Unlink => return Err("it is not about one incident"),
    })
}

/// Blanks of any kind, and characters that nobody sees.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The first word, and all that follows.
pub(crate) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_matches(is_blank);
    match text.find(is_blank) {
        Some(at) => (&text[..at], text[at..].trim_matches(is_blank)),
        None => (text, ""),
    }
}

/// Straight quotes for all kinds of them.
fn straight(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '＂' => '"',
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        c => c,
    }
}

/// Without the quotes around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim_matches(is_blank);
    let mut chars = text.chars();
    let (first, last) = (chars.next().map(straight), chars.next_back().map(straight));
    let inner = chars.as_str();
    if first == Some('"') && last == Some('"') && !inner.chars().any(|c| straight(c) == '"') {
        inner.trim_matches(is_blank)
    } else {
        text
    }
}

/// A number from 1 on, with or without its hash, and what follows.
fn numbered(rest: &str) -> Option<(i64, &str)> {
    let (word, rest) = first_word(rest);
    let digits = word.strip_prefix(['#', '＃']).unwrap_or(word);
    let (digits, rest) = if digits.is_empty() {
        first_word(rest)
    } else {
        (digits, rest)
    };
    let digits = digits.trim_end_matches([',', ':', '.']);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    (number > 0).then(|| (i64::from(number), rest))
}

/// Words, of which quoted ones may have blanks in them: `service:"Payments API"`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in text.chars() {
        match straight(c) {
            '"' => quoted = !quoted,
            c if is_blank(c) && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// As plain text: of what Slack made of a mention, a channel or an address, what people see.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside, after)) = rest.split_once('<').and_then(|(before, rest)| {
        rest.split_once('>')
            .map(|(inside, after)| (before, inside, after))
    }) {
        out.push_str(before);
        let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
        let sign = match target.chars().next() {
            Some(sign @ ('@' | '#')) => Some(sign),
            Some(_) | None => None,
        };
        if label.is_empty() {
            out.push_str(target);
        } else {
            out.extend(sign.filter(|sign| !label.starts_with(*sign)));
            out.push_str(label);
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn urgency(word: &str) -> Option<Urgency> {
    match word.to_lowercase().as_str() {
        "high" => Some(Urgency::High),
        "medium" => Some(Urgency::Medium),
        "low" => Some(Urgency::Low),
        _ => None,
    }
}

fn severity(word: &str) -> Option<Severity> {
    let word = word.to_lowercase();
    match word.strip_prefix("sev").unwrap_or(&word).trim_start_matches('-') {
        "1" => Some(Severity::Sev1),
        "2" => Some(Severity::Sev2),
        "3" => Some(Severity::Sev3),
        "4" => Some(Severity::Sev4),
        "5" => Some(Severity::Sev5),
        _ => None,
    }
}

/// A name and a value, as in `service:api`.
fn option(word: &str) -> Option<(String, &str)> {
    let (name, value) = word.split_once([':', '='])?;
    let name = name.to_lowercase();
    let is_known = matches!(name.as_str(), "service" | "urgency" | "severity");
    is_known.then_some((name, value.trim_matches(is_blank)))
}

fn given(rest: &str) -> Result<Given, Misread> {
    let wrong = |why: &str| Misread::Wrong {
        verb: Verb::Create,
        why: why.to_owned(),
    };
    let mut given = Given::default();
    let has_options = words(rest).iter().any(|word| option(word).is_some());
    if !has_options {
        given.title = Some(plain(unquoted(rest))).filter(|title| !title.is_empty());
        return Ok(given);
    }
    let mut title = Vec::new();
    for word in words(rest) {
        match option(&word) {
            Some((name, value)) if name == "service" => {
                given.service = Some(plain(value)).filter(|service| !service.is_empty());
            }
            Some((name, value)) if name == "urgency" => {
                let urgency =
                    urgency(value).ok_or_else(|| wrong("the urgency is `high`, `medium` or `low`"))?;
                given.urgency = Some(urgency);
            }
            Some((_, value)) => {
                let severity = severity(value).ok_or_else(|| wrong("the severity is `sev1` to `sev5`"))?;
                given.severity = Some(severity);
            }
            None => title.push(word),
        }
    }
    given.title = Some(plain(&title.join(" "))).filter(|title| !title.is_empty());
    Ok(given)
}

fn filters(rest: &str) -> Result<Filters, Misread> {
    let mut filters = Filters::default();
    for word in words(rest) {
        let lower = word.to_lowercase();
        let (name, value) = option(&word).unwrap_or((String::new(), word.as_str()));
        match (name.as_str(), lower.as_str()) {
            ("service", _) => filters.service = Some(plain(value)).filter(|service| !service.is_empty()),
            (_, "mine" | "my") => filters.mine = true,
            (_, "all") => filters.all = true,
            (_, "open") => {}
            (_, "triggered") => filters.statuses.push(IncidentStatus::Triggered),
            (_, "acknowledged" | "acked") => filters.statuses.push(IncidentStatus::Acknowledged),
            (_, "resolved") => filters.statuses.push(IncidentStatus::Resolved),
            _ => match (urgency(value), severity(value)) {
                (Some(urgency), _) if name != "severity" => filters.urgencies.push(urgency),
                (_, Some(severity))
                    if name != "urgency" && (!name.is_empty() || lower.starts_with("sev")) =>
                {
                    filters.severities.push(severity);
                }
                _ => {
                    let word: String = word.chars().take(60).collect();
                    return Err(Misread::Wrong {
                        verb: Verb::List,
                        why: format!("there is no filter \"{word}\""),
                    });
                }
            },
        }
    }
    Ok(filters)
}

/// `30m`, `2h`, `1d`, `1h30m`, `45 minutes`.
fn pause(text: &str) -> Option<Duration> {
    let text: String = unquoted(text)
        .chars()
        .filter(|c| !is_blank(*c))
        .flat_map(char::to_lowercase)
        .collect();
    let mut rest = text.strip_prefix("for").unwrap_or(&text);
    let mut pause = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = match &rest[..unit] {
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        pause = pause.checked_add(Duration::seconds(count.checked_mul(seconds)?))?;
        rest = &rest[unit..];
    }
    pause.is_positive().then_some(pause)
}

/// The people who are named; each but the first begins with `@`, is a mention or an address.
fn assignees(rest: &str) -> Vec<Assignee> {
    let mut found: Vec<Assignee> = Vec::new();
    let mut begins = true;
    // A mention may carry a name with blanks in it: `<@U1|ada lovelace>`.
    for word in spaced_mentions(rest) {
        let ends_with_comma = word.ends_with(',');
        let bare = word.trim_matches([',', ';', '"', '\'']);
        match assignee(bare) {
            Some(Assignee::Name(name)) if !begins && !bare.starts_with('@') => match found.last_mut() {
                // A name of several words.
                Some(Assignee::Name(before)) => *before = format!("{before} {name}"),
                _ if name == "and" || name == "to" => {}
                _ => found.push(Assignee::Name(name)),
            },
            Some(Assignee::Name(name)) if name == "to" && !bare.starts_with('@') => {}
            Some(assignee) => found.push(assignee),
            None => {}
        }
        begins = ends_with_comma || found.is_empty();
    }
    found
}

fn spaced_mentions(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut inside) = (String::new(), false);
    for c in text.chars().map(straight) {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ => {}
        }
        if is_blank(c) && !inside {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn assignee(word: &str) -> Option<Assignee> {
    if let Some(inside) = word.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        let target = inside.split('|').next().unwrap_or(inside);
        if let Some(id) = target.strip_prefix('@') {
            return Some(Assignee::Slack(id.to_owned())).filter(|_| !id.is_empty());
        }
        let email = target.strip_prefix("mailto:").unwrap_or(target);
        return Some(Assignee::Email(email.to_lowercase())).filter(|_| email.contains('@'));
    }
    let lower = word.to_lowercase();
    if lower == "me" || lower == "@me" {
        return Some(Assignee::Me);
    }
    let name = word.strip_prefix('@').unwrap_or(word);
    if name.is_empty() {
        return None;
    }
    Some(match name.find('@') {
        Some(at) if at > 0 && at + 1 < name.len() => Assignee::Email(name.to_lowercase()),
        Some(_) | None => Assignee::Name(plain(name)),
    })
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
