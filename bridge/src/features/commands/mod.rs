//! The slash command, whatever it is called: what a person types is read ([`parse`]), and done with their own rights.
//!
//! What only reads is answered in the answer itself. What changes something is stored first and worked after, with the stored request's
//! id as its name, so that it is done once however often Slack sends it; the person is told what came of it in words.

mod link;
mod list;
mod show;
mod status;
mod whoami;

use futures::FutureExt;
use serde_json::json;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::envelope::Kind;

use crate::{
    acting::{act, texts, typed::Typed},
    grammar::{
        parse::{Command, parse},
        verb::Verb,
    },
    notice::Notice,
    parts::{Parts, Prompt, Route},
    request::{Answer, Ask, Item, Outcome, Reply, Worked},
};

pub(crate) use list::PAGE;

/// As the envelope of a command is named.
const NAME: &str = "command";

/// What is answered at once.
pub(crate) const PROMPT: Prompt = Prompt {
    kind: Kind::Command,
    name: NAME,
    wanted: |payload| Typed::of(payload).is_some(),
    answer: |parts, ask| answer(parts, ask).boxed(),
    otherwise: |_| Reply::ephemeral(&texts::sorry(&Notice::Unavailable)),
};

/// What is done after.
pub(crate) const ROUTE: Route = Route {
    kind: Kind::Command,
    name: NAME,
    wanted: |payload| Typed::of(payload).is_some(),
    work: |parts, item| work(parts, item).boxed(),
};

/// What a command is told: a text, and blocks in its place where there are any.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    text: Mrkdwn,
    blocks: Vec<serde_json::Value>,
}

impl Told {
    fn text(text: Mrkdwn) -> Self {
        Self {
            text,
            blocks: Vec::new(),
        }
    }

    fn reply(self) -> Reply {
        let mut message = json!({"response_type": "ephemeral", "text": self.text.as_str()});
        if !self.blocks.is_empty() {
            message["blocks"] = self.blocks.into();
        }
        Reply::Json(message)
    }
}

async fn answer(parts: &Parts, ask: &Ask) -> Result<Answer, JobError> {
    let Some(typed) = Typed::of(&ask.payload) else {
        return Ok(Answer::Done("ignored", Reply::Empty));
    };
    let installation = &ask.installation;
    installation.workspace().command_was(&typed.command);
    let request_id = ask.request_id.as_str();
    let (outcome, told) = match parse(&typed.text) {
        Err(misread) => {
            let text = texts::misread(&typed.command, &misread);
            return Ok(Answer::Done("misread", Reply::ephemeral(text.as_str())));
        }
        Ok(Command::Help) => {
            let text = texts::help(&typed.command);
            return Ok(Answer::Done("help", Reply::ephemeral(text.as_str())));
        }
        Ok(Command::Act { .. } | Command::Link | Command::Unlink) => return Ok(Answer::Store(Reply::Empty)),
        Ok(Command::Create(_)) => {
            return match parts.registry.subcommand(Verb::Create) {
                Some(subcommand) => (subcommand.answer)(parts, ask).await,
                None => Ok(Answer::Done("ignored", Reply::Empty)),
            };
        }
        Ok(Command::List(filters)) => (
            Verb::List,
            list::list(parts, installation, &typed, &filters, request_id).await?,
        ),
        Ok(Command::Show(number)) => (
            Verb::Show,
            show::show(parts, installation, &typed, number, request_id).await?,
        ),
        Ok(Command::Status) => (
            Verb::Status,
            status::status(parts, installation, &typed, request_id).await?,
        ),
        Ok(Command::WhoAmI) => (
            Verb::WhoAmI,
            whoami::whoami(parts, installation, &typed, request_id)
                .await?
                .map(Told::text),
        ),
    };
    Ok(match told {
        Ok(told) => Answer::Done(outcome.deed(), told.reply()),
        Err(notice) => Answer::Done(
            notice.outcome(),
            Reply::ephemeral(&texts::refused(&notice, outcome)),
        ),
    })
}

async fn work(parts: &Parts, item: &Item) -> Worked {
    let Some(typed) = Typed::of(&item.payload) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let request_id = item.request_id.as_deref();
    let (verb, done) = match parse(&typed.text) {
        Ok(Command::Act { number, deed }) => {
            let verb = deed.verb();
            (verb, act::by_number(parts, item, &typed, number, &deed).await?)
        }
        Ok(Command::Create(_)) => {
            return match parts.registry.subcommand(Verb::Create) {
                Some(subcommand) => (subcommand.work)(parts, item).await,
                None => Ok(Outcome::NotOurs("ignored")),
            };
        }
        Ok(Command::Link) => (
            Verb::Link,
            link::link(parts, &item.installation, &typed, request_id).await?,
        ),
        Ok(Command::Unlink) => (
            Verb::Unlink,
            link::unlink(parts, &item.installation, &typed).await?,
        ),
        Ok(Command::Help | Command::List(_) | Command::Show(_) | Command::Status | Command::WhoAmI)
        | Err(_) => return Ok(Outcome::NotOurs("ignored")),
    };
    let (outcome, text) = match done {
        Ok(text) => (verb.deed(), text.as_str().to_owned()),
        Err(refusal) => (refusal.outcome(), refusal.text(verb)),
    };
    typed.tell(parts, &item.installation, &text).await?;
    Ok(Outcome::Done(outcome))
}
