//! The slash command, whatever it is called: what a person types is read, and done with their own rights.
//!
//! What only reads is answered in the answer itself. What changes something is stored first and worked after, with the stored request's
//! id as its name, so that it is done once however often Slack sends it; the person is told what came of it in words. Which subcommands
//! there are is registered ([`crate::routes`]); those here are about no incident, or read one.

mod filters;
mod link;
mod list;
mod login;
mod show;
mod status;
mod whoami;

use std::sync::Arc;

use futures::FutureExt;
use serde_json::json;
use tocsin_client::Member;
use tocsin_entity::id::OrganizationId;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use crate::{
    acting::{
        self, ActionService,
        answers::{self, WritingPlace},
        slash_command::SlashCommand,
        subcommand::{ParsedCommand, Subcommands},
    },
    grammar::usage::HELP,
    notice::Notice,
    request::{
        InboundRequest, InteractiveOutcome, InteractiveRequest, InteractiveRoute, RequestOutcome, Route,
        SlackAnswer, WorkResult,
    },
};

pub(crate) use self::{
    link::{LINK, UNLINK},
    list::{LIST, PAGE},
    login::LOGIN,
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
pub(crate) const PROMPT: InteractiveRoute<Commands> = InteractiveRoute {
    kind: RequestKind::Command,
    name: NAME,
    wanted: |_, payload| SlashCommand::of(payload).is_some(),
    answer: |commands, interaction| answer(commands, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::ephemeral(&answers::sorry(&Notice::Unavailable)),
};

/// What is done after.
pub(crate) const ROUTE: Route<Commands> = Route {
    kind: RequestKind::Command,
    name: NAME,
    wanted: |_, payload| SlashCommand::of(payload).is_some(),
    work: |commands, item| work(commands, item).boxed(),
};

/// As whom a person who types something may act, in each of their organisations; or why in none.
async fn memberships(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<Result<Vec<(OrganizationId, Member)>, Notice>, JobError> {
    match typed.person(acting, &interaction.installation).await? {
        Ok(person) => acting::organizations_of(acting, &person, Some(&interaction.request_id)).await,
        Err(notice) => Ok(Err(notice)),
    }
}

/// What a command is told: a text, and blocks in its place where there are any.
#[derive(Clone, Debug, Default, PartialEq)]
struct CommandReply {
    text: Mrkdwn,
    blocks: Vec<serde_json::Value>,
}

impl CommandReply {
    fn text(text: Mrkdwn) -> Self {
        Self {
            text,
            blocks: Vec::new(),
        }
    }

    fn reply(self) -> SlackAnswer {
        let mut message = json!({"response_type": "ephemeral", "text": self.text.as_str()});
        if !self.blocks.is_empty() {
            message["blocks"] = self.blocks.into();
        }
        SlackAnswer::Json(message)
    }
}

async fn answer(
    commands: &Commands,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let Some(typed) = SlashCommand::of(&interaction.payload) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    interaction.installation.workspace().command_was(&typed.command);
    match commands.subcommands.read(&typed.text) {
        Err(error) => {
            let text = answers::misread(WritingPlace::Command(&typed.command), &error);
            Ok(InteractiveOutcome::Done(
                "misread",
                SlackAnswer::ephemeral(text.as_str()),
            ))
        }
        Ok(ParsedCommand::Help) => {
            let text = answers::help(&commands.subcommands, &typed.command);
            Ok(InteractiveOutcome::Done(
                HELP.deed,
                SlackAnswer::ephemeral(text.as_str()),
            ))
        }
        Ok(ParsedCommand::Subcommand(subcommand)) => subcommand.answer(interaction, &typed).await,
    }
}

async fn work(commands: &Commands, item: &InboundRequest) -> WorkResult {
    let Some(typed) = SlashCommand::of(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    match commands.subcommands.read(&typed.text) {
        Ok(ParsedCommand::Subcommand(subcommand)) => subcommand.work(item, &typed).await,
        Ok(ParsedCommand::Help) | Err(_) => Ok(RequestOutcome::NotOurs("ignored")),
    }
}
