//! What is known of the issuer and of this server's client there.

use secrecy::SecretString;
use url::{Host, Url};

/// What is known of the issuer and of this server's client there.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// The issuer, letter by letter as its discovery document names itself.
    pub issuer: String,
    /// This server's client there.
    pub client_id: String,
    /// The secret of a confidential client; none for a public one.
    pub client_secret: Option<SecretString>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that says whether the e-mail address is verified.
    pub verified_claim: String,
    /// The claim that lists somebody's groups, where they count.
    pub groups_claim: Option<String>,
}

/// Whether an address may be asked: by TLS, or on this machine itself.
pub(crate) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host().is_some_and(|host| is_loopback(&host)),
        _ => false,
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// Checks an issuer as somebody has written it.
///
/// # Errors
/// What is wrong with it, and how to write it.
pub fn check_issuer(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| {
        "is not a web address; copy the issuer from your identity provider, such as https://login.example.com/realms/ops"
    })?;
    if !is_safe(&url) {
        return Err(
            "is not an https address; http is taken on this machine alone, such as http://127.0.0.1:8180",
        );
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err("has a user, a query or a fragment; copy the issuer alone, not the address of a page");
    }
    if url.path().contains("/.well-known/") {
        return Err("is the address of the discovery document; leave out everything from /.well-known on");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_issuer;

    #[test]
    fn an_issuer_is_asked_by_tls_or_on_this_machine() {
        for good in [
            "https://accounts.google.com",
            "https://login.example.com/realms/ops",
            "https://login.example.com:8443/",
            "http://127.0.0.1:8180",
            "http://localhost:8180/realms/ops",
            "http://[::1]:8180",
        ] {
            assert_eq!(check_issuer(good), Ok(()), "{good}");
        }
        for bad in [
            "login.example.com",
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "ftp://login.example.com",
            "https://user:secret@login.example.com",
            "https://login.example.com?a=b",
            "https://login.example.com#a",
            "https://login.example.com/.well-known/openid-configuration",
            "file:///etc/passwd",
        ] {
            assert!(check_issuer(bad).is_err(), "{bad}");
        }
    }
}
