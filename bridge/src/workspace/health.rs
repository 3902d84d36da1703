//! Whether the bot's token works, who the bot is there, and what it may do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tocsin_entity::{kinds::SlackFeature, slack::installation::SLACK_UNREACHABLE};
use tocsin_slack::{
    error::{NO_TOKEN, SlackError},
    installation::Installation,
    method::AUTH_TEST,
};
use tocsin_slack_app::feature::{USUAL, bot_scopes, missing, of_granted};
use tocsin_slack_app::token::token_trouble;
use tocsin_slack_client::{FailureListener, Slack};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// How often a token that works is looked at, so that one that is revoked is noticed where no call is made.
const WELL: Duration = Duration::from_secs(30);

/// For how long an answer that the token works goes before what other methods say of it.
const DISPROVED_FOR: Duration = Duration::from_secs(60);

/// The shortest pause between two looks, however many calls fail.
const SHORTEST: Duration = Duration::from_millis(500);

/// How often a token that does not work, or a Slack that does not answer, is looked at: at first, and at the longest.
const ILL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Answers of Slack's after which another token may do: its time is over, or others have come in its place.
const ANOTHER_MAY_DO: [&str; 3] = ["invalid_auth", "token_expired", "token_revoked"];

/// What `auth.test` said when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlackHealth {
    /// Not asked yet.
    Unknown,
    /// The token works.
    Healthy(Arc<Installation>),
    /// It does not, or Slack does not answer: why, and who the bot was when it last worked.
    Unhealthy {
        /// Slack's error code, or ours.
        code: String,
        /// What is wrong, for people.
        trouble: String,
        /// Whether Slack refuses the token, so that no call can work until a person acts.
        broken: bool,
        /// The bot when its token last worked in this process.
        last: Option<Arc<Installation>>,
    },
}

impl SlackHealth {
    /// The bot, also while Slack does not answer.
    pub(crate) fn installation(&self) -> Option<&Arc<Installation>> {
        match self {
            Self::Unknown => None,
            Self::Healthy(installation) => Some(installation),
            Self::Unhealthy { last, .. } => last.as_ref(),
        }
    }
}

/// Keeps watch over the one installation. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HealthMonitor {
    health: Arc<watch::Sender<SlackHealth>>,
    notes: Arc<Mutex<Notes>>,
    look_again: Arc<Notify>,
    /// Whether the token is one that Slack changes.
    rotates: Arc<AtomicBool>,
}

/// What is known beside what `auth.test` says.
#[derive(Debug, Default)]
struct Notes {
    /// What is wanted of the app; none where nobody has said so.
    wanted: Option<BTreeSet<SlackFeature>>,
    /// Scopes for want of which calls were refused, and what was granted then.
    lacking: BTreeMap<String, BTreeSet<String>>,
    /// Why Slack gives no next token, for people.
    not_renewed: Option<String>,
    /// Why there is no token to make calls with, as a code and for people.
    no_token: Option<(&'static str, String)>,
    /// When `auth.test` said last that the token works, after another method had refused it.
    disproved: Option<Instant>,
}

impl HealthMonitor {
    pub(crate) fn new() -> Self {
        Self::with(SlackHealth::Unknown)
    }

    fn with(health: SlackHealth) -> Self {
        Self {
            health: Arc::new(watch::Sender::new(health)),
            notes: Arc::default(),
            look_again: Arc::default(),
            rotates: Arc::default(),
        }
    }

    /// Of a token that Slack changes: one that is refused is likely renewed a moment later.
    pub(crate) fn rotating(self) -> Self {
        self.rotates.store(true, Ordering::Relaxed);
        self
    }

    #[cfg(test)]
    pub(crate) fn of(health: SlackHealth) -> Self {
        Self::with(health)
    }

