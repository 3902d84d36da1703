//! Which incident a pasted link names.

use url::Url;

/// The number of the incident that a link shows, if it is a link to an incident of this installation: same host, same path
/// prefix. Query and fragment say nothing.
pub(crate) fn incident_number(public_url: &Url, link: &str) -> Option<i32> {
    let link = Url::parse(link).ok()?;
    if !matches!(link.scheme(), "http" | "https")
        || link.host()? != public_url.host()?
        || link.port() != public_url.port()
    {
        return None;
    }
    let path = link
        .path()
        .strip_prefix(public_url.path().trim_end_matches('/'))?;
    let number = path.strip_prefix("/incidents/")?;
    let number = number.strip_suffix('/').unwrap_or(number);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(public: &str, link: &str) -> Option<i32> {
        incident_number(&Url::parse(public).expect("a URL"), link)
    }

    #[test]
    fn a_link_below_the_public_url_names_its_incident() {
        let public = "https://tocsin.example.com/ops/";
        for link in [
            "https://tocsin.example.com/ops/incidents/42",
            "https://TOCSIN.example.com:443/ops/incidents/42/",
            "http://tocsin.example.com/ops/incidents/42?tab=1&x=%20#entry-7",
        ] {
            assert_eq!(number(public, link), Some(42), "{link}");
        }
        assert_eq!(
            number("http://127.0.0.1:8080", "http://127.0.0.1:8080/incidents/7"),
            Some(7)
        );
    }

    #[test]
    fn any_other_link_names_none() {
        let public = "https://tocsin.example.com/ops";
        for link in [
            "https://tocsin.example.com/incidents/42",
            "https://tocsin.example.com.evil.example/ops/incidents/42",
            "https://evil.example/ops/incidents/42",
            "https://tocsin.example.com:8443/ops/incidents/42",
            "https://tocsin.example.com/ops/incidents/",
            "https://tocsin.example.com/ops/incidents/0",
            "https://tocsin.example.com/ops/incidents/+1",
            "https://tocsin.example.com/ops/incidents/4a",
            "https://tocsin.example.com/ops/incidents/99999999999",
            "https://tocsin.example.com/ops/incidents/42/edit",
            "ftp://tocsin.example.com/ops/incidents/42",
            "not a link",
        ] {
            assert_eq!(number(public, link), None, "{link}");
        }
    }
}
