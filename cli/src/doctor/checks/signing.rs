//! Whether the signing secrets look like Slack's.

use secrecy::ExposeSecret;

use super::{CheckContext, is_real};
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "Slack";

/// Letters of a signing secret: sixteen bytes in hexadecimal.
const LETTERS: usize = 32;

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let odd = context
        .settings
        .slack
        .signing_secrets
        .iter()
        .any(|secret| !looks_like_slacks(secret.expose_secret()));
    if !odd || !is_real(context.settings) {
        return Vec::new();
    }
    vec![Finding::doubtful(
        SUBJECT,
        DoctorPage::SigningSecretForm,
        format!(
            "SLACK_SIGNING_SECRET does not look like one, which is {LETTERS} hexadecimal digits: copy the signing secret, not the client \
             secret or the verification token, from the Slack app's page Basic Information"
        ),
    )]
}

fn looks_like_slacks(secret: &str) -> bool {
    secret.len() == LETTERS && secret.bytes().all(|byte| byte.is_ascii_hexdigit())
}
