//! Tokens that Slack changes twice a day: the next pair is fetched in time, by one worker at a time, and stored before it is used.
//!
//! A refresh token is good once, and for a moment after: a worker that dies between Slack's answer and the record of it leaves the old one to the
//! next, which tries at once. Of an app in a team two access tokens live at a time, and a new one ends the oldest: a worker whose token is
//! refused takes what another has stored before it asks for more. Source: docs.slack.dev, "Using token rotation".

use std::time::{Duration, Instant};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use secrecy::SecretString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::WorkspaceId,
    slack::token::{Column, Entity, Model},
};
use tocsin_seal::Sealer;
use tocsin_slack::error::SlackError;
use tocsin_slack_app::sealing::{refresh_place, token_place};
use tocsin_slack_client::{Http, http::ANSWER_TIMEOUT, oauth::OauthGrant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::texts::health as texts;
use crate::workspace::{RotatingTokenPair, SlackHealth, Workspace, apps::AppClients, health::another_may_do};

/// How long before its end a token is changed, at the most; of one that lives shorter, a quarter of its life.
const EARLY: time::Duration = time::Duration::hours(2);

/// How long a worker may take for a change.
pub(crate) const CLAIM: Duration = Duration::from_secs(30);

// Slack has answered, and the answer is stored, before another worker begins.
const _: () = assert!(ANSWER_TIMEOUT.as_secs() * 2 < CLAIM.as_secs());

/// For how long a token lives where Slack does not say, and at the longest and the shortest that is believed.
const LIVES: (i64, i64, i64) = (43_200, 31_536_000, 60);

/// How soon is looked again while another worker is at it, or after a failure: at first, and at the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How soon is asked again what Slack has refused; a new installation is noticed at once.
const REFUSED: Duration = Duration::from_secs(600);

/// How often the start waits for another worker that is getting a pair.
const BEGINNINGS: usize = 10;

/// What it takes to renew tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct TokenRotator {
    pub(crate) clients: AppClients,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) http: Http,
    /// Opens and seals tokens; without it none is renewed.
    pub(crate) sealer: Option<Sealer>,
    /// This process, in claims.
    pub(crate) worker: String,
}

/// Keeps the token of one workspace new.
pub(crate) struct Rotation<'a> {
    rotator: &'a TokenRotator,
    workspace: &'a Workspace,
    id: WorkspaceId,
    rotating: &'a RotatingTokenPair,
    sealer: &'a Sealer,
    used: Option<Used>,
}

/// The access token in use.
struct Used {
    /// As it is on record.
    sealed: String,
    expires_at: OffsetDateTime,
}

/// The pair that is in use.
struct Pair {
    refresh: SecretString,
    expires_at: OffsetDateTime,
    /// When it is to be changed.
    due_at: OffsetDateTime,
}

/// Why there is no new pair.
struct RotationError {
    message: String,
    /// How soon to try again, where that is known.
    again: Option<Duration>,
}

impl<'a> Rotation<'a> {
    /// None where Slack changes no tokens.
    pub(crate) fn of(rotator: &'a TokenRotator, workspace: &'a Workspace) -> Option<Self> {
        Some(Self {
            rotator,
            workspace,
            id: workspace.id?,
            rotating: workspace.rotating.as_ref()?,
            sealer: rotator.sealer.as_ref()?,
            used: None,
        })
    }

