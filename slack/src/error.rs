//! How a call to Slack may go wrong, by what may be done about it.

use std::time::Duration;

/// Why a call to Slack did not succeed. The classes say what the caller may do next.
///
/// Source: docs.slack.dev, "Using the Slack Web API", "Rate limits" and the error tables of the methods.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack understood and said no. Repeating the same call changes nothing.
    #[error("{method}: {refusal}")]
    Refused {
        /// The method.
        method: &'static str,
        /// What Slack said.
        refusal: SlackRefusal,
    },
    /// The token or the installation no longer works: every call will fail until a person acts.
    #[error("{method}: {code}")]
    Broken {
        /// The method.
        method: &'static str,
        /// Slack's error code.
        code: String,
    },
    /// Too many calls: this method may be called again after so long.
    #[error("{method}: rate limited for {} s", retry_after.as_secs_f32())]
    RateLimited {
        /// The method.
        method: &'static str,
        /// How long to wait.
        retry_after: Duration,
        /// Whether Slack said so; else our own pace did, and nothing was sent.
        by_slack: bool,
    },
    /// The call did not reach Slack: it may be repeated without harm.
    #[error("{method}: Slack cannot be reached: {cause}")]
    NotSent {
        /// The method.
        method: &'static str,
        /// Why.
        cause: String,
    },
    /// Slack may or may not have done it: to be looked up before it is repeated.
    #[error("{method}: no certain answer: {cause}")]
    Unknown {
        /// The method.
        method: &'static str,
        /// Why.
        cause: String,
    },
}

/// What Slack said with `ok: false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackRefusal {
    /// Slack's error code, such as `channel_not_found`.
    pub code: String,
    /// For `missing_scope`: the scope that the method wants.
    pub needed: Option<String>,
    /// For `missing_scope`: the scopes that the token has.
    pub provided: Option<String>,
    /// Slack's own explanations, such as which block is invalid and why.
    pub messages: Vec<String>,
}

impl std::fmt::Display for SlackRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.code)?;
        if let Some(needed) = &self.needed {
            write!(f, " (needs {needed})")?;
        }
        if !self.messages.is_empty() {
            write!(f, ": {}", self.messages.join("; "))?;
        }
        Ok(())
    }
}

/// Our own code for a workspace that is not installed, or not any more.
pub const NO_TOKEN: &str = "not_installed";

/// Codes after which every call will fail until a person acts.
const BROKEN: [&str; 8] = [
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "app_access_restricted",
];

/// Codes after which the action may have happened, by Slack's own words.
const UNKNOWN: [&str; 4] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
];

/// Codes that mean "later": with them comes HTTP 429, except for the last.
const LATER: [&str; 3] = ["ratelimited", "rate_limited", "team_added_to_org"];

/// How long to wait where Slack says "later" without saying when.
pub const LATER_UNSAID: Duration = Duration::from_secs(5);

impl SlackError {
    /// The class of an answer with `ok: false`.
    pub fn of(method: &'static str, refusal: SlackRefusal, retry_after: Option<Duration>) -> Self {
        let code = refusal.code.as_str();
        if BROKEN.contains(&code) {
            Self::Broken {
                method,
                code: refusal.code,
            }
        } else if UNKNOWN.contains(&code) {
            Self::Unknown {
                method,
                cause: refusal.code,
            }
        } else if LATER.contains(&code) {
            let retry_after = retry_after.unwrap_or(LATER_UNSAID);
            Self::RateLimited {
                method,
                retry_after,
                by_slack: true,
            }
        } else {
            Self::Refused { method, refusal }
        }
    }

    /// Slack's error code, where Slack gave one that is final.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { refusal, .. } => Some(&refusal.code),
            Self::Broken { code, .. } => Some(code),
            Self::RateLimited { .. } | Self::NotSent { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Whether Slack refused with this code.
    pub fn is(&self, wanted: &str) -> bool {
        self.code() == Some(wanted)
    }

    /// The class, as metrics name it.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Broken { .. } => "broken",
            Self::RateLimited { by_slack: true, .. } => "rate_limited",
            Self::RateLimited { by_slack: false, .. } => "held_back",
            Self::NotSent { .. } => "not_sent",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str) -> SlackRefusal {
        SlackRefusal {
            code: code.to_owned(),
            needed: None,
            provided: None,
            messages: Vec::new(),
        }
    }

    #[test]
    fn an_error_code_says_what_may_be_done_next() {
        for (code, class) in [
            ("channel_not_found", "refused"),
            ("missing_scope", "refused"),
            ("token_revoked", "broken"),
            ("internal_error", "unknown"),
            ("rate_limited", "rate_limited"),
            ("something_new", "refused"),
        ] {
            assert_eq!(
                SlackError::of("chat.postMessage", refusal(code), None).class(),
                class,
                "{code}"
            );
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let refusal = SlackRefusal {
            needed: Some("channels:join".to_owned()),
            ..refusal("missing_scope")
        };
        let error = SlackError::of("conversations.join", refusal, None);
        assert_eq!(
            error.to_string(),
            "conversations.join: missing_scope (needs channels:join)"
        );
    }
}
