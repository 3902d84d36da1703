//! A message whose blocks Slack refuses is said in others: the built-in ones in place of a template's, and at last in bare text.

use super::{super::desired::Wanted, Delivery, refusal};
use crate::{
    slack::{
        SlackError,
        web_api::{Message, Metadata},
    },
    workspace::Bot,
};

/// A call that shows a message.
pub(super) struct Call<'a> {
    pub(super) bot: &'a Bot,
    pub(super) channel: &'a str,
    pub(super) way: Way<'a>,
}

/// How a message comes to be shown.
pub(super) enum Way<'a> {
    Post {
        thread_ts: Option<&'a str>,
        metadata: Metadata,
    },
    Update {
        ts: &'a str,
    },
}

impl Call<'_> {
    /// Makes it; gives the message's `ts`.
    async fn show(&self, message: &Message) -> Result<String, SlackError> {
        let slack = &self.bot.workspace.slack;
        match &self.way {
            Way::Post { thread_ts, metadata } => slack
                .post_message(self.channel, *thread_ts, message, metadata.clone())
                .await
                .map(|posted| posted.ts),
            Way::Update { ts } => slack
                .update_message(self.channel, ts, message)
                .await
                .map(|_| (*ts).to_owned()),
        }
    }
}

impl Delivery<'_> {
    /// Makes a call with the message, and with others in its place as long as Slack refuses the blocks. The connector says how its template does.
    pub(super) async fn with_blocks(
        &self,
        wanted: &Wanted,
        message: &Message,
        call: &Call<'_>,
    ) -> Result<String, SlackError> {
        let mut sent = call.show(message).await;
        let Some(built_in) = &wanted.built_in else {
            return self.or_plain(wanted, message, sent, call).await;
        };
        match &sent {
            Ok(_) => self.worded(wanted, None),
            Err(error) if refusal::is_of_blocks(error) => {
                let code = error.code().unwrap_or(error.class());
                let trouble = format!("Slack refuses the blocks that come of the template ({code}).");
                self.worded(wanted, Some(trouble));
                sent = call.show(built_in).await;
            }
            Err(_) => {}
        }
        self.or_plain(wanted, built_in, sent, call).await
    }

    async fn or_plain(
        &self,
        wanted: &Wanted,
        message: &Message,
        sent: Result<String, SlackError>,
        call: &Call<'_>,
    ) -> Result<String, SlackError> {
        if !sent.as_ref().is_err_and(refusal::is_of_blocks) {
            return sent;
        }
        tracing::error!(
            "Slack refuses the blocks of {}, which is shown as plain text",
            wanted.key
        );
        call.show(&plain(message)).await
    }

    fn worded(&self, wanted: &Wanted, trouble: Option<String>) {
        if let Some(to) = &wanted.to {
            let organization = self.subject.organization_id;
            self.parts
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
