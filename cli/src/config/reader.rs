//! Reads settings one after another and gathers every fault, so that all are told at once.

use std::{fmt, path::Path};

use figment::{Figment, value::Value};

use super::{
    parse::ParseResult,
    source::{DEFAULT_FILE, GivenSettings},
    specs::{self, SettingSpec, SettingVisibility},
};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueOrigin {
    /// Nobody gave it.
    Default,
    /// A file.
    File(String),
    /// The environment.
    Variable,
    /// A flag.
    Flag,
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Variable => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A value in force, fit to be shown.
#[derive(Debug, Clone)]
pub(crate) struct EffectiveSetting {
    /// Which setting.
    pub(crate) known: &'static SettingSpec,
    /// Its value, masked where it must be; what holds by default where it is unset.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) origin: ValueOrigin,
}

/// Everything that is wrong with the configuration.
#[derive(Debug)]
pub(crate) struct ConfigFaults(pub(crate) Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the configuration has a fault: {one}"),
            many => {
                write!(f, "the configuration has {} faults:", many.len())?;
                many.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
            }
        }
    }
}

impl std::error::Error for ConfigFaults {}

/// Reads settings and gathers faults.
pub(super) struct Reader {
    figment: Figment,
    faults: Vec<String>,
    in_force: Vec<EffectiveSetting>,
}

impl Reader {
    /// Begins; a file that can't be read, or that holds unknown keys, is the first fault.
    pub(super) fn new(given: &GivenSettings) -> Self {
        let mut reader = Self {
            figment: given.merged(),
            faults: Vec::new(),
            in_force: Vec::new(),
        };
        match reader.figment.extract::<figment::value::Dict>() {
            Ok(values) => {
                for (key, value) in values {
                    reader.refuse_unknown(&key, &value);
                }
            }
            Err(error) => {
                let file = given.file().unwrap_or(Path::new(DEFAULT_FILE));
                let why = if file.exists() {
                    without_source(&error.kind)
                } else {
                    "it is not there".to_owned()
                };
                reader
                    .faults
                    .push(format!("{} can't be read: {why}", file.display()));
                // What was said elsewhere is checked all the same.
                reader.figment = given.without_file();
            }
        }
        reader
    }

    fn refuse_unknown(&mut self, key: &str, value: &Value) {
        if specs::ALL.iter().any(|known| known.key == key) {
            return;
        }
        let table = format!("{key}.");
        if specs::ALL.iter().any(|known| known.key.starts_with(&table)) {
            match value.as_dict() {
                Some(inner) => {
                    for (name, value) in inner {
                        let path = format!("{key}.{name}");
                        if !specs::ALL.iter().any(|known| known.key == path) {
                            self.unknown(&path, value);
                        }
                    }
                }
                None => self
                    .faults
                    .push(format!("{key} is a table: write [{key}] on a line of its own")),
            }
            return;
        }
        self.unknown(key, value);
    }

    fn unknown(&mut self, path: &str, value: &Value) {
        let origin = self.origin(value);
        let hint = nearest(path, specs::ALL.iter().map(|known| known.key))
            .map_or_else(String::new, |key| format!("; did you mean {key}?"));
        self.faults
            .push(format!("{} in {origin} is no setting{hint}", shown_name(path)));
    }

    fn origin(&self, value: &Value) -> ValueOrigin {
        let Some(metadata) = self.figment.get_metadata(value.tag()) else {
            return ValueOrigin::Default;
        };
        match metadata.name.as_ref() {
            "environment" => ValueOrigin::Variable,
            "flag" => ValueOrigin::Flag,
            _ => ValueOrigin::File(
                metadata
                    .source
                    .as_ref()
                    .map_or_else(|| DEFAULT_FILE.to_owned(), ToString::to_string),
            ),
        }
    }

    /// A setting that may be unset.
    pub(super) fn optional<T>(
        &mut self,
        known: &'static SettingSpec,
        parse: impl Fn(&str) -> ParseResult<T>,
    ) -> Option<T> {
        let Ok(value) = self.figment.find_value(known.key) else {
            self.in_force.push(EffectiveSetting {
                known,
                value: known.default.to_owned(),
                origin: ValueOrigin::Default,
            });
            return None;
        };
        let origin = self.origin(&value);
        let Some(text) = scalar(&value) else {
            self.faults
                .push(format!("{} in {origin} is neither text nor a number", known.key));
            return None;
        };
        let shown = masked(known.shown, &text);
        self.in_force.push(EffectiveSetting {
            known,
            value: shown.clone(),
            origin: origin.clone(),
        });
        match parse(&text) {
            Ok(parsed) => Some(parsed),
            Err(refusal) => {
                let name = match &origin {
                    ValueOrigin::File(path) => format!("{} in {path}", known.key),
                    ValueOrigin::Flag => known.flag.unwrap_or(known.variable).to_owned(),
                    ValueOrigin::Variable | ValueOrigin::Default => known.variable.to_owned(),
                };
                self.faults.push(format!("{name} ({shown}) {refusal}"));
                None
            }
        }
    }

    /// A setting that has a default.
    pub(super) fn required<T>(
        &mut self,
        known: &'static SettingSpec,
        parse: impl Fn(&str) -> ParseResult<T>,
    ) -> Option<T> {
        let faults = self.faults.len();
        let value = self.optional(known, &parse);
        if value.is_some() || self.faults.len() > faults {
            return value;
        }
        parse(known.default).ok()
    }

