//! What the commands ask of the acted API: lists, counts, services, and new incidents.

use serde_json::{Value, json};

use tocsin_entity::id::{IncidentId, UserId};

use super::tracker::{Tracked, Tracker, merge};

/// The services that there are.
const SERVICES: [(&str, &str); 2] = [
    ("svc_0193000000007000800000000000000a", "payments"),
    ("svc_0193000000007000800000000000000b", "Payments API"),
];

impl Tracker {
    /// The id of the member with an address.
    pub(crate) fn member_id(&self, email: &str) -> String {
        let people = self.state().people.clone();
        let found = people.iter().find(|person| person["email"] == email);
        found.expect("a member")["id"].as_str().expect("an id").to_owned()
    }

    pub(super) fn answer_simply(&self, operation: &str, variables: &Value) -> Option<Value> {
        let state = self.state();
        Some(match operation {
            "Responders" => {
                let mut people = state.people.clone();
                let search = variables["search"].as_str().unwrap_or_default().to_lowercase();
                let has = |text: &Value| {
                    text.as_str()
                        .is_some_and(|text| text.to_lowercase().contains(&search))
                };
                people.retain(|person| {
                    person["role"] != "STAKEHOLDER" && (has(&person["name"]) || has(&person["email"]))
                });
                json!({"users": {"nodes": people}})
            }
            "RecordSlackChannelChange" => {
                json!({"recordSlackChannelChange": {"connectors": [], "userErrors": []}})
            }
            "TriggerFromWorkflow" => {
                let url = "https://tocsin.example.com/ops/incidents/9";
                let incident = json!({"number": 9, "title": variables["input"]["title"], "url": url});
                json!({"triggerIncident": {"incident": incident, "userErrors": []}})
            }
            "LeadOf" => {
                let of = |connector: &&Value| connector["id"] == variables["id"];
                let found = state.connectors.iter().find(of).cloned().map(|mut connector| {
                    connector["organizationId"] = json!(self.organization);
                    connector["__typename"] = json!("Connector");
                    connector
                });
                json!({"node": found})
            }
            "AdministratorsOf" => {
                json!({"organization": {"name": "Org"}, "users": {"nodes": [{"name": "Olga Owner"}]}})
            }
            _ => return None,
        })
    }

