//! A reply in the thread of an incident's message becomes a comment.

use std::sync::Arc;

use futures::FutureExt;
use time::Duration;
use tocsin_client::{
    As,
    documents::{AddComment, DateTime, add_comment},
};
use tocsin_database::Database;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use super::{reply_change::ReplyChange, revise};
use crate::{
    acting::{self, ActionService, subcommand::Subcommands},
    failure::of_api,
    identity::{self, MembershipStatus, SlackActor},
    installation::ActingUser,
    notice::{self, Help, Notice},
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    rich_text::{
        markdown,
        message::{MessageEvent, ThreadReply},
        names::names,
    },
    thread::{self, Thread, ThreadMatch, ThreadMemory},
};

/// What it takes to make comments of replies.
#[derive(Debug)]
pub(crate) struct Comments {
    pub(crate) acting: ActionService,
    pub(crate) database: Database,
    pub(crate) memory: ThreadMemory,
    /// What is a command is no comment.
    pub(crate) subcommands: Arc<Subcommands>,
}

/// `message`, in any kind of channel: what people say in threads, edit and delete.
pub(crate) const ROUTE: Route<Comments> = Route {
    kind: RequestKind::Event,
    name: "message",
    wanted: |_, payload| ReplyChange::of(payload).is_some(),
    work: |comments, item| work_reply(comments, item).boxed(),
};

/// How soon a reply is tried again whose thread is just being made; later ones wait a quarter of the reply's age.
const SOON: Duration = Duration::milliseconds(400);

/// How long after a reply came its thread may still be found to be ours.
const PATIENCE: Duration = Duration::minutes(10);

/// What came of a reply that is on the timeline.
pub(super) const COMMENTED: RequestOutcome = RequestOutcome::Done("commented");

/// Longest name of a person that the API takes, in characters.
const NAME_MAX: usize = 100;

async fn work_reply(comments: &Comments, item: &InboundRequest) -> WorkResult {
    let Some(told) = ReplyChange::of(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let place = told.place();
    if item.installation.is_bot(&place.user) {
        return Ok(RequestOutcome::NotOurs("own"));
    }
    let thread = match thread::find(
        &comments.database,
        &item.installation,
        &place.channel,
        &place.thread_ts,
    )
    .await?
    {
        ThreadMatch::Incident(thread) => thread,
        ThreadMatch::Coming if item.age() < PATIENCE => {
            let pause = SOON.max(item.age() / 4).unsigned_abs();
            return Err(JobError::retry_after(
                pause,
                "the thread's first message is not known yet",
            ));
        }
        ThreadMatch::Coming | ThreadMatch::None => return Ok(RequestOutcome::NotOurs("not_ours")),
    };
    match told {
        ReplyChange::Deleted { place } => revise::delete(comments, item, &thread, &place).await,
        ReplyChange::Said { message, place } => {
            match read(comments, item, thread, message, place, false).await? {
                Ok(reply) => reply.add(comments).await,
                Err(NoComment::Other(outcome) | NoComment::Nothing(outcome)) => Ok(outcome),
            }
        }
        ReplyChange::Edited {
            message,
            place,
            revision,
        } => match read(comments, item, thread.clone(), message, place.clone(), true).await? {
            Ok(reply) => revise::edit(comments, &reply, &revision).await,
            Err(NoComment::Nothing(_)) => revise::empty(comments, item, &thread, &place).await,
            Err(NoComment::Other(outcome)) => Ok(outcome),
        },
    }
}

/// Why a message is no comment.
enum NoComment {
    /// It says nothing.
    Nothing(RequestOutcome),
    /// It is a command, or no person's.
    Other(RequestOutcome),
}

/// Finds out all about a message; or why it is no comment. A note that the bot was asked for is the comment of its message, so that an edit is one of the
/// comment; what else the bot was asked for is done, and an edit asks for nothing.
async fn read<'a>(
    comments: &Comments,
    item: &'a InboundRequest,
    thread: Thread,
    message: MessageEvent,
    place: ThreadReply,
    is_edit: bool,
) -> Result<Result<IncidentReply<'a>, NoComment>, JobError> {
    let bots = item.installation.bots();
    let noted = comments
        .subcommands
        .comment_in(bots, &message)
        .filter(|_| is_edit);
    if noted.is_none() && comments.subcommands.is_command(bots, &message) {
        let outcome = RequestOutcome::NotOurs("command");
        let is_empty = comments.subcommands.is_empty_comment(bots, &message);
        return Ok(Err(if is_empty {
            NoComment::Nothing(outcome)
        } else {
            NoComment::Other(outcome)
        }));
    }
    let installation = &item.installation;
    let person = identity::person(&comments.acting.identity, installation, &place.user)
        .await?
        .unwrap_or_else(|| {
            let speaker = ActingUser::of_event(&item.payload);
            SlackActor::speaking(installation, &place.user, speaker)
        });
    if person.is_bot {
        return Ok(Err(NoComment::Other(RequestOutcome::NotOurs("bot"))));
    }
    let document = match noted {
        Some(note) => message.command_document(note),
        None => message.document(),
    };
    let names = names(&comments.acting.rich_text, installation, &document).await?;
    let body = markdown::render(&document, &names);
    if body.is_empty() {
        return Ok(Err(NoComment::Nothing(RequestOutcome::Done("empty"))));
    }
    Ok(Ok(IncidentReply {
        item,
        place,
        thread,
        person,
        body,
    }))
}

