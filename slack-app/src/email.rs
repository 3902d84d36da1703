//! E-mail addresses as they are compared.

/// An address in lower case.
///
/// A letter outside of ASCII whose lower case is an ASCII letter stays as it is: `K` (the sign for kelvin) would become `k`, and an address that is
/// somebody else's would be taken for a member's.
pub fn fold(address: &str) -> String {
    let lower = |c: char| {
        let is_lookalike = !c.is_ascii() && c.to_lowercase().any(|lower| lower.is_ascii());
        let (kept, lowered) = (
            is_lookalike.then_some(c),
            (!is_lookalike).then(|| c.to_lowercase()),
        );
        kept.into_iter().chain(lowered.into_iter().flatten())
    };
    address.trim().chars().flat_map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn an_address_is_compared_in_lower_case_and_is_never_anothers() {
        assert_eq!(fold(" Alice@Example.COM "), "alice@example.com");
        assert_eq!(fold("ÄRZTE@Example.com"), "ärzte@example.com");
        for (lookalike, member) in [
            ("\u{212A}ate@example.com", "kate@example.com"),
            ("al\u{0130}ce@example.com", "alice@example.com"),
        ] {
            assert_ne!(fold(lookalike), member);
            assert!(!fold(lookalike).is_ascii());
        }
    }
}
