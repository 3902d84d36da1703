//! Files in messages: told of, never kept.

use serde_json::{Value, json};

use super::SimulatedWorkspace;
use crate::clock;
use crate::config::FileSeed;
use crate::error::ActError;

impl SimulatedWorkspace {
    /// Posts a message with files.
    pub(crate) fn upload_as(
        &mut self,
        person: &str,
        channel: &str,
        thread: Option<&str>,
        typed: &str,
        files: &[FileSeed],
    ) -> Result<String, ActError> {
        if files.is_empty() {
            return Err(ActError::Refused("no file is given".to_owned()));
        }
        let user = self.find_person(person)?.id.clone();
        let files = files.iter().map(|seed| self.file_json(seed, &user)).collect();
        self.post_with(person, channel, thread, false, typed, files)
    }

    /// The file object of messages; its addresses are for those who are signed in to the workspace.
    fn file_json(&mut self, seed: &FileSeed, user: &str) -> Value {
        let id = self.next_id("F");
        let (team, domain, name) = (&self.team.id, &self.team.domain, &seed.name);
        let kind = name.rsplit_once('.').map_or("binary", |(_, ending)| ending);
        json!({
            "id": id,
            "created": clock::now_seconds(),
            "timestamp": clock::now_seconds(),
            "name": name,
            "title": name,
            "mimetype": seed.mimetype,
            "filetype": kind,
            "pretty_type": kind.to_uppercase(),
            "user": user,
            "user_team": team,
            "editable": false,
            "size": seed.size,
            "mode": "hosted",
            "is_external": false,
            "external_type": "",
            "is_public": true,
            "public_url_shared": false,
            "display_as_bot": false,
            "username": "",
            "url_private": format!("https://files.slack.com/files-pri/{team}-{id}/{name}"),
            "url_private_download": format!("https://files.slack.com/files-pri/{team}-{id}/download/{name}"),
            "permalink": format!("https://{domain}.slack.com/files/{user}/{id}/{name}"),
            "has_rich_preview": false,
            "file_access": "visible",
        })
    }
}
