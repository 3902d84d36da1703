//! What is to be read on a Home tab. Pure, and without the time of day: only what changed is published.

use serde_json::Value;
use tocsin_client::Incident;
use tocsin_message::{
    blocks::{self, ButtonStyle},
    mrkdwn::Mrkdwn,
};
use tocsin_slack::{inputs, view::View};

use super::read::{HomeContent, IncidentList, MemberIncidents};
use crate::{
    mirror::{buttons, content::NAME_MAX, facts},
    texts::home as texts,
};

/// The action id of the button that opens the dialog for a new incident.
const CREATE: &str = "create_incident";

/// The tab.
pub(super) fn view(home: &HomeContent) -> View {
    let view = View::home();
    match home {
        HomeContent::NotLinked { email } => view.blocks(stranger(email.as_deref())),
        HomeContent::Unlinked => view.block(blocks::section(Mrkdwn::own(texts::UNLINKED))),
        HomeContent::Deactivated => view.block(blocks::section(Mrkdwn::own(texts::DEACTIVATED))),
        HomeContent::Organizations(organizations) => {
            let may_act = organizations
                .iter()
                .any(|member_incidents| member_incidents.may_act);
            let is_one = organizations.len() == 1;
            view.blocks(head(may_act))
                .blocks(organizations.iter().flat_map(|of| member_incidents(of, is_one)))
        }
    }
}

fn stranger(email: Option<&str>) -> Vec<Value> {
    vec![
        blocks::section(texts::not_linked(email)),
        blocks::section(Mrkdwn::own(texts::NOT_LINKED_HELP)),
    ]
}

fn head(may_act: bool) -> Vec<Value> {
    if !may_act {
        return vec![blocks::context(Mrkdwn::own(texts::READ_ONLY))];
    }
    let create = blocks::button(texts::CREATE, CREATE, "home", ButtonStyle::Primary);
    let mut row = blocks::actions(&[create]);
    row["block_id"] = "home".into();
    vec![row]
}

fn member_incidents(member_incidents: &MemberIncidents, is_one: bool) -> Vec<Value> {
    let mut all = Vec::new();
    if !is_one {
        all.push(blocks::section(
            Mrkdwn::text(&member_incidents.name).cut(NAME_MAX).bold(),
        ));
    }
    let lists = [
        (
            texts::ASSIGNED,
            &member_incidents.assigned,
            Some(texts::NONE_ASSIGNED),
        ),
        (texts::OPEN, &member_incidents.taken, None),
        (texts::RECENT, &member_incidents.recent, Some(texts::NO_OTHERS)),
    ];
    for (title, list, nothing) in lists {
        if list.incidents.is_empty() && nothing.is_none() {
            continue;
        }
        all.push(inputs::divider());
        all.push(blocks::section(Mrkdwn::own(title).bold()));
        match nothing {
            Some(nothing) if list.incidents.is_empty() => all.push(blocks::context(Mrkdwn::own(nothing))),
            Some(_) | None => all.extend(entries(member_incidents, list)),
        }
    }
    all
}

fn entries<'a>(
    member_incidents: &'a MemberIncidents,
    list: &'a IncidentList,
) -> impl Iterator<Item = Value> + 'a {
    let more = (list.more > 0).then(|| blocks::context(texts::more(list.more)));
    let of = |incident: &'a Incident| {
        let uses = member_incidents
            .menu_uses
            .get(&incident.id)
            .copied()
            .unwrap_or_default();
        let row = member_incidents.may_act.then(|| buttons::row(incident, uses));
        std::iter::once(blocks::section(facts::overview_with_people(incident))).chain(row)
    };
    list.incidents.iter().flat_map(of).chain(more)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use tocsin_entity::id::{IncidentId, OrganizationId};

    use super::*;
    use crate::mirror::tests::fixtures::{acknowledged, incident, resolved};

    fn list(incidents: Vec<Incident>, more: i64) -> IncidentList {
        IncidentList { incidents, more }
    }

    fn one_desk() -> MemberIncidents {
        MemberIncidents {
            organization: OrganizationId::new(),
            name: "Example <Ltd>".to_owned(),
            may_act: true,
            assigned: list(vec![incident()], 3),
            taken: IncidentList::default(),
            recent: IncidentList::default(),
            menu_uses: HashMap::from([(incident().id, 2)]),
        }
    }

    #[test]
    fn a_tab_with_one_incident() {
        insta::assert_json_snapshot!(view(&HomeContent::Organizations(vec![one_desk()])).json());
    }

    #[test]
    fn a_tab_of_somebody_who_is_not_linked() {
        let email = Some("ada<!here>@example.com".to_owned());
        insta::assert_json_snapshot!(view(&HomeContent::NotLinked { email }).json());
    }

    #[test]
    fn a_full_tab_keeps_slacks_limits_and_names_no_block_twice() {
        let long = |like: fn() -> Incident| Incident {
            id: IncidentId::new(),
            title: "<!channel> ".repeat(100),
            service: "s".repeat(500),
            assignees: vec!["a".repeat(300); 50],
            ..like()
        };
        let many = |like: fn() -> Incident| list((0..10).map(|_| long(like)).collect(), 99);
        let member_incidents = |may_act| MemberIncidents {
            may_act,
            assigned: many(incident),
            taken: many(acknowledged),
            recent: many(resolved),
            ..one_desk()
        };
        for home in [
            vec![member_incidents(true)],
            vec![
                member_incidents(true),
                member_incidents(false),
                member_incidents(true),
            ],
        ] {
            let view = view(&HomeContent::Organizations(home));
            let blocks = view.json()["blocks"].as_array().expect("blocks");
            assert!(blocks.len() <= 100, "{}", blocks.len());
            assert!(view.json().to_string().len() < 250_000);
            let named: Vec<_> = blocks
                .iter()
                .filter_map(|block| block["block_id"].as_str())
                .collect();
            assert_eq!(named.iter().collect::<HashSet<_>>().len(), named.len());
            assert!(named.iter().all(|name| name.len() <= 255));
            for block in blocks {
                let text = block["text"]["text"].as_str().unwrap_or_default();
                assert!(
                    text.encode_utf16().count() <= 3_000 && !text.contains("<!channel>"),
                    "{text}"
                );
            }
        }
    }
}