    /// Of a workspace that is not connected.
    pub(crate) fn of_nowhere() -> Self {
        let error = SlackError::Broken {
            method: AUTH_TEST.name,
            code: NO_TOKEN.to_owned(),
        };
        let (trouble, broken) = token_trouble(&error, false);
        Self::with(SlackHealth::Unhealthy {
            code: NO_TOKEN.to_owned(),
            trouble,
            broken,
            last: None,
        })
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is a token, and it can't be opened, for this reason.
    pub(crate) fn unopened(&self, code: &'static str, reason: String) {
        self.notes().no_token = Some((code, reason));
    }

    /// What is wanted of the app there.
    pub(crate) fn want(&self, features: &BTreeSet<SlackFeature>) {
        let before = self.notes().wanted.replace(features.clone());
        if before.is_some_and(|before| before != *features) {
            self.tell();
        }
    }

    /// What is wanted of the app there; where nobody has said so, what it was granted scopes for.
    pub(crate) fn wanted(&self) -> BTreeSet<SlackFeature> {
        let said = self.notes().wanted.clone();
        said.unwrap_or_else(|| {
            let granted = self.granted();
            // Where Slack has not said what was granted, what is usual.
            if granted.is_empty() {
                BTreeSet::from(USUAL)
            } else {
                of_granted(granted)
            }
        })
    }

    /// The scopes that were granted when Slack last said so.
    fn granted(&self) -> BTreeSet<String> {
        let health = self.health.borrow();
        health
            .installation()
            .map(|bot| bot.scopes.clone())
            .unwrap_or_default()
    }

    /// Whoever writes down how the workspace is looks again.
    fn tell(&self) {
        self.health.send_modify(|_| {});
    }

    pub(crate) fn health(&self) -> SlackHealth {
        self.health.borrow().clone()
    }

    /// Tells of every change of health.
    pub(crate) fn subscribe(&self) -> watch::Receiver<SlackHealth> {
        self.health.subscribe()
    }

    /// The bot, or why no call can be made now.
    pub(crate) fn usable(&self) -> Result<Arc<Installation>, String> {
        match &*self.health.borrow() {
            SlackHealth::Unknown => Err("Slack has not answered yet".to_owned()),
            SlackHealth::Unhealthy {
                trouble,
                broken: true,
                ..
            }
            | SlackHealth::Unhealthy {
                trouble, last: None, ..
            } => Err(trouble.clone()),
            SlackHealth::Healthy(bot) | SlackHealth::Unhealthy { last: Some(bot), .. } => Ok(Arc::clone(bot)),
        }
    }

    /// The bot, or why no call can be made now. Just after the start, Slack's first answer is waited for.
    pub(crate) async fn first_answer(&self, patience: Duration) -> Result<Arc<Installation>, String> {
        let mut health = self.subscribe();
        let asked = health.wait_for(|health| *health != SlackHealth::Unknown);
        // Neither the end of patience nor that of the sender changes what is known.
        drop(tokio::time::timeout(patience, asked).await);
        self.usable()
    }

    /// A call has failed: where that says something of the token, or of Slack, it is known at once.
    pub(crate) fn report(&self, error: &SlackError) {
        match error {
            SlackError::Broken { .. } => {
                // One method that refuses a token which works must not stop all others again and again.
                let disproved = self.notes().disproved;
                if disproved.is_none_or(|at| at.elapsed() > DISPROVED_FOR) {
                    self.set_ill(error);
                }
                self.look_again.notify_one();
            }
            SlackError::Refused { refusal, .. } if refusal.code == "missing_scope" => {
                self.lacks(refusal.needed.as_deref());
            }
            // It may be this method alone, or all of Slack: that is asked.
            SlackError::NotSent { .. } | SlackError::Unknown { .. } => self.look_again.notify_one(),
            SlackError::Refused { .. } | SlackError::RateLimited { .. } => {}
        }
    }

    /// A call was refused for want of a scope.
    fn lacks(&self, needed: Option<&str>) {
        let granted = self.granted();
        let needed = needed.unwrap_or("unknown").to_owned();
        if self.notes().lacking.insert(needed.clone(), granted).is_some() {
            return;
        }
        if self.is_wanted(&needed) {
            tracing::error!(
                "Slack refuses calls because the app lacks the scope {needed}: reauthorise the app"
            );
            self.tell();
        } else {
            tracing::info!("the app lacks the scope {needed}, which no wanted feature asks for");
        }
        // Slack is asked what is granted by now.
        self.look_again.notify_one();
    }

    /// Whether a feature that is wanted asks for one of these scopes, of which any would do. What nobody knows is not passed over.
    fn is_wanted(&self, needed: &str) -> bool {
        let wanted = bot_scopes(&self.wanted());
        let of_any = bot_scopes(&SlackFeature::ALL);
        let mut scopes = needed.split(',').map(str::trim);
        let is_known = scopes.clone().any(|scope| of_any.contains(scope));
        !is_known || scopes.any(|scope| wanted.contains(scope))
    }

    /// The scopes of wanted features for want of which calls were refused, where no others have been granted since.
    pub(crate) fn lacking(&self) -> Vec<String> {
        let granted = self.granted();
        let mut notes = self.notes();
        notes
            .lacking
            .retain(|needed, then| granted.is_subset(then) && !granted.contains(needed));
        let lacking: Vec<_> = notes.lacking.keys().cloned().collect();
        drop(notes);
        lacking
            .into_iter()
            .filter(|needed| self.is_wanted(needed))
            .collect()
    }

    /// Slack gives no next token, for this reason; or it has given one.
    pub(crate) fn renewed(&self, trouble: Option<String>) {
        let is_new = {
            let mut notes = self.notes();
            let is_new = notes.not_renewed != trouble;
            notes.not_renewed = trouble;
            is_new
        };
        if is_new {
            self.tell();
        }
    }

    /// Why Slack gives no next token.
    pub(crate) fn not_renewed(&self) -> Option<String> {
        self.notes().not_renewed.clone()
    }

    /// Asks Slack once.
    pub(crate) async fn look(&self, slack: &Slack) -> SlackHealth {
        match slack.installation().await {
            Ok(installation) => {
                let installation = Arc::new(installation);
                let well = SlackHealth::Healthy(Arc::clone(&installation));
                if matches!(self.health(), SlackHealth::Unhealthy { broken: true, .. }) {
                    self.notes().disproved = Some(Instant::now());
                }
                if self
                    .health
                    .send_if_modified(|health| std::mem::replace(health, well.clone()) != well)
                {
                    announce(&installation, &self.wanted());
                }
            }
            // Slack answers, and the token was not looked at: nothing new is known.
            Err(SlackError::RateLimited { .. }) if matches!(self.health(), SlackHealth::Healthy(_)) => {}
            Err(error) => self.set_ill(&error),
        }
        self.health()
    }

    fn set_ill(&self, error: &SlackError) {
        let is_renewed = self.rotates.load(Ordering::Relaxed) && another_may_do(error.code());
        let (mut trouble, broken) = token_trouble(error, is_renewed);
        let mut code = error.code().unwrap_or(SLACK_UNREACHABLE).to_owned();
        if let (true, Some((why, reason))) = (error.is(NO_TOKEN), &self.notes().no_token) {
            (code, trouble) = ((*why).to_owned(), reason.clone());
        }
        let changed = self.health.send_if_modified(|health| {
            let last = health.installation().cloned();
            let ill = SlackHealth::Unhealthy {
                code: code.clone(),
                trouble: trouble.clone(),
                broken,
                last,
            };
            std::mem::replace(health, ill.clone()) != ill
        });
        match changed {
            true if is_renewed => tracing::warn!(slack.broken = broken, "{trouble}"),
            true => tracing::error!(
                slack.broken = broken,
                "the Slack installation is not usable: {trouble}"
            ),
            false => {}
        }
    }

    /// Looks again and again, soon while something is wrong, until the shutdown.
    pub(crate) async fn run(&self, slack: &Slack, shutdown: CancellationToken) {
        let (mut pause, longest) = ILL;
        loop {
            let (is_well, next) = match self.look(slack).await {
                SlackHealth::Healthy(_) => {
                    pause = ILL.0;
                    (true, WELL)
                }
                SlackHealth::Unhealthy { .. } | SlackHealth::Unknown => {
                    let next = pause;
                    pause = (pause * 2).min(longest);
                    (false, next)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(next) => {}
                () = self.look_again.notified(), if is_well => {
                    let pause = tokio::time::sleep(SHORTEST);
                    if shutdown.run_until_cancelled(pause).await.is_none() {
                        return;
                    }
                }
            }
        }
    }
}

impl FailureListener for HealthMonitor {
    fn call_failed(&self, error: &SlackError) {
        self.report(error);
    }
}

fn announce(installation: &Installation, wanted: &BTreeSet<SlackFeature>) {
    let (team, bot) = (&installation.team_name, &installation.bot_user_id);
    tracing::info!(slack.team = %installation.team_id, "the Slack bot {bot} works in {team}");
    let missing = missing(&installation.scopes, wanted);
    if !missing.is_empty() {
        tracing::warn!(
            "the Slack app lacks scopes of wanted features, and calls that need them fail: {}",
            missing.join(", ")
        );
    }
}

/// Whether another token may do after this answer of Slack's.
pub(crate) fn another_may_do(code: Option<&str>) -> bool {
    code.is_some_and(|code| ANOTHER_MAY_DO.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_install_the_app_again_while_slack_changes_the_token() {
        let refused = SlackError::Broken {
            method: "chat.postMessage",
            code: "token_expired".to_owned(),
        };
        let told = |monitor: HealthMonitor| {
            monitor.report(&refused);
            monitor.usable().expect_err("a token that is refused")
        };
        let (rotating, lasting) = (told(HealthMonitor::new().rotating()), told(HealthMonitor::new()));
        assert!(rotating.contains("the next one is being asked for"), "{rotating}");
        assert!(
            lasting.contains("Slack refuses the bot token (token_expired). Install the app again"),
            "{lasting}"
        );
    }
}
