//! What a browser sends by itself: the cookie of a session, and the origin of the page that asks.
//!
//! A cookie goes with every request to this server, whichever page makes it. So it counts only where the page is one of this server's: the request
//! has an `Origin` that is the public URL's, or on this machine itself the address that was asked. A page elsewhere that makes a browser ask is refused,
//! and so is whoever sends a cookie and does not say from where. A key is no such thing: whoever shows one has it.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tocsin_slack_app::link_state::{BINDING_COOKIE, SECURE_BINDING_COOKIE};
use url::{Host, Url};

use super::refusal::HttpRefusal;

/// The cookie of a session. Browsers take one with this prefix from the server itself alone, and not from a neighbour below the same domain.
const SECURE_COOKIE: &str = "__Host-tocsin_session";
/// The same where the server is reached on its own machine without TLS, for which the prefix is not to be had.
const LOOPBACK_COOKIE: &str = "tocsin_session";
/// How long a browser keeps the cookie, in seconds: the longest that browsers allow. When a session ends, the server decides.
const COOKIE_SECONDS: u32 = 400 * 24 * 3_600;

/// From where a request was made, as the browser says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum PageOrigin {
    /// It does not say.
    #[default]
    Missing,
    /// A page of this server's.
    Ours,
    /// Another page.
    Foreign,
}

impl PageOrigin {
    /// Refuses what a page of this server's has not asked for. A read by GET is asked for without an origin, and cannot be read elsewhere.
    pub(super) fn check(self, method: &Method) -> Result<(), HttpRefusal> {
        let may_be_missing = *method == Method::GET || *method == Method::HEAD;
        let why = match self {
            Self::Ours => return Ok(()),
            Self::Missing if may_be_missing => return Ok(()),
            Self::Missing => "it does not say from which page it comes (`Origin`)",
            Self::Foreign => "it comes from a page of another address (`Origin`)",
        };
        Err(HttpRefusal::request(
            StatusCode::FORBIDDEN,
            "FOREIGN_ORIGIN",
            format!(
                "This request brings a session and is refused, since {why}: open Tocsin at the address that TOCSIN_PUBLIC_URL names. A program \
                 uses an API key instead."
            ),
        ))
    }
}

/// How this server speaks to browsers, by its public URL.
#[derive(Debug, Clone)]
pub(super) struct BrowserPolicy {
    origin: String,
    is_secure: bool,
    is_loopback: bool,
}

impl Default for BrowserPolicy {
    fn default() -> Self {
        Self {
            origin: "http://127.0.0.1".to_owned(),
            is_secure: false,
            is_loopback: true,
        }
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => IpAddr::V6(*ip).to_canonical().is_loopback(),
    }
}

impl BrowserPolicy {
    pub(super) fn of(public_url: &Url) -> Self {
        Self {
            origin: public_url.origin().ascii_serialization(),
            is_secure: public_url.scheme() == "https",
            is_loopback: public_url.host().is_some_and(|host| is_loopback(&host)),
        }
    }

    /// Whether a browser keeps a session with this server: by TLS, or on the machine itself.
    pub(super) fn can_sign_in(&self) -> bool {
        self.is_secure || self.is_loopback
    }

    fn uses_plain_cookies(&self) -> bool {
        self.is_loopback && !self.is_secure
    }

