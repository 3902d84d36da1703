//! What may be wrong, and what is to be said of it.

use tocsin_simulator::{ChannelSeed, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, SimulatorConfig};

/// Slack's own form of a signing secret.
pub(super) const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// An address at which nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1/api";

/// How a finding is marked.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// Nothing works until it is put right.
    Wrong,
    /// It may not be what is wanted.
    Look,
    /// It is well.
    Ok,
}

impl Mark {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Look => "look",
            Self::Ok => "ok",
        }
    }
}

/// A state of things, and what the doctor says of it.
pub(super) struct Case {
    /// Changes to a workspace in which all is well; none where Slack is not asked.
    pub(super) slack: Option<fn(&mut SimulatorConfig)>,
    /// What is wrong with Slack's answers.
    pub(super) fault: Option<(&'static str, &'static str)>,
    /// Beside what the workspace brings. What is set to nothing is left out.
    pub(super) environment: &'static [(&'static str, &'static str)],
    pub(super) mark: Mark,
    /// The exit code: also for what else is wrong.
    pub(super) code: i32,
    /// What is in the finding: what is wrong, and what to do.
    pub(super) words: &'static [&'static str],
}

const WELL: Case = Case {
    slack: Some(|_| {}),
    fault: None,
    environment: &[],
    mark: Mark::Ok,
    code: 0,
    words: &["the token works in Tocsin Demo"],
};

const ALONE: Case = Case { slack: None, ..WELL };

