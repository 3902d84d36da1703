//! What Slack would refuse in a manifest, and what would be accepted and could not work.

use tocsin_entity::kinds::SlackFeature;
use url::{Host, Url};

use super::ManifestWishes;

/// Longest name of an app, in characters.
const NAME_MAX: usize = 35;

/// Longest slash command, in characters, with its slash.
const COMMAND_MAX: usize = 32;

/// Longest public address, in bytes: the longest of Slack's limits on addresses is that of redirects, 2500.
const URL_MAX: usize = 2_000;

/// Why a manifest would be refused or could not work, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// The app's name.
    #[error("the name {0:?} has {len} characters: Slack takes from 1 to {NAME_MAX}", len = .0.chars().count())]
    Name(String),
    /// The slash command.
    #[error(
        "the command {0:?} is not one that Slack takes: write a slash and then lower-case letters, digits, hyphens or underscores, \
         at most {COMMAND_MAX} characters, such as /incident"
    )]
    Command(String),
    /// Over HTTP, no address.
    #[error(
        "Slack needs an address to send to: give it with --url https://… or TOCSIN_PUBLIC_URL, or use --socket-mode, which needs none"
    )]
    NoAddress,
    /// Over HTTP, an address that Slack cannot reach or does not take.
    #[error(
        "Slack does not send to {0}: give an https address that can be reached from the Internet, or use --socket-mode"
    )]
    Unreachable(Url),
    /// An address that is no base.
    #[error(
        "{0} is not a base to put paths after: leave out name, password, query and fragment, and keep it under {URL_MAX} characters"
    )]
    NoBase(Url),
    /// Previews without a domain.
    #[error(
        "previews need the domain name in Tocsin's addresses, and {what}: give --url with one, or leave out previews",
        what = .0.as_ref().map_or_else(|| "there is no address".to_owned(), |url| format!("{url} has none"))
    )]
    NoDomain(Option<Url>),
    /// Tokens that expire, without the way by which they come.
    #[error(
        "tokens that expire come by OAuth alone, which needs an https address: give --url https://…, or leave out --token-rotation"
    )]
    NoOauth,
}

/// Everything that is wrong with what is wished for.
pub(super) fn faults(wishes: &ManifestWishes) -> Vec<ManifestFault> {
    let url = wishes.public_url.as_ref();
    let mut faults = Vec::new();
    if !(1..=NAME_MAX).contains(&wishes.name.trim().chars().count()) {
        faults.push(ManifestFault::Name(wishes.name.clone()));
    }
    if !is_command(&wishes.command) {
        faults.push(ManifestFault::Command(wishes.command.clone()));
    }
    match url {
        Some(url) if !is_base(url) => {
            faults.push(ManifestFault::NoBase(without_credentials(url)));
            return faults;
        }
        Some(url) if !wishes.socket_mode && (url.scheme() != "https" || is_local(url)) => {
            faults.push(ManifestFault::Unreachable(url.clone()));
        }
        None if !wishes.socket_mode => faults.push(ManifestFault::NoAddress),
        Some(_) | None => {}
    }
    if wishes.features.contains(&SlackFeature::Previews) && !url.is_some_and(has_domain) {
        faults.push(ManifestFault::NoDomain(url.cloned()));
    }
    // Over HTTP the address is https, or that was said already.
    if wishes.token_rotation && wishes.socket_mode && url.is_none_or(|url| url.scheme() != "https") {
        faults.push(ManifestFault::NoOauth);
    }
    faults
}

fn is_command(text: &str) -> bool {
    let of_name =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    text.strip_prefix('/')
        .is_some_and(|name| !name.is_empty() && name.chars().all(of_name))
        && text.len() <= COMMAND_MAX
}

fn is_base(url: &Url) -> bool {
    url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str().len() <= URL_MAX
}

/// An address as it may be shown.
fn without_credentials(url: &Url) -> Url {
    let mut shown = url.clone();
    // Both fail only where an address has no host, and then it has no name and no password either.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown
}

/// Whether an address leads to the machine on which it is opened.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => true,
    }
}

/// Whether there is a domain for which Slack makes previews: a name with a dot in it.
fn has_domain(url: &Url) -> bool {
    url.domain()
        .is_some_and(|name| name.trim_matches('.').contains('.') && !name.ends_with('.') && name.is_ascii())
}
