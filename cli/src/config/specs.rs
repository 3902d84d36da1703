//! Every setting there is: its name in `tocsin.toml`, its variable, its flag, and what it says.

/// How a setting's value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingVisibility {
    /// As it is.
    Whole,
    /// An address whose password is hidden.
    WithoutPassword,
    /// Only that it is set, and how long it is.
    Never,
}

/// A setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SettingSpec {
    /// Its name in `tocsin.toml`; `slack.bot_token` stands for `bot_token` under `[slack]`.
    pub(crate) key: &'static str,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// Its flag, where it has one: secrets have none, since arguments can be read by every process of the machine.
    pub(crate) flag: Option<&'static str>,
    /// How its value may be shown.
    pub(crate) shown: SettingVisibility,
    /// What holds when it is unset, in words or as a value.
    pub(crate) default: &'static str,
}

impl SettingSpec {
    const fn plain(
        key: &'static str,
        variable: &'static str,
        flag: &'static str,
        default: &'static str,
    ) -> Self {
        Self {
            key,
            variable,
            flag: Some(flag),
            shown: SettingVisibility::Whole,
            default,
        }
    }

    const fn address(
        key: &'static str,
        variable: &'static str,
        flag: &'static str,
        default: &'static str,
    ) -> Self {
        Self {
            shown: SettingVisibility::WithoutPassword,
            ..Self::plain(key, variable, flag, default)
        }
    }

    const fn secret(key: &'static str, variable: &'static str, default: &'static str) -> Self {
        Self {
            key,
            variable,
            flag: None,
            shown: SettingVisibility::Never,
            default,
        }
    }
}

pub(crate) const DATABASE_URL: SettingSpec = SettingSpec::address(
    "database_url",
    "TOCSIN_DATABASE_URL",
    "--database-url",
    "sqlite://tocsin.db",
);
pub(crate) const DATABASE_CONNECTIONS: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("database_connections", "TOCSIN_DATABASE_CONNECTIONS", "", "8")
};
pub(crate) const REDIS_URL: SettingSpec = SettingSpec::address(
    "redis_url",
    "TOCSIN_REDIS_URL",
    "--redis-url",
    "the embedded queue, in a file beside the database",
);
pub(crate) const LISTEN: SettingSpec =
    SettingSpec::plain("listen", "TOCSIN_LISTEN", "--listen", "127.0.0.1:8080");
pub(crate) const BRIDGE_LISTEN: SettingSpec = SettingSpec::plain(
    "bridge_listen",
    "TOCSIN_BRIDGE_LISTEN",
    "--bridge-listen",
    "127.0.0.1:8081",
);
pub(crate) const SIMULATOR_LISTEN: SettingSpec = SettingSpec::plain(
    "simulator_listen",
    "TOCSIN_SIMULATOR_LISTEN",
    "--simulator-listen",
    "127.0.0.1:8082",
);
pub(crate) const HTTP_CONNECTIONS: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("http_connections", "TOCSIN_HTTP_CONNECTIONS", "", "16384")
};
pub(crate) const SIMULATOR: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("simulator", "TOCSIN_SIMULATOR", "", "auto")
};
pub(crate) const PUBLIC_URL: SettingSpec = SettingSpec::plain(
    "public_url",
    "TOCSIN_PUBLIC_URL",
    "--public-url",
    "where the API listens",
);
pub(crate) const API_URL: SettingSpec = SettingSpec::plain(
    "api_url",
    "TOCSIN_API_URL",
    "--api-url",
    "where the API listens on this machine",
);
pub(crate) const BRIDGE_TOKEN: SettingSpec = SettingSpec::secret(
    "bridge_token",
    "TOCSIN_BRIDGE_TOKEN",
    "made anew at each start of `tocsin up`",
);
pub(crate) const ADMIN_KEY: SettingSpec = SettingSpec::secret(
    "admin_key",
    "TOCSIN_ADMIN_KEY",
    "made and printed once, at the first start",
);
pub(crate) const SECRET_KEY: SettingSpec = SettingSpec::secret(
    "secret_key",
    "TOCSIN_SECRET_KEY",
    "made once, and kept beside the SQLite file",
);
pub(crate) const INTROSPECTION: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("introspection", "TOCSIN_INTROSPECTION", "", "authenticated")
};
pub(crate) const TRUSTED_PROXIES: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "trusted_proxies",
        "TOCSIN_TRUSTED_PROXIES",
        "",
        "none: X-Forwarded-For is not believed",
    )
};
pub(crate) const LOG: SettingSpec = SettingSpec::plain("log", "TOCSIN_LOG", "--log", "info");
pub(crate) const LOG_FORMAT: SettingSpec = SettingSpec::plain(
    "log_format",
    "TOCSIN_LOG_FORMAT",
    "--log-format",
    "pretty in a terminal, json elsewhere",
);
pub(crate) const SLACK_BOT_TOKEN: SettingSpec = SettingSpec::secret(
    "slack.bot_token",
    "SLACK_BOT_TOKEN",
    "workspaces are connected by GraphQL; `tocsin up` with no app at all simulates one",
);
pub(crate) const SLACK_SIGNING_SECRET: SettingSpec = SettingSpec::secret(
    "slack.signing_secret",
    "SLACK_SIGNING_SECRET",
    "needed with a bot token, but in Socket Mode",
);
pub(crate) const SLACK_CHANNEL: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("slack.channel", "SLACK_CHANNEL", "", "#incidents")
};
pub(crate) const SLACK_API_URL: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("slack.api_url", "SLACK_API_URL", "", "https://slack.com/api")
};
pub(crate) const SLACK_PACE: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("slack.pace", "TOCSIN_SLACK_PACE", "", "documented")
};
pub(crate) const SLACK_CLIENT_ID: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "slack.client_id",
        "SLACK_CLIENT_ID",
        "",
        "no installation by OAuth",
    )
};
pub(crate) const SLACK_CLIENT_SECRET: SettingSpec = SettingSpec::secret(
    "slack.client_secret",
    "SLACK_CLIENT_SECRET",
    "needed with a client id",
);
pub(crate) const SLACK_APP_TOKEN: SettingSpec = SettingSpec::secret(
    "slack.app_token",
    "SLACK_APP_TOKEN",
    "Slack sends its requests to the bridge's address",
);
pub(crate) const SLACK_SOCKETS: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("slack.sockets", "TOCSIN_SLACK_SOCKETS", "", "2")
};

