//! The methods: who may call them, how often, and with what.
//!
//! Scopes, tiers, arguments and JSON bodies are from the method reference of docs.slack.dev, as collected
//! in slack-ruby/slack-api-ref (MIT licence). Where it differs from the metadata of the Java SDK
//! (slackapi/java-slack-sdk, MIT licence), the lower tier stands here.

use super::{
    auth, blocks, chat, conversations, functions, reactions, token_methods, unfurl, usergroups, users, views,
};
use crate::limits::Tier;
use crate::method::MethodScopes::{AnyOf, Family, None as NoScope};
use crate::method::{Method, MethodScopes, TokenKinds};

pub(super) const BASE: Method = Method {
    name: "",
    run: auth::test,
    tier: Tier::Three,
    scopes: NoScope,
    tokens: TokenKinds::Bots,
    json: false,
    open: false,
    args: &[],
    required: &[],
};

/// Post-like methods share these.
const CONTENT: &[&str] = &[
    "channel",
    "text",
    "blocks",
    "attachments",
    "metadata",
    "markdown_text",
    "username",
    "icon_emoji",
    "icon_url",
    "thread_ts",
    "reply_broadcast",
    "link_names",
    "parse",
    "mrkdwn",
    "unfurl_links",
    "unfurl_media",
    "as_user",
    "user",
    "ts",
    "file_ids",
];

const PAGE: &[&str] = &[
    "channel",
    "ts",
    "cursor",
    "limit",
    "oldest",
    "latest",
    "inclusive",
    "include_all_metadata",
];

const LIST: &[&str] = &[
    "cursor",
    "limit",
    "types",
    "exclude_archived",
    "team_id",
    "user",
    "include_locale",
];

const CHANNELS_WRITE: MethodScopes = AnyOf(&[
    "channels:manage",
    "groups:write",
    "im:write",
    "mpim:write",
    "channels:write",
]);

