//! The subcommands of the slash command: how each is called, and who answers and works it. Features register them.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use tocsin_queue::JobError;

use super::ActionService;
use super::{
    answers,
    slash_command::SlashCommand,
    typed_action::{TypedAction, TypedOutcome, by_number},
};
use crate::{
    grammar::{
        mention::addressed,
        usage::{HELP, Usage, close_to},
        words::{first_word, numbered, unquoted},
    },
    notice::Notice,
    request::{
        InboundRequest, InteractiveOutcome, InteractiveRequest, RequestOutcome, SlackAnswer, WorkResult,
    },
    rich_text::message::MessageEvent,
    texts::commands,
};

/// What is said of a number that is not there.
pub(crate) const NEEDS_NUMBER: &str = commands::NUMBER_MISSING;

/// A subcommand, and how it is answered and worked with the services `S`. What follows its name is the last argument of each.
pub(crate) struct Subcommand<S: 'static> {
    pub(crate) usage: &'static Usage,
    /// What is wrong with what follows its name.
    pub(crate) check: fn(&str) -> Result<(), String>,
    pub(crate) run: SubcommandHandler<S>,
}

/// Answers a subcommand within Slack's three seconds.
pub(crate) type AnswerSubcommand<S> = for<'a> fn(
    &'a S,
    &'a InteractiveRequest,
    &'a SlashCommand,
    &'a str,
) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>>;

/// Works a subcommand that was stored.
pub(crate) type WorkSubcommand<S> =
    for<'a> fn(&'a S, &'a InboundRequest, &'a SlashCommand, &'a str) -> BoxFuture<'a, WorkResult>;

/// How a subcommand is done.
pub(crate) enum SubcommandHandler<S: 'static> {
    /// It only reads.
    Read(AnswerSubcommand<S>),
    /// It changes something: it is stored, and worked after.
    Write(WorkSubcommand<S>),
    /// The answer asks for what is missing, or has it stored.
    Ask(AnswerSubcommand<S>, WorkSubcommand<S>),
}

/// A subcommand with its services.
trait RunSubcommand: Send + Sync {
    fn check(&self, rest: &str) -> Result<(), String>;

    fn answer<'a>(
        &'a self,
        interaction: &'a InteractiveRequest,
        typed: &'a SlashCommand,
        rest: &'a str,
    ) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>>;

    fn work<'a>(
        &'a self,
        item: &'a InboundRequest,
        typed: &'a SlashCommand,
        rest: &'a str,
    ) -> BoxFuture<'a, WorkResult>;
}

struct Bound<S: 'static> {
    services: Arc<S>,
    subcommand: &'static Subcommand<S>,
}

impl<S: Send + Sync + 'static> RunSubcommand for Bound<S> {
    fn check(&self, rest: &str) -> Result<(), String> {
        (self.subcommand.check)(rest)
    }

    fn answer<'a>(
        &'a self,
        interaction: &'a InteractiveRequest,
        typed: &'a SlashCommand,
        rest: &'a str,
    ) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>> {
        match &self.subcommand.run {
            SubcommandHandler::Read(answer) | SubcommandHandler::Ask(answer, _) => {
                answer(&self.services, interaction, typed, rest)
            }
            SubcommandHandler::Write(_) => {
                async { Ok(InteractiveOutcome::Store(SlackAnswer::Empty)) }.boxed()
            }
        }
    }

    fn work<'a>(
        &'a self,
        item: &'a InboundRequest,
        typed: &'a SlashCommand,
        rest: &'a str,
    ) -> BoxFuture<'a, WorkResult> {
        match &self.subcommand.run {
            SubcommandHandler::Write(work) | SubcommandHandler::Ask(_, work) => {
                work(&self.services, item, typed, rest)
            }
            SubcommandHandler::Read(_) => async { Ok(RequestOutcome::NotOurs("ignored")) }.boxed(),
        }
    }
}

/// An action on the incident whose number follows.
struct BoundAction {
    acting: Arc<ActionService>,
    action: &'static TypedAction,
}

impl RunSubcommand for BoundAction {
    fn check(&self, rest: &str) -> Result<(), String> {
        let (_, rest) = numbered(rest).ok_or(NEEDS_NUMBER)?;
        (self.action.check)(rest).map_err(str::to_owned)
    }

    fn answer<'a>(
        &'a self,
        _ask: &'a InteractiveRequest,
        _typed: &'a SlashCommand,
        _rest: &'a str,
    ) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>> {
        async { Ok(InteractiveOutcome::Store(SlackAnswer::Empty)) }.boxed()
    }

    fn work<'a>(
        &'a self,
        item: &'a InboundRequest,
        typed: &'a SlashCommand,
        rest: &'a str,
    ) -> BoxFuture<'a, WorkResult> {
        async move {
            let Some((number, rest)) = numbered(rest) else {
                return Ok(RequestOutcome::NotOurs("ignored"));
            };
            let done = by_number(&self.acting, item, typed, number, self.action, rest).await?;
            conclude(&self.acting, item, typed, &self.action.usage, Ok(done)).await
        }
        .boxed()
    }
}

