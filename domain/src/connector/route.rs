//! Where an incident goes: pure.
//!
//! Each connector applies that a rule leads to; where no rule leads anywhere, the default ones do. A channel gets an incident once: of several
//! connectors to the same one, the first applies.

use std::collections::BTreeSet;

use tocsin_entity::{
    connector, connector_rule,
    id::{ConnectorId, RuleId, ServiceId},
    kinds::{Severity, Urgency, UrgencyFilter},
};

/// What rules ask of an incident.
#[derive(Debug, Clone)]
pub(super) struct RuleInput {
    /// The service that is broken.
    pub service_id: ServiceId,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// How much is broken.
    pub severity: Option<Severity>,
    /// By key and value.
    pub tags: Vec<(String, String)>,
}

/// Why a connector applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RouteReason {
    /// These rules lead there.
    Rules(Vec<RuleId>),
    /// No rule leads anywhere, and it is a default one.
    Default,
}

/// Why one that applies is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HoldReason {
    /// The incident is not urgent enough for it.
    Urgency,
    /// This one leads to the same channel.
    SameChannel(ConnectorId),
}

/// A connector that applies to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoutedConnector {
    pub(super) connector: ConnectorId,
    pub(super) because: RouteReason,
    pub(super) held_back: Option<HoldReason>,
}

/// The connectors that apply, in the order in which they were made. `are_same` says whether two lead to one channel.
pub(super) fn route(
    facts: &RuleInput,
    rules: &[connector_rule::Model],
    connectors: &[connector::Model],
    are_same: impl Fn(&connector::Model, &connector::Model) -> bool,
) -> Vec<RoutedConnector> {
    let matching: Vec<_> = rules.iter().filter(|rule| matches(rule, facts)).collect();
    let leads_to = |connector: &connector::Model| {
        let own = matching.iter().filter(|rule| rule.connector_id == connector.id);
        own.map(|rule| rule.id).collect::<Vec<_>>()
    };
    let by_rules = |connector: &connector::Model| !leads_to(connector).is_empty();
    let any = connectors.iter().any(by_rules);
    let mut open: Vec<&connector::Model> = Vec::new();
    let mut led = Vec::new();
    for connector in connectors {
        let because = match (leads_to(connector), any) {
            (rules, _) if !rules.is_empty() => RouteReason::Rules(rules),
            (_, false) if connector.is_default => RouteReason::Default,
            _ => continue,
        };
        let same = open.iter().find(|other| are_same(other, connector));
        let held_back = if !passes(connector.urgency_filter, facts.urgency) {
            Some(HoldReason::Urgency)
        } else if let Some(other) = same {
            Some(HoldReason::SameChannel(other.id))
        } else {
            open.push(connector);
            None
        };
        led.push(RoutedConnector {
            connector: connector.id,
            because,
            held_back,
        });
    }
    led
}

/// Whether all that the rule names holds. One that names nothing leads every incident there.
fn matches(rule: &connector_rule::Model, facts: &RuleInput) -> bool {
    let has_tag = |key: &String| {
        let mut tags = facts.tags.iter().filter(|(own, _)| own == key);
        tags.any(|(_, value)| rule.tag_value.as_ref().is_none_or(|wanted| wanted == value))
    };
    rule.service_id.is_none_or(|id| id == facts.service_id)
        && rule.urgency.is_none_or(|urgency| urgency == facts.urgency)
        && rule
            .severity
            .is_none_or(|severity| Some(severity) == facts.severity)
        && rule.tag_key.as_ref().is_none_or(has_tag)
}

