//! Templates of messages in Slack, as administrators write them.

use serde_json::{Value, json};

use crate::world::{on_each_database, text};

const PREVIEW: &str = "query($input: PreviewSlackTemplateInput!) { previewSlackTemplate(input: $input) { blockKit text problems { part line message } } }";

/// The message that a preview shows.
fn message(preview: &Value) -> Value {
    let written = text(&preview["previewSlackTemplate"]["blockKit"]);
    serde_json::from_str(&written).expect("Block Kit is JSON")
}

on_each_database! {
    async fn a_template_is_kept_changed_used_and_deleted_once_nobody_uses_it(world) {
        let admin = world.admin();
        let input = json!({
            "name": "Short", "title": "*{{ incident.key }}* {{ incident.title }}", "fields": [{ "name": "Where", "value": "{{ incident.tags.region }}" }],
        });
        let made = admin.change("createSlackTemplate", input.clone()).await.done()["template"]["id"].clone();
        assert_eq!(admin.change("createSlackTemplate", input).await.refused(), "ALREADY_EXISTS");
        let use_it = json!({ "name": "short", "channel": "#short", "templateId": made });
        let connector = admin.change("createConnector", use_it.clone()).await.done()["connector"]["id"].clone();
        let all = "{ slackTemplates { name title body fields { name value } connectors { name } } }";
        assert_eq!(
            admin.read(all).await["slackTemplates"][0],
            json!({
                "name": "Short", "title": "*{{ incident.key }}* {{ incident.title }}", "body": null,
                "fields": [{ "name": "Where", "value": "{{ incident.tags.region }}" }], "connectors": [{ "name": "short" }],
            })
        );
        admin.change("updateSlackTemplate", json!({ "id": made, "title": null, "body": "Look here." })).await.done();
        let now = admin.read("{ slackTemplates { name title body fields { name } } }").await["slackTemplates"][0].clone();
        assert_eq!(now, json!({ "name": "Short", "title": null, "body": "Look here.", "fields": [{ "name": "Where" }] }));

        let gone = json!({ "id": made });
        assert_eq!(admin.change("deleteSlackTemplate", gone.clone()).await.refused(), "INVALID_INPUT");
        let read = "{ connectors { name template { name } templateTrouble templateTroubleAt } }";
        assert_eq!(
            admin.read(read).await["connectors"][1],
            json!({ "name": "short", "template": { "name": "Short" }, "templateTrouble": null, "templateTroubleAt": null })
        );
        admin.change("updateConnector", json!({ "id": connector, "templateId": null })).await.done();
        admin.change("deleteSlackTemplate", gone).await.done();
        assert_eq!(admin.change("updateConnector", json!({ "id": connector, "templateId": made })).await.refused(), "NOT_FOUND");
    }

    async fn a_template_that_could_fail_is_refused_with_where_and_why(world) {
        let admin = world.admin();
        let one = |value: &str| json!([{ "name": "a", "value": value }]);
        for (parts, field, why) in [
            (json!({ "title": "a\n{{ incident.titel }}" }), vec!["input", "title"], "title, line 2: There is no variable `incident.titel`."),
            (json!({ "body": "{% if %}" }), vec!["input", "body"], "syntax error"),
            (json!({ "fields": one("{{ incident.tags }}") }), vec!["input", "fields", "0", "value"], "cannot be shown as it is"),
            (json!({ "fields": vec![one("b")[0].clone(); 11] }), vec!["input", "fields"], "at most 10 fields"),
            (json!({ "body": "a".repeat(3_001) }), vec!["input", "body"], "at most 3000"),
            (json!({ "body": "{% include \"/etc/passwd\" %}" }), vec!["input", "body"], "There is no statement `include`"),
        ] {
            let mut input = json!({ "name": "bad" });
            input.as_object_mut().expect("fields").extend(parts.as_object().expect("parts").clone());
            let mutation = "mutation($input: CreateSlackTemplateInput!) { createSlackTemplate(input: $input) { template { id } userErrors { code field message } } }";
            let answer = admin.ask(mutation, json!({ "input": input })).await.data()["createSlackTemplate"].clone();
            assert!(answer["template"].is_null());
            assert_eq!((&answer["userErrors"][0]["code"], &answer["userErrors"][0]["field"]), (&json!("INVALID_INPUT"), &json!(field)), "{answer}");
            assert!(text(&answer["userErrors"][0]["message"]).contains(why), "{answer}");
        }
        assert_eq!(admin.read("{ slackTemplates { id } }").await["slackTemplates"], json!([]));
    }

    async fn a_preview_shows_the_message_and_changes_nothing(world) {
        let admin = world.admin();
        let given = json!({ "title": "{{ incident.title }}", "body": "In {{ service.name }}, {{ organization.name }}.", "fields": [] });
        let sample = admin.ask(PREVIEW, json!({ "input": given })).await.data();
        assert_eq!(sample["previewSlackTemplate"]["text"], "Payments are failing");
        let made = admin.change("createSlackTemplate", json!({ "name": "kept", "body": "{{ incident.urgency }} <{{ incident.title }}>" })).await.done();
        let incident = admin.trigger("!channel <!here> &").await;
        let with = json!({ "templateId": made["template"]["id"], "incidentId": incident["id"], "title": "{{ incident.title }}" });
        let real = admin.ask(PREVIEW, json!({ "input": with })).await.data();
        assert_eq!(real["previewSlackTemplate"]["problems"], json!([]));
        let shown = message(&real);
        assert_eq!(shown["blocks"][0]["text"]["text"], "!channel &lt;!here&gt; &amp;");
        let body = shown["attachments"][0]["blocks"][1]["text"]["text"].clone();
        assert_eq!(body, "High &lt;!channel &lt;!here&gt; &amp;>");

        let bad = json!({ "body": "{{ nothing }}" });
        let bad = admin.ask(PREVIEW, json!({ "input": bad })).await.data()["previewSlackTemplate"].clone();
        assert_eq!(bad["problems"], json!([{ "part": "body", "line": 1, "message": "There is no variable `nothing`." }]));
        assert_eq!(bad["blockKit"], Value::Null);
        assert_eq!(admin.read("{ slackTemplates { name title } }").await["slackTemplates"], json!([{ "name": "kept", "title": null }]));
        let variables = admin.read("{ slackTemplateVariables { name description example } }").await;
        assert!(variables["slackTemplateVariables"].as_array().expect("variables").len() > 15, "{variables}");
    }

    async fn a_preview_says_why_it_fails_for_an_incident(world) {
        let admin = world.admin();
        let kept = json!({ "name": "kept", "body": "Until {{ incident.tags.until | date }}" });
        let made = admin.change("createSlackTemplate", kept).await.done()["template"]["id"].clone();
        let input = json!({ "title": "Down", "tags": [{ "key": "until", "value": "soon" }] });
        let incident = admin.change("triggerIncident", input).await.done()["incident"]["id"].clone();
        let with = json!({ "templateId": made, "incidentId": incident });
        let shown = admin.ask(PREVIEW, json!({ "input": with })).await.data()["previewSlackTemplate"].clone();
        assert_eq!(shown["blockKit"], Value::Null);
        assert_eq!((&shown["problems"][0]["part"], &shown["problems"][0]["line"]), (&json!("body"), &json!(1)), "{shown}");
        assert!(text(&shown["problems"][0]["message"]).contains("this is not a time"), "{shown}");
    }

    async fn templates_are_their_organisations_own(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let made = ours.change("createSlackTemplate", json!({ "name": "ours" })).await.done()["template"]["id"].clone();
        for (mutation, input) in [
            ("updateSlackTemplate", json!({ "id": made, "name": "x" })),
            ("deleteSlackTemplate", json!({ "id": made })),
            ("createConnector", json!({ "name": "x", "channel": "#x", "templateId": made })),
        ] {
            assert_eq!(theirs.change(mutation, input).await.refused(), "NOT_FOUND", "{mutation}");
        }
        let incident = ours.trigger("Ours").await;
        for input in [json!({ "templateId": made }), json!({ "incidentId": incident["id"] })] {
            assert_eq!(theirs.ask(PREVIEW, json!({ "input": input })).await.error_code(), "BAD_USER_INPUT");
        }
    }
}