pub(super) const CASES: &[Case] = &[
    WELL,
    Case {
        words: &["the bot can post in #incidents"],
        ..WELL
    },
    Case {
        words: &["on: notifications", "commands"],
        ..WELL
    },
    Case {
        words: &["agrees with Slack's"],
        ..WELL
    },
    // What was given.
    Case {
        environment: &[("TOCSIN_PUBLIK_URL", "https://tocsin.example.com")],
        mark: Mark::Look,
        words: &["TOCSIN_PUBLIK_URL", "did you mean TOCSIN_PUBLIC_URL?"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKN", "xoxb-hidden")],
        mark: Mark::Look,
        words: &["SLACK_BOT_TOKN", "did you mean SLACK_BOT_TOKEN?"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_CLIENT_ID", "123.456")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "SLACK_CLIENT_ID is set and SLACK_CLIENT_SECRET is not",
            "Basic Information",
        ],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_CLIENT_SECRET", "hidden-hidden-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "SLACK_CLIENT_SECRET is set and SLACK_CLIENT_ID is not",
            "or set neither",
        ],
        ..ALONE
    },
    Case {
        environment: &[("TOCSIN_OIDC_ISSUER", "https://login.example.com")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "TOCSIN_OIDC_ISSUER is set and TOCSIN_OIDC_CLIENT_ID is not",
            "register Tocsin",
        ],
        ..ALONE
    },
    Case {
        environment: &[
            ("TOCSIN_OIDC_ISSUER", "http://127.0.0.1:1"),
            ("TOCSIN_OIDC_CLIENT_ID", "tocsin"),
            ("TOCSIN_OIDC_CLIENT_SECRET", "hidden-hidden"),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "http://127.0.0.1:1 does not answer",
            "or change TOCSIN_OIDC_ISSUER",
        ],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKEN", "xoxp-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_BOT_TOKEN (****, 11 characters)", "it is a person's token"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKEN", "xapp-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "SLACK_BOT_TOKEN",
            "an app-level token, which belongs in SLACK_APP_TOKEN",
        ],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKEN", "xoxe.xoxb-1-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_BOT_TOKEN", "it is a token that expires", "by OAuth"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_APP_TOKEN", "xoxb-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_APP_TOKEN", "a bot token, which belongs in SLACK_BOT_TOKEN"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKEN", "xoxb-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_SIGNING_SECRET is not", "or use Socket Mode"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_SIGNING_SECRET", "xoxb-hidden-hidden-hidden")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_SIGNING_SECRET (****", "Basic Information"],
        ..ALONE
    },
    Case {
        environment: &[
            ("SLACK_BOT_TOKEN", "xoxb-hidden"),
            ("SLACK_SIGNING_SECRET", "hidden-hidden-hidden"),
            ("SLACK_API_URL", "http://slack.invalid/api"),
        ],
        mark: Mark::Look,
        code: 1,
        words: &["does not look like one", "32 hexadecimal digits"],
        ..ALONE
    },
    // Where things are.
    Case {
        environment: &[
            ("SLACK_BOT_TOKEN", "xoxb-hidden"),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
            ("SLACK_API_URL", "http://slack.invalid/api"),
        ],
        mark: Mark::Look,
        code: 1,
        words: &["leads nowhere from Slack", "set TOCSIN_PUBLIC_URL"],
        ..ALONE
    },
    Case {
        environment: &[("TOCSIN_PUBLIC_URL", "http://tocsin.invalid")],
        mark: Mark::Look,
        words: &[
            "http://tocsin.invalid/ is not encrypted",
            "put a proxy with a certificate",
        ],
        ..ALONE
    },
    Case {
        environment: &[
            ("TOCSIN_PUBLIC_URL", "http://tocsin.invalid"),
            ("SLACK_CLIENT_ID", "123.456"),
            ("SLACK_API_URL", "http://slack.invalid/api"),
            ("SLACK_CLIENT_SECRET", "hidden-hidden-hidden"),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &["to https alone", "set TOCSIN_PUBLIC_URL to an https address"],
        ..ALONE
    },
    Case {
        environment: &[("TOCSIN_DATABASE_URL", "sqlite://nowhere/tocsin.db")],
        mark: Mark::Wrong,
        code: 1,
        words: &["there is no directory nowhere", "create it"],
        ..ALONE
    },
    Case {
        environment: &[("TOCSIN_DATABASE_URL", "postgres://tocsin:hidden@127.0.0.1:1/none")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "postgres://tocsin:****@127.0.0.1:1/none",
            "start it, or correct TOCSIN_DATABASE_URL",
        ],
        ..ALONE
    },
    Case {
        environment: &[("TOCSIN_REDIS_URL", "redis://:hidden@127.0.0.1:1")],
        mark: Mark::Wrong,
        code: 1,
        words: &["start Redis, or correct TOCSIN_REDIS_URL"],
        ..ALONE
    },
    Case {
        environment: &[
            ("TOCSIN_DATABASE_URL", "postgres://tocsin:hidden@127.0.0.1:1/none"),
            ("SLACK_CLIENT_ID", "123.456"),
            ("SLACK_API_URL", "http://slack.invalid/api"),
            ("SLACK_CLIENT_SECRET", "hidden-hidden-hidden"),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &["TOCSIN_SECRET_KEY is unset", "openssl rand -base64 32"],
        ..ALONE
    },
    Case {
        environment: &[
            ("TOCSIN_BRIDGE_TOKEN", "hidden-hidden-hidden-hidden-hidden"),
            ("TOCSIN_ADMIN_KEY", "hidden-hidden-hidden-hidden-hidden"),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "TOCSIN_BRIDGE_TOKEN and TOCSIN_ADMIN_KEY are the same",
            "openssl rand",
        ],
        ..ALONE
    },
    // What Slack says.
    Case {
        environment: &[
            ("SLACK_BOT_TOKEN", "xoxb-hidden"),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
            ("SLACK_API_URL", NOWHERE),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &[NOWHERE, "Slack does not answer"],
        ..ALONE
    },
    Case {
        environment: &[("SLACK_BOT_TOKEN", "xoxb-hidden-of-another-app")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "Slack refuses the bot token (invalid_auth)",
            "Install the app again",
        ],
        ..WELL
    },
    Case {
        fault: Some(("auth.test", "token_revoked")),
        mark: Mark::Wrong,
        code: 1,
        words: &["(token_revoked)", "Install the app again", "SLACK_BOT_TOKEN"],
        ..WELL
    },
    Case {
        fault: Some(("auth.test", "token_expired")),
        mark: Mark::Wrong,
        code: 1,
        words: &["(token_expired)", "Install the app again", "SLACK_BOT_TOKEN"],
        ..WELL
    },
    Case {
        fault: Some(("auth.test", "account_inactive")),
        mark: Mark::Wrong,
        code: 1,
        words: &["(account_inactive)", "Install the app again"],
        ..WELL
    },
    Case {
        environment: &[("SLACK_APP_TOKEN", "xapp-hidden-of-another-app")],
        mark: Mark::Wrong,
        code: 1,
        words: &["Socket Mode: ", "invalid_auth", "SLACK_APP_TOKEN"],
        ..WELL
    },
    Case {
        fault: Some(("apps.connections.open", "missing_scope")),
        environment: &[("SLACK_APP_TOKEN", "xapp-1-A0TOCSIN-1-simulated")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "Socket Mode: ",
            "missing_scope",
            "with the scope connections:write",
        ],
        ..WELL
    },
    Case {
        environment: &[
            ("SLACK_CLIENT_ID", DEFAULT_CLIENT_ID),
            ("SLACK_CLIENT_SECRET", DEFAULT_CLIENT_SECRET),
        ],
        words: &["OAuth: Slack knows the app"],
        ..WELL
    },
    Case {
        environment: &[
            ("SLACK_CLIENT_ID", "123.456"),
            ("SLACK_CLIENT_SECRET", "hidden-hidden-hidden"),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &["OAuth: ", "(invalid_client_id)", "copy both"],
        ..WELL
    },
    Case {
        environment: &[
            ("SLACK_BOT_TOKEN", ""),
            ("SLACK_CLIENT_ID", DEFAULT_CLIENT_ID),
            ("SLACK_CLIENT_SECRET", "hidden-hidden-hidden"),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &["OAuth: ", "(bad_client_secret)", "copy both"],
        ..WELL
    },
    Case {
        environment: &[
            ("SLACK_BOT_TOKEN", ""),
            ("SLACK_CLIENT_ID", DEFAULT_CLIENT_ID),
            ("SLACK_CLIENT_SECRET", DEFAULT_CLIENT_SECRET),
        ],
        mark: Mark::Wrong,
        code: 1,
        words: &["installed in no workspace", "tocsin slack install-url"],
        ..WELL
    },
    Case {
        environment: &[("TOCSIN_SIMULATOR", "perhaps")],
        mark: Mark::Wrong,
        code: 1,
        words: &["TOCSIN_SIMULATOR", "is none of auto, on and off"],
        ..ALONE
    },
    Case {
        slack: Some(|slack| {
            slack.scopes.retain(|scope| {
                (!scope.ends_with(":history") || scope == "im:history") && scope != "usergroups:read"
            });
        }),
        mark: Mark::Look,
        words: &[
            "notifications lacks channels:history, groups:history",
            "install the app again",
        ],
        ..WELL
    },
    Case {
        slack: Some(|slack| slack.scopes.retain(|scope| scope != "links:write")),
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "previews lacks links:write",
            "tocsin manifest",
            "install the app again",
        ],
        ..WELL
    },
    Case {
        slack: Some(|slack| slack.scopes.retain(|scope| scope != "chat:write")),
        mark: Mark::Wrong,
        code: 1,
        words: &["notifications lacks chat:write", "older than this version"],
        ..WELL
    },
    Case {
        slack: Some(|slack| slack.scopes.retain(|scope| scope != "chat:write.customize")),
        mark: Mark::Look,
        words: &["notifications lacks chat:write.customize"],
        ..WELL
    },
    Case {
        slack: Some(|slack| {
            slack
                .scopes
                .retain(|scope| !scope.starts_with("users:") && !scope.starts_with("im:"));
        }),
        mark: Mark::Look,
        words: &[
            "without identity nobody in Slack is known",
            "install the app again",
        ],
        ..WELL
    },
    Case {
        environment: &[("SLACK_CHANNEL", "#nowhere")],
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "SLACK_CHANNEL (#nowhere)",
            "create it, or, if it is private, invite the bot",
        ],
        ..WELL
    },
    Case {
        environment: &[("SLACK_CHANNEL", "#secret")],
        mark: Mark::Wrong,
        code: 1,
        words: &["SLACK_CHANNEL (#secret)", "invite the bot with /invite"],
        ..WELL
    },
    Case {
        slack: Some(|slack| slack.channels = vec![ChannelSeed::public("incidents").archived()]),
        mark: Mark::Wrong,
        code: 1,
        words: &[
            "SLACK_CHANNEL (#incidents)",
            "#incidents is archived: unarchive it",
        ],
        ..WELL
    },
    Case {
        slack: Some(|slack| {
            let may_come = ["channels:join", "chat:write.public"];
            slack.scopes.retain(|scope| !may_come.contains(&scope.as_str()));
        }),
        environment: &[("SLACK_CHANNEL", "#general")],
        mark: Mark::Wrong,
        code: 1,
        words: &["the bot is not in #general: invite it"],
        ..WELL
    },
    Case {
        fault: Some(("conversations.list", "internal_error")),
        mark: Mark::Look,
        words: &[
            "SLACK_CHANNEL (#incidents) could not be looked at",
            "internal_error",
        ],
        ..WELL
    },
];
