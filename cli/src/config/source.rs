//! Where settings come from, least important first: `tocsin.toml`, the environment, flags.

use std::path::{Path, PathBuf};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::specs::{self, SettingSpec};

/// The file that is read where none is named.
pub(crate) const DEFAULT_FILE: &str = "tocsin.toml";

/// What the process was given, before anything is made of it.
#[derive(Debug, Default)]
pub(crate) struct GivenSettings {
    /// The file named by `--config`.
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The flags, as text.
    pub(crate) flags: Vec<(&'static SettingSpec, String)>,
}

impl GivenSettings {
    /// Reads the process's own environment; the only place that does.
    pub(crate) fn environment() -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The file that will be read, if any.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file
            .as_deref()
            .or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()))
    }

    /// Everything merged; flags win over the environment, and that over the file.
    pub(super) fn merged(&self) -> Figment {
        match self.file() {
            Some(path) => Figment::from(Toml::file_exact(path)).merge(self.without_file()),
            None => self.without_file(),
        }
    }

    /// The environment and the flags alone.
    pub(super) fn without_file(&self) -> Figment {
        let variables = specs::ALL.iter().filter_map(|known| {
            let value = self.environment.iter().find(|(name, _)| name == known.variable)?;
            // `${NAME:-}` of a compose file gives an empty value for what is unset.
            (!value.1.is_empty()).then(|| (known, value.1.clone()))
        });
        Figment::new()
            .merge(Texts::new("environment", variables))
            .merge(Texts::new(
                "flag",
                self.flags.iter().map(|(k, v)| (*k, v.clone())),
            ))
    }
}

/// A provider of values that are kept as text: nothing is made of `0042` or `true` before its reader does.
struct Texts {
    origin: &'static str,
    values: Dict,
}

impl Texts {
    fn new<'a>(origin: &'static str, values: impl Iterator<Item = (&'a SettingSpec, String)>) -> Self {
        let mut dict = Dict::new();
        for (known, value) in values {
            let value = Value::from(value);
            match known.key.split_once('.') {
                None => {
                    dict.insert(known.key.to_owned(), value);
                }
                Some((table, key)) => {
                    let table = dict.entry(table.to_owned()).or_insert_with(|| Dict::new().into());
                    if let Value::Dict(_, inner) = table {
                        inner.insert(key.to_owned(), value);
                    }
                }
            }
        }
        Self { origin, values: dict }
    }
}

impl Provider for Texts {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
