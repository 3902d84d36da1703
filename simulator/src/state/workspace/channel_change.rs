//! What becomes of channels: made, renamed, converted, restricted, deleted.

use serde_json::json;

use super::{Channel, ChannelKind, Event, SimulatedWorkspace};
use crate::clock;
use crate::error::ActError;

/// Longest name of a channel, in characters. Source: Slack, the reference of `conversations.create`.
const NAME_MAX: usize = 80;

/// Slack's word for what is wrong with a channel's name. Source: the reference of `conversations.create`: lower case, without blanks or full
/// stops; letters, digits, hyphens and underscores.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("invalid_name_required");
    }
    if name.chars().count() > NAME_MAX {
        return Err("invalid_name_maxlength");
    }
    let is_mark = |c: char| matches!(c, '-' | '_');
    let is_letter = |c: char| c.is_alphanumeric() && !c.is_uppercase();
    if !name.chars().all(|c| is_mark(c) || is_letter(c)) {
        return Err("invalid_name_specials");
    }
    if name.chars().all(is_mark) {
        return Err("invalid_name_punctuation");
    }
    Ok(())
}

impl SimulatedWorkspace {
    /// Whether a channel of this name is there, archived ones and those that the app does not see among them.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.channels.iter().any(|c| !c.is_im() && c.name == name)
    }

    /// Makes a channel, with who made it as its member.
    pub(crate) fn create_channel(
        &mut self,
        creator: &str,
        name: &str,
        private: bool,
    ) -> Result<String, &'static str> {
        check_name(name)?;
        if self.is_taken(name) {
            return Err("name_taken");
        }
        let kind = if private {
            ChannelKind::Private
        } else {
            ChannelKind::Public
        };
        let id = self.next_id("C");
        let now = clock::now_seconds();
        let channel = Channel::new(id.clone(), name.to_owned(), kind, creator.to_owned(), now);
        self.channels.push(channel);
        self.touch(&id);
        self.emit_channel("created", &id, creator);
        self.add_member(&id, creator);
        Ok(id)
    }

    pub(crate) fn rename_channel(&mut self, id: &str, user: &str, name: &str) -> Result<(), &'static str> {
        check_name(name)?;
        if self.is_taken(name) {
            return Err("name_taken");
        }
        if let Some(channel) = self.channel_mut(id) {
            let previous = std::mem::replace(&mut channel.name, name.to_owned());
            channel.previous_names.insert(0, previous);
        }
        self.touch(id);
        self.post_notice(
            id,
            user,
            "channel_name",
            &format!("has renamed the channel to {name}"),
        );
        self.emit_channel("rename", id, user);
        Ok(())
    }

    /// The same by people, for whom Slack's words are explained.
    pub(crate) fn create_channel_as(
        &mut self,
        person: &str,
        name: &str,
        private: bool,
    ) -> Result<String, ActError> {
        let user = self.find_person(person)?.id.clone();
        self.create_channel(&user, name, private).map_err(refused)
    }

    pub(crate) fn rename_channel_as(
        &mut self,
        person: &str,
        channel: &str,
        name: &str,
    ) -> Result<(), ActError> {
        let (user, id) = self.as_member(person, channel)?;
        self.rename_channel(&id, &user, name).map_err(refused)
    }

    /// Deletes a channel, for good.
    pub(crate) fn delete_channel_as(&mut self, person: &str, channel: &str) -> Result<(), ActError> {
        let (user, id) = self.as_member(person, channel)?;
        if self.channel(&id).is_some_and(|c| c.name == "general") {
            return Err(ActError::Refused("#general stays".to_owned()));
        }
        self.emit_channel("deleted", &id, &user);
        self.channels.retain(|c| c.id != id);
        self.touch(&id);
        Ok(())
    }

    /// Makes a public channel private, or the other way. Its id stays.
    pub(crate) fn convert_as(&mut self, person: &str, channel: &str, private: bool) -> Result<(), ActError> {
        let (user, id) = self.as_member(person, channel)?;
        let (kind, subtype, what) = if private {
            (
                ChannelKind::Private,
                "channel_convert_to_private",
                "made this channel private",
            )
        } else {
            (
                ChannelKind::Public,
                "channel_convert_to_public",
                "made this channel public",
            )
        };
        if let Some(channel) = self.channel_mut(&id) {
            channel.kind = kind;
        }
        self.touch(&id);
        self.post_notice(&id, &user, subtype, what);
        Ok(())
    }

    /// Lets only administrators post in a channel, or everybody again.
    pub(crate) fn restrict_as(
        &mut self,
        person: &str,
        channel: &str,
        restricted: bool,
    ) -> Result<(), ActError> {
        let (user, id) = self.as_member(person, channel)?;
        if let Some(channel) = self.channel_mut(&id) {
            channel.restricted = restricted;
        }
        self.touch(&id);
        let what = "has changed who can post in this channel";
        self.post_notice(&id, &user, "channel_posting_permissions", what);
        Ok(())
    }

    /// Gives a channel another id, as happens when it becomes one that is shared with another organisation.
    pub(crate) fn change_channel_id(&mut self, channel: &str) -> Result<String, ActError> {
        let old = self.find_channel(channel)?.id.clone();
        let new = self.next_id("C");
        if let Some(channel) = self.channel_mut(&old) {
            channel.id.clone_from(&new);
        }
        self.touch(&old);
        self.touch(&new);
        let event_ts = self.next_ts();
        let body = json!({
            "type": "channel_id_changed",
            "old_channel_id": old,
            "new_channel_id": new,
            "event_ts": event_ts,
        });
        self.emit(Event::new(body, &[]));
        Ok(new)
    }
}

fn refused(error: &str) -> ActError {
    ActError::Refused(error.to_owned())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_of_channels_are_in_lower_case_without_blanks() {
        for name in ["incidents", "inc-42_a", "störung", "4", &"x".repeat(80)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for (name, error) in [
            ("", "invalid_name_required"),
            ("Incidents", "invalid_name_specials"),
            ("in cidents", "invalid_name_specials"),
            ("inc.42", "invalid_name_specials"),
            ("#inc", "invalid_name_specials"),
            ("-_-", "invalid_name_punctuation"),
            (&"x".repeat(81), "invalid_name_maxlength"),
        ] {
            assert_eq!(check_name(name), Err(error), "{name}");
        }
    }
}
