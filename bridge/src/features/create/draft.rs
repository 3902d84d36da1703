//! An incident to be, as it is typed. Pure.

use tocsin_entity::kinds::{Severity, Urgency};

use crate::grammar::words::{option, plain, severity, unquoted, urgency, words};
use crate::texts::create as texts;

/// What is known of an incident to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IncidentDraft {
    pub(super) title: Option<String>,
    /// By name.
    pub(super) service: Option<String>,
    pub(super) urgency: Option<Urgency>,
    pub(super) severity: Option<Severity>,
}

impl IncidentDraft {
    /// Whether there is nothing to ask for.
    pub(super) fn is_whole(&self) -> bool {
        self.title.is_some() && self.service.is_some()
    }
}

/// Reads what was typed after the subcommand's name.
pub(super) fn parse_draft(rest: &str) -> Result<IncidentDraft, &'static str> {
    let mut draft = IncidentDraft::default();
    let has_options = words(rest).iter().any(|word| option(word).is_some());
    if !has_options {
        draft.title = Some(plain(unquoted(rest))).filter(|title| !title.is_empty());
        return Ok(draft);
    }
    let mut title = Vec::new();
    for word in words(rest) {
        match option(&word) {
            Some((name, value)) if name == "service" => {
                draft.service = Some(plain(value)).filter(|service| !service.is_empty());
            }
            Some((name, value)) if name == "urgency" => {
                let urgency = urgency(value).ok_or(texts::URGENCY_WRONG)?;
                draft.urgency = Some(urgency);
            }
            Some((_, value)) => {
                let severity = severity(value).ok_or(texts::SEVERITY_WRONG)?;
                draft.severity = Some(severity);
            }
            None => title.push(word),
        }
    }
    draft.title = Some(plain(&title.join(" "))).filter(|title| !title.is_empty());
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_incident_is_told_in_part_or_whole() {
        let draft = |text: &str| parse_draft(text).expect(text);
        assert_eq!(draft(""), IncidentDraft::default());
        assert_eq!(
            draft("“Cards &amp; <@U1|ada> fail”").title.as_deref(),
            Some("Cards & @ada fail")
        );
        let whole = draft("Cards fail service:payments urgency:high severity:2");
        assert_eq!(whole.title.as_deref(), Some("Cards fail"));
        assert_eq!(whole.service.as_deref(), Some("payments"));
        assert_eq!(
            (whole.urgency, whole.severity),
            (Some(Urgency::High), Some(Severity::Sev2))
        );
        assert_eq!(
            draft("high load: 3 hosts").title.as_deref(),
            Some("high load: 3 hosts")
        );
        assert!(parse_draft("x urgency:huge").is_err_and(|why| why.contains("high")));
    }

    proptest::proptest! {
        #[test]
        fn anything_at_all_is_read(text in proptest::prelude::any::<String>()) {
            let _ = parse_draft(&text);
        }
    }
}
