//! Links to incidents, pasted in Slack.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{InboxState, PostKind},
    slack::{incident, post},
};

use super::stage::Stage;

const URL: &str = "https://tocsin.example.com/ops/incidents/42";

async fn share(stage: &Stage, event: Value) {
    let id = format!("Ev-{}", stage.world.inbox().await.len());
    let row = stage.event(&id, event).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
}

async fn previews(stage: &Stage) -> Vec<post::Model> {
    post::Entity::find()
        .filter(post::Column::Kind.eq(PostKind::Unfurl))
        .order_by_asc(post::Column::Id)
        .all(stage.world.database.read())
        .await
        .expect("posts")
}

async fn stage() -> Stage {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("STAKEHOLDER", None);
    stage.links_show(&[stage.incident_fields(42)], false);
    stage
}

#[tokio::test]
async fn each_link_to_an_incident_is_recorded_once_as_a_preview_to_be_made() {
    let stage = stage().await;
    let with_query = format!("{URL}?tab=timeline#entry");
    let event = json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": "3.3", "thread_ts": "3.0",
        "unfurl_id": "C2.3.3", "source": "conversations_history", "links": [
            {"domain": "tocsin.example.com", "url": URL}, {"url": with_query}, {"url": URL},
            {"url": "https://tocsin.example.com/other"}, {"url": "https://elsewhere.example/ops/incidents/42"}]});
    share(&stage, event.clone()).await;
    share(&stage, event).await;
    let previews = previews(&stage).await;
    let urls: Vec<&Value> = previews
        .iter()
        .map(|post| &post.address.as_ref().expect("an address")["url"])
        .collect();
    assert_eq!(urls, [URL, with_query.as_str()]);
    let expected = json!({"channel": "C2", "ts": "3.3", "thread_ts": "3.0", "unfurl_id": "C2.3.3",
        "source": "conversations_history", "url": URL});
    let first = &previews[0];
    assert_eq!(first.address, Some(expected));
    assert_eq!(
        (first.incident_id, first.channel_id.as_str()),
        (Some(stage.incident), "C2")
    );
    assert!(first.key.starts_with("unfurl:T1:C2:3.3:"), "{}", first.key);
    let noted = incident::Entity::find_by_id(stage.incident)
        .one(stage.world.database.read())
        .await
        .expect("an answer");
    assert!(noted.is_some(), "the mirror has it on its list");
}

#[tokio::test]
async fn a_link_in_a_message_that_is_still_being_written_is_recorded_with_slacks_own_id() {
    let stage = stage().await;
    share(
        &stage,
        json!({"type": "link_shared", "channel": "COMPOSER", "user": "U1", "message_ts": "Uxx-909", "unfurl_id": "Uxx-909",
            "source": "composer", "links": [{"url": URL}]}),
    )
    .await;
    let previews = previews(&stage).await;
    assert_eq!(previews.len(), 1);
    let address = previews[0].address.clone().expect("an address");
    assert_eq!(
        (&address["unfurl_id"], &address["source"]),
        (&json!("Uxx-909"), &json!("composer"))
    );
}

#[tokio::test]
async fn the_links_of_a_message_cost_one_question_however_many_organisations_there_are() {
    let stage = stage().await;
    let many: Vec<OrganizationId> = (0..50).map(|_| OrganizationId::new()).collect();
    stage.organizations(&many);
    stage.is_member_of(&many, "EMAIL", "STAKEHOLDER", None);
    let before = stage.acted.all().len();
    let links =
        json!([{"url": URL}, {"url": POSTMORTEM}, {"url": "https://tocsin.example.com/ops/incidents/43"}]);
    share(
        &stage,
        json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": "3.3", "links": links}),
    )
    .await;
    let asked = stage.acted.call("SlackPreviews");
    assert_eq!(
        asked.arguments["input"],
        json!({"numbers": [42, 43], "teamId": "T1", "slackUserId": "U1", "email": "ada@example.com", "isMatched": true,
            "ownerIds": [], "isServers": true})
    );
    assert_eq!((asked.organization, asked.on_behalf_of), (None, None));
    let of_person = ["IncidentByNumber", "SlackMembers", "PostmortemOfIncident"];
    let others: Vec<_> = stage.acted.all().split_off(before);
    assert!(
        others.iter().all(|call| !of_person.contains(&call.name.as_str())),
        "{others:#?}"
    );
    assert_eq!(previews(&stage).await.len(), 1);
}

#[tokio::test]
async fn nothing_is_asked_for_a_link_of_which_nobody_says_who_pasted_it() {
    let stage = stage().await;
    let event = json!({"type": "link_shared", "channel": "C3", "user": null, "message_ts": "3.3", "links": [{"url": URL}]});
    share(&stage, event).await;
    assert!(stage.acted.calls("SlackPreviews").is_empty());
    assert!(previews(&stage).await.is_empty());
}

#[tokio::test]
async fn a_link_to_an_incident_that_is_not_there_gets_no_preview() {
    let stage = stage().await;
    stage.links_show(&[], false);
    share(&stage, json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": "3.3", "links": [{"url": URL}]})).await;
    assert!(previews(&stage).await.is_empty());
}

const POSTMORTEM: &str = "https://tocsin.example.com/ops/incidents/42/postmortem";

fn link(channel: &str, url: &str) -> Value {
    json!({"type": "link_shared", "channel": channel, "user": "U1", "message_ts": "3.3", "links": [{"url": url}]})
}

#[tokio::test]
async fn a_postmortem_is_previewed_where_the_api_says_that_it_may_be_shown() {
    let stage = stage().await;
    share(&stage, link("C2", POSTMORTEM)).await;
    assert!(previews(&stage).await.is_empty());

    stage.links_show(&[stage.incident_fields(42)], true);
    share(&stage, link("C4", &format!("{POSTMORTEM}?a=b#impact"))).await;
    let previews = previews(&stage).await;
    assert_eq!(previews.len(), 1);
    assert!(
        previews[0].key.starts_with("unfurl-postmortem:T1:C4:3.3:"),
        "{}",
        previews[0].key
    );
}

#[tokio::test]
async fn a_person_of_another_workspace_is_shown_nothing() {
    let stage = stage().await;
    let elsewhere =
        json!({"id": "U1", "team_id": "T9", "name": "eve", "profile": {"email": "ada@example.com"}});
    stage
        .acted
        .answer("users.info", json!({"ok": true, "user": elsewhere}));
    share(&stage, link("C2", URL)).await;
    assert!(previews(&stage).await.is_empty());
}

#[tokio::test]
async fn a_preview_that_slack_dropped_is_made_again() {
    let stage = stage().await;
    share(&stage, link("C2", URL)).await;
    let shown = post::ActiveModel {
        id: Set(previews(&stage).await[0].id),
        content_hash: Set(Some("what is shown".to_owned())),
        ..Default::default()
    };
    shown.update(stage.world.database.write()).await.expect("a post");
    share(&stage, link("C2", URL)).await;
    assert!(previews(&stage).await[0].content_hash.is_some());
    let mut again = link("C2", URL);
    again["is_unfurl_refresh"] = json!(true);
    share(&stage, again).await;
    assert_eq!(previews(&stage).await[0].content_hash, None);
}
