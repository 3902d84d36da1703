//! The app's installation in the workspace: what it was granted, and the tokens that it goes by.
//!
//! Source: Slack, "Installing with OAuth", "Using token rotation". Scopes only add up. A rotating access token lives for twelve hours, at
//! most two of them at a time; its refresh token is good for one use and, for a short while, for the same use again.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Event, SimulatedWorkspace};
use crate::clock;
use crate::config::SimulatorConfig;

/// How many rotating access tokens live at a time.
const LIVE_TOKENS_MAX: usize = 2;

/// Where the app stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenStanding {
    /// Not installed, or no more.
    #[default]
    Absent,
    Installed,
    /// Its bot user was deactivated.
    Deactivated,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holder {
    Bot,
    /// A person, who granted these.
    User {
        id: String,
        scopes: Vec<String>,
    },
}

impl Holder {
    /// Whether both are the bot, or both the same person.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bot, Self::Bot) => true,
            (Self::User { id: one, .. }, Self::User { id: two, .. }) => one == two,
            (Self::Bot, Self::User { .. }) | (Self::User { .. }, Self::Bot) => false,
        }
    }

    /// The letters that its tokens have in the middle.
    fn kind(&self) -> &'static str {
        match self {
            Self::Bot => "xoxb",
            Self::User { .. } => "xoxp",
        }
    }

    /// `token_type`.
    pub(crate) fn token_type(&self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::User { .. } => "user",
        }
    }
}

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    secret: String,
    holder: Holder,
    /// Microseconds since the epoch; none for one that lives until it is revoked.
    expires_at: Option<u64>,
    revoked: bool,
    /// It was exchanged for rotating ones.
    exchanged: bool,
}

impl Token {
    fn has_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= clock::now_micros())
    }
}

/// A refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Refresh {
    secret: String,
    holder: Holder,
    /// Microseconds since the epoch.
    used_at: Option<u64>,
    revoked: bool,
}

/// What an exchange gives.
pub(crate) struct IssuedTokens {
    pub(crate) access_token: String,
    pub(crate) rotating: Option<RotatingTokens>,
}

/// What comes with a rotating token.
pub(crate) struct RotatingTokens {
    pub(crate) refresh_token: String,
    pub(crate) lives: Duration,
}

/// The installation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct AppGrants {
    standing: TokenStanding,
    scopes: Vec<String>,
    tokens: Vec<Token>,
    refresh: Vec<Refresh>,
}

impl AppGrants {
    /// As configured; what a state file knows stays, but for scopes, which only add up.
    pub(crate) fn configure(&mut self, config: &SimulatorConfig) {
        if !config.installed {
            return;
        }
        if !self.knows(&config.bot_token) {
            self.standing = TokenStanding::Installed;
            self.tokens.push(Token {
                secret: config.bot_token.clone(),
                holder: Holder::Bot,
                expires_at: None,
                revoked: false,
                exchanged: false,
            });
        }
        if self.standing == TokenStanding::Installed {
            self.grant(&config.scopes);
        }
    }

    /// What the bot may.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether the app is told what happens: a token that has merely expired is no hindrance.
    pub(crate) fn is_live(&self) -> bool {
        let bot = |holder: &Holder| *holder == Holder::Bot;
        self.standing == TokenStanding::Installed
            && (self.tokens.iter().any(|t| bot(&t.holder) && !t.revoked)
                || self.refresh.iter().any(|r| bot(&r.holder) && !r.revoked))
    }

    pub(crate) fn knows(&self, token: &str) -> bool {
        self.tokens.iter().any(|t| t.secret == token)
    }

    pub(crate) fn knows_refresh(&self, token: &str) -> bool {
        self.refresh.iter().any(|r| r.secret == token)
    }