/// A reply, and all that was found out about it.
pub(super) struct IncidentReply<'a> {
    pub(super) item: &'a InboundRequest,
    pub(super) place: ThreadReply,
    pub(super) thread: Thread,
    person: SlackActor,
    pub(super) body: String,
}

impl IncidentReply<'_> {
    /// Adds it to the timeline, unless it has been deleted, before or meanwhile, or was refused before.
    pub(super) async fn add(&self, comments: &Comments) -> WorkResult {
        let is_buried = || comments.memory.is_buried(&self.item.installation, &self.place);
        if is_buried().await.map_err(JobError::retry)? {
            return Ok(RequestOutcome::NotOurs("no_comment"));
        }
        let outcome = self.comment(comments).await?;
        if outcome != COMMENTED {
            // For good: it is neither refused again nor added when the thread is read later, after an edit, or when the sync is no longer muted.
            comments
                .memory
                .bury(&self.item.installation, &self.place)
                .await
                .map_err(JobError::retry)?;
        } else if is_buried().await.map_err(JobError::retry)? {
            return revise::retract(comments, self.item, &self.thread, &self.place).await;
        }
        Ok(outcome)
    }

    async fn comment(&self, comments: &Comments) -> WorkResult {
        let request_id = self.item.request_id.as_deref();
        let bridge = As::bridge(self.thread.organization, request_id);
        let membership = identity::membership_status(
            &comments.acting.identity,
            self.thread.organization,
            &self.person,
            request_id,
        )
        .await?;
        let (who, slack_author) = match &membership {
            MembershipStatus::Member(member) => (
                As {
                    on_behalf_of: Some(member.id),
                    ..bridge
                },
                None,
            ),
            MembershipStatus::NotMember => {
                let name = author_name(&self.person);
                (bridge, Some(add_comment::SlackAuthorInput { name }))
            }
            MembershipStatus::Deactivated => {
                let help = self.help(comments).await?;
                return self.tell(&Notice::Deactivated { help }).await;
            }
        };
        let input = add_comment::AddCommentInput {
            incident_id: self.thread.incident.to_string(),
            body_markdown: self.body.clone(),
            idempotency_key: Some(self.item.idempotency_key()),
            external_ref: Some(self.thread.external_ref(&self.place)),
            slack_author,
            said_at: self.place.said_at().map(DateTime),
            connector_id: self.thread.connector.map(|id| id.to_string()),
        };
        let answer = comments
            .acting
            .api
            .execute::<AddComment>(who, add_comment::Variables { input })
            .await
            .map_err(of_api)?;
        let Some(error) = answer.add_comment.user_errors.into_iter().next() else {
            return Ok(COMMENTED);
        };
        match error.code.as_str() {
            // An earlier try came through, and names have been learnt since.
            "IDEMPOTENCY_KEY_REUSED" => Ok(COMMENTED),
            // It is meant so, and nobody is bothered about it.
            "SYNC_OFF" => Ok(RequestOutcome::NotOurs("sync_off")),
            "SYNC_MUTED" => {
                self.tell_once(
                    comments,
                    &Notice::Refused {
                        code: error.code,
                        message: error.message,
                    },
                )
                .await
            }
            "UNMATCHED_REFUSED" => {
                let notice = acting::stranger(
                    &comments.acting,
                    self.thread.organization,
                    &self.person,
                    request_id,
                )
                .await?;
                self.tell(&notice).await
            }
            "FORBIDDEN" => {
                let help = self.help(comments).await?;
                self.tell(&Notice::ReadOnly { help }).await
            }
            "NOT_FOUND" => self.tell(&Notice::NotFound).await,
            _ => {
                self.tell(&Notice::Refused {
                    code: error.code,
                    message: error.message,
                })
                .await
            }
        }
    }

    /// Who can give the person the right that they lack.
    async fn help(&self, comments: &Comments) -> Result<Help, JobError> {
        let request_id = self.item.request_id.as_deref();
        acting::help(&comments.acting, self.thread.organization, request_id).await
    }

    /// Tells what need not be told each time.
    async fn tell_once(&self, comments: &Comments, notice: &Notice) -> WorkResult {
        let change = comments
            .memory
            .is_news(&self.item.installation, &self.place, notice.code())
            .await;
        if change.map_err(JobError::retry)? {
            return self.tell(notice).await;
        }
        Ok(RequestOutcome::Done(notice.outcome()))
    }

    pub(super) async fn tell(&self, notice: &Notice) -> WorkResult {
        let text = notice::comment(notice);
        let ThreadReply {
            channel,
            user,
            thread_ts,
            ..
        } = &self.place;
        let workspace = self.item.installation.workspace();
        notice::tell_in_thread(workspace, channel, user, Some(thread_ts), &text).await?;
        Ok(RequestOutcome::Done(notice.outcome()))
    }
}

/// As whom somebody is on the timeline who is no member. People of another company are marked, so that nobody takes them for a colleague of that name.
fn author_name(person: &SlackActor) -> String {
    const EXTERNAL: &str = " (external)";
    if person.is_external {
        let name: String = person.name.chars().take(NAME_MAX - EXTERNAL.len()).collect();
        return name + EXTERNAL;
    }
    person.name.chars().take(NAME_MAX).collect()
}
