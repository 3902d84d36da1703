//! A mention, as Slack tells it, and what is done about it.
//!
//! Source: Slack, "`app_mention` event".

use std::sync::Arc;

use futures::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use time::Duration;
use tocsin_database::Database;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::{
    envelope::RequestKind,
    error::SlackError,
    lenient::{id, lenient, read},
};

use crate::{
    acting::{
        ActionRefusal, ActionService,
        answers::{self, WritingPlace},
        asker,
        subcommand::{MentionIntent, Subcommands},
        typed_action::{Confirmation, Requester, act_typed},
    },
    grammar::{mention::addressed, usage::HELP},
    installation::AppInstallation,
    notice::{self, Notice},
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    rich_text::message::{MessageEvent, ThreadReply},
    thread::{self, Thread, ThreadMatch, ThreadMemory},
};

/// What it takes to answer mentions.
#[derive(Debug)]
pub(crate) struct Mentions {
    pub(crate) acting: ActionService,
    pub(crate) database: Database,
    /// What is no note any more.
    pub(crate) memory: ThreadMemory,
    pub(crate) subcommands: Arc<Subcommands>,
}

/// `app_mention`.
pub(crate) const ROUTE: Route<Mentions> = Route {
    kind: RequestKind::Event,
    name: "app_mention",
    wanted: |_, payload| Mention::of(payload).is_some(),
    work: |mentions, item| mentioned(mentions, item).boxed(),
};

/// How soon a mention is tried again whose thread is just being made, and for how long.
const SOON: Duration = Duration::milliseconds(400);
const PATIENCE: Duration = Duration::minutes(10);

/// A person's message that mentions the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mention {
    user: String,
    channel: String,
    ts: String,
    thread_ts: Option<String>,
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(deserialize_with = "id")]
    user: Option<String>,
    #[serde(deserialize_with = "id")]
    channel: Option<String>,
    #[serde(deserialize_with = "lenient")]
    ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    thread_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    text: String,
    bot_id: Value,
    app_id: Value,
}

impl Mention {
    fn of(payload: &Value) -> Option<Self> {
        let event: Event = read(&payload["event"]);
        if !event.bot_id.is_null() || !event.app_id.is_null() {
            return None;
        }
        Some(Self {
            user: event.user?,
            channel: event.channel?,
            ts: event.ts?,
            thread_ts: event.thread_ts,
            text: event.text,
        })
    }
}

