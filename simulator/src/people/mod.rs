//! Acting as someone in the workspace.

use std::sync::Arc;

use url::Url;

use crate::config::FileSeed;
use crate::error::ActError;
use crate::oauth::decision::{self, Decision};
use crate::outbound::answer::AppAnswer;
use crate::outbound::{command, dialog, interaction, view_press};
use crate::state::host::Host;

/// Someone in the workspace. Channels are named `incidents`, `#incidents` or by id; messages by `ts`.
pub struct PersonHandle {
    host: Arc<Host>,
    name: String,
}

impl PersonHandle {
    pub(crate) fn new(host: Arc<Host>, name: &str) -> Self {
        Self {
            host,
            name: name.to_owned(),
        }
    }

    /// Posts into a channel; `@tocsin` is a direct message to the app. Gives the message's `ts`.
    ///
    /// # Errors
    /// For an unknown person or channel, and where the person may not post.
    pub fn post(&self, channel: &str, text: &str) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.post_as(&self.name, channel, None, false, text))
    }

    /// Replies in a thread: a `ts`, `latest` (the app's newest message) or `#42` (its message about that
    /// incident).
    ///
    /// # Errors
    /// As [`PersonHandle::post`], and when there is no such thread.
    pub fn reply(&self, channel: &str, thread: &str, text: &str) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.post_as(&self.name, channel, Some(thread), false, text))
    }

    /// Replies in a thread and also sends the reply to the channel.
    ///
    /// # Errors
    /// As [`PersonHandle::reply`].
    pub fn reply_and_broadcast(&self, channel: &str, thread: &str, text: &str) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.post_as(&self.name, channel, Some(thread), true, text))
    }

    /// Posts a link. The app is told if it is under a registered domain.
    ///
    /// # Errors
    /// As [`PersonHandle::post`].
    pub fn paste_link(&self, channel: &str, url: &Url) -> Result<String, ActError> {
        self.post(channel, url.as_str())
    }

    /// Pastes a link into the composer without sending the message. Gives the id for `chat.unfurl`, or
    /// nothing when the link is under no registered domain.
    ///
    /// # Errors
    /// For an unknown person or channel.
    pub fn compose_link(&self, channel: &str, url: &Url) -> Result<Option<String>, ActError> {
        self.host.change(|ws| {
            let user = ws.find_person(&self.name)?.id.clone();
            let channel = ws.find_channel(channel)?.id.clone();
            Ok(ws.compose_links(&channel, &user, &[url.as_str().to_owned()]))
        })
    }

    /// The previews in this person's composer, by the id that [`PersonHandle::compose_link`] gave.
    pub fn composer_previews(&self, unfurl_id: &str) -> Vec<serde_json::Value> {
        self.host.read(|ws| {
            let composed = ws.composed.iter().filter(|c| c.unfurl_id == unfurl_id);
            composed
                .flat_map(|c| c.previews.iter().map(|p| p.attachment(&ws.app)))
                .collect()
        })
    }

    /// Presses a button, named by action id or label, and waits for the app's answer.
    ///
    /// # Errors
    /// When there is no such message or button. That the app failed is in the [`AppAnswer`].
    pub async fn click(&self, channel: &str, ts: &str, action: &str) -> Result<AppAnswer, ActError> {
        interaction::press(&self.host, &self.name, channel, ts, action, None).await
    }

    /// Chooses an option, by value or label, in a menu of a message.
    ///
    /// # Errors
    /// When there is no such message, menu or option. That the app failed is in the [`AppAnswer`].
    pub async fn choose(
        &self,
        channel: &str,
        ts: &str,
        action: &str,
        option: &str,
    ) -> Result<AppAnswer, ActError> {
        interaction::press(&self.host, &self.name, channel, ts, action, Some(option)).await
    }

    /// Opens the app's Home tab.
    ///
    /// # Errors
    /// For an unknown person.
    pub fn open_home(&self) -> Result<(), ActError> {
        self.host.change(|ws| view_press::open_home(ws, &self.name))
    }

    /// Presses a button in the topmost dialog or, where none is open, on the Home tab.
    ///
    /// # Errors
    /// When there is no such view or button. That the app failed is in the [`AppAnswer`].
    pub async fn click_in_view(&self, action: &str) -> Result<AppAnswer, ActError> {
        view_press::press(&self.host, &self.name, None, action, None).await
    }

    /// Chooses an option, by value or label, in a menu of the topmost dialog or, where none is open, of the Home tab.
    ///
    /// # Errors
    /// When there is no such view, menu or option. That the app failed is in the [`AppAnswer`].
    pub async fn choose_in_view(&self, action: &str, option: &str) -> Result<AppAnswer, ActError> {
        view_press::press(&self.host, &self.name, None, action, Some(option)).await
    }

    /// Runs a custom function of the app as a step of a workflow; gives the execution's id.
    ///
    /// # Errors
    /// When the app has no such function, or a required input is missing.
    pub fn run_function(
        &self,
        callback_id: &str,
        inputs: serde_json::Map<String, serde_json::Value>,
    ) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.run_function(&self.name, callback_id, inputs))
    }

    /// Posts a message with files, at the top level or in a thread.
    ///
    /// # Errors
    /// As [`PersonHandle::reply`].
    pub fn upload(
        &self,
        channel: &str,
        thread: Option<&str>,
        text: &str,
        files: &[FileSeed],
    ) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.upload_as(&self.name, channel, thread, text, files))
    }

    /// The person's open dialogs, the topmost last, and their Home tab.
    ///
    /// # Errors
    /// For an unknown person.
    pub fn views(&self) -> Result<Vec<serde_json::Value>, ActError> {
        self.host.read(|ws| dialog::open_dialogs(ws, &self.name))
    }

    /// Submits the topmost dialog, with these inputs by `block_id` over what the app has put there.
    ///
    /// # Errors
    /// When no dialog is open, and where the client would not send it: a required input is missing, an option is not offered. What the
    /// app says of the inputs, or that it failed, is in the [`AppAnswer`].
    pub async fn submit(
        &self,
        inputs: serde_json::Map<String, serde_json::Value>,
    ) -> Result<AppAnswer, ActError> {
        dialog::submit(&self.host, &self.name, &dialog::inputs(inputs)).await
    }

    /// Closes the topmost dialog.
    ///
    /// # Errors
    /// When none is open.
    pub async fn close(&self) -> Result<AppAnswer, ActError> {
        dialog::close(&self.host, &self.name).await
    }

    /// Types into a menu of the topmost dialog whose options come from the app; what it offers.
    ///
    /// # Errors
    /// When there is no such menu, or the app does not answer with options.
    pub async fn suggestions(&self, action: &str, typed: &str) -> Result<Vec<serde_json::Value>, ActError> {
        dialog::suggest(&self.host, &self.name, action, typed).await
    }

    /// Uses a global shortcut.
    ///
    /// # Errors
    /// For an unknown person. That the app failed is in the [`AppAnswer`].
    pub async fn shortcut(&self, callback_id: &str) -> Result<AppAnswer, ActError> {
        dialog::shortcut(&self.host, &self.name, callback_id, None).await
    }

    /// Uses a shortcut on a message.
    ///
    /// # Errors
    /// When there is no such message. That the app failed is in the [`AppAnswer`].
    pub async fn message_shortcut(
        &self,
        callback_id: &str,
        channel: &str,
        ts: &str,
    ) -> Result<AppAnswer, ActError> {
        dialog::shortcut(&self.host, &self.name, callback_id, Some((channel, ts))).await
    }

    /// Types a slash command, such as `/incident` with `list`, and waits for the app's answer.
    ///
    /// # Errors
    /// When the person is not in the channel. That the app failed is in the [`AppAnswer`].
    pub async fn command(&self, channel: &str, command: &str, text: &str) -> Result<AppAnswer, ActError> {
        command::run(&self.host, &self.name, channel, command, text).await
    }

    /// Changes the text of the person's own message.
    ///
    /// # Errors
    /// When it isn't there or isn't theirs.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) -> Result<(), ActError> {
        self.host.change(|ws| ws.edit_as(&self.name, channel, ts, text))
    }

    /// Deletes the person's own message.
    ///
    /// # Errors
    /// When it isn't there or isn't theirs.
    pub fn delete(&self, channel: &str, ts: &str) -> Result<(), ActError> {
        self.host.change(|ws| ws.delete_as(&self.name, channel, ts))
    }

    /// Puts an emoji on a message, or takes it off again.
    ///
    /// # Errors
    /// When the message isn't there.
    pub fn react(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.react_as(&self.name, channel, ts, emoji.trim_matches(':')))
    }

    /// Invites the app to a channel, as `/invite @tocsin` does.
    ///
    /// # Errors
    /// When the person is not in the channel.
    pub fn invite_app(&self, channel: &str) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.set_bot_membership(&self.name, channel, true))
    }

    /// Removes the app from a channel.
    ///
    /// # Errors
    /// When the person is not in the channel.
    pub fn remove_app(&self, channel: &str) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.set_bot_membership(&self.name, channel, false))
    }

    /// Joins a public channel.
    ///
    /// # Errors
    /// When it is private or not there.
    pub fn join(&self, channel: &str) -> Result<(), ActError> {
        self.host.change(|ws| ws.join_as(&self.name, channel))
    }

    /// Leaves a channel.
    ///
    /// # Errors
    /// When the person is not in it.
    pub fn leave(&self, channel: &str) -> Result<(), ActError> {
        self.host.change(|ws| ws.leave_as(&self.name, channel))
    }

    /// Makes a channel, with this person in it; gives its id.
    ///
    /// # Errors
    /// When the name is taken, or none for a channel.
    pub fn create_channel(&self, name: &str, private: bool) -> Result<String, ActError> {
        self.host
            .change(|ws| ws.create_channel_as(&self.name, name, private))
    }

    /// Renames a channel.
    ///
    /// # Errors
    /// When the person is not in it, and as [`PersonHandle::create_channel`].
    pub fn rename_channel(&self, channel: &str, name: &str) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.rename_channel_as(&self.name, channel, name))
    }

    /// Deletes a channel for good, messages and all.
    ///
    /// # Errors
    /// When the person is not in it; #general stays.
    pub fn delete_channel(&self, channel: &str) -> Result<(), ActError> {
        self.host.change(|ws| ws.delete_channel_as(&self.name, channel))
    }

    /// Makes a channel private, or public. Its id stays, and so do its members.
    ///
    /// # Errors
    /// When the person is not in it.
    pub fn convert_channel(&self, channel: &str, private: bool) -> Result<(), ActError> {
        self.host.change(|ws| ws.convert_as(&self.name, channel, private))
    }

    /// Lets nobody but administrators post in a channel, or everybody again: the app's posts are refused as `restricted_action`.
    ///
    /// # Errors
    /// When the person is not in it.
    pub fn restrict_posting(&self, channel: &str, restricted: bool) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.restrict_as(&self.name, channel, restricted))
    }

    /// Archives a channel, or brings it back.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn archive(&self, channel: &str, archived: bool) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.archive_as(&self.name, channel, archived))
    }

    /// Follows a link by which an app asks for something, and allows it. Gives the address that the browser is sent to; the app hears of
    /// nothing before somebody goes there.
    ///
    /// # Errors
    /// When Slack shows an error instead, such as `invalid_client_id` or `bad_redirect_uri`, and when the link is for another team.
    pub fn allow(&self, link: &Url) -> Result<Url, ActError> {
        self.allow_without(link, &[])
    }

    /// The same, but for some optional scopes.
    ///
    /// # Errors
    /// As [`PersonHandle::allow`].
    pub fn allow_without(&self, link: &Url, declined: &[&str]) -> Result<Url, ActError> {
        let decision = Decision::Allow { without: declined };
        decision::decide(&self.host, &self.name, link, decision)
    }

    /// Follows such a link, and presses Cancel.
    ///
    /// # Errors
    /// As [`PersonHandle::allow`].
    pub fn deny(&self, link: &Url) -> Result<Url, ActError> {
        decision::decide(&self.host, &self.name, link, Decision::Deny)
    }

    /// Changes the person's own name and address; the app is told.
    ///
    /// # Errors
    /// For an unknown person.
    pub fn set_profile(&self, real_name: &str, email: Option<&str>) -> Result<(), ActError> {
        self.host
            .change(|ws| ws.set_profile(&self.name, real_name, email))
    }
}
