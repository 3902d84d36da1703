//! What people do: post, reply, edit, delete, react, join.

use serde_json::Value;

use super::message::{Message, MessageAuthor, MessageContent, Reaction};
use super::{Channel, SimulatedPerson, SimulatedWorkspace};
use crate::clock;
use crate::error::ActError;
use crate::state::text::compose::compose;
use crate::state::text::plain::{mentions, mentions_number};

fn not_found(text: impl Into<String>) -> ActError {
    ActError::NotFound(text.into())
}

fn refused(text: impl Into<String>) -> ActError {
    ActError::Refused(text.into())
}

impl SimulatedWorkspace {
    /// A person by handle (`alice` or `@alice`), id or e-mail.
    pub(crate) fn find_person(&self, name: &str) -> Result<&SimulatedPerson, ActError> {
        let wanted = name.trim().trim_start_matches('@');
        self.people
            .iter()
            .filter(|p| !p.is_bot)
            .find(|p| {
                p.id == wanted || p.name.eq_ignore_ascii_case(wanted) || p.email.as_deref() == Some(wanted)
            })
            .ok_or_else(|| {
                let known: Vec<&str> = self
                    .people
                    .iter()
                    .filter(|p| !p.is_bot)
                    .map(|p| p.name.as_str())
                    .collect();
                not_found(format!(
                    "there is no person \"{name}\"; there are: {}",
                    known.join(", ")
                ))
            })
    }

    /// A channel by name (`incidents` or `#incidents`) or id, or `@alice` for the app's messages to her.
    pub(crate) fn find_channel(&self, name: &str) -> Result<&Channel, ActError> {
        let name = name.trim();
        if let Some(handle) = name.strip_prefix('@') {
            let person = self.find_person(handle)?;
            let kind = super::ChannelKind::Im(person.id.clone());
            return self
                .channels
                .iter()
                .find(|c| c.kind == kind)
                .ok_or_else(|| not_found(format!("{} has sent @{handle} no direct message", self.app.name)));
        }
        let wanted = name.trim_start_matches('#');
        let by_name = |c: &&Channel| !c.is_im() && c.name.eq_ignore_ascii_case(wanted);
        self.channel(wanted)
            .or_else(|| self.channels.iter().find(by_name))
            .ok_or_else(|| {
                let known: Vec<String> = self
                    .channels
                    .iter()
                    .filter(|c| !c.is_im())
                    .map(|c| format!("#{}", c.name))
                    .collect();
                not_found(format!(
                    "there is no channel \"{name}\"; there are: {}",
                    known.join(", ")
                ))
            })
    }

    /// The parent of a thread: a `ts`, `latest` (the app's newest message) or `#42` (its message on that
    /// incident: of several the one that mentions the fewest others, then the newest).
    pub(crate) fn find_thread(&self, channel: &Channel, thread: &str) -> Result<String, ActError> {
        let thread = thread.trim();
        if clock::is_ts(thread) {
            let message = channel
                .messages
                .get(thread)
                .ok_or_else(|| not_found(format!("#{} has no message {thread}", channel.name)))?;
            return Ok(message.thread_ts.clone().unwrap_or_else(|| message.ts.clone()));
        }
        let roots = channel
            .messages
            .values()
            .rev()
            .filter(|m| m.is_from_app() && !m.deleted && m.thread_ts.is_none() && m.subtype.is_none());
        if thread.eq_ignore_ascii_case("latest") {
            return roots.map(|m| m.ts.clone()).next().ok_or_else(|| {
                not_found(format!(
                    "{} has posted nothing in #{} yet",
                    self.app.name, channel.name
                ))
            });
        }
        let number: u64 = thread
            .strip_prefix('#')
            .and_then(|n| n.parse().ok())
            .ok_or_else(|| {
                not_found(format!(
                    "\"{thread}\" is no thread: give a ts, \"latest\", or a number such as \"#1\""
                ))
            })?;
        roots
            .filter(|m| mentions_number(&m.content, number))
            .min_by_key(|m| mentions(&m.content))
            .map(|m| m.ts.clone())
            .ok_or_else(|| {
                not_found(format!(
                    "no message of {} in #{} mentions {thread}",
                    self.app.name, channel.name
                ))
            })
    }

    fn may_post(person: &SimulatedPerson, channel: &Channel) -> Result<(), ActError> {
        if channel.archived {
            return Err(refused(format!("#{} is archived", channel.name)));
        }
        if !channel.members.contains(&person.id) {
            return Err(refused(format!(
                "{} is not a member of #{}",
                person.name, channel.name
            )));
        }
        Ok(())
    }

    /// Posts what a person typed, at the top level or in a thread; gives its `ts`.
    pub(crate) fn post_as(
        &mut self,
        person: &str,
        channel: &str,
        thread: Option<&str>,
        broadcast: bool,
        typed: &str,
    ) -> Result<String, ActError> {
        self.post_with(person, channel, thread, broadcast, typed, Vec::new())
    }