    /// Whose token it is, and what it may; Slack's word for why it is not taken.
    pub(crate) fn holder(&self, token: &str) -> Result<(Holder, Vec<String>), &'static str> {
        let token = self
            .tokens
            .iter()
            .find(|t| t.secret == token)
            .ok_or("invalid_auth")?;
        if self.standing != TokenStanding::Installed && token.holder == Holder::Bot {
            return Err("account_inactive");
        }
        if token.revoked {
            return Err("token_revoked");
        }
        if token.has_expired() {
            return Err("token_expired");
        }
        let scopes = match &token.holder {
            Holder::Bot => self.scopes.clone(),
            Holder::User { scopes, .. } => scopes.clone(),
        };
        Ok((token.holder.clone(), scopes))
    }

    /// The newest bot token that is taken.
    pub(crate) fn bot_token(&self) -> Option<&str> {
        let taken = |t: &&Token| t.holder == Holder::Bot && self.holder(&t.secret).is_ok();
        self.tokens.iter().rev().find(taken).map(|t| t.secret.as_str())
    }

    fn grant(&mut self, scopes: &[String]) {
        for scope in scopes {
            if !self.scopes.contains(scope) {
                self.scopes.push(scope.clone());
            }
        }
    }

    /// Installs the app, or adds to what it may: the token lives on where it does not rotate.
    pub(crate) fn install(&mut self, scopes: &[String], lives: Option<Duration>) -> IssuedTokens {
        if self.standing == TokenStanding::Absent {
            self.scopes.clear();
        }
        self.standing = TokenStanding::Installed;
        self.grant(scopes);
        self.give(Holder::Bot, lives)
    }

    /// A person's own token, with what they granted before and now.
    pub(crate) fn grant_user(
        &mut self,
        user: &str,
        scopes: &[String],
        lives: Option<Duration>,
    ) -> IssuedTokens {
        let id = user.to_owned();
        let earlier = self.tokens.iter().rev().find_map(|t| match &t.holder {
            Holder::User { id, scopes } if id == user && !t.revoked => Some(scopes.clone()),
            Holder::User { .. } | Holder::Bot => None,
        });
        let mut all: Vec<String> = earlier.unwrap_or_default();
        all.extend(scopes.iter().cloned());
        let mut seen = BTreeSet::new();
        all.retain(|scope| seen.insert(scope.clone()));
        for token in self.tokens.iter_mut().filter(|t| !t.revoked) {
            if let Holder::User { id: holder, scopes } = &mut token.holder
                && *holder == id
            {
                scopes.clone_from(&all);
            }
        }
        self.give(Holder::User { id, scopes: all }, lives)
    }

    /// A token that lasts, the same as before where there is one; or, where tokens rotate, a new one.
    fn give(&mut self, holder: Holder, lives: Option<Duration>) -> IssuedTokens {
        let Some(lives) = lives else {
            let lasting = |t: &&Token| t.holder.is_same(&holder) && !t.revoked && t.expires_at.is_none();
            if let Some(token) = self.tokens.iter().find(lasting) {
                return IssuedTokens {
                    access_token: token.secret.clone(),
                    rotating: None,
                };
            }
            let secret = format!("{}-{}", holder.kind(), crate::random::hex());
            return IssuedTokens {
                access_token: self.add_token(secret, holder, None),
                rotating: None,
            };
        };
        self.rotate(holder, lives)
    }

    fn add_token(&mut self, secret: String, holder: Holder, expires_at: Option<u64>) -> String {
        self.tokens.push(Token {
            secret: secret.clone(),
            holder,
            expires_at,
            revoked: false,
            exchanged: false,
        });
        secret
    }

    /// A new pair; the oldest access token goes where there are too many.
    fn rotate(&mut self, holder: Holder, lives: Duration) -> IssuedTokens {
        let micros = u64::try_from(lives.as_micros()).unwrap_or(u64::MAX);
        let expires_at = clock::now_micros().saturating_add(micros);
        let secret = format!("xoxe.{}-1-{}", holder.kind(), crate::random::hex());
        let access_token = self.add_token(secret, holder.clone(), Some(expires_at));
        let rotating = |t: &Token| t.holder.is_same(&holder) && t.expires_at.is_some();
        let living = self
            .tokens
            .iter()
            .filter(|t| rotating(t) && !t.revoked && !t.has_expired())
            .count();
        let too_many = living.saturating_sub(LIVE_TOKENS_MAX);
        let oldest = self
            .tokens
            .iter_mut()
            .filter(|t| rotating(t) && !t.revoked && !t.has_expired());
        for token in oldest.take(too_many) {
            token.revoked = true;
        }
        let refresh_token = format!("xoxe-1-{}", crate::random::hex());
        self.refresh.push(Refresh {
            secret: refresh_token.clone(),
            holder,
            used_at: None,
            revoked: false,
        });
        IssuedTokens {
            access_token,
            rotating: Some(RotatingTokens { refresh_token, lives }),
        }
    }

    /// A new pair for a refresh token: once, and for `grace` after that again.
    pub(crate) fn refresh(
        &mut self,
        token: &str,
        lives: Duration,
        grace: Duration,
    ) -> Result<(Holder, IssuedTokens), &'static str> {
        let now = clock::now_micros();
        let standing = self.standing;
        let refresh = self
            .refresh
            .iter_mut()
            .find(|r| r.secret == token && !r.revoked)
            .ok_or("invalid_refresh_token")?;
        let used = refresh.used_at.map(|at| now.saturating_sub(at));
        if used.is_some_and(|ago| u128::from(ago) >= grace.as_micros()) {
            return Err("invalid_refresh_token");
        }
        if refresh.holder == Holder::Bot && standing != TokenStanding::Installed {
            return Err("account_inactive");
        }
        refresh.used_at.get_or_insert(now);
        let holder = refresh.holder.clone();
        let issued = self.rotate(holder.clone(), lives);
        Ok((holder, issued))
    }

    /// Rotating tokens for one that lasts. It is good for one exchange, and lives on.
    pub(crate) fn exchange(
        &mut self,
        token: &str,
        lives: Duration,
    ) -> Result<(Holder, IssuedTokens), &'static str> {
        let (holder, _) = self.holder(token).map_err(|_| "invalid_token")?;
        let old = self
            .tokens
            .iter_mut()
            .find(|t| t.secret == token && t.expires_at.is_none())
            .ok_or("invalid_token")?;
        if std::mem::replace(&mut old.exchanged, true) {
            return Err("token_already_exchanged");
        }
        let issued = self.rotate(holder.clone(), lives);
        Ok((holder, issued))
    }

    /// Ends the life of every rotating access token that lives.
    pub(crate) fn expire(&mut self) {
        let now = clock::now_micros();
        for token in &mut self.tokens {
            token.expires_at = token.expires_at.map(|at| at.min(now));
        }
    }

    /// Every token of this holder is gone.
    fn revoke_all(&mut self, holder: &Holder) {
        for token in self.tokens.iter_mut().filter(|t| t.holder.is_same(holder)) {
            token.revoked = true;
        }
        for refresh in self.refresh.iter_mut().filter(|r| r.holder.is_same(holder)) {
            refresh.revoked = true;
        }
    }

    /// One token is gone; whether it lasts is told.
    fn revoke_one(&mut self, token: &str) {
        for token in self.tokens.iter_mut().filter(|t| t.secret == token) {
            token.revoked = true;
        }
    }

    fn is_rotating(&self, token: &str) -> bool {
        self.tokens
            .iter()
            .any(|t| t.secret == token && t.expires_at.is_some())
    }

    /// Takes scopes away from the bot, as no one can with the real Slack but by uninstalling.
    pub(crate) fn take_scopes(&mut self, scopes: &[&str]) {
        self.scopes.retain(|scope| !scopes.contains(&scope.as_str()));
    }

    pub(crate) fn set_deactivated(&mut self, deactivated: bool) {
        self.standing = match (self.standing, deactivated) {
            (TokenStanding::Installed | TokenStanding::Deactivated, true) => TokenStanding::Deactivated,
            (TokenStanding::Installed | TokenStanding::Deactivated, false) => TokenStanding::Installed,
            (TokenStanding::Absent, _) => TokenStanding::Absent,
        };
    }

    /// The people who have granted the app something of theirs.
    fn users(&self) -> BTreeSet<String> {
        let living = self.tokens.iter().filter(|t| !t.revoked);
        living
            .filter_map(|t| match &t.holder {
                Holder::User { id, .. } => Some(id.clone()),
                Holder::Bot => None,
            })
            .collect()
    }
}

