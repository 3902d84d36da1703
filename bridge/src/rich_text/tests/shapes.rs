//! The shapes that a message has, each as Markdown.
//!
//! The shape of a message that is passed on is that of `message_action.1.json` in `tests/samples` (slackapi/java-slack-sdk, MIT); the others
//! are written after Slack's references of Block Kit and of secondary attachments.

use serde_json::{Value, json};

use crate::rich_text::{document::KnownNames, markdown::render, message::MessageEvent};

fn markdown(message: &Value) -> String {
    let names = KnownNames {
        people: [("U1".to_owned(), "Ada".to_owned())].into(),
        channels: [("C1".to_owned(), "ops".to_owned())].into(),
        groups: [("S1".to_owned(), "oncall".to_owned())].into(),
    };
    render(&MessageEvent::of(&json!({"event": message})).document(), &names)
}

fn first_line(message: &Value) -> Option<String> {
    let document = MessageEvent::of(&json!({"event": message})).document();
    document.first_line(&KnownNames::default())
}

fn rich(leaves: &Value) -> Value {
    json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]})
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

#[test]
fn words_of_people() {
    let cases = [
        (
            "text",
            json!({"text": "*bold* &amp; <@U1> in <#C1|>"}),
            "**bold** & @Ada in #ops",
        ),
        (
            "rich text, which says more than the text",
            json!({"text": "*plain*", "blocks": [rich(&json!([{"type": "text", "text": "rich", "style": {"bold": true}}]))]}),
            "**rich**",
        ),
        (
            "all leaves",
            json!({"blocks": [rich(&json!([
                {"type": "user", "user_id": "U1"}, {"type": "text", "text": " "},
                {"type": "usergroup", "usergroup_id": "S1"}, {"type": "text", "text": " "},
                {"type": "channel", "channel_id": "C1"}, {"type": "text", "text": " "},
                {"type": "broadcast", "range": "here"}, {"type": "text", "text": " "},
                {"type": "emoji", "name": "wave", "unicode": "1f44b"}, {"type": "text", "text": " "},
                {"type": "emoji", "name": "shipit"}, {"type": "text", "text": " "},
                {"type": "color", "value": "#405B8A"}, {"type": "text", "text": " "},
                {"type": "date", "timestamp": 1_483_037_604, "format": "{date}"}, {"type": "text", "text": " "},
                {"type": "hologram", "text": {"type": "plain_text", "text": "new"}}, {"type": "text", "text": " "},
                {"type": "canvas", "url": "https://x.y/c"}, {"type": "link", "text": "no address"}
            ]))]}),
            "@Ada @oncall #ops @here 👋 :shipit: #405B8A 2016-12-29 18:53 UTC new <https://x.y/c>no address",
        ),
        (
            "lists and quotes with a line beside them",
            json!({"blocks": [{"type": "rich_text", "elements": [
                {"type": "rich_text_list", "style": "ordered", "indent": 0, "offset": 2, "border": 1, "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "three"}]}]},
                {"type": "rich_text_list", "style": "bullet", "indent": 1, "border": 1, "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "see "}, {"type": "link", "url": "https://x.y"}]},
                {"type": "rich_text_shelf", "elements": [{"type": "text", "text": "later"}]},
                {"type": "rich_text_label", "text": "alone"}
            ]}]}),
            "> 3. three\n>     - a\n\n> said\n\n```\nsee https://x.y\n```\n\nlater\n\nalone",
        ),
        (
            "a table that was pasted",
            json!({"text": "see", "attachments": [{"id": 1, "fallback": "[no preview available]", "blocks": [
                {"type": "table", "rows": [
                    [{"type": "raw_text", "text": "Host"}, {"type": "raw_text", "text": "Load"}],
                    [rich(&json!([{"type": "link", "url": "https://x.y", "text": "db-1"}])), {"type": "raw_number", "value": 0.9}]]}]}]}),
            "see\n\nHost | Load  \n[db-1](https://x.y) | 0.9",
        ),
        (
            "nothing",
            json!({"text": " \n", "blocks": null, "attachments": null, "files": null}),
            "",
        ),
        (
            "an edited message",
            json!({"text": "b", "edited": {"user": "U1", "ts": "2.0"}}),
            "b",
        ),
    ];
    for (name, message, expected) in cases {
        assert_eq!(markdown(&message), expected, "{name}");
    }
}

#[test]
fn messages_that_are_passed_on() {
    let shared = |fields: Value| {
        let mut attachment = json!({"is_share": true, "is_msg_unfurl": true, "author_id": "U1", "author_name": "Bob &amp; Co",
            "channel_id": "C1", "from_url": "https://acme.slack.com/archives/C1/p1", "fallback": "[Dec 15] Bob: restarted",
            "footer": "Posted in #ops", "ts": "1.0"});
        let fields = fields.as_object().cloned().unwrap_or_default();
        attachment.as_object_mut().expect("fields").extend(fields);
        attachment
    };
    let by = "> — Bob & Co, [in Slack](https://acme.slack.com/archives/C1/p1)";
    let message_blocks = json!([{"team": "T1", "channel": "C1", "ts": "1.0", "message": {"blocks": [
        rich(&json!([{"type": "text", "text": "restarted", "style": {"bold": true}}]))]}}]);
    let file =
        json!({"name": "a_b.png", "permalink": "https://x.y/F1", "pretty_type": "PNG", "size": 12_345});
    let cases = [
        (
            "by its text",
            json!({"text": "", "attachments": [shared(json!({"text": "*restarted*"}))]}),
            format!("> **restarted**\n>\n{by}"),
        ),
        (
            "by its blocks",
            json!({"text": "", "attachments": [shared(json!({"text": "restarted", "message_blocks": message_blocks}))]}),
            format!("> **restarted**\n>\n{by}"),
        ),
        (
            "with words before it",
            json!({"text": "see <@U1>", "attachments": [shared(json!({"text": "a\nb"}))]}),
            format!("see @Ada\n\n> a  \n> b\n>\n{by}"),
        ),
        (
            "with a file",
            json!({"text": "", "attachments": [shared(json!({"text": "", "files": [file]}))]}),
            format!("> [a_b.png](https://x.y/F1) (PNG, 12 kB)\n>\n{by}"),
        ),
        (
            "of which nothing is told but its fallback",
            json!({"attachments": [shared(json!({}))]}),
            format!("> \\[Dec 15\\] Bob: restarted\n>\n{by}"),
        ),
        (
            "an app's alert",
            json!({"attachments": [shared(json!({"text": "", "attachments": [{"title": "CPU", "text": "is *high*"}]}))]}),
            format!("> **CPU**\n>\n> is **high**\n>\n{by}"),
        ),
        (
            "by somebody whose name is not told",
            json!({"attachments": [{"is_msg_unfurl": true, "author_id": "U1", "text": "x"}]}),
            "> x\n>\n> — @Ada, in Slack".to_owned(),
        ),
    ];
    for (name, message, expected) in cases {
        assert_eq!(markdown(&message), expected, "{name}");
    }
    let sample = include_str!("../../../tests/samples/payloads/message_action.1.json");
    let sample: Value = serde_json::from_str(sample).expect("JSON");
    assert_eq!(
        markdown(&sample["message"]),
        "Here is the uploaded file: <https://xxx.slack.com/archives/C111/xxx>\n\n> Uploading a file...\n>\n> [-.txt](https://seratch.slack.com/files/U111/F111/-.txt) (Plain Text, 14 B)\n>\n> — Testing Bot, [in Slack](https://xxx.slack.com/archives/C111/xxx)"
    );
    assert_eq!(
        first_line(&json!({"attachments": [shared(json!({"text": "*restarted*\nnow"}))]})).as_deref(),
        Some("restarted")
    );
}

#[test]
fn alerts_of_apps() {
    let cases = [
        (
            "an attachment in the old way",
            json!({"subtype": "bot_message", "text": null, "attachments": [{
                "pretext": "Alert for <@U1>", "author_name": "Grafana", "author_link": "https://g.x", "title": "CPU &gt; 90", "title_link": "https://g.x/1",
                "text": "on *db-1*", "fields": [{"title": "Host", "value": "db-1", "short": true}, {"title": "Load", "value": 0.9}, {"value": "bare"}],
                "image_url": "https://g.x/i.png", "footer": "eu-1", "ts": 1,
                "actions": [{"type": "button", "text": "Silence", "url": "https://g.x/s"}], "fallback": "CPU"}]}),
            "Alert for @Ada\n\n[Grafana](https://g.x)\n\n**[CPU > 90](https://g.x/1)**\n\non **db-1**\n\n**Host**  \ndb-1\n\n**Load**  \n0.9\n\nbare\n\n[image](https://g.x/i.png)\n\n[Silence](https://g.x/s)\n\neu-1",
        ),
        (
            "a fallback alone",
            json!({"bot_id": "B1", "attachments": [{"fallback": "disk &lt; 1 %"}, {"text": "x &amp; y"}]}),
            "disk \\< 1 %\n\nx & y",
        ),
        (
            "blocks, which the text only repeats",
            json!({"bot_id": "B1", "text": "CPU is high", "blocks": [
                {"type": "header", "text": plain("CPU is high")},
                {"type": "section", "text": {"type": "mrkdwn", "text": "*db-1* &lt;b&gt;"}, "fields": [
                    {"type": "mrkdwn", "text": "*Load*\n0.9"}, plain("eu-1")],
                    "accessory": {"type": "button", "text": plain("Open"), "url": "https://g.x"}},
                {"type": "divider"},
                {"type": "context", "elements": [{"type": "image", "image_url": "https://g.x/i.png", "alt_text": "logo"}, {"type": "mrkdwn", "text": "by <@U1>"}]},
                {"type": "image", "image_url": "https://g.x/g.png", "alt_text": "graph", "title": plain("Load")},
                {"type": "actions", "elements": [{"type": "button", "text": plain("Ack")}, {"type": "button", "text": plain("Open"), "url": "https://g.x"},
                    {"type": "static_select", "placeholder": plain("Choose")}]}
            ]}),
            "**CPU is high**\n\n**db-1** \\<b>\n\n**Load**  \n0.9\n\neu-1\n\n[Open](https://g.x)\n\n[logo](https://g.x/i.png) · by @Ada\n\n[Load](https://g.x/g.png)\n\nAck · [Open](https://g.x)",
        ),
        (
            "blocks in an attachment",
            json!({"bot_id": "B1", "text": "", "attachments": [{"color": "#f00", "fallback": "no", "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": "down"}}]}]}),
            "down",
        ),
        (
            "Markdown",
            json!({"bot_id": "B1", "blocks": [{"type": "markdown", "text": "# Head\n\n- **a** [b](https://x.y)"}]}),
            "# Head\n\n- **a** [b](https://x.y)",
        ),
        (
            "Markdown that does not end",
            json!({"bot_id": "B1", "blocks": [{"type": "markdown", "text": "```\nopen"}, {"type": "section", "text": plain("after")}]}),
            "````\n```\nopen\n````\n\nafter",
        ),
        (
            "a video",
            json!({"bot_id": "B1", "blocks": [{"type": "video", "title": plain("Demo"), "title_url": "https://x.y/v", "description": plain("How"),
                "author_name": "Ada", "provider_name": "Tube", "alt_text": "a film", "video_url": "https://x.y/e"}]}),
            "[Demo](https://x.y/v)\n\nHow\n\nAda · Tube",
        ),
        (
            "a table with a caption",
            json!({"bot_id": "B1", "blocks": [{"type": "data_table", "caption": "Hosts", "rows": [
                [{"type": "raw_text", "text": "---"}, {"type": "raw_text", "text": "---"}], [{"type": "raw_text", "text": "a\nb"}, null]]}]}),
            "**Hosts**\n\n\\--- | ---  \na b |",
        ),
        (
            "a kind of block that is not known",
            json!({"bot_id": "B1", "blocks": [{"type": "card", "title": {"type": "mrkdwn", "text": "*T*"}, "body": plain("B"),
                "blocks": [{"type": "section", "text": plain("S")}], "actions": [{"type": "button", "text": plain("Go")}]}]}),
            "**T**\n\nB\n\nS\n\nGo",
        ),
        (
            "text and an attachment",
            json!({"bot_id": "B1", "text": "deploy", "attachments": [{"text": "done"}]}),
            "deploy\n\ndone",
        ),
        (
            "shapes that are none",
            json!({"bot_id": "B1", "text": 7, "blocks": [7, null, {"type": 5}, {"type": "section", "text": 5}], "attachments": [null, 7, {"fields": 3}]}),
            "",
        ),
    ];
    for (name, message, expected) in cases {
        assert_eq!(markdown(&message), expected, "{name}");
    }
    let header = json!({"blocks": [{"type": "header", "text": plain("CPU is high")}]});
    assert_eq!(first_line(&header).as_deref(), Some("CPU is high"));
    assert_eq!(
        first_line(&json!({"attachments": [{"title": "T", "text": "x"}]})).as_deref(),
        Some("T")
    );
}

