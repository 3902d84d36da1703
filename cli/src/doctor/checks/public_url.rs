//! Whether people, and Slack, reach Tocsin where it says that it is.

use tocsin_slack_app::public_url::below;
use url::Url;

use super::{ANSWER_WITHIN, CheckContext, is_local, is_real};
use crate::{
    config::Settings,
    doctor::{DoctorPage, Finding},
};

const SUBJECT: &str = "public URL";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let url = settings.public_url(settings.listen);
    let mut findings = vec![reached(settings, &url).await];
    if settings.slack.client_id.is_some() && is_real(settings) && url.scheme() != "https" {
        findings.push(Finding::bad(
            SUBJECT,
            DoctorPage::PublicUrlOauthHttps,
            format!(
                "{url} is not https, and Slack returns people who install the app to https alone: set TOCSIN_PUBLIC_URL to an https address, or \
                 leave SLACK_CLIENT_ID and SLACK_CLIENT_SECRET unset"
            ),
        ));
    }
    findings
}

async fn reached(settings: &Settings, url: &Url) -> Finding {
    let local = is_local(url);
    if is_real(settings) && local {
        return Finding::doubtful(
            SUBJECT,
            DoctorPage::PublicUrlLocal,
            format!(
                "{url} leads nowhere from Slack or another machine: set TOCSIN_PUBLIC_URL to where people reach Tocsin"
            ),
        );
    }
    if !local && url.scheme() == "http" {
        return Finding::doubtful(
            SUBJECT,
            DoctorPage::PublicUrlHttps,
            format!(
                "{url} is not encrypted, and Slack asks for https: put a proxy with a certificate before Tocsin"
            ),
        );
    }
    if answers(url).await {
        return Finding::good(SUBJECT, format!("Tocsin answers at {url}"));
    }
    Finding::good(SUBJECT, format!("{url}; nothing answers there now"))
}

async fn answers(url: &Url) -> bool {
    let Ok(http) = reqwest::Client::builder().timeout(ANSWER_WITHIN).build() else {
        return false;
    };
    let health = below(url.as_str(), "/healthz");
    http.get(health)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}
