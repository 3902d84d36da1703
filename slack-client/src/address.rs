//! Which addresses are called that came in a request or in an answer: Slack's own, and no others.
//!
//! Whoever can sign a request, as an organisation can with its own app, writes any `response_url` into it. So such an address must be one of Slack's
//! hosts, by https at its usual port, and must not lead into the network that the bridge runs in, whatever the DNS says. Beside Slack's hosts there is the
//! origin of `SLACK_API_URL`, which the operator has set: it is Slack's too, but where another stands in for Slack.
//!
//! Sources: Slack, "Handling user interaction" (`hooks.slack.com`; `slack-gov.com` for `GovSlack`), "Using Socket Mode"; the address ranges: RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Where Slack takes answers to commands and presses.
const ANSWERS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// Below which Slack takes WebSockets.
const SOCKETS: [&str; 3] = [".slack.com", ".slack-gov.com", ".slack-msgs.com"];

/// Why an address is not called. It holds a secret, and so is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not one of Slack's, so it is not called (ADDRESS_NOT_ALLOWED)")]
pub(crate) struct AddressNotAllowed;

/// Checks a `response_url`; `base` is that of the Web API.
pub(super) fn check_answer(base: &Url, address: &Url) -> Result<(), AddressNotAllowed> {
    let is_slacks =
        is_plain(address, "https") && address.host_str().is_some_and(|host| ANSWERS.contains(&host));
    let is_base = is_without_user(address) && address.origin() == base.origin();
    counted(is_slacks || is_base)
}

/// Checks the address of a WebSocket that Slack has given.
pub(crate) fn check_socket(base: &Url, address: &str) -> Result<Url, AddressNotAllowed> {
    let address: Url = address.parse().map_err(|_| AddressNotAllowed)?;
    let host = address.host_str().unwrap_or_default();
    let is_slacks = is_plain(&address, "wss") && SOCKETS.iter().any(|end| host.ends_with(end));
    let scheme = if base.scheme() == "http" { "ws" } else { "wss" };
    let is_base = is_without_user(&address)
        && address.scheme() == scheme
        && address.host() == base.host()
        && address.port_or_known_default() == base.port_or_known_default();
    counted(is_slacks || is_base).map(|()| address)
}

fn counted(is_allowed: bool) -> Result<(), AddressNotAllowed> {
    if is_allowed {
        return Ok(());
    }
    metrics::counter!("tocsin_slack_addresses_refused_total").increment(1);
    Err(AddressNotAllowed)
}

fn is_plain(address: &Url, scheme: &str) -> bool {
    address.scheme() == scheme
        && address.port().is_none()
        && is_without_user(address)
        && matches!(address.host(), Some(Host::Domain(_)))
}

fn is_without_user(address: &Url) -> bool {
    address.username().is_empty() && address.password().is_none()
}

/// Whether the host is one of Slack's, which stand in the public network.
fn is_slacks_host(host: &str) -> bool {
    ANSWERS.contains(&host) || SOCKETS.iter().any(|end| host.ends_with(end)) || host == "slack.com"
}

/// Looks a host up. What claims to be one of Slack's hosts and leads into a private network is not found.
///
/// # Errors
/// When nothing is left.
pub(crate) async fn look_up(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((host, port)).await?;
    let all: Vec<_> = found
        .filter(|address| !is_slacks_host(host) || is_public(address.ip()))
        .collect();
    if all.is_empty() {
        return Err(std::io::Error::other(
            "the DNS names no public address for this host of Slack's (ADDRESS_NOT_ALLOWED)",
        ));
    }
    Ok(all)
}

/// For the HTTP client: [`look_up`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str(), 0).await?;
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// Whether an address belongs to nobody's own network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped().or_else(|| within(address)) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// The IPv4 address that an IPv6 one leads to, by NAT64 or 6to4.
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let of = |from: usize| {
        let bytes: [u8; 4] = octets.get(from..from + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(bytes))
    };
    match octets {
        [0x00, 0x64, 0xff, 0x9b, ..] => of(12),
        [0x20, 0x02, ..] => of(2),
        _ => None,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = a == 192 && b == 0 && c == 0;
    let is_for_benchmarks = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || is_shared
        || is_for_protocols
        || is_for_benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_documentation = first == 0x2001 && second == 0x0db8;
    // Global unicast.
    (first & 0xe000) == 0x2000 && !is_documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn answers_go_to_slack_and_to_whoever_stands_in_for_it() {
        let slack = url("https://slack.com/api");
        for good in [
            "https://hooks.slack.com/commands/T1/1/x",
            "https://HOOKS.slack.com:443/actions/T1/1/x",
            "https://hooks.slack-gov.com/actions/1",
        ] {
            assert_eq!(check_answer(&slack, &url(good)), Ok(()), "{good}");
        }
        let acted = url("http://127.0.0.1:9999/api");
        assert_eq!(
            check_answer(&acted, &url("http://127.0.0.1:9999/respond")),
            Ok(())
        );
        for bad in [
            "http://hooks.slack.com/commands/1",
            "https://hooks.slack.com:8443/commands/1",
            "https://hooks.slack.com@127.0.0.1/",
            "https://user@hooks.slack.com/",
            "https://hooks.slack.com.evil.example/",
            "https://evil-hooks.slack.com/",
            "https://files.slack.com/x",
            "https://127.0.0.1/",
            "http://127.0.0.1:9998/respond",
            "https://127.0.0.1:9999/respond",
            "http://localhost:9999/respond",
            "http://[::1]:9999/",
            "http://2130706433:9999/x",
            "file:///etc/passwd",
        ] {
            let of_slack = check_answer(&slack, &url(bad));
            assert_eq!(of_slack, Err(AddressNotAllowed), "{bad}");
            if bad != "http://2130706433:9999/x" {
                assert_eq!(check_answer(&acted, &url(bad)), Err(AddressNotAllowed), "{bad}");
            }
        }
    }

    #[test]
    fn sockets_are_opened_to_slack_and_to_whoever_stands_in_for_it() {
        let slack = url("https://slack.com/api");
        assert!(check_socket(&slack, "wss://wss-primary.slack.com/link/?ticket=1").is_ok());
        for bad in [
            "ws://wss-primary.slack.com/link",
            "wss://slack.com.evil.example/link",
            "wss://127.0.0.1/link",
            "wss://notslack.com/link",
            "https://wss-primary.slack.com/link",
            "none",
        ] {
            assert!(check_socket(&slack, bad).is_err(), "{bad}");
        }
        let acted = url("http://127.0.0.1:9999/api");
        assert!(check_socket(&acted, "ws://127.0.0.1:9999/link").is_ok());
        assert!(check_socket(&acted, "ws://127.0.0.1:9998/link").is_err());
    }

    #[test]
    fn private_networks_are_told_from_the_public_one() {
        for public in ["3.95.1.1", "2600:1f18::1", "::ffff:3.95.1.1"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:0a00:0001::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
    }
}
