//! Slack says that the app was uninstalled or that its token was revoked. In whatever order that comes: what holds is what Slack says of the
//! token when it is asked.

use std::time::Duration;

use futures::FutureExt;
use serde_json::Value;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use crate::{
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    workspace::SlackHealth,
};

/// How soon Slack is asked again that still takes the token, and for how long: it may be a moment behind its own event.
const AGAIN: Duration = Duration::from_secs(2);
const PATIENCE: time::Duration = time::Duration::seconds(20);

/// `app_uninstalled`.
pub(crate) const UNINSTALLED: Route<()> = Route {
    kind: RequestKind::Event,
    name: "app_uninstalled",
    wanted: |(), _| true,
    work: |(), item| look(item).boxed(),
};

/// `tokens_revoked`: of the bot's token, and not of people's alone.
pub(crate) const REVOKED: Route<()> = Route {
    name: "tokens_revoked",
    wanted: |(), payload| !bots(payload).is_empty(),
    ..UNINSTALLED
};

/// The bots whose tokens were revoked, as users.
fn bots(payload: &Value) -> Vec<&str> {
    let bots = payload["event"]["tokens"]["bot"].as_array();
    bots.into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn look(item: &InboundRequest) -> WorkResult {
    let app = item.payload["api_app_id"].as_str();
    let bots = bots(&item.payload);
    let mut still_works = false;
    let mut was_ours = false;
    for workspace in item.installation.workspaces() {
        let Some(bot) = workspace.installation() else {
            continue;
        };
        let is_meant = (app.is_none() || bot.app_id.is_none() || bot.app_id.as_deref() == app)
            && (bots.is_empty() || bots.contains(&bot.bot_user_id.as_str()));
        if !is_meant {
            continue;
        }
        was_ours = true;
        still_works |= matches!(
            workspace.monitor.look(&workspace.slack).await,
            SlackHealth::Healthy(_)
        );
    }
    match (was_ours, still_works) {
        (false, _) => Ok(RequestOutcome::NotOurs("not_ours")),
        // It was installed again since, or Slack is a moment behind.
        (true, true) if item.age() < PATIENCE => {
            Err(JobError::retry_after(AGAIN, "Slack still takes the token"))
        }
        (true, true) => Ok(RequestOutcome::Done("works_again")),
        (true, false) => Ok(RequestOutcome::Done("revoked")),
    }
}