/// Tells whoever gave a command what came of it.
pub(crate) async fn conclude(
    acting: &ActionService,
    item: &InboundRequest,
    typed: &SlashCommand,
    usage: &Usage,
    done: TypedOutcome,
) -> WorkResult {
    let (outcome, text) = match done? {
        Ok(text) => (usage.deed, text.as_str().to_owned()),
        Err(refusal) => (refusal.outcome(), refusal.text(usage)),
    };
    typed.tell(acting, &item.installation, &text).await?;
    Ok(RequestOutcome::Done(outcome))
}

/// The answer to a subcommand that only reads.
pub(crate) fn answered(usage: &Usage, read: Result<SlackAnswer, Notice>) -> InteractiveOutcome {
    match read {
        Ok(reply) => InteractiveOutcome::Done(usage.deed, reply),
        Err(notice) => {
            let reply = SlackAnswer::ephemeral(&answers::refused(&notice, usage));
            InteractiveOutcome::Done(notice.outcome(), reply)
        }
    }
}

/// Why what was typed can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    Unknown {
        word: String,
        close: Option<&'static Usage>,
    },
    Wrong {
        usage: &'static Usage,
        why: String,
    },
    /// It is about no incident, and can't be asked for in the thread of one.
    CommandOnly {
        usage: &'static Usage,
    },
}

/// A subcommand that is registered.
struct Listed {
    usage: &'static Usage,
    run: Box<dyn RunSubcommand>,
    /// Where it is an action on one incident, which can be asked for in its thread too.
    action: Option<&'static TypedAction>,
}

/// All subcommands, in the order in which help tells of them.
#[derive(Default)]
pub(crate) struct Subcommands {
    listed: Vec<Listed>,
    /// Actions that can be asked for in an incident's thread alone.
    in_thread: Vec<&'static TypedAction>,
}

impl std::fmt::Debug for Subcommands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.usages()).finish()
    }
}

/// What a command asks for.
pub(crate) enum ParsedCommand<'a> {
    Help,
    Subcommand(Invocation<'a>),
}

/// A subcommand with what follows its name, which is in order.
pub(crate) struct Invocation<'a> {
    listed: &'a Listed,
    rest: &'a str,
}

impl Invocation<'_> {
    /// Answers it, or has it stored.
    pub(crate) async fn answer(
        &self,
        interaction: &InteractiveRequest,
        typed: &SlashCommand,
    ) -> Result<InteractiveOutcome, JobError> {
        self.listed.run.answer(interaction, typed, self.rest).await
    }

    /// Works it.
    pub(crate) async fn work(&self, item: &InboundRequest, typed: &SlashCommand) -> WorkResult {
        self.listed.run.work(item, typed, self.rest).await
    }
}

/// What is asked of the bot in an incident's thread.
pub(crate) enum MentionIntent<'a> {
    Act(&'static TypedAction, &'a str),
    Help,
    /// An action that lacks something, or a word that is close to one.
    Wrong(ParseError),
    /// Said to the bot, and meant for all.
    None,
}

