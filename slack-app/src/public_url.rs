//! Addresses below the public URL: pages that people open, and where Slack leads them back to.

/// The address of a path below the public URL, which may have a path of its own.
pub fn below(public_url: &str, path: &str) -> String {
    format!("{}{path}", public_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn a_path_of_the_public_url_stays_before_the_page() {
        let page = "https://example.com/tocsin/incidents/1";
        assert_eq!(below("https://example.com/tocsin", "/incidents/1"), page);
        assert_eq!(below("https://example.com/tocsin/", "/incidents/1"), page);
    }
}