    /// The same with files, which need no words.
    pub(super) fn post_with(
        &mut self,
        person: &str,
        channel: &str,
        thread: Option<&str>,
        broadcast: bool,
        typed: &str,
        files: Vec<Value>,
    ) -> Result<String, ActError> {
        let person = self.find_person(person)?.clone();
        let channel_id = self.channel_for_post(channel, &person)?;
        let channel = self.find_channel(&channel_id)?;
        Self::may_post(&person, channel)?;
        if typed.trim().is_empty() && files.is_empty() {
            return Err(refused("an empty message cannot be posted"));
        }
        let parent = thread.map(|t| self.find_thread(channel, t)).transpose()?;
        let composed = compose(typed, self);
        let content = MessageContent {
            text: composed.text,
            blocks: composed.blocks,
            ..MessageContent::default()
        };
        let author = MessageAuthor::Person {
            user: person.id.clone(),
        };
        let mut message = Message::new(self.next_ts(), author, content);
        if files.is_empty() {
            message.client_msg_id = Some(crate::random::uuid());
        } else {
            message.subtype = Some("file_share".to_owned());
        }
        message.files = files;
        if broadcast && parent.is_some() {
            message.subtype = Some("thread_broadcast".to_owned());
        }
        message.thread_ts = parent;
        message.content.blocks = self.with_block_ids(message.content.blocks);
        let ts = self.add_message(&channel_id, message);
        self.share_links(&channel_id, &ts, &person.id, &composed.urls);
        Ok(ts)
    }

    /// The channel named; `@tocsin` is the person's own direct messages with the app, opened if need be.
    fn channel_for_post(&mut self, channel: &str, person: &SimulatedPerson) -> Result<String, ActError> {
        if channel
            .trim()
            .trim_start_matches('@')
            .eq_ignore_ascii_case(&self.app.name)
            && channel.trim().starts_with('@')
        {
            return Ok(self.open_im(&person.id, clock::now_seconds()).0);
        }
        self.find_channel(channel).map(|c| c.id.clone())
    }

    /// Replaces the text of a person's own message.
    pub(crate) fn edit_as(
        &mut self,
        person: &str,
        channel: &str,
        ts: &str,
        typed: &str,
    ) -> Result<(), ActError> {
        let (user, channel_id) = self.own_message(person, channel, ts)?;
        let composed = compose(typed, self);
        let blocks = self.with_block_ids(composed.blocks);
        let content = MessageContent {
            text: composed.text,
            blocks,
            ..MessageContent::default()
        };
        self.replace_content(&channel_id, ts, content, Some(user.clone()));
        self.share_links(&channel_id, ts, &user, &composed.urls);
        Ok(())
    }

    /// Deletes a person's own message.
    pub(crate) fn delete_as(&mut self, person: &str, channel: &str, ts: &str) -> Result<(), ActError> {
        let (_, channel_id) = self.own_message(person, channel, ts)?;
        self.delete_message(&channel_id, ts);
        Ok(())
    }

    fn own_message(&self, person: &str, channel: &str, ts: &str) -> Result<(String, String), ActError> {
        let person = self.find_person(person)?;
        let channel = self.find_channel(channel)?;
        let message = self
            .message(&channel.id, ts)
            .ok_or_else(|| not_found(format!("#{} has no message {ts}", channel.name)))?;
        if message.author
            != (MessageAuthor::Person {
                user: person.id.clone(),
            })
        {
            return Err(refused(format!("message {ts} is not {}'s own", person.name)));
        }
        Ok((person.id.clone(), channel.id.clone()))
    }

    /// Puts an emoji on a message, or takes it off again.
    pub(crate) fn react_as(
        &mut self,
        person: &str,
        channel: &str,
        ts: &str,
        emoji: &str,
    ) -> Result<(), ActError> {
        let user = self.find_person(person)?.id.clone();
        let channel_id = self.find_channel(channel)?.id.clone();
        self.message(&channel_id, ts)
            .ok_or_else(|| not_found(format!("no message {ts} in {channel}")))?;
        let kind = if self.toggle_reaction(&channel_id, ts, &user, emoji) {
            "reaction_added"
        } else {
            "reaction_removed"
        };
        self.emit_reaction(kind, &channel_id, ts, &user, emoji);
        Ok(())
    }

    /// True when the emoji is on the message afterwards.
    pub(crate) fn toggle_reaction(&mut self, channel_id: &str, ts: &str, user: &str, emoji: &str) -> bool {
        self.touch(channel_id);
        let message = self.channel_mut(channel_id).and_then(|c| c.messages.get_mut(ts));
        let Some(message) = message else { return false };
        if let Some(reaction) = message.reactions.iter_mut().find(|r| r.name == emoji) {
            if let Some(at) = reaction.users.iter().position(|u| u == user) {
                reaction.users.remove(at);
                message.reactions.retain(|r| !r.users.is_empty());
                return false;
            }
            reaction.users.push(user.to_owned());
            return true;
        }
        message.reactions.push(Reaction {
            name: emoji.to_owned(),
            users: vec![user.to_owned()],
        });
        true
    }
}