    /// Takes the newest pair before anything is asked with the first one, whose time may be long over.
    pub(crate) async fn begin(&mut self, until: &CancellationToken) {
        for _ in 0..BEGINNINGS {
            let stepped = until.run_until_cancelled(self.step()).await;
            let lives = |used: &Used| used.expires_at > self.rotator.clock.now();
            if !matches!(stepped, Some(Ok(_))) || self.used.as_ref().is_some_and(lives) {
                // What went wrong is tried again, and told, once all is under way.
                return;
            }
            // Another worker is getting a pair.
            let pause = tokio::time::sleep(AGAIN.0);
            if until.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Changes the token in time, until told to end.
    pub(crate) async fn run(mut self, until: CancellationToken) {
        let mut health = self.workspace.monitor.subscribe();
        let (mut pause, longest) = AGAIN;
        loop {
            health.mark_unchanged();
            let wait = match self.step().await {
                Ok(due_at) => {
                    pause = AGAIN.0;
                    (due_at - self.rotator.clock.now())
                        .max(time::Duration::ZERO)
                        .unsigned_abs()
                }
                Err(RotationError { message, again }) => {
                    let name = &self.workspace.name;
                    tracing::warn!("the token of the Slack workspace {name} could not be changed: {message}");
                    let wait = again.unwrap_or(pause);
                    pause = (pause * 2).min(longest);
                    wait
                }
            };
            tokio::select! {
                () = until.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                () = refused(&mut health) => {}
            }
        }
    }

    /// Takes what is on record, and changes it where it is time: gives when to look again.
    async fn step(&mut self) -> Result<OffsetDateTime, RotationError> {
        let row = self.on_record().await?;
        let is_new = self
            .used
            .as_ref()
            .is_none_or(|used| used.sealed != row.sealed_access_token);
        let pair = self.take(&row)?;
        let monitor = &self.workspace.monitor;
        if is_new && (is_refused(&monitor.health()) || monitor.not_renewed().is_some()) {
            // It was another token that was refused.
            monitor.renewed(None);
            monitor.look(&self.workspace.slack).await;
        }
        if !is_refused(&monitor.health()) && self.rotator.clock.now() < pair.due_at {
            return Ok(pair.due_at);
        }
        let client = self.rotator.clients.get(self.workspace.app).ok_or_else(|| {
            monitor.renewed(Some(texts::NO_CLIENT.to_owned()));
            RotationError {
                message: texts::NO_CLIENT.to_owned(),
                again: Some(AGAIN.1),
            }
        })?;
        let began = Instant::now();
        let Some(number) = self.claim(&row).await? else {
            // Another worker is at it: what it finds is taken from the record.
            return Ok(self.rotator.clock.now() + AGAIN.0);
        };
        if began.elapsed() > ANSWER_TIMEOUT {
            return Err("the database took too long to let this worker change it"
                .to_owned()
                .into());
        }
        let granted = match self.rotator.http.refresh(&client, &pair.refresh).await {
            Ok(granted) => granted,
            Err(error) => return Err(self.not_given(&row, &pair, number, &error).await?),
        };
        let next = self.store(&row, &granted).await?;
        let pair = self.take(&next)?;
        tracing::info!(workspace.id = %self.id, "the token of the Slack workspace {} was changed", self.workspace.name);
        metrics::counter!("tocsin_slack_token_refreshes_total", "outcome" => "ok").increment(1);
        monitor.renewed(None);
        monitor.look(&self.workspace.slack).await;
        Ok(pair.due_at)
    }

    /// Lets go of the change, and says why it failed. A refusal is told at once: the token works for hours yet, in which somebody can act.
    async fn not_given(
        &self,
        row: &Model,
        pair: &Pair,
        number: i64,
        error: &SlackError,
    ) -> Result<RotationError, DbErr> {
        metrics::counter!("tocsin_slack_token_refreshes_total", "outcome" => error.class()).increment(1);
        let kept = self.release(number, error).await;
        let is_past = self.rotator.clock.now() >= pair.expires_at;
        let is_refused = matches!(error, SlackError::Refused { .. } | SlackError::Broken { .. });
        // Another worker may have been given the next pair for the same refresh token.
        let newest = Entity::find_by_id(self.id)
            .one(self.rotator.database.read())
            .await?;
        if newest.is_some_and(|newest| newest.sealed_access_token != row.sealed_access_token) {
            kept?;
            return Ok(RotationError {
                message: format!("{error}, and another worker has the next pair"),
                again: Some(AGAIN.0),
            });
        }
        if is_refused {
            self.workspace.monitor.renewed(Some(not_renewed(pair, error)));
        }
        if is_past && is_refused {
            self.workspace.monitor.report(&SlackError::Broken {
                method: "oauth.v2.access",
                code: error.code().unwrap_or("token_expired").to_owned(),
            });
        }
        kept?;
        let again = match error {
            SlackError::RateLimited { retry_after, .. } => Some(*retry_after),
            SlackError::Refused { .. } | SlackError::Broken { .. } => Some(REFUSED),
            SlackError::NotSent { .. } | SlackError::Unknown { .. } => None,
        };
        Ok(RotationError {
            message: error.to_string(),
            again,
        })
    }

    /// The newest pair: that of the administrator's token, where none has come of it yet.
    async fn on_record(&self) -> Result<Model, DbErr> {
        let (id, database) = (self.id, &self.rotator.database);
        let version = i32::try_from(self.workspace.token_version).unwrap_or(i32::MAX);
        let first = Model {
            workspace_id: id,
            token_version: version,
            sealed_access_token: self.rotating.sealed_access.clone(),
            sealed_refresh_token: self.rotating.sealed_refresh.clone(),
            expires_at: self.rotating.expires_at,
            claimed_by: None,
            claimed_until: None,
            claim: 0,
            trouble: None,
            updated_at: self.rotator.clock.now(),
        };
        let found = Entity::find_by_id(id).one(database.read()).await?;
        if let Some(found) = found.filter(|found| found.token_version >= version) {
            return Ok(found);
        }
        let told = [
            Column::TokenVersion,
            Column::SealedAccessToken,
            Column::SealedRefreshToken,
            Column::ExpiresAt,
            Column::ClaimedBy,
            Column::ClaimedUntil,
            Column::Trouble,
            Column::UpdatedAt,
        ];
        let mut key = OnConflict::column(Column::WorkspaceId)
            .update_columns(told)
            .to_owned();
        // Only in place of an older one: another worker may have come further.
        key.action_and_where(Expr::col((Entity, Column::TokenVersion)).lt(version));
        Entity::insert(first.clone().into_active_model().reset_all())
            .on_conflict(key)
            .exec_without_returning(database.write())
            .await?;
        let found = Entity::find_by_id(id).one(database.read()).await?;
        Ok(found.unwrap_or(first))
    }

    /// Has calls be made with the pair on record.
    fn take(&mut self, row: &Model) -> Result<Pair, RotationError> {
        let open = |place: String, sealed: &str| {
            self.sealer
                .open(&place, sealed)
                .map_err(|error| error.to_string())
        };
        let access = open(token_place(self.id), &row.sealed_access_token)?;
        let refresh = open(refresh_place(self.id), &row.sealed_refresh_token)?;
        self.workspace.token.set(Some(access));
        self.used = Some(Used {
            sealed: row.sealed_access_token.clone(),
            expires_at: row.expires_at,
        });
        let life = row.expires_at - row.updated_at;
        let early = EARLY.min(life / 4);
        Ok(Pair {
            refresh,
            expires_at: row.expires_at,
            // Replicas do not all come at once.
            due_at: row.expires_at - early + early * rand::random_range(0.0..0.2),
        })
    }

    /// Takes the change for this worker, if the pair is still the newest and nobody else is at it; the claim's number.
    async fn claim(&self, row: &Model) -> Result<Option<i64>, DbErr> {
        let (id, rotator) = (self.id, self.rotator);
        let now = rotator.clock.now();
        let free = Condition::any()
            .add(Column::ClaimedUntil.is_null())
            .add(Column::ClaimedUntil.lt(now))
            .add(Column::ClaimedBy.eq(&rotator.worker));
        let claimed = Entity::update_many()
            .col_expr(Column::ClaimedBy, Expr::value(Some(rotator.worker.clone())))
            .col_expr(Column::ClaimedUntil, Expr::value(Some(now + CLAIM)))
            .col_expr(Column::Claim, Expr::value(row.claim + 1))
            .filter(Column::Claim.eq(row.claim))
            .filter(Column::WorkspaceId.eq(id))
            .filter(Column::SealedAccessToken.eq(&row.sealed_access_token))
            .filter(free)
            .exec(rotator.database.write())
            .await?;
        Ok((claimed.rows_affected > 0).then_some(row.claim + 1))
    }

    /// Writes the new pair down. It is tried for as long as the claim holds: the pair is nowhere else.
    async fn store(&self, row: &Model, granted: &OauthGrant) -> Result<Model, RotationError> {
        let (Some(access), Some(refresh)) = (&granted.access_token, &granted.refresh_token) else {
            return Err("Slack gave no pair of tokens".to_owned().into());
        };
        let (now, began) = (self.rotator.clock.now(), Instant::now());
        let (unsaid, longest, shortest) = LIVES;
        let lives = granted.expires_in.map_or(unsaid, i64::from);
        let lives = time::Duration::seconds(lives.clamp(shortest, longest));
        let next = Model {
            sealed_access_token: self.sealer.seal(&token_place(self.id), access),
            sealed_refresh_token: self.sealer.seal(&refresh_place(self.id), refresh),
            expires_at: now + lives,
            claimed_by: None,
            claimed_until: None,
            claim: row.claim + 1,
            trouble: None,
            updated_at: now,
            ..row.clone()
        };
        loop {
            // What an administrator has given meanwhile is newer, and so is a pair that another worker has had since. Whether the claim holds
            // still does not matter: as long as the pair on record is the one that was changed, nobody has a newer one.
            let stored = Entity::update_many()
                .set(next.clone().into_active_model().reset_all())
                .filter(Column::WorkspaceId.eq(self.id))
                .filter(Column::TokenVersion.eq(row.token_version))
                .filter(Column::SealedAccessToken.eq(&row.sealed_access_token))
                .exec(self.rotator.database.write())
                .await;
            match stored {
                Ok(done) if done.rows_affected > 0 => return Ok(next),
                Ok(_) => {
                    return Err("there is a newer pair meanwhile, which is taken"
                        .to_owned()
                        .into());
                }
                Err(error) if began.elapsed() < CLAIM => {
                    tracing::error!("a new pair of tokens could not be stored, and is tried again: {error}");
                    tokio::time::sleep(AGAIN.0).await;
                }
                Err(error) => return Err(format!("a new pair of tokens could not be stored: {error}").into()),
            }
        }
    }

    /// Lets go of the change, and notes why it failed.
    async fn release(&self, number: i64, error: &SlackError) -> Result<(), DbErr> {
        let (id, rotator) = (self.id, self.rotator);
        Entity::update_many()
            .col_expr(Column::ClaimedUntil, Expr::value(None::<OffsetDateTime>))
            .col_expr(Column::Trouble, Expr::value(Some(error.to_string())))
            .filter(Column::WorkspaceId.eq(id))
            .filter(Column::ClaimedBy.eq(&rotator.worker))
            .filter(Column::Claim.eq(number))
            .exec(rotator.database.write())
            .await
            .map(|_| ())
    }
}

/// Why there will be no next token, until when this one works, and what to do.
fn not_renewed(pair: &Pair, error: &SlackError) -> String {
    let code = error.code().unwrap_or("unknown");
    let until = pair.expires_at.replace_nanosecond(0).unwrap_or(pair.expires_at);
    let until = until.format(&Rfc3339).unwrap_or_else(|_| until.to_string());
    let remedy = match code {
        "invalid_client_id" | "bad_client_secret" => texts::CORRECT_CLIENT,
        _ => texts::INSTALL_AGAIN,
    };
    texts::not_renewed(code, &until, remedy)
}

/// Whether Slack refuses the token in a way in which it may take another.
fn is_refused(health: &SlackHealth) -> bool {
    matches!(health, SlackHealth::Unhealthy { code, .. } if another_may_do(Some(code)))
}

/// Waits until Slack begins to refuse the token.
async fn refused(health: &mut watch::Receiver<SlackHealth>) {
    loop {
        if health.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if is_refused(&health.borrow_and_update()) {
            return;
        }
    }
}

impl From<String> for RotationError {
    fn from(message: String) -> Self {
        Self { message, again: None }
    }
}

impl From<DbErr> for RotationError {
    fn from(error: DbErr) -> Self {
        error.to_string().into()
    }
}
