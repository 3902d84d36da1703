//! The key that seals secrets at rest: as configured, or made once and kept beside the SQLite file.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, anyhow};
use secrecy::{ExposeSecret, SecretString};
use tocsin_seal::{Sealer, generate_key};
use tracing::info;

use crate::config::Settings;

/// Readable by its owner alone.
const PRIVATE: u32 = 0o600;

/// What seals and opens secrets. None with PostgreSQL where no key is set: several machines must have the same.
pub(crate) fn sealer(settings: &Settings) -> anyhow::Result<Option<Sealer>> {
    if let Some(sealer) = &settings.sealer {
        return Ok(Some(sealer.clone()));
    }
    if settings.database.file().is_none() {
        return Ok(None);
    }
    let file = settings.database.beside("secret.key");
    let key = kept(&file)?;
    let sealer = Sealer::new(&[key]).map_err(|error| {
        anyhow!(
            "{} holds no key, since it {error}: restore it from a backup",
            file.display()
        )
    })?;
    Ok(Some(sealer))
}

/// The same, where the key is there already: none is made.
pub(crate) fn present(settings: &Settings) -> anyhow::Result<Option<Sealer>> {
    let is_kept = || settings.database.beside("secret.key").exists();
    if settings.sealer.is_none() && settings.database.file().is_some() && !is_kept() {
        return Ok(None);
    }
    sealer(settings)
}

/// The key in the file, which is made where there is none. Of two processes that start together, both have the key of the first.
fn kept(file: &Path) -> anyhow::Result<SecretString> {
    if !file.exists() {
        let made = make(file).with_context(|| {
            format!(
                "a key that seals secrets could not be kept in {}: set TOCSIN_SECRET_KEY",
                file.display()
            )
        })?;
        if made {
            info!(
                "made a key that seals secrets, and kept it in {}: back it up with the database",
                file.display()
            );
        }
    }
    let key = fs::read_to_string(file)
        .with_context(|| format!("the key in {} could not be read", file.display()))?;
    Ok(key.trim().into())
}

/// Makes the file, whole or not at all; whether this process made it.
fn make(file: &Path) -> io::Result<bool> {
    let unfinished = file.with_extension(format!("key.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(PRIVATE);
    let mut made = options.open(&unfinished)?;
    made.write_all(generate_key().expose_secret().as_bytes())?;
    made.sync_all()?;
    let linked = fs::hard_link(&unfinished, file);
    fs::remove_file(&unfinished)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
