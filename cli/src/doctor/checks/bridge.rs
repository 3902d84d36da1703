//! What matters where the API and the bridge are processes of their own.

use secrecy::ExposeSecret;

use super::CheckContext;
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "bridge";

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let Some(token) = settings.bridge_token.as_ref() else {
        return Vec::new();
    };
    let is_admin_key = settings
        .admin_key
        .as_ref()
        .is_some_and(|key| key.expose_secret() == token.expose_secret());
    let finding = if is_admin_key {
        Finding::bad(
            SUBJECT,
            DoctorPage::BridgeTokenIsAdminKey,
            "TOCSIN_BRIDGE_TOKEN and TOCSIN_ADMIN_KEY are the same: make another with openssl rand -hex 32",
        )
    } else if settings.redis_url.is_none() {
        Finding::doubtful(
            SUBJECT,
            DoctorPage::BridgeWithoutRedis,
            "without TOCSIN_REDIS_URL a bridge of its own must share the machine and the files with the API",
        )
    } else {
        let url = settings.api_url();
        Finding::good(SUBJECT, format!("a bridge of its own reaches the API at {url}"))
    };
    vec![finding]
}