    /// Whether somebody has set it, rightly or not.
    pub(super) fn is_given(&self, known: &SettingSpec) -> bool {
        self.figment.find_value(known.key).is_ok()
    }

    /// Adds what only shows when settings are seen together.
    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// What is in force, and what is wrong with it.
    pub(super) fn finish(self) -> (Vec<EffectiveSetting>, Vec<String>) {
        (self.in_force, self.faults)
    }
}

/// What is wrong with a file, without a line of it: a secret may stand there.
fn without_source(kind: &figment::error::Kind) -> String {
    let figment::error::Kind::Message(message) = kind else {
        // The others may quote a value.
        return "it does not have the form of a configuration: text needs quotes, and each setting a line of its own"
            .to_owned();
    };
    let first = message.lines().next().unwrap_or_default();
    match first.strip_prefix("TOML parse error at ") {
        Some(place) => {
            format!("it is not TOML at {place}; text needs quotes, and each setting a line of its own")
        }
        None if message.starts_with("invalid") || message.contains('`') || message.contains('"') => {
            "it is not TOML: text needs quotes, and each setting a line of its own".to_owned()
        }
        None => first.to_owned(),
    }
}

/// A name from a file or the environment, unless it may be a secret in the wrong place.
fn shown_name(name: &str) -> String {
    let is_name = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
    if is_name {
        name.to_owned()
    } else {
        "a name that is not shown, since it may be a secret,".to_owned()
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, truth) => Some(truth.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|whole| whole.to_string())
            .or_else(|| number.to_u128().map(|whole| whole.to_string()))
            .or_else(|| number.to_f64().map(|real| real.to_string())),
        Value::Char(_, char) => Some(char.to_string()),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}

/// A value as it may be shown.
pub(crate) fn masked(shown: SettingVisibility, text: &str) -> String {
    match shown {
        SettingVisibility::Whole if may_be_secret(text) => masked(SettingVisibility::Never, text),
        SettingVisibility::Never => format!("****, {} characters", text.chars().count()),
        SettingVisibility::Whole | SettingVisibility::WithoutPassword => without_password(text),
    }
}

/// Whether a value looks like a secret that was put in the wrong place.
fn may_be_secret(text: &str) -> bool {
    const PREFIXES: [&str; 3] = ["xox", "xapp-", "xwfp-"];
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let is_one = |word: &str| {
        PREFIXES.iter().any(|prefix| word.starts_with(prefix))
            || (word.starts_with("tocsin_") && word.len() >= 30 && has_digit(word))
            || (word.len() >= 24
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
                && has_digit(word))
    };
    text.trim_start_matches('#')
        .split(['@', ':', ',', ' ', '?', '&', '='])
        .any(|word| is_one(word.trim_start_matches(['/', '-'])))
}

fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // Not an address at all: whatever it is, it may hold a password.
        return if text.contains('@') {
            "****".to_owned()
        } else {
            text.to_owned()
        };
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) if query.contains("password") => (rest, "?****".to_owned()),
        Some((rest, query)) => (rest, format!("?{query}")),
        None => (rest, String::new()),
    };
    match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{scheme}://{name}:****@{host}{query}"),
            None => format!("{scheme}://{user}@{host}{query}"),
        },
        None => format!("{scheme}://{rest}{query}"),
    }
}

/// The name that someone who wrote `wrong` probably meant.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (distance(wrong, name), name))
        .filter(|&(distance, name)| distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, dropped or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (text, shown) in [
            (
                "postgres://tocsin:secret@db/tocsin",
                "postgres://tocsin:****@db/tocsin",
            ),
            (
                "postgres://tocsin:s@cret@db/tocsin",
                "postgres://tocsin:****@db/tocsin",
            ),
            ("redis://:secret@redis:6379/1", "redis://:****@redis:6379/1"),
            (
                "postgres://db/tocsin?user=a&password=secret",
                "postgres://db/tocsin?****",
            ),
            ("tocsin:secret@db", "****"),
            ("sqlite://tocsin.db", "sqlite://tocsin.db"),
        ] {
            assert_eq!(masked(SettingVisibility::WithoutPassword, text), shown);
        }
        assert_eq!(
            masked(SettingVisibility::Never, "xoxb-1234"),
            "****, 9 characters"
        );
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_shown_either() {
        for text in [
            "xoxb-1111111111-recognisable",
            "#xapp-1-A0-recognisable",
            "0123456789abcdef0123456789abcdef",
            "cmVjb2duaXNhYmxlLWtleS1vZi0zMi1ieXRlcyEhISE=",
        ] {
            assert!(!masked(SettingVisibility::Whole, text).contains(text), "{text}");
        }
        assert_eq!(
            masked(SettingVisibility::Whole, "https://user:secret@example.com/a"),
            "https://user:****@example.com/a"
        );
        for text in [
            "#incidents",
            "127.0.0.1:8080",
            "info,tocsin_bridge=debug",
            "https://slack.com/api",
            "documented",
        ] {
            assert_eq!(masked(SettingVisibility::Whole, text), text);
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant() {
        let names = || specs::ALL.iter().map(|known| known.key);
        assert_eq!(nearest("databse_url", names()), Some("database_url"));
        assert_eq!(nearest("slack.bot_tokn", names()), Some("slack.bot_token"));
        assert_eq!(nearest("colour", names()), None);
    }
}
