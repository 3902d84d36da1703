//! Whether the OpenID issuer answers, and what to register there.

use tocsin_api::oidc_redirect_uri;
use tocsin_oidc::{OidcError, OidcProvider};

use super::{CheckContext, is_local};
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "sign-in";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let Some(oidc) = &settings.oidc else {
        return Vec::new();
    };
    let public_url = settings.public_url(settings.listen);
    let mut findings = Vec::new();
    if public_url.scheme() != "https" && !is_local(&public_url) {
        findings.push(Finding::bad(
            SUBJECT,
            DoctorPage::OidcPublicUrlHttps,
            format!(
                "{public_url} is not https, so that nobody is signed in there: set TOCSIN_PUBLIC_URL to an https address"
            ),
        ));
    }
    let issuer = &oidc.provider.issuer;
    let looked = match OidcProvider::new(oidc.provider.clone()) {
        Ok(provider) => provider.look().await,
        Err(error) => Err(error),
    };
    let redirect_uri = oidc_redirect_uri(&public_url);
    findings.push(match looked {
        Ok(summary) if summary.keys == 0 => Finding::bad(
            SUBJECT,
            DoctorPage::OidcBadAnswer,
            format!("{issuer} has no key that can be used: nobody can sign in with it"),
        ),
        Ok(_) => Finding::good(
            SUBJECT,
            format!("{issuer} answers; register this redirect URI there: {redirect_uri}"),
        ),
        Err(error @ OidcError::Unreachable(_)) => Finding::bad(
            SUBJECT,
            DoctorPage::OidcUnreachable,
            format!(
                "{issuer} does not answer ({}): see that this machine reaches it, or change TOCSIN_OIDC_ISSUER",
                error.detail()
            ),
        ),
        Err(error) => Finding::bad(
            SUBJECT,
            DoctorPage::OidcBadAnswer,
            format!(
                "{issuer} answers not as an OpenID issuer does ({}): copy the issuer anew to TOCSIN_OIDC_ISSUER, letter by letter",
                error.detail()
            ),
        ),
    });
    findings
}
