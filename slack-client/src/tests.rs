//! Answers of Slack's with nulls in them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    oauth::OauthGrant,
    thread::ThreadPage,
    web_api::{AuthTest, ChannelList, Messages},
};

#[track_caller]
fn read<T: DeserializeOwned>(answer: Value) -> T {
    serde_json::from_value(answer).expect("an answer")
}

#[test]
fn no_cursor_is_told_in_many_ways() {
    for paging in [
        json!(null),
        json!({}),
        json!({"next_cursor": null}),
        json!({"next_cursor": ""}),
    ] {
        let page = |name: &str| json!({"ok": true, name: [], "response_metadata": paging});
        assert_eq!(read::<ChannelList>(page("channels")).next(), None);
        assert_eq!(read::<Messages>(page("messages")).next(), None);
        assert_eq!(read::<ThreadPage>(page("messages")).next(), None);
    }
    // Whoever took this for the last page would miss what follows.
    let odd = json!({"ok": true, "messages": [], "response_metadata": {"next_cursor": 7}});
    assert!(serde_json::from_value::<Messages>(odd).is_err());
}

#[test]
fn one_channel_without_a_name_hides_no_other() {
    let nameless = json!({"id": "D1", "name": null, "is_private": null, "is_member": null, "is_archived": null, "creator": null,
        "created": null});
    let page: ChannelList =
        read(json!({"ok": true, "channels": [nameless, {"id": "C1", "name": "incidents"}]}));
    let names: Vec<_> = page
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(names, ["", "incidents"]);
    // Whoever took this for none would forget all.
    assert!(serde_json::from_value::<ChannelList>(json!({"ok": true, "channels": null})).is_err());
}

#[test]
fn what_another_app_s_message_carries_hides_no_message() {
    let odd =
        json!({"ts": "1.1", "bot_id": null, "metadata": {"event_type": "theirs", "event_payload": null}});
    let ours =
        json!({"ts": "1.2", "metadata": {"event_type": "tocsin_post", "event_payload": {"op": "post_1"}}});
    let page: Messages = read(json!({"ok": true, "messages": [odd, ours]}));
    let mut marked = page
        .messages
        .iter()
        .filter_map(|message| message.metadata.as_ref()?.post());
    assert_eq!(marked.next(), Some("post_1"));
}

#[test]
fn an_installation_is_read_whatever_is_null_in_it() {
    let granted: OauthGrant = read(
        json!({"ok": true, "access_token": "xoxb-EXAMPLE", "refresh_token": null, "expires_in": null,
        "team": null, "enterprise": null, "is_enterprise_install": null}),
    );
    assert!(!granted.is_enterprise_install);
    let bot: AuthTest = read(
        json!({"ok": true, "team_id": "T1", "team": null, "user_id": "U1", "bot_id": null, "app_id": null}),
    );
    assert_eq!(bot.team, "");
}