pub(crate) const OIDC_ISSUER: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "oidc.issuer",
        "TOCSIN_OIDC_ISSUER",
        "",
        "no signing in with an identity provider",
    )
};
pub(crate) const OIDC_CLIENT_ID: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "oidc.client_id",
        "TOCSIN_OIDC_CLIENT_ID",
        "",
        "needed with an issuer",
    )
};
pub(crate) const OIDC_CLIENT_SECRET: SettingSpec = SettingSpec::secret(
    "oidc.client_secret",
    "TOCSIN_OIDC_CLIENT_SECRET",
    "a public client",
);
pub(crate) const OIDC_NAME: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("oidc.name", "TOCSIN_OIDC_NAME", "", "single sign-on")
};
pub(crate) const OIDC_SCOPES: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("oidc.scopes", "TOCSIN_OIDC_SCOPES", "", "email profile")
};
pub(crate) const OIDC_VERIFIED_CLAIM: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "oidc.verified_claim",
        "TOCSIN_OIDC_VERIFIED_CLAIM",
        "",
        "email_verified",
    )
};
pub(crate) const OIDC_GROUPS: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("oidc.groups", "TOCSIN_OIDC_GROUPS", "", "groups give no role")
};
pub(crate) const OIDC_GROUPS_CLAIM: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain("oidc.groups_claim", "TOCSIN_OIDC_GROUPS_CLAIM", "", "groups")
};
pub(crate) const OIDC_ORGANIZATIONS: SettingSpec = SettingSpec {
    flag: None,
    ..SettingSpec::plain(
        "oidc.organizations",
        "TOCSIN_OIDC_ORGANIZATIONS",
        "",
        "all of the server",
    )
};

/// All of them, in the order in which people are shown them.
pub(crate) const ALL: &[SettingSpec] = &[
    DATABASE_URL,
    DATABASE_CONNECTIONS,
    REDIS_URL,
    LISTEN,
    BRIDGE_LISTEN,
    SIMULATOR_LISTEN,
    HTTP_CONNECTIONS,
    SIMULATOR,
    PUBLIC_URL,
    API_URL,
    BRIDGE_TOKEN,
    ADMIN_KEY,
    SECRET_KEY,
    INTROSPECTION,
    TRUSTED_PROXIES,
    LOG,
    LOG_FORMAT,
    SLACK_BOT_TOKEN,
    SLACK_SIGNING_SECRET,
    SLACK_CHANNEL,
    SLACK_API_URL,
    SLACK_PACE,
    SLACK_CLIENT_ID,
    SLACK_CLIENT_SECRET,
    SLACK_APP_TOKEN,
    SLACK_SOCKETS,
    OIDC_ISSUER,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    OIDC_NAME,
    OIDC_SCOPES,
    OIDC_VERIFIED_CLAIM,
    OIDC_GROUPS,
    OIDC_GROUPS_CLAIM,
    OIDC_ORGANIZATIONS,
];