/// Which of the two farewells of an uninstalled app comes first: Slack promises no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// `app_uninstalled`, then `tokens_revoked`.
    UninstalledFirst,
    /// `tokens_revoked`, then `app_uninstalled`.
    RevokedFirst,
}

impl SimulatedWorkspace {
    /// Revokes what the bot goes by; the app is told.
    pub(crate) fn revoke_bot_tokens(&mut self) {
        self.installation.revoke_all(&Holder::Bot);
        let bot = self.app.bot_user_id.clone();
        self.emit_tokens_revoked(&[], &[bot]);
        self.touch("");
    }

    /// `auth.revoke`. A bot token that does not rotate takes the whole installation with it.
    pub(crate) fn revoke_token(&mut self, token: &str, holder: &Holder) {
        self.touch("");
        match holder {
            Holder::User { id, .. } => {
                self.installation.revoke_one(token);
                self.emit_tokens_revoked(std::slice::from_ref(id), &[]);
            }
            Holder::Bot if self.installation.is_rotating(token) => self.installation.revoke_one(token),
            Holder::Bot => self.uninstall(Farewell::RevokedFirst),
        }
    }

    /// Uninstalls the app, which is told so twice.
    pub(crate) fn uninstall(&mut self, farewell: Farewell) {
        let users: Vec<String> = self.installation.users().into_iter().collect();
        for id in &users {
            let scopes = Vec::new();
            self.installation.revoke_all(&Holder::User {
                id: id.clone(),
                scopes,
            });
        }
        self.installation.revoke_all(&Holder::Bot);
        self.installation.standing = TokenStanding::Absent;
        self.set_bot_deleted(true);
        let bot = self.app.bot_user_id.clone();
        let event_ts = self.next_ts();
        let uninstalled = Event::new(json!({ "type": "app_uninstalled", "event_ts": event_ts }), &[]);
        match farewell {
            Farewell::UninstalledFirst => {
                self.emit(uninstalled);
                self.emit_tokens_revoked(&users, &[bot]);
            }
            Farewell::RevokedFirst => {
                self.emit_tokens_revoked(&users, &[bot]);
                self.emit(uninstalled);
            }
        }
        self.touch("");
    }

    /// The bot is one of the people again.
    pub(crate) fn revive_bot(&mut self) {
        self.set_bot_deleted(false);
        self.touch("");
    }

    fn set_bot_deleted(&mut self, deleted: bool) {
        let bot = self.app.bot_user_id.clone();
        for person in self.people.iter_mut().filter(|p| p.id == bot) {
            person.deleted = deleted;
        }
    }

    fn emit_tokens_revoked(&mut self, users: &[String], bots: &[String]) {
        let event_ts = self.next_ts();
        let body = json!({
            "type": "tokens_revoked",
            "tokens": { "oauth": users, "bot": bots },
            "event_ts": event_ts,
        });
        self.emit(Event::new(body, &[]));
    }
}