    fn cookie(&self) -> &'static str {
        if self.uses_plain_cookies() {
            LOOPBACK_COOKIE
        } else {
            SECURE_COOKIE
        }
    }

    /// The secret of the session that a request brings.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<String> {
        read(headers, self.cookie())
    }

    /// What the browser was given when somebody began to sign in with it.
    pub(super) fn binding(&self, headers: &HeaderMap) -> Option<String> {
        read(headers, self.binding_cookie())
    }

    /// Gives the browser what binds it to a sign-in that begins, for a while.
    pub(super) fn set_binding(&self, held: &SecretString, seconds: u32) -> Result<HeaderValue, HttpRefusal> {
        self.write(self.binding_cookie(), held.expose_secret(), seconds)
    }

    fn binding_cookie(&self) -> &'static str {
        if self.uses_plain_cookies() {
            BINDING_COOKIE
        } else {
            SECURE_BINDING_COOKIE
        }
    }

    /// From where a request was made.
    pub(super) fn origin(&self, headers: &HeaderMap) -> PageOrigin {
        let mut all = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = all.next() else {
            return PageOrigin::Missing;
        };
        let origin = origin.as_bytes();
        let is_ours = origin == self.origin.as_bytes() || is_the_asked_loopback(origin, headers);
        if is_ours && all.next().is_none() {
            PageOrigin::Ours
        } else {
            PageOrigin::Foreign
        }
    }

    /// Gives the browser a session.
    pub(super) fn set_cookie(&self, secret: &SecretString) -> Result<HeaderValue, HttpRefusal> {
        self.write(self.cookie(), secret.expose_secret(), COOKIE_SECONDS)
    }

    /// Takes it away again.
    pub(super) fn clear_cookie(&self) -> Result<HeaderValue, HttpRefusal> {
        self.write(self.cookie(), "", 0)
    }

    fn write(&self, name: &str, value: &str, seconds: u32) -> Result<HeaderValue, HttpRefusal> {
        let secure = if self.uses_plain_cookies() { "" } else { "; Secure" };
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::from_str(&text).map_err(|_| HttpRefusal::fault())?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// Whether a page of the very address that was asked has made the request, on this machine. The name is one of the machine's own: no other name that
/// leads here counts.
fn is_the_asked_loopback(origin: &[u8], headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(url) = host.and_then(|host| Url::parse(&format!("http://{host}")).ok()) else {
        return false;
    };
    url.host().is_some_and(|host| is_loopback(&host))
        && url.origin().ascii_serialization().as_bytes() == origin
}

/// A cookie's value. Where there are several of the name, somebody else has set one: none counts.
fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter();
    let all = all.filter_map(|header| header.to_str().ok());
    let mut values = all
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(public_url: &str) -> BrowserPolicy {
        BrowserPolicy::of(&Url::parse(public_url).expect("a URL"))
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn a_cookie_is_the_servers_own_and_goes_by_tls_but_on_the_machine_itself() {
        let of = |url: &str| policy(url).set_cookie(&"s3cret".into()).expect("a cookie");
        let secure = of("https://ops.example.com/tocsin");
        assert_eq!(
            secure,
            "__Host-tocsin_session=s3cret; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            of("http://ops.example.com"),
            secure,
            "a browser drops it, rather than send it openly"
        );
        assert!(!policy("http://ops.example.com").can_sign_in());
        for local in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080"] {
            assert_eq!(
                of(local),
                "tocsin_session=s3cret; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax",
                "{local}"
            );
        }
        assert!(of("https://localhost").as_bytes().ends_with(b"; Secure"));
    }

    #[test]
    fn an_origin_is_the_public_urls_or_the_machines_own_address_that_was_asked() {
        use PageOrigin::{Foreign, Missing, Ours};
        let public = policy("https://ops.example.com/tocsin");
        for (origin, host, expected) in [
            ("https://ops.example.com", "ops.example.com", Ours),
            ("https://ops.example.com", "10.0.0.1:8080", Ours),
            ("https://ops.example.com:443", "ops.example.com", Foreign),
            ("http://ops.example.com", "ops.example.com", Foreign),
            ("https://ops.example.com.evil.example", "ops.example.com", Foreign),
            ("https://evil.example", "evil.example", Foreign),
            ("http://evil.example", "evil.example", Foreign),
            ("null", "ops.example.com", Foreign),
            ("", "ops.example.com", Foreign),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", Ours),
            ("http://localhost:8080", "localhost:8080", Ours),
            ("http://[::1]:8080", "[::1]:8080", Ours),
            ("http://127.0.0.1:3000", "127.0.0.1:8080", Foreign),
            ("http://localhost:8080", "127.0.0.1:8080", Foreign),
            ("http://localhost.evil.example", "localhost.evil.example", Foreign),
        ] {
            let found = public.origin(&headers(&[("origin", origin), ("host", host)]));
            assert_eq!(found, expected, "{origin} at {host}");
        }
        assert_eq!(public.origin(&headers(&[])), Missing);
        let twice = headers(&[
            ("origin", "https://ops.example.com"),
            ("origin", "https://evil.example"),
        ]);
        assert_eq!(public.origin(&twice), Foreign);
    }

    #[test]
    fn a_session_counts_where_a_page_of_this_servers_has_asked() {
        for method in [Method::POST, Method::PUT] {
            assert!(PageOrigin::Ours.check(&method).is_ok());
            for other in [PageOrigin::Missing, PageOrigin::Foreign] {
                let refusal = other.check(&method).expect_err("a refusal");
                assert_eq!(refusal.code, "FOREIGN_ORIGIN");
            }
        }
        assert!(PageOrigin::Missing.check(&Method::GET).is_ok());
        assert!(PageOrigin::Foreign.check(&Method::GET).is_err());
    }

    #[test]
    fn of_two_cookies_of_the_name_none_counts() {
        let local = policy("http://127.0.0.1:8080");
        for (cookies, found) in [
            (&["tocsin_session=a"][..], Some("a")),
            (&["x=1; tocsin_session=a; y=2"], Some("a")),
            (&["tocsin_session=a; tocsin_session=b"], None),
            (&["tocsin_session=a", "tocsin_session=a"], None),
            (&["tocsin_session="], None),
            (&["__Host-tocsin_session=a", "xtocsin_session=b"], None),
            (&[], None),
        ] {
            let all: Vec<_> = cookies.iter().map(|value| ("cookie", *value)).collect();
            assert_eq!(local.session(&headers(&all)).as_deref(), found, "{cookies:?}");
        }
    }
}
