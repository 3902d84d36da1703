//! Which incidents are to be listed, as it is typed. Pure.

use tocsin_entity::kinds::{IncidentStatus, Severity, Urgency};

use crate::grammar::words::{option, plain, severity, urgency, words};
use crate::texts::commands;

/// Which incidents are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filters {
    pub(super) mine: bool,
    /// Resolved ones too.
    pub(super) all: bool,
    pub(super) statuses: Vec<IncidentStatus>,
    pub(super) urgencies: Vec<Urgency>,
    pub(super) severities: Vec<Severity>,
    /// By name.
    pub(super) service: Option<String>,
}

pub(super) fn filters(rest: &str) -> Result<Filters, String> {
    let mut filters = Filters::default();
    for word in words(rest) {
        let lower = word.to_lowercase();
        let (name, value) = option(&word).unwrap_or((String::new(), word.as_str()));
        match (name.as_str(), lower.as_str()) {
            ("service", _) => filters.service = Some(plain(value)).filter(|service| !service.is_empty()),
            (_, "mine" | "my") => filters.mine = true,
            (_, "all") => filters.all = true,
            (_, "open") => {}
            (_, "triggered") => filters.statuses.push(IncidentStatus::Triggered),
            (_, "acknowledged" | "acked") => filters.statuses.push(IncidentStatus::Acknowledged),
            (_, "resolved") => filters.statuses.push(IncidentStatus::Resolved),
            _ => match (urgency(value), severity(value)) {
                (Some(urgency), _) if name != "severity" => filters.urgencies.push(urgency),
                (_, Some(severity))
                    if name != "urgency" && (!name.is_empty() || lower.starts_with("sev")) =>
                {
                    filters.severities.push(severity);
                }
                _ => {
                    let word: String = word.chars().take(60).collect();
                    return Err(commands::no_filter(&word));
                }
            },
        }
    }
    Ok(filters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_and_others_are_refused() {
        let wanted = Filters {
            mine: true,
            urgencies: vec![Urgency::High, Urgency::Low],
            severities: vec![Severity::Sev1],
            service: Some("Payments API".to_owned()),
            ..Filters::default()
        };
        assert_eq!(
            filters("mine High urgency:low sev1 service:“Payments API”"),
            Ok(wanted)
        );
        let resolved = Filters {
            statuses: vec![IncidentStatus::Resolved],
            ..Filters::default()
        };
        assert_eq!(filters("resolved"), Ok(resolved));
        assert!(filters("yours").is_err_and(|why| why.contains("yours")));
        assert!(filters("1").is_err_and(|why| why.contains('1')));
    }

    proptest::proptest! {
        #[test]
        fn anything_at_all_is_read(text in proptest::prelude::any::<String>()) {
            let _ = filters(&text);
        }
    }
}