    /// The answer to what only commands ask; none to all else.
    pub(super) fn answer_command(
        &self,
        operation: &str,
        variables: &Value,
        on_behalf_of: Option<&str>,
    ) -> Option<Value> {
        Some(match operation {
            "ListIncidents" => self.list(variables),
            "CreateSignInLink" => {
                assert_eq!(variables["input"]["method"], "LINK");
                let url = format!(
                    "https://tocsin.example.com/ops/sign-in#token=of-{}",
                    on_behalf_of.expect("a member")
                );
                json!({"createSignInLink": {"url": url, "userErrors": []}})
            }
            "StatusOfIncidents" => {
                let count =
                    |wanted: &dyn Fn(&Value) -> bool| json!({"totalCount": self.fields(wanted).len()});
                let is_open = |fields: &Value| fields["status"] != "RESOLVED";
                json!({
                    "organization": {"name": "Org"},
                    "triggered": count(&|fields| fields["status"] == "TRIGGERED"),
                    "acknowledged": count(&|fields| fields["status"] == "ACKNOWLEDGED"),
                    "urgent": count(&|fields| is_open(fields) && fields["urgency"] == "HIGH"),
                    "mine": count(&|fields| is_open(fields) && has_assignee(fields, &variables["me"])),
                })
            }
            "WhoIs" => {
                let mut people = self.state().people.clone();
                people.retain(|person| person["email"] == variables["email"]);
                json!({"organization": {"name": "Org"}, "users": {"nodes": people}})
            }
            "ServicesToName" => {
                let nodes: Vec<_> = SERVICES
                    .iter()
                    .map(|(id, name)| json!({"id": id, "name": name}))
                    .collect();
                json!({"organization": {"name": "Org"}, "services": {"nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null}}})
            }
            "TriggerFromSlack" => self.create(variables, on_behalf_of),
            _ => return None,
        })
    }

    /// An incident's description.
    pub(crate) fn description(&self, id: IncidentId) -> String {
        let state = self.state();
        let description = state.incidents[&id].fields["descriptionMarkdown"].as_str();
        description.expect("a description").to_owned()
    }

    /// Those that fit, newest first.
    fn fields(&self, wanted: &dyn Fn(&Value) -> bool) -> Vec<Value> {
        let state = self.state();
        let mut all: Vec<_> = state
            .incidents
            .values()
            .map(|incident| incident.fields.clone())
            .collect();
        all.sort_by_key(|fields| -fields["number"].as_i64().expect("a number"));
        all.retain(|fields| wanted(fields));
        all
    }

    /// A page; a cursor is a number.
    fn list(&self, variables: &Value) -> Value {
        let is_in = |list: &Value, value: &Value| list.as_array().is_none_or(|list| list.contains(value));
        let found = self.fields(&|fields| {
            let service = SERVICES
                .iter()
                .find(|(_, name)| fields["service"]["name"] == *name);
            is_in(&variables["statuses"], &fields["status"])
                && is_in(&variables["urgencies"], &fields["urgency"])
                && is_in(&variables["severities"], &fields["severity"])
                && (variables["assignees"].is_null() || has_assignee(fields, &variables["assignees"][0]))
                && (variables["services"].is_null()
                    || service.is_some_and(|(id, _)| variables["services"][0] == *id))
        });
        let number = |of: &Value| {
            let text = of.as_str()?;
            let number: i64 = text.parse().expect("a cursor");
            Some(number)
        };
        let (after, before) = (number(&variables["after"]), number(&variables["before"]));
        let mut page: Vec<_> = found
            .iter()
            .filter(|fields| {
                let number = fields["number"].as_i64().expect("a number");
                after.is_none_or(|after| number < after) && before.is_none_or(|before| number > before)
            })
            .cloned()
            .collect();
        let all = page.len();
        let count = |of: &Value| of.as_u64().map(|count| usize::try_from(count).expect("a count"));
        if let Some(first) = count(&variables["first"]) {
            page.truncate(first);
        }
        if let Some(last) = count(&variables["last"]) {
            page = page.split_off(page.len().saturating_sub(last));
        }
        let cursor = |fields: Option<&Value>| fields.map(|fields| fields["number"].to_string());
        let is_cut = page.len() < all;
        json!({
            "organization": {"name": "Org"},
            "incidents": {
                "nodes": page,
                "totalCount": found.len(),
                "pageInfo": {
                    "hasNextPage": before.is_some() || is_cut,
                    "hasPreviousPage": after.is_some() || (before.is_some() && is_cut),
                    "startCursor": cursor(page.first()),
                    "endCursor": cursor(page.last()),
                },
            },
        })
    }

    fn create(&self, variables: &Value, on_behalf_of: Option<&str>) -> Value {
        let people = self.state().people.clone();
        let member = people.iter().find(|person| person["id"].as_str() == on_behalf_of);
        if member.is_none_or(|member| member["role"] == "STAKEHOLDER") {
            let error = json!({"code": "FORBIDDEN", "message": "You may only read."});
            return json!({"triggerIncident": {"incident": null, "userErrors": [error]}});
        }
        let key = variables["key"].as_str().expect("a key").to_owned();
        let known = self.state().created.get(&key).copied();
        let id = known.unwrap_or_else(|| {
            let title = variables["title"].as_str().expect("a title");
            let id = self.trigger_from("SLACK", title);
            self.state().created.insert(key, id);
            id
        });
        let mut state = self.state();
        let fields = &mut state.incidents.get_mut(&id).expect("an incident").fields;
        if let Some(description) = variables["description"].as_str() {
            merge(fields, json!({"descriptionMarkdown": description}));
        }
        for name in ["urgency", "severity"] {
            if !variables[name].is_null() {
                fields[name] = variables[name].clone();
            }
        }
        if let Some((_, name)) = SERVICES.iter().find(|(id, _)| variables["service"] == *id) {
            fields["service"]["name"] = json!(name);
        }
        json!({"triggerIncident": {"incident": fields, "userErrors": []}})
    }
}

fn has_assignee(fields: &Value, id: &Value) -> bool {
    let assignees = fields["assignees"].as_array().expect("assignees");
    assignees.iter().any(|assignee| assignee["id"] == *id)
}

impl Tracked {
    /// Notes who is assigned by an entry, and who of them is it anew; fills in who they are.
    pub(super) fn assign(&self, id: IncidentId, kind: &str, fields: &mut Value, entry: &mut Value) {
        let Some(assignees) = fields["assignees"].as_array().filter(|_| kind == "REASSIGNED") else {
            return;
        };
        let named = |name: &Value| self.people.iter().find(|person| person["name"] == *name);
        let assignees: Vec<Value> = assignees
            .iter()
            .map(|assignee| {
                named(&assignee["name"]).cloned().unwrap_or_else(
                    || json!({"id": UserId::new(), "name": assignee["name"], "email": "nobody@example.com"}),
                )
            })
            .collect();
        let before = &self.incidents[&id].fields["assignees"];
        let was_assigned = |one: &Value| {
            let mut before = before.as_array().into_iter().flatten();
            before.any(|before| before["name"] == one["name"])
        };
        let mut anew = assignees.clone();
        anew.retain(|one| !was_assigned(one));
        entry["assignees"] = json!(assignees);
        entry["newAssignees"] = json!(anew);
        fields["assignees"] = json!(assignees);
    }

    /// Who was assigned anew by an entry.
    pub(super) fn new_assignees(&self, entry: &Value) -> Value {
        let mut entries = self.incidents.values().flat_map(|incident| &incident.entries);
        let found = entries.find(|one| one["id"] == *entry);
        let mut anew = found.map_or(Value::Null, |entry| entry["newAssignees"].clone());
        for one in anew.as_array_mut().into_iter().flatten() {
            one["slackUserId"] = Value::Null;
        }
        json!({"node": {"__typename": "TimelineEntry", "newAssignees": anew}})
    }
}