#[test]
fn previews_of_links_are_nobodys_words() {
    let preview = json!({"from_url": "https://x.y", "original_url": "https://x.y", "service_name": "X", "title": "Page", "text": "of somebody else"});
    let of_app = json!({"is_app_unfurl": true, "app_unfurl_url": "https://x.y", "blocks": [{"type": "section", "text": plain("card")}]});
    let link = "see <https://x.y>";
    for attachment in [&preview, &of_app] {
        assert_eq!(
            markdown(&json!({"text": link, "attachments": [attachment]})),
            link,
            "{attachment}"
        );
        assert_eq!(
            markdown(&json!({"bot_id": "B1", "text": link, "attachments": [attachment]})),
            link
        );
    }
    assert_eq!(
        markdown(&json!({"text": "", "attachments": [preview]})),
        "**Page**\n\nof somebody else",
        "better than nothing"
    );
}

#[test]
fn files_follow_as_links_to_their_pages() {
    let files = json!([
        {"name": "a_b.png", "permalink": "https://x.slack.com/files/U1/F1/a_b.png", "pretty_type": "PNG", "size": 12_345,
            "url_private": "https://files.slack.com/secret"},
        {"name": "hidden", "url_private": "https://files.slack.com/secret"},
        {"id": "F2", "mode": "tombstone"},
        7
    ]);
    let shown = "[a_b.png](https://x.slack.com/files/U1/F1/a_b.png) (PNG, 12 kB)\n\nhidden\n\nfile";
    assert_eq!(
        markdown(&json!({"subtype": "file_share", "text": "", "files": files})),
        shown.replace("a\\_b", "a_b")
    );
}
