//! Which page of ours a pasted link leads to.

use url::Url;

/// A page of which there is a preview, by the incident's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkedPage {
    Incident(i32),
    Postmortem(i32),
}

impl LinkedPage {
    /// The page that a link leads to, if it is one of this installation: same host, same path prefix. Query and fragment say nothing.
    pub(crate) fn of(public_url: &Url, link: &str) -> Option<Self> {
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
        let page = path.strip_prefix("/incidents/")?;
        let page = page.strip_suffix('/').unwrap_or(page);
        match page.strip_suffix("/postmortem") {
            Some(of) => number(of).map(Self::Postmortem),
            None => number(page).map(Self::Incident),
        }
    }

    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Incident(number) | Self::Postmortem(number) => number,
        }
    }
}

fn number(text: &str) -> Option<i32> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(public: &str, link: &str) -> Option<LinkedPage> {
        LinkedPage::of(&Url::parse(public).expect("a URL"), link)
    }

    #[test]
    fn a_link_below_the_public_url_leads_to_its_page() {
        let public = "https://tocsin.example.com/ops/";
        for link in [
            "https://tocsin.example.com/ops/incidents/42",
            "https://TOCSIN.example.com:443/ops/incidents/42/",
            "http://tocsin.example.com/ops/incidents/42?tab=1&x=%20#entry-7",
        ] {
            assert_eq!(page(public, link), Some(LinkedPage::Incident(42)), "{link}");
        }
        assert_eq!(
            page("http://127.0.0.1:8080", "http://127.0.0.1:8080/incidents/7"),
            Some(LinkedPage::Incident(7))
        );
        for link in [
            "https://tocsin.example.com/ops/incidents/42/postmortem",
            "https://tocsin.example.com/ops/incidents/42/postmortem/?x=1#impact",
        ] {
            assert_eq!(page(public, link), Some(LinkedPage::Postmortem(42)), "{link}");
        }
    }

    #[test]
    fn any_other_link_leads_nowhere() {
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
            "https://tocsin.example.com/ops/incidents/postmortem",
            "https://tocsin.example.com/ops/incidents//postmortem",
            "https://tocsin.example.com/ops/incidents/42/x/postmortem",
            "ftp://tocsin.example.com/ops/incidents/42",
            "not a link",
        ] {
            assert_eq!(page(public, link), None, "{link}");
        }
    }
}