async fn mentioned(mentions: &Mentions, item: &InboundRequest) -> WorkResult {
    let Some(mention) = Mention::of(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let installation = &item.installation;
    let Some(bot) = installation.bot() else {
        return Err(JobError::retry("it is not known yet who the bot is"));
    };
    if installation.is_bot(&mention.user) {
        return Ok(RequestOutcome::NotOurs("own"));
    }
    let thread = match mention.thread_ts.as_deref() {
        Some(thread_ts) => {
            match thread::find(&mentions.database, installation, &mention.channel, thread_ts).await? {
                ThreadMatch::Incident(thread) => Some(thread),
                ThreadMatch::Coming if item.age() < PATIENCE => {
                    let pause = SOON.max(item.age() / 4).unsigned_abs();
                    return Err(JobError::retry_after(
                        pause,
                        "the thread's first message is not known yet",
                    ));
                }
                ThreadMatch::Coming | ThreadMatch::None => None,
            }
        }
        None => None,
    };
    let rest = addressed(&mention.text, &bot.bot_user_id);
    match (thread, rest) {
        (Some(thread), Some(rest)) => in_thread(mentions, item, &mention, &thread, rest).await,
        // It is spoken of, and the message is a comment.
        (Some(_), None) => Ok(RequestOutcome::NotOurs("no_command")),
        (None, _) => {
            let help = answers::help_in_thread(&mentions.subcommands);
            tell(installation, &mention, help.as_str()).await?;
            Ok(RequestOutcome::Done(HELP.deed))
        }
    }
}

async fn in_thread(
    mentions: &Mentions,
    item: &InboundRequest,
    mention: &Mention,
    thread: &Thread,
    rest: &str,
) -> WorkResult {
    let encloses = MessageEvent::of(&item.payload).encloses();
    let (action, rest) = match mentions.subcommands.read_mention(rest, encloses) {
        MentionIntent::Act(action, rest) => (action, rest),
        MentionIntent::Help => {
            let help = answers::help_in_thread(&mentions.subcommands);
            tell(&item.installation, mention, help.as_str()).await?;
            return Ok(RequestOutcome::Done(HELP.deed));
        }
        MentionIntent::Wrong(error) => {
            tell(
                &item.installation,
                mention,
                answers::misread(WritingPlace::Thread, &error).as_str(),
            )
            .await?;
            return Ok(RequestOutcome::Done("misread"));
        }
        // Said to the bot, and meant for all: a comment.
        MentionIntent::None => return Ok(RequestOutcome::NotOurs("no_command")),
    };
    let acting = &mentions.acting;
    // What is done to the incident stays done when the words are taken back; a note is the words.
    let place = ThreadReply {
        user: mention.user.clone(),
        channel: mention.channel.clone(),
        ts: mention.ts.clone(),
        thread_ts: mention.thread_ts.clone().unwrap_or_default(),
    };
    let is_gone = async || {
        let gone = mentions.memory.is_gone(&item.installation, &place).await;
        gone.map(|gone| action.is_comment && gone)
            .map_err(JobError::retry)
    };
    if is_gone().await? {
        return Ok(RequestOutcome::NotOurs("no_comment"));
    }
    let person = match asker::person(acting, &item.installation, &mention.user).await? {
        Ok(person) => person,
        // No call can be made to tell anybody.
        Err(notice) => return Ok(RequestOutcome::Done(notice.outcome())),
    };
    let name = format!("{}/{}/{}", thread.team_id, mention.channel, mention.ts);
    let requester = Requester {
        person: &person,
        organization: thread.organization,
        incident: thread.incident,
        request_id: item.request_id.as_deref(),
        at: item.received_at,
        // Of the message, not of the event: an edit of it is no second command.
        key: format!("mention:{name}"),
        external_ref: Some(format!("slack:{name}")),
        message: Some(&item.payload["event"]),
    };
    match act_typed(acting, &requester, action, rest).await? {
        Ok(_) if is_gone().await? => {
            // It was deleted while it was added.
            thread::retract(&acting.api, thread, &place, item.request_id.as_deref()).await
        }
        Ok(answer) => {
            confirm(&item.installation, mention, action.confirmation, &answer).await?;
            Ok(RequestOutcome::Done(action.usage.deed))
        }
        Err(ActionRefusal::Notice(Notice::Refused { code, .. })) if code == "IDEMPOTENCY_KEY_REUSED" => {
            Ok(RequestOutcome::Done(action.usage.deed))
        }
        Err(refusal) => {
            tell(&item.installation, mention, &refusal.text(&action.usage)).await?;
            Ok(RequestOutcome::Done(refusal.outcome()))
        }
    }
}

/// Lets whoever asked see that it is done.
async fn confirm(
    installation: &AppInstallation,
    mention: &Mention,
    confirmation: Confirmation,
    answer: &Mrkdwn,
) -> Result<(), JobError> {
    let emoji = match confirmation {
        Confirmation::Thread => return Ok(()),
        Confirmation::Answer => return tell(installation, mention, answer.as_str()).await,
        Confirmation::Reaction(emoji) => emoji,
    };
    let workspace = installation.workspace();
    match workspace
        .slack
        .add_reaction(&mention.channel, &mention.ts, emoji)
        .await
    {
        Ok(()) => Ok(()),
        // An app that was installed before it asked for the scope, or a message that takes no reactions.
        Err(error @ SlackError::Refused { .. }) => {
            tracing::info!(slack.channel = mention.channel, "no reaction was added: {error}");
            tell(installation, mention, answer.as_str()).await
        }
        Err(error) => Err(workspace.failed(error)),
    }
}

async fn tell(installation: &AppInstallation, mention: &Mention, text: &str) -> Result<(), JobError> {
    let thread_ts = mention.thread_ts.as_deref();
    let workspace = installation.workspace();
    notice::tell_in_thread(workspace, &mention.channel, &mention.user, thread_ts, text).await
}
