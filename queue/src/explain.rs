//! What an error of the queue's backend means, and what to do about it.

use std::error::Error;

use tocsin_database::DatabaseFault;

/// Redis' own words, what they mean, and the remedy.
const REDIS: &[(&[&str], &str, &str)] = &[
    (
        &[
            "WRONGPASS",
            "NOAUTH",
            "Authentication required",
            "invalid username-password",
            "AuthenticationFailed",
            "authentication failed",
        ],
        "Redis refuses the user or the password",
        "correct them in TOCSIN_REDIS_URL, as redis://USER:PASSWORD@HOST",
    ),
    (
        &["NOPERM"],
        "Redis doesn't allow its user to do this",
        "give the user of TOCSIN_REDIS_URL all commands, keys and channels (ACL SETUSER)",
    ),
    (
        &["> 'maxmemory'"],
        "Redis is full",
        "raise its maxmemory, and set maxmemory-policy to noeviction",
    ),
    (
        &["READONLY", "ReadOnly", "read only replica"],
        "Redis can only be read: it is a replica",
        "set TOCSIN_REDIS_URL to the primary",
    ),
    (
        &["MISCONF"],
        "Redis can't save to its disk, and refuses to write",
        "free some space on its disk, and look at its log",
    ),
    (
        &["max number of clients"],
        "Redis takes no more connections",
        "raise its maxclients, or stop what else is connected",
    ),
    (
        &["LOADING", "BusyLoading"],
        "Redis is starting",
        "wait until it is ready; Tocsin goes on by itself",
    ),
];

/// The error with its cause and remedy, where they are known.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    explanation(error).unwrap_or_else(|| format!("the queue's backend failed: {error}"))
}

/// Cause and remedy, where they are known.
pub(crate) fn explanation(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = sqlx_error(error) {
        let fault = DatabaseFault::of_sqlx(error);
        return Some(format!(
            "the queue's file {}: {} ({error})",
            fault.cause(),
            fault.remedy()
        ));
    }
    let text = error.to_string();
    let (_, cause, remedy) = REDIS
        .iter()
        .find(|(words, ..)| words.iter().any(|words| text.contains(words)))?;
    Some(format!("{cause}: {remedy} ({text})"))
}

/// What `SQLite` said, wherever in the error it is.
pub(crate) fn sqlx_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a sqlx::Error> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(error) = next {
        // The innermost: a migration's error wraps the statement's.
        found = error.downcast_ref::<sqlx::Error>().or(found);
        next = error.source();
    }
    found
}