fn passes(filter: UrgencyFilter, urgency: Urgency) -> bool {
    let wanted: BTreeSet<Urgency> = match filter {
        UrgencyFilter::All => return true,
        UrgencyFilter::High => BTreeSet::from([Urgency::High]),
        UrgencyFilter::HighAndMedium => BTreeSet::from([Urgency::High, Urgency::Medium]),
    };
    wanted.contains(&urgency)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use tocsin_entity::{id::OrganizationId, kinds::ReplyMode};

    use super::*;

    fn connector(channel: &str, is_default: bool) -> connector::Model {
        connector::Model {
            id: ConnectorId::new(),
            organization_id: OrganizationId::new(),
            name: channel.to_owned(),
            workspace_id: None,
            channel: channel.to_owned(),
            reply_mode: ReplyMode::Thread,
            is_default,
            events: String::new(),
            urgency_filter: UrgencyFilter::All,
            two_way_sync: true,
            appearance_name: None,
            appearance_icon: None,
            fallback_id: None,
            template_id: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn rule(to: &connector::Model) -> connector_rule::Model {
        connector_rule::Model {
            id: RuleId::new(),
            organization_id: to.organization_id,
            connector_id: to.id,
            service_id: None,
            urgency: None,
            severity: None,
            tag_key: None,
            tag_value: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn facts() -> RuleInput {
        RuleInput {
            service_id: ServiceId::new(),
            urgency: Urgency::High,
            severity: Some(Severity::Sev1),
            tags: vec![("region".to_owned(), "eu".to_owned())],
        }
    }

    fn are_same(one: &connector::Model, other: &connector::Model) -> bool {
        one.channel == other.channel
    }

    fn goes_to(facts: &RuleInput, rules: &[connector_rule::Model], all: &[connector::Model]) -> Vec<String> {
        let led = route(facts, rules, all, are_same);
        let led = led.iter().filter(|led| led.held_back.is_none());
        let name = |id| {
            all.iter()
                .find(|connector| connector.id == id)
                .map(|found| found.name.clone())
        };
        led.filter_map(|led| name(led.connector)).collect()
    }

    #[test]
    fn every_rule_that_holds_leads_somewhere_and_the_default_takes_what_none_does() {
        let facts = facts();
        let all = [
            connector("#all", true),
            connector("#payments", false),
            connector("#major", false),
            connector("#eu", false),
        ];
        let payments = connector_rule::Model {
            service_id: Some(facts.service_id),
            ..rule(&all[1])
        };
        let major = connector_rule::Model {
            severity: Some(Severity::Sev1),
            urgency: Some(Urgency::High),
            ..rule(&all[2])
        };
        let europe = connector_rule::Model {
            tag_key: Some("region".to_owned()),
            tag_value: Some("eu".to_owned()),
            ..rule(&all[3])
        };
        let rules = [payments, major, europe];
        assert_eq!(goes_to(&facts, &rules, &all), ["#payments", "#major", "#eu"]);
        let elsewhere = RuleInput {
            service_id: ServiceId::new(),
            tags: vec![("region".to_owned(), "us".to_owned())],
            ..facts.clone()
        };
        assert_eq!(goes_to(&elsewhere, &rules, &all), ["#major"]);
        let minor = RuleInput {
            severity: None,
            ..elsewhere
        };
        assert_eq!(goes_to(&minor, &rules, &all), ["#all"]);
        let any_region = connector_rule::Model {
            tag_value: None,
            ..rules[2].clone()
        };
        assert_eq!(goes_to(&minor, &[any_region], &all), ["#eu"]);
    }

    #[test]
    fn a_channel_is_led_to_once_and_what_is_not_urgent_enough_is_held_back() {
        let mut all = [
            connector("#all", true),
            connector("#all", true),
            connector("#high", true),
        ];
        all[2].urgency_filter = UrgencyFilter::High;
        let facts = RuleInput {
            urgency: Urgency::Medium,
            ..facts()
        };
        let led = route(&facts, &[], &all, are_same);
        let held: Vec<_> = led.iter().map(|led| led.held_back.clone()).collect();
        let expected = [
            None,
            Some(HoldReason::SameChannel(all[0].id)),
            Some(HoldReason::Urgency),
        ];
        assert_eq!(held, expected);
    }

    #[test]
    fn a_connector_that_is_held_back_leaves_its_channel_to_the_next() {
        let mut all = [connector("#all", true), connector("#all", true)];
        all[0].urgency_filter = UrgencyFilter::High;
        let facts = RuleInput {
            urgency: Urgency::Low,
            ..facts()
        };
        let led = route(&facts, &[], &all, are_same);
        assert_eq!(
            (&led[0].held_back, &led[1].held_back),
            (&Some(HoldReason::Urgency), &None)
        );
    }

    proptest! {
        #[test]
        fn no_channel_is_led_to_twice_and_no_incident_gets_lost(
            channels in prop::collection::vec((0u8..4, any::<bool>()), 1..8),
            ruled in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4), 0..8),
        ) {
            let all: Vec<_> = channels.iter().map(|(n, default)| connector(&format!("#{n}"), *default)).collect();
            let facts = facts();
            let rules: Vec<_> = ruled.iter().map(|(to, what)| {
                let rule = rule(to.get(&all));
                match what {
                    0 => connector_rule::Model { service_id: Some(facts.service_id), ..rule },
                    1 => connector_rule::Model { service_id: Some(ServiceId::new()), ..rule },
                    2 => connector_rule::Model { urgency: Some(Urgency::Low), ..rule },
                    _ => rule,
                }
            }).collect();
            let went = goes_to(&facts, &rules, &all);
            let once: BTreeSet<_> = went.iter().collect();
            prop_assert_eq!(once.len(), went.len());
            let some = rules.iter().any(|rule| matches(rule, &facts)) || all.iter().any(|one| one.is_default);
            prop_assert_eq!(!went.is_empty(), some);
        }
    }
}
