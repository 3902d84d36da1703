//! A message whose blocks Slack refuses is said in others: the built-in ones in place of a template's, and at last in bare text.

use sea_orm::DbErr;
use tocsin_entity::slack::post;
use tocsin_slack::{error::SlackError, message::Message, metadata::Metadata};

use super::{super::desired::DesiredPost, DeliveryRun, refusal};
use crate::texts::health as texts;
use crate::{mirror::mark::mark, workspace::Bot};

/// A call that shows a message.
struct Call<'a> {
    bot: &'a Bot,
    record: &'a post::Model,
    metadata: Metadata,
    way: MessageCall,
}

/// How a message comes to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageCall {
    Post,
    Update,
}

/// Why a message is not shown.
#[derive(Debug)]
pub(super) enum MessageError {
    Slack(SlackError),
    /// Another worker has it by now.
    Lost,
    Database(DbErr),
}

impl Call<'_> {
    /// Makes it; gives the message's `ts`.
    async fn show(&self, message: &Message) -> Result<String, SlackError> {
        let (slack, record) = (&self.bot.workspace.slack, self.record);
        let metadata = self.metadata.clone();
        match self.way {
            MessageCall::Post => {
                let thread_ts = record.thread_ts.as_deref();
                let posted = slack
                    .post_message(&record.channel_id, thread_ts, message, metadata)
                    .await?;
                Ok(posted.ts)
            }
            MessageCall::Update => {
                let ts = record.ts.clone().unwrap_or_default();
                slack
                    .update_message(&record.channel_id, &ts, message, metadata)
                    .await?;
                Ok(ts)
            }
        }
    }
}

impl DeliveryRun<'_> {
    fn call<'c>(&self, bot: &'c Bot, record: &'c post::Model, way: MessageCall) -> Call<'c> {
        Call {
            bot,
            record,
            metadata: mark(record, &self.subject, self.now()),
            way,
        }
    }

    /// Makes a call with the message, and with others in its place as long as Slack refuses the blocks. The connector says how its template does.
    pub(super) async fn with_blocks(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
        record: &mut post::Model,
        way: MessageCall,
    ) -> Result<String, MessageError> {
        let mut last = message;
        let mut sent = self.call(bot, record, way).show(message).await;
        if let Some(built_in) = &wanted.built_in {
            last = built_in;
            match &sent {
                Ok(_) => self.worded(wanted, None),
                Err(error) if refusal::is_of_blocks(error) => {
                    let code = error.code().unwrap_or(error.class());
                    let trouble = texts::template_refused(code);
                    self.worded(wanted, Some(trouble));
                    self.before_another(record, way).await?;
                    sent = self.call(bot, record, way).show(built_in).await;
                }
                Err(_) => {}
            }
        }
        if sent.as_ref().is_err_and(refusal::is_of_blocks) {
            tracing::error!(
                "Slack refuses the blocks of {}, which is shown as plain text",
                wanted.key
            );
            self.before_another(record, way).await?;
            sent = self.call(bot, record, way).show(&plain(last)).await;
        }
        sent.map_err(MessageError::Slack)
    }

    /// Each call is made under a claim that holds, and a post goes on record anew.
    async fn before_another(
        &mut self,
        record: &mut post::Model,
        way: MessageCall,
    ) -> Result<(), MessageError> {
        let may_go = match way {
            MessageCall::Post => self.announce(record).await.map_err(MessageError::Database)?,
            MessageCall::Update => self.lease.holds(),
        };
        if may_go { Ok(()) } else { Err(MessageError::Lost) }
    }

    fn worded(&self, wanted: &DesiredPost, trouble: Option<String>) {
        if let Some(to) = &wanted.to
            && self.lease.holds()
        {
            let organization = self.subject.organization_id;
            self.service
                .connectors
                .worded(organization, to.connector_id, trouble);
        }
    }
}

/// The message without what Slack refused.
fn plain(message: &Message) -> Message {
    Message {
        text: message.text.clone(),
        username: message.username.clone(),
        icon_url: message.icon_url.clone(),
        icon_emoji: message.icon_emoji.clone(),
        ..Message::default()
    }
}
