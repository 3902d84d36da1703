//! The methods by which apps get, renew and give up their tokens.

use super::installed;
use super::registry::BASE;
use crate::limits::Tier;
use crate::method::MethodScopes::AnyOf;
use crate::method::{Method, TokenKinds};
use crate::oauth::{access, openid};

/// All of them.
pub(super) const METHODS: &[Method] = &[
    Method {
        name: "auth.revoke",
        run: installed::revoke,
        tokens: TokenKinds::Any,
        args: &["test"],
        ..BASE
    },
    Method {
        name: "apps.uninstall",
        run: installed::uninstall,
        // Slack: tier 1, one or more a minute.
        tier: Tier::Two,
        tokens: TokenKinds::Any,
        args: &["client_id", "client_secret"],
        required: &["client_id", "client_secret"],
        ..BASE
    },
    Method {
        name: "oauth.v2.access",
        run: access::run,
        tier: Tier::Special,
        open: true,
        args: &[
            "client_id",
            "client_secret",
            "code",
            "code_verifier",
            "redirect_uri",
            "grant_type",
            "refresh_token",
        ],
        ..BASE
    },
    Method {
        name: "openid.connect.token",
        run: openid::token,
        tier: Tier::Four,
        open: true,
        args: &[
            "client_id",
            "client_secret",
            "code",
            "redirect_uri",
            "grant_type",
            "refresh_token",
            "code_verifier",
        ],
        ..BASE
    },
    Method {
        name: "openid.connect.userInfo",
        run: openid::user_info,
        scopes: AnyOf(&["openid"]),
        tokens: TokenKinds::Users,
        ..BASE
    },
    Method {
        name: "oauth.v2.exchange",
        run: access::exchange,
        tokens: TokenKinds::Any,
        args: &["client_id", "client_secret"],
        required: &["client_id", "client_secret"],
        ..BASE
    },
];
