//! The slash command, whatever it is called: what a person types is read, and done with their own rights.
//!
//! What only reads is answered in the answer itself. What changes something is stored first and worked after, with the stored request's
//! id as its name, so that it is done once however often Slack sends it; the person is told what came of it in words. Which subcommands
//! there are is registered ([`crate::routes`]); those here are about no incident, or read one.

mod filters;
mod link;
mod list;
mod show;
mod status;
mod whoami;

use std::sync::Arc;

use futures::FutureExt;
use serde_json::json;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::envelope::Kind;

use crate::{
    acting::{
        subcommand::{Subcommands, Typing},
        texts::{self, WrittenIn},
        typed::Typed,
    },
    grammar::usage::HELP,
    notice::Notice,
    request::{Answer, Ask, Item, Outcome, Prompt, Reply, Route, Worked},
};

pub(crate) use self::{
    link::{LINK, UNLINK},
    list::{LIST, PAGE},
    show::SHOW,
    status::STATUS,
    whoami::WHOAMI,
};

/// As the envelope of a command is named.
const NAME: &str = "command";

/// What it takes to read a command.
#[derive(Debug)]
pub(crate) struct Commands {
    pub(crate) subcommands: Arc<Subcommands>,
}

/// What is answered at once.
pub(crate) const PROMPT: Prompt<Commands> = Prompt {
    kind: Kind::Command,
    name: NAME,
    wanted: |_, payload| Typed::of(payload).is_some(),
    answer: |commands, ask| answer(commands, ask).boxed(),
    otherwise: |_, _| Reply::ephemeral(&texts::sorry(&Notice::Unavailable)),
};

/// What is done after.
pub(crate) const ROUTE: Route<Commands> = Route {
    kind: Kind::Command,
    name: NAME,
    wanted: |_, payload| Typed::of(payload).is_some(),
    work: |commands, item| work(commands, item).boxed(),
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

async fn answer(commands: &Commands, ask: &Ask) -> Result<Answer, JobError> {
    let Some(typed) = Typed::of(&ask.payload) else {
        return Ok(Answer::Done("ignored", Reply::Empty));
    };
    ask.installation.workspace().command_was(&typed.command);
    match commands.subcommands.read(&typed.text) {
        Err(error) => {
            let text = texts::misread(WrittenIn::Command(&typed.command), &error);
            Ok(Answer::Done("misread", Reply::ephemeral(text.as_str())))
        }
        Ok(Typing::Help) => {
            let text = texts::help(&commands.subcommands, &typed.command);
            Ok(Answer::Done(HELP.deed, Reply::ephemeral(text.as_str())))
        }
        Ok(Typing::Subcommand(subcommand)) => subcommand.answer(ask, &typed).await,
    }
}

async fn work(commands: &Commands, item: &Item) -> Worked {
    let Some(typed) = Typed::of(&item.payload) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    match commands.subcommands.read(&typed.text) {
        Ok(Typing::Subcommand(subcommand)) => subcommand.work(item, &typed).await,
        Ok(Typing::Help) | Err(_) => Ok(Outcome::NotOurs("ignored")),
    }
}
