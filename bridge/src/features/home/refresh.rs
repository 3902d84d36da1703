//! Makes a tab show what it should.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tocsin_entity::slack::home::Model;
use tocsin_queue::JobError;
use tocsin_slack::error::SlackError;
use tocsin_slack_client::http::ANSWER_TIMEOUT;
use tokio_util::sync::CancellationToken;

use super::{
    HomeTabs, content,
    read::{HomeContent, read},
    store::{self, HomeOutcome},
};
use crate::{
    installation::{self, AppInstallation, InstallationKey, Lookup},
    mirror::outcome::back_off,
    polling::ends_within,
    store::home::CLAIM,
};

/// How often it is looked for tabs that are due.
const LOOK: Duration = Duration::from_secs(1);

/// The most that are taken in one look, and at the same time.
const MOST: u64 = 200;
const AT_ONCE: usize = 8;

/// Keeps the tabs fresh until the shutdown.
pub(crate) async fn run(tabs: &HomeTabs, shutdown: CancellationToken) {
    while !ends_within(&shutdown, LOOK).await {
        match store::due(tabs, MOST).await {
            Ok(due) => {
                let work = stream::iter(due).for_each_concurrent(AT_ONCE, |(team, user)| async move {
                    if let Err(error) = refresh(tabs, &team, &user).await {
                        tracing::error!(
                            slack.user = user,
                            "the Home tab of {user} is left as it is for now: {error}"
                        );
                    }
                });
                tokio::select! {
                    // A claim that is broken off runs out by itself.
                    () = shutdown.cancelled() => return,
                    () = work => {}
                }
            }
            Err(error) => tracing::error!("the Home tabs that are due cannot be read: {error}"),
        }
    }
}

/// Publishes a person's tab if it is due, nobody else is at it, and it shows anything else than it should.
pub(super) async fn refresh(tabs: &HomeTabs, team: &str, user: &str) -> Result<(), JobError> {
    let began = Instant::now();
    let Some(claimed) = store::claim(tabs, team, user).await.map_err(JobError::retry)? else {
        return Ok(());
    };
    let key = InstallationKey::of_home(&claimed);
    let end = match installation::find(&tabs.apps, &tabs.workspaces, &key) {
        Lookup::Connected(installation) => match read(tabs, &installation, user).await {
            Ok(home) => publish(&installation, &claimed, &home, began).await,
            Err(error) => later(&claimed, &error),
        },
        Lookup::NotYet => later(
            &claimed,
            &JobError::retry("it is not known yet which workspace it is in"),
        ),
        Lookup::Rejected(rejection) => HomeOutcome::Refused {
            error: rejection.to_string(),
        },
    };
    let outcome = match &end {
        HomeOutcome::Shown { hash, .. } if claimed.content_hash.as_ref() == Some(hash) => "unchanged",
        HomeOutcome::Shown { .. } => "published",
        HomeOutcome::Later { error, .. } => {
            tracing::warn!(
                slack.user = user,
                "the Home tab of {user} is published later: {error}"
            );
            "later"
        }
        HomeOutcome::Refused { error } => {
            tracing::warn!(
                slack.user = user,
                "the Home tab of {user} is not published: {error}"
            );
            "refused"
        }
    };
    metrics::counter!("tocsin_slack_home_total", "outcome" => outcome).increment(1);
    store::settle(tabs, &claimed, end).await.map_err(JobError::retry)
}

fn later(claimed: &Model, error: &JobError) -> HomeOutcome {
    let pause = match error {
        JobError::RetryAfter(pause, _) => *pause,
        JobError::Retry(_) | JobError::Fail(_) => back_off(claimed.attempts, Duration::from_secs(1)),
    };
    HomeOutcome::Later {
        pause: time::Duration::try_from(pause).unwrap_or(time::Duration::MINUTE),
        error: error.to_string(),
        is_unknown: false,
    }
}

/// Refusals of what the tab says, and of whose it is: the same call is refused again.
const FINAL: [&str; 6] = [
    "invalid_arguments",
    "invalid_blocks",
    "not_enabled",
    "user_not_found",
    "view_too_large",
    "invalid_view",
];

/// After so many tries a refusal that nobody knows is final: in some hours.
const PATIENCE: i32 = 20;

// A call that is begun ends before another worker may take the tab.
const _: () = assert!(ANSWER_TIMEOUT.as_secs() * 2 < CLAIM.as_secs());

fn is_final(error: &SlackError, attempts: i32) -> bool {
    error.code().is_none_or(|code| FINAL.contains(&code)) || attempts >= PATIENCE
}

async fn publish(
    installation: &AppInstallation,
    claimed: &Model,
    home: &HomeContent,
    began: Instant,
) -> HomeOutcome {
    let view = content::view(home);
    let hash = hex::encode(Sha256::digest(view.json().to_string()));
    let shown = HomeOutcome::Shown {
        hash: hash.clone(),
        organizations: home.organizations(),
    };
    if claimed.content_hash == Some(hash) {
        return shown;
    }
    if began.elapsed() + ANSWER_TIMEOUT > CLAIM {
        return HomeOutcome::Later {
            pause: time::Duration::SECOND,
            error: "this worker was away for too long".to_owned(),
            is_unknown: false,
        };
    }
    let workspace = installation.workspace();
    match workspace.slack.publish_view(&claimed.slack_user_id, &view).await {
        Ok(_) => shown,
        Err(error) => {
            let pause = match &error {
                SlackError::Refused { .. } if is_final(&error, claimed.attempts) => {
                    return HomeOutcome::Refused {
                        error: error.to_string(),
                    };
                }
                SlackError::RateLimited { retry_after, .. } => *retry_after,
                SlackError::Refused { .. }
                | SlackError::Broken { .. }
                | SlackError::NotSent { .. }
                | SlackError::Unknown { .. } => back_off(claimed.attempts, Duration::from_secs(1)),
            };
            HomeOutcome::Later {
                pause: time::Duration::try_from(pause).unwrap_or(time::Duration::MINUTE),
                is_unknown: matches!(error, SlackError::Unknown { .. }),
                error: error.to_string(),
            }
        }
    }
}