/// The methods, but for those about tokens.
const METHODS: &[Method] = &[
    Method {
        name: "api.test",
        run: auth::api_test,
        tier: Tier::Four,
        json: true,
        open: true,
        ..BASE
    },
    Method {
        name: "auth.test",
        run: auth::test,
        tier: Tier::Special,
        tokens: TokenKinds::Any,
        json: true,
        ..BASE
    },
    Method {
        name: "team.info",
        run: auth::team_info,
        scopes: AnyOf(&["team:read"]),
        json: true,
        args: &["team", "domain"],
        ..BASE
    },
    Method {
        name: "bots.info",
        run: auth::bots_info,
        scopes: AnyOf(&["users:read"]),
        args: &["bot", "team_id"],
        ..BASE
    },
    Method {
        name: "blocks.validate",
        run: blocks::validate,
        json: true,
        open: true,
        args: &["blocks", "view", "message"],
        ..BASE
    },
    Method {
        name: "chat.postMessage",
        run: chat::post::run,
        tier: Tier::Post,
        scopes: AnyOf(&["chat:write"]),
        json: true,
        args: CONTENT,
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "chat.update",
        run: chat::update::run,
        scopes: AnyOf(&["chat:write"]),
        json: true,
        args: CONTENT,
        required: &["channel", "ts"],
        ..BASE
    },
    Method {
        name: "chat.delete",
        run: chat::delete::run,
        scopes: AnyOf(&["chat:write"]),
        json: true,
        args: &["channel", "ts", "as_user"],
        required: &["channel", "ts"],
        ..BASE
    },
    Method {
        name: "chat.postEphemeral",
        run: chat::ephemeral::run,
        tier: Tier::Four,
        scopes: AnyOf(&["chat:write"]),
        json: true,
        args: CONTENT,
        required: &["channel", "user"],
        ..BASE
    },
    Method {
        name: "chat.getPermalink",
        run: chat::permalink::run,
        tier: Tier::Special,
        args: &["channel", "message_ts"],
        required: &["channel", "message_ts"],
        ..BASE
    },
    Method {
        name: "chat.unfurl",
        run: unfurl::run,
        scopes: AnyOf(&["links:write"]),
        json: true,
        args: &[
            "channel",
            "ts",
            "unfurls",
            "unfurl_id",
            "source",
            "metadata",
            "user_auth_message",
            "user_auth_required",
            "user_auth_url",
            "user_auth_blocks",
        ],
        ..BASE
    },
    Method {
        name: "conversations.list",
        run: conversations::list::run,
        tier: Tier::Two,
        scopes: Family("read"),
        args: LIST,
        ..BASE
    },
    Method {
        name: "users.conversations",
        run: conversations::list::of_user,
        tier: Tier::Two,
        scopes: Family("read"),
        args: LIST,
        ..BASE
    },
    Method {
        name: "conversations.info",
        run: conversations::info::run,
        scopes: Family("read"),
        args: &["channel", "include_locale", "include_num_members"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.members",
        run: conversations::info::members,
        tier: Tier::Four,
        scopes: Family("read"),
        args: &["channel", "cursor", "limit"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.history",
        run: conversations::history::run,
        scopes: Family("history"),
        json: true,
        args: PAGE,
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.replies",
        run: conversations::replies::run,
        scopes: Family("history"),
        args: PAGE,
        required: &["channel", "ts"],
        ..BASE
    },
    Method {
        name: "conversations.join",
        run: conversations::join::run,
        scopes: AnyOf(&["channels:join"]),
        json: true,
        args: &["channel"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.leave",
        run: conversations::join::leave,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.create",
        run: conversations::manage::create,
        tier: Tier::Two,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["name", "is_private", "team_id"],
        required: &["name"],
        ..BASE
    },
    Method {
        name: "conversations.rename",
        run: conversations::manage::rename,
        tier: Tier::Two,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel", "name"],
        required: &["channel", "name"],
        ..BASE
    },
    Method {
        name: "conversations.archive",
        run: conversations::manage::archive,
        tier: Tier::Two,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "conversations.setTopic",
        run: conversations::manage::set_topic,
        tier: Tier::Two,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel", "topic"],
        required: &["channel", "topic"],
        ..BASE
    },
    Method {
        name: "conversations.setPurpose",
        run: conversations::manage::set_purpose,
        tier: Tier::Two,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel", "purpose"],
        required: &["channel", "purpose"],
        ..BASE
    },
    Method {
        name: "conversations.invite",
        run: conversations::manage::invite,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel", "users", "force"],
        required: &["channel", "users"],
        ..BASE
    },
    Method {
        name: "conversations.open",
        run: conversations::open::run,
        scopes: CHANNELS_WRITE,
        json: true,
        args: &["channel", "users", "return_im", "prevent_creation"],
        ..BASE
    },
    Method {
        name: "users.info",
        run: users::info,
        tier: Tier::Four,
        scopes: AnyOf(&["users:read"]),
        args: &["user", "include_locale"],
        required: &["user"],
        ..BASE
    },
    Method {
        name: "users.list",
        run: users::list,
        tier: Tier::Two,
        scopes: AnyOf(&["users:read"]),
        args: LIST,
        ..BASE
    },
    Method {
        name: "users.lookupByEmail",
        run: users::lookup_by_email,
        scopes: AnyOf(&["users:read.email"]),
        args: &["email"],
        required: &["email"],
        ..BASE
    },
    Method {
        name: "usergroups.list",
        run: usergroups::list,
        tier: Tier::Two,
        scopes: AnyOf(&["usergroups:read"]),
        args: &["include_disabled", "include_count", "include_users", "team_id"],
        ..BASE
    },
    Method {
        name: "functions.completeSuccess",
        run: functions::complete_success,
        json: true,
        args: &["function_execution_id", "outputs"],
        required: &["function_execution_id", "outputs"],
        ..BASE
    },
    Method {
        name: "functions.completeError",
        run: functions::complete_error,
        json: true,
        args: &["function_execution_id", "error"],
        required: &["function_execution_id", "error"],
        ..BASE
    },
    Method {
        name: "reactions.add",
        run: reactions::add,
        scopes: AnyOf(&["reactions:write"]),
        json: true,
        args: &["channel", "name", "timestamp"],
        required: &["channel", "name", "timestamp"],
        ..BASE
    },
    Method {
        name: "pins.add",
        run: reactions::pin,
        tier: Tier::Two,
        scopes: AnyOf(&["pins:write"]),
        json: true,
        args: &["channel", "timestamp"],
        required: &["channel"],
        ..BASE
    },
    Method {
        name: "views.open",
        run: views::open,
        tier: Tier::Four,
        json: true,
        args: &["view", "trigger_id", "interactivity_pointer"],
        required: &["view"],
        ..BASE
    },
    Method {
        name: "views.push",
        run: views::push,
        tier: Tier::Four,
        json: true,
        args: &["view", "trigger_id", "interactivity_pointer"],
        required: &["view"],
        ..BASE
    },
    Method {
        name: "views.update",
        run: views::update,
        tier: Tier::Four,
        json: true,
        args: &["view", "view_id", "external_id", "hash"],
        required: &["view"],
        ..BASE
    },
    Method {
        name: "views.publish",
        run: views::publish,
        tier: Tier::Four,
        json: true,
        args: &["view", "user_id", "hash", "interactivity_pointer"],
        required: &["view", "user_id"],
        ..BASE
    },
];

/// A method by name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    let mut all = METHODS.iter().chain(token_methods::METHODS);
    all.find(|method| method.name == name)
}
