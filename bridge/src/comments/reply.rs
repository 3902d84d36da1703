//! A reply in the thread of an incident's message becomes a comment.

use futures::FutureExt;
use time::Duration;
use tocsin_queue::JobError;

use super::{
    document::{Document, Names},
    message::{Message, Place},
    order,
};
use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{AddComment, As, add_comment},
    identity::{self, Person, Standing},
    inbound::{
        Kind,
        routes::{Item, Outcome, Route, Worked},
    },
    mention,
    notice::{self, Notice},
    thread::{self, Found, Thread},
};

/// `message`, in any kind of channel.
pub(crate) const ROUTE: Route = Route {
    kind: Kind::Event,
    name: "message",
    wanted: |payload| Message::of(payload).reply().is_some(),
    work: |parts, item| reply(parts, item).boxed(),
};

/// How soon a reply is tried again whose thread is just being made; later ones wait a quarter of the reply's age.
const SOON: Duration = Duration::milliseconds(400);

/// How long after a reply came its thread may still be found to be ours.
const PATIENCE: Duration = Duration::minutes(10);

/// How soon a reply is tried again before which others were written; and for how long it lets them go first.
const ORDER_SOON: Duration = Duration::milliseconds(100);
const ORDER_PATIENCE: Duration = Duration::seconds(10);

/// Longest name of a person that the API takes, in characters.
const NAME_MAX: usize = 200;

async fn reply(parts: &Parts, item: &Item) -> Worked {
    let message = Message::of(&item.payload);
    let Some(place) = message.reply() else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    if parts
        .watcher
        .health()
        .installation()
        .is_some_and(|bot| bot.bot_user_id == place.user)
    {
        return Ok(Outcome::NotOurs("own"));
    }
    let thread = match thread::find(parts, &place.channel, &place.thread_ts).await? {
        Found::Incident(thread) => thread,
        Found::Coming if item.age() < PATIENCE => {
            let pause = SOON.max(item.age() / 4).unsigned_abs();
            return Err(JobError::retry_after(
                pause,
                "the thread's first message is not known yet",
            ));
        }
        Found::Coming | Found::None => return Ok(Outcome::NotOurs("not_ours")),
    };
    if mention::is_command(parts, &message.text) {
        return Ok(Outcome::NotOurs("command"));
    }
    let team_id = item.payload["team_id"].as_str().unwrap_or(&thread.team_id);
    let person = identity::person(parts, team_id, &place.user)
        .await?
        .unwrap_or_else(|| Person::unknown(team_id, &place.user));
    if person.is_bot {
        return Ok(Outcome::NotOurs("bot"));
    }
    if item.age() < ORDER_PATIENCE && order::is_early(parts, item, &place).await? {
        let pause = ORDER_SOON.max(item.age() / 4).unsigned_abs();
        return Err(JobError::retry_after(
            pause,
            "an earlier reply of the thread is being worked",
        ));
    }
    let document = message.document();
    let names = names(parts, team_id, &document).await?;
    let body = message.markdown(&document, &names);
    if body.is_empty() {
        return Ok(Outcome::Done("empty"));
    }
    let reply = Reply {
        item,
        place,
        thread,
        person,
        body,
    };
    reply.add(parts).await
}

/// A reply, and all that was found out about it.
struct Reply<'a> {
    item: &'a Item,
    place: Place,
    thread: Thread,
    person: Person,
    body: String,
}

impl Reply<'_> {
    async fn add(&self, parts: &Parts) -> Worked {
        let request_id = self.item.request_id.as_deref();
        let bridge = As::bridge(self.thread.organization, request_id);
        let standing = identity::standing(parts, self.thread.organization, &self.person, request_id).await?;
        let (who, slack_author) = match &standing {
            Standing::Member(member) => (
                As {
                    on_behalf_of: Some(member.id),
                    ..bridge
                },
                None,
            ),
            Standing::Stranger => {
                let name = self.person.name.chars().take(NAME_MAX).collect();
                (bridge, Some(add_comment::SlackAuthorInput { name }))
            }
            Standing::Deactivated => return self.tell(parts, &Notice::Deactivated).await,
        };
        let input = add_comment::AddCommentInput {
            incident_id: self.thread.incident.to_string(),
            body_markdown: self.body.clone(),
            idempotency_key: Some(self.item.idempotency_key()),
            external_ref: Some(format!(
                "slack:{}/{}/{}",
                self.thread.team_id, self.place.channel, self.place.ts
            )),
            slack_author,
        };
        let answer = parts
            .api
            .execute::<AddComment>(who, add_comment::Variables { input })
            .await
            .map_err(of_api)?;
        let Some(error) = answer.add_comment.user_errors.into_iter().next() else {
            return Ok(Outcome::Done("commented"));
        };
        match error.code.as_str() {
            // An earlier try came through, and names have been learnt since.
            "IDEMPOTENCY_KEY_REUSED" => Ok(Outcome::Done("commented")),
            "FORBIDDEN" => self.tell(parts, &Notice::ReadOnly).await,
            "NOT_FOUND" => self.tell(parts, &Notice::NotFound).await,
            _ => {
                self.tell(
                    parts,
                    &Notice::Refused {
                        code: error.code,
                        message: error.message,
                    },
                )
                .await
            }
        }
    }

    async fn tell(&self, parts: &Parts, notice: &Notice) -> Worked {
        let text = notice::comment(notice);
        let Place {
            channel,
            user,
            thread_ts,
            ..
        } = &self.place;
        notice::tell_in_thread(parts, channel, user, Some(thread_ts), &text).await?;
        Ok(Outcome::Done(notice.outcome()))
    }
}

/// The names of those whom a text mentions. A name that can't be had now is not worth holding the comment back.
pub(super) async fn names(parts: &Parts, team_id: &str, document: &Document) -> Result<Names, JobError> {
    let mut names = Names::default();
    for id in document.people() {
        if let Ok(Some(person)) = identity::person(parts, team_id, id).await {
            names.people.insert(id.to_owned(), person.name);
        }
    }
    for id in document.channels() {
        if let Some(name) = thread::channel_name(parts, team_id, id).await? {
            names.channels.insert(id.to_owned(), name);
        }
    }
    Ok(names)
}
