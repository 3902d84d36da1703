//! What user groups are called: Slack tells all of them at once, and a message only their ids.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use tocsin_slack::{error::SlackError, lenient::lenient, method::USERGROUPS_LIST};
use tocsin_slack_client::Slack;

/// How long the names are believed; also that there are none, where the app may not read them.
const FRESH: Duration = Duration::from_secs(600);

/// The handles of groups by their ids, with when they were asked for.
type Known = Option<(Instant, Arc<HashMap<String, String>>)>;

/// The user groups of the workspace. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Arc<tokio::sync::Mutex<Known>>);

impl Groups {
    /// The handles of all groups, by their ids. A name that can't be had now is not worth holding a comment back.
    pub(crate) async fn handles(&self, slack: &Slack) -> Arc<HashMap<String, String>> {
        // Held while Slack is asked: whoever else wants to know waits for the one answer.
        let mut known = self.0.lock().await;
        if let Some((asked, handles)) = &*known
            && asked.elapsed() < FRESH
        {
            return Arc::clone(handles);
        }
        let handles = match list(slack).await {
            Ok(groups) => {
                let named = groups.into_iter().filter(|group| !group.handle.is_empty());
                Arc::new(named.map(|group| (group.id, group.handle)).collect())
            }
            Err(error) => {
                tracing::debug!("Slack does not name user groups: {error}");
                known
                    .as_ref()
                    .map(|(_, handles)| Arc::clone(handles))
                    .unwrap_or_default()
            }
        };
        *known = Some((Instant::now(), Arc::clone(&handles)));
        handles
    }
}

#[derive(Deserialize)]
struct Group {
    id: String,
    /// Without its `@`.
    #[serde(default, deserialize_with = "lenient")]
    handle: String,
}

/// All groups, those that are not used any more too: old messages name them.
async fn list(slack: &Slack) -> Result<Vec<Group>, SlackError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        usergroups: Vec<Group>,
    }
    let arguments = serde_json::json!({"include_disabled": true});
    let answer: Answer = slack.call(USERGROUPS_LIST, &arguments).await?;
    Ok(answer.usergroups)
}
