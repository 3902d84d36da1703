//! Any sequence of changes, against a model of what an incident is.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::world::{Caller, World, text};

#[derive(Debug, Clone, Copy)]
enum Step {
    Acknowledge,
    Resolve,
    Reopen,
    Unsnooze,
    Comment,
    Snooze(i64),
    Urgency(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Acknowledge),
        Just(Step::Resolve),
        Just(Step::Reopen),
        Just(Step::Unsnooze),
        Just(Step::Comment),
        (1_i64..4).prop_map(Step::Snooze),
        prop_oneof![Just("HIGH"), Just("LOW")].prop_map(Step::Urgency),
    ]
}

/// What an incident is, in few words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    status: &'static str,
    snoozed: Option<i64>,
    urgency: &'static str,
    version: i64,
}

impl Model {
    /// What a step does: whether it is refused.
    fn take(&mut self, step: Step) -> bool {
        let before = self.clone();
        match (step, self.status) {
            (Step::Acknowledge | Step::Snooze(_) | Step::Unsnooze, "RESOLVED") => return true,
            (Step::Acknowledge, _) => self.status = "ACKNOWLEDGED",
            (Step::Resolve, _) => (self.status, self.snoozed) = ("RESOLVED", None),
            (Step::Reopen, "RESOLVED") => self.status = "TRIGGERED",
            (Step::Reopen | Step::Unsnooze, _) => {
                if self.snoozed.take().is_some() {
                    self.status = "TRIGGERED";
                }
            }
            (Step::Comment, _) => self.version += 1,
            (Step::Snooze(hours), _) => (self.status, self.snoozed) = ("ACKNOWLEDGED", Some(hours)),
            (Step::Urgency(urgency), _) => self.urgency = urgency,
        }
        if *self != before && !matches!(step, Step::Comment) {
            self.version += 1;
        }
        false
    }
}

async fn make(caller: &Caller, id: &Value, untils: &[String], step: Step) -> crate::world::Payload {
    let input = json!({ "id": id });
    match step {
        Step::Acknowledge => caller.change("acknowledgeIncident", input).await,
        Step::Resolve => caller.change("resolveIncident", input).await,
        Step::Reopen => caller.change("reopenIncident", input).await,
        Step::Unsnooze => caller.change("unsnoozeIncident", input).await,
        Step::Comment => {
            caller
                .change("addComment", json!({ "incidentId": id, "bodyMarkdown": "x" }))
                .await
        }
        Step::Snooze(hours) => {
            let until = &untils[usize::try_from(hours).expect("small")];
            caller
                .change("snoozeIncident", json!({ "id": id, "until": until }))
                .await
        }
        Step::Urgency(urgency) => {
            caller
                .change("updateIncident", json!({ "id": id, "urgency": urgency }))
                .await
        }
    }
}

async fn agrees(world: &World) {
    let admin = world.admin();
    let untils: Vec<String> = (0..5)
        .map(|hours| crate::timers::in_seconds(3_600 * (hours + 1)))
        .collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..40 {
        let steps = proptest::collection::vec(step(), 1..14)
            .new_tree(&mut runner)
            .expect("steps")
            .current();
        let id = admin.trigger("Down").await["id"].clone();
        let mut model = Model {
            status: "TRIGGERED",
            snoozed: None,
            urgency: "HIGH",
            version: 1,
        };
        for step in &steps {
            let refused = model.take(*step);
            let payload = make(&admin, &id, &untils, *step).await;
            if refused {
                assert_eq!(payload.refused(), "WRONG_STATUS", "{step:?} of {steps:?}");
            } else {
                payload.done();
            }
            let query = "query($id: ID!) { incident(id: $id) { status urgency version snoozedUntil acknowledgedAt resolvedAt } }";
            let now = admin.ask(query, json!({ "id": id })).await.data()["incident"].clone();
            assert_eq!(text(&now["status"]), model.status, "{step:?} of {steps:?}");
            assert_eq!(text(&now["urgency"]), model.urgency, "{step:?} of {steps:?}");
            assert_eq!(now["version"], model.version, "{step:?} of {steps:?}");
            assert_eq!(
                now["snoozedUntil"].is_null(),
                model.snoozed.is_none(),
                "{step:?} of {steps:?}"
            );
            assert_eq!(
                now["resolvedAt"].is_null(),
                model.status != "RESOLVED",
                "{step:?} of {steps:?}"
            );
            if model.status == "ACKNOWLEDGED" {
                assert!(!now["acknowledgedAt"].is_null(), "{step:?} of {steps:?}");
            }
        }
        let timeline = admin.timeline(&json!({ "id": id })).await;
        let versions: Vec<Value> = timeline.iter().map(|entry| entry["version"].clone()).collect();
        assert_eq!(json!(versions), json!((1..=model.version).collect::<Vec<_>>()));
    }
}

crate::world::on_each_database! {
    async fn any_sequence_of_changes_leads_where_the_model_says(world) {
        agrees(world).await;
    }
}
