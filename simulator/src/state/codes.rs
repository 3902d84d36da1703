//! Codes: what a person has granted, until the app fetches it. Ten minutes, one use.

use std::time::{Duration, Instant};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestedGrant {
    /// To install the app: scopes of the bot, and of the person.
    Install { bot: Vec<String>, user: Vec<String> },
    /// To know who the person is.
    SignIn {
        scopes: Vec<String>,
        nonce: Option<String>,
    },
}

/// What a person has granted.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) team: String,
    pub(crate) user: String,
    /// As the link had it.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) wanted: RequestedGrant,
}

#[derive(Debug)]
struct Issued {
    code: String,
    at: Instant,
    grant: Grant,
}

/// The codes that were given out and not used yet.
#[derive(Debug, Default)]
pub(crate) struct Codes(Vec<Issued>);

impl Codes {
    pub(crate) fn issue(&mut self, grant: Grant) -> String {
        let code = format!("{}.{}", grant.client_id, crate::random::hex());
        self.0.push(Issued {
            code: code.clone(),
            at: Instant::now(),
            grant,
        });
        code
    }

    /// All of them are too old now.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The id of the team that a code is of.
    pub(crate) fn team(&self, code: &str) -> Option<String> {
        let issued = self.0.iter().find(|issued| issued.code == code);
        issued.map(|issued| issued.grant.team.clone())
    }

    /// What a code stands for. It is used up only where its app names the way back that the link had.
    pub(crate) fn take(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: Option<&str>,
        lives: Duration,
    ) -> Result<Grant, &'static str> {
        self.0.retain(|issued| issued.at.elapsed() < lives);
        let is = |issued: &Issued| issued.code == code && issued.grant.client_id == client_id;
        let at = self.0.iter().position(is).ok_or("invalid_code")?;
        if self.0[at].grant.redirect_uri.as_deref() != redirect_uri {
            return Err("bad_redirect_uri");
        }
        Ok(self.0.swap_remove(at).grant)
    }
}