impl Subcommands {
    /// With these, which are done with these services.
    #[must_use]
    pub(crate) fn with<S: Send + Sync + 'static>(
        mut self,
        services: &Arc<S>,
        subcommands: impl IntoIterator<Item = &'static Subcommand<S>>,
    ) -> Self {
        self.listed
            .extend(subcommands.into_iter().map(|subcommand| Listed {
                usage: subcommand.usage,
                run: Box::new(Bound {
                    services: Arc::clone(services),
                    subcommand,
                }),
                action: None,
            }));
        self
    }

    /// With these actions on one incident.
    #[must_use]
    pub(crate) fn with_actions(
        mut self,
        acting: &Arc<ActionService>,
        actions: impl IntoIterator<Item = &'static TypedAction>,
    ) -> Self {
        self.listed.extend(actions.into_iter().map(|action| Listed {
            usage: &action.usage,
            run: Box::new(BoundAction {
                acting: Arc::clone(acting),
                action,
            }),
            action: Some(action),
        }));
        self
    }

    /// With these, which mean something in an incident's thread alone.
    #[must_use]
    pub(crate) fn with_thread_actions(
        mut self,
        actions: impl IntoIterator<Item = &'static TypedAction>,
    ) -> Self {
        self.in_thread.extend(actions);
        self
    }

    /// How all are called; help comes last.
    pub(crate) fn usages(&self) -> impl Iterator<Item = &'static Usage> {
        self.listed.iter().map(|listed| listed.usage).chain([HELP])
    }

    /// How those are called that can be asked for in an incident's thread.
    pub(crate) fn thread_usages(&self) -> impl Iterator<Item = &'static Usage> {
        self.thread_actions().map(|action| &action.usage).chain([HELP])
    }

    /// What can be asked for in an incident's thread.
    fn thread_actions(&self) -> impl Iterator<Item = &'static TypedAction> {
        let actions = self.listed.iter().filter_map(|listed| listed.action);
        actions.chain(self.in_thread.iter().copied())
    }

    fn named(&self, word: &str) -> Option<&Listed> {
        self.listed.iter().find(|listed| listed.usage.is_named(word))
    }

    /// Reads what was typed. Nothing is a call for help.
    pub(crate) fn read<'a>(&'a self, text: &'a str) -> Result<ParsedCommand<'a>, ParseError> {
        let (word, rest) = first_word(text);
        if word.is_empty() || HELP.is_named(word) {
            return Ok(ParsedCommand::Help);
        }
        let Some(listed) = self.named(word) else {
            return Err(ParseError::Unknown {
                word: word.chars().take(60).collect(),
                close: close_to(self.usages(), word),
            });
        };
        match listed.run.check(rest) {
            Ok(()) => Ok(ParsedCommand::Subcommand(Invocation { listed, rest })),
            Err(why) => Err(ParseError::Wrong {
                usage: listed.usage,
                why,
            }),
        }
    }

    /// Reads what follows the mention of the bot in an incident's thread. What the message encloses is as good a comment as words.
    pub(crate) fn read_mention<'a>(&self, text: &'a str, encloses: bool) -> MentionIntent<'a> {
        let (word, rest) = first_word(text);
        let bare = word.trim_end_matches([':', ',', '!', '.']);
        if word.is_empty() || HELP.is_named(bare) {
            return MentionIntent::Help;
        }
        if let Some(action) = self.thread_actions().find(|action| action.usage.is_named(bare)) {
            return match (action.check)(rest) {
                Err(_) if action.is_comment && encloses => MentionIntent::Act(action, rest),
                Ok(()) => MentionIntent::Act(action, rest),
                Err(why) => MentionIntent::Wrong(ParseError::Wrong {
                    usage: &action.usage,
                    why: why.to_owned(),
                }),
            };
        }
        if let Some(listed) = self.named(bare) {
            let usage = listed.usage;
            return MentionIntent::Wrong(ParseError::CommandOnly { usage });
        }
        match close_to(self.thread_usages(), bare) {
            close @ Some(_) => MentionIntent::Wrong(ParseError::Unknown {
                word: word.to_owned(),
                close,
            }),
            None => MentionIntent::None,
        }
    }

    /// What a message has one of these bots note, as a comment.
    pub(crate) fn comment_in<'a>(&self, bots: &[String], message: &'a MessageEvent) -> Option<&'a str> {
        let rest = bots.iter().find_map(|bot| addressed(&message.text, bot))?;
        match self.read_mention(rest, message.encloses()) {
            MentionIntent::Act(action, comment) if action.is_comment => Some(unquoted(comment)),
            MentionIntent::Act(..) | MentionIntent::Help | MentionIntent::Wrong(_) | MentionIntent::None => {
                None
            }
        }
    }

    /// Whether a message would have one of these bots note something, and there is nothing in it to note.
    pub(crate) fn is_empty_comment(&self, bots: &[String], message: &MessageEvent) -> bool {
        let rest = bots.iter().find_map(|bot| addressed(&message.text, bot));
        rest.is_some_and(|rest| {
            let (word, rest) = first_word(rest);
            let bare = word.trim_end_matches([':', ',', '!', '.']);
            let mut actions = self.thread_actions().filter(|action| action.is_comment);
            let action = actions.find(|action| action.usage.is_named(bare));
            action.is_some_and(|action| (action.check)(rest).is_err()) && !message.encloses()
        })
    }

    /// Whether a message is a command to one of these bots, and so no comment.
    pub(crate) fn is_command(&self, bots: &[String], message: &MessageEvent) -> bool {
        let mut bots = bots.iter();
        bots.any(|bot| {
            addressed(&message.text, bot).is_some_and(|rest| {
                match self.read_mention(rest, message.encloses()) {
                    MentionIntent::Act(..)
                    | MentionIntent::Help
                    | MentionIntent::Wrong(ParseError::Wrong { .. }) => true,
                    // What begins like one may be meant for all.
                    MentionIntent::Wrong(ParseError::Unknown { .. } | ParseError::CommandOnly { .. })
                    | MentionIntent::None => false,
                }
            })
        })
    }
}
