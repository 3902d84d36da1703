//! What people do about channels and themselves.

use super::{ChannelKind, SimulatedPerson, SimulatedWorkspace};
use crate::clock;
use crate::config::PersonSeed;
use crate::error::ActError;

impl SimulatedWorkspace {
    /// A member brings the app into a channel or puts it out.
    pub(crate) fn set_bot_membership(
        &mut self,
        person: &str,
        channel: &str,
        inside: bool,
    ) -> Result<(), ActError> {
        let (_, channel_id) = self.as_member(person, channel)?;
        let bot = self.app.bot_user_id.clone();
        if inside {
            self.add_member(&channel_id, &bot);
        } else {
            self.remove_member(&channel_id, &bot);
        }
        Ok(())
    }

    /// Joins a public channel.
    pub(crate) fn join_as(&mut self, person: &str, channel: &str) -> Result<(), ActError> {
        let user = self.find_person(person)?.id.clone();
        let channel = self.find_channel(channel)?;
        if channel.kind != ChannelKind::Public {
            return Err(ActError::Refused(format!(
                "#{} is private: one must be invited",
                channel.name
            )));
        }
        let channel_id = channel.id.clone();
        self.add_member(&channel_id, &user);
        Ok(())
    }

    /// Leaves a channel.
    pub(crate) fn leave_as(&mut self, person: &str, channel: &str) -> Result<(), ActError> {
        let (user, channel_id) = self.as_member(person, channel)?;
        self.remove_member(&channel_id, &user);
        Ok(())
    }

    /// Somebody new is in the workspace, and in no channel yet.
    pub(crate) fn add_person(&mut self, seed: &PersonSeed) -> Result<String, ActError> {
        if self.find_person(&seed.name).is_ok() {
            return Err(ActError::Refused(format!("there is a {} already", seed.name)));
        }
        let mut person = SimulatedPerson::from_seed(seed, "", clock::now_seconds());
        person.id = self.next_id("U");
        let id = person.id.clone();
        // The bot stays the last of the people.
        let at = self.people.len().saturating_sub(1);
        self.people.insert(at, person);
        self.touch("");
        self.emit_user("team_join", &id);
        Ok(id)
    }

    /// Deactivates a person, or brings them back.
    pub(crate) fn set_deactivated(&mut self, person: &str, deactivated: bool) -> Result<(), ActError> {
        let user = self.find_person(person)?.id.clone();
        if let Some(person) = self.people.iter_mut().find(|p| p.id == user) {
            person.deleted = deactivated;
            person.updated = clock::now_seconds();
        }
        self.touch("");
        self.emit_user("user_change", &user);
        Ok(())
    }

    /// Archives a channel or brings it back.
    pub(crate) fn archive_as(&mut self, person: &str, channel: &str, archived: bool) -> Result<(), ActError> {
        let (user, channel_id) = self.as_member(person, channel)?;
        self.set_archived(&channel_id, &user, archived);
        Ok(())
    }

    /// Sets the flag and tells the app.
    pub(crate) fn set_archived(&mut self, channel_id: &str, user: &str, archived: bool) {
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.archived = archived;
        }
        self.touch(channel_id);
        self.emit_channel(if archived { "archive" } else { "unarchive" }, channel_id, user);
    }

    /// Changes a person's name and address.
    pub(crate) fn set_profile(
        &mut self,
        person: &str,
        real_name: &str,
        email: Option<&str>,
    ) -> Result<(), ActError> {
        let user = self.find_person(person)?.id.clone();
        if let Some(person) = self.people.iter_mut().find(|p| p.id == user) {
            real_name.clone_into(&mut person.real_name);
            person.email = email.map(str::to_owned);
            person.updated = clock::now_seconds();
        }
        self.touch("");
        self.emit_user("user_change", &user);
        Ok(())
    }

    pub(super) fn as_member(&self, person: &str, channel: &str) -> Result<(String, String), ActError> {
        let person = self.find_person(person)?;
        let channel = self.find_channel(channel)?;
        if !channel.members.contains(&person.id) {
            return Err(ActError::Refused(format!(
                "{} is not a member of #{}",
                person.name, channel.name
            )));
        }
        Ok((person.id.clone(), channel.id.clone()))
    }
}
