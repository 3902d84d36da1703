//! The OpenID issuer with which people sign in.

use secrecy::SecretString;
use tocsin_api::{GroupRoles, IssuerPolicy, OidcConfig, OidcSettings};
use tocsin_oidc::check_issuer;

use super::{
    parse::ParseResult,
    reader::Reader,
    specs::{self, SettingSpec},
};

/// Longest words on the button, in characters.
const NAME_MAX: usize = 40;

/// The settings that mean nothing without an issuer.
const BESIDE: [&SettingSpec; 5] = [
    &specs::OIDC_CLIENT_ID,
    &specs::OIDC_CLIENT_SECRET,
    &specs::OIDC_GROUPS,
    &specs::OIDC_ORGANIZATIONS,
    &specs::OIDC_NAME,
];

/// What is set of it, if an issuer is.
pub(super) fn read(reader: &mut Reader) -> Option<OidcSettings> {
    let issuer = reader.optional(&specs::OIDC_ISSUER, issuer);
    let client_id = reader.optional(&specs::OIDC_CLIENT_ID, client_id);
    let client_secret = reader.optional(&specs::OIDC_CLIENT_SECRET, client_secret);
    let name = reader.required(&specs::OIDC_NAME, name);
    let scopes = reader.required(&specs::OIDC_SCOPES, scopes);
    let verified_claim = reader.required(&specs::OIDC_VERIFIED_CLAIM, claim);
    let group_roles = reader.optional(&specs::OIDC_GROUPS, str::parse::<GroupRoles>);
    let groups_claim = reader.required(&specs::OIDC_GROUPS_CLAIM, claim);
    let organizations = reader.optional(&specs::OIDC_ORGANIZATIONS, organizations);
    if !reader.is_given(&specs::OIDC_ISSUER) {
        if let Some(beside) = BESIDE.into_iter().find(|beside| reader.is_given(beside)) {
            reader.fault(format!(
                "{} is set and TOCSIN_OIDC_ISSUER is not: copy the issuer from your identity provider, or set neither",
                beside.variable
            ));
        }
        return None;
    }
    if !reader.is_given(&specs::OIDC_CLIENT_ID) {
        reader.fault(
            "TOCSIN_OIDC_ISSUER is set and TOCSIN_OIDC_CLIENT_ID is not: register Tocsin with your identity provider, and copy the client's id",
        );
    }
    Some(OidcSettings {
        provider: OidcConfig {
            issuer: issuer?,
            client_id: client_id?,
            client_secret,
            scopes: scopes?,
            verified_claim: verified_claim?,
            groups_claim: group_roles.is_some().then_some(groups_claim?),
        },
        name: name?,
        policy: IssuerPolicy {
            group_roles,
            organizations,
        },
    })
}

fn issuer(text: &str) -> ParseResult<String> {
    check_issuer(text)?;
    Ok(text.to_owned())
}

fn client_id(text: &str) -> ParseResult<String> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("is no client id; copy it from your identity provider, without spaces".to_owned());
    }
    Ok(text.to_owned())
}

fn client_secret(text: &str) -> ParseResult<SecretString> {
    if text.chars().any(char::is_control) {
        return Err(
            "has control characters; copy the client's secret from your identity provider".to_owned(),
        );
    }
    Ok(text.into())
}

fn name(text: &str) -> ParseResult<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NAME_MAX || text.chars().any(char::is_control) {
        return Err(format!(
            "is no name for a button; write what people call it, in {NAME_MAX} characters at most"
        ));
    }
    Ok(text.to_owned())
}

/// With spaces between, as OAuth writes them.
fn scopes(text: &str) -> ParseResult<Vec<String>> {
    let all: Vec<_> = text.split([' ', ',']).filter(|scope| !scope.is_empty()).collect();
    let is_scope = |scope: &&str| {
        scope
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
    };
    if all.is_empty() || !all.iter().all(is_scope) {
        return Err(
            "is no list of scopes; write them with spaces between, such as email profile groups".to_owned(),
        );
    }
    let own = all.into_iter().filter(|scope| *scope != "openid");
    Ok(own.map(str::to_owned).collect())
}

fn claim(text: &str) -> ParseResult<String> {
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("is no name of a claim".to_owned());
    }
    Ok(text.to_owned())
}

fn organizations(text: &str) -> ParseResult<Vec<String>> {
    let all: Vec<_> = text.split(',').map(|one| one.trim().to_owned()).collect();
    if all.iter().any(String::is_empty) {
        return Err(
            "is no list of organisations; write their short names or ids with commas between".to_owned(),
        );
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GivenSettings, Settings};

    fn read_with(more: &[(&str, &str)]) -> Result<Option<OidcSettings>, String> {
        let environment = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let given = GivenSettings {
            environment,
            ..GivenSettings::default()
        };
        let settings = Settings::read(&given).settings;
        settings
            .map(|settings| settings.oidc)
            .map_err(|faults| faults.to_string())
    }

    const ISSUER: (&str, &str) = ("TOCSIN_OIDC_ISSUER", "https://login.example.com/realms/ops");
    const CLIENT: (&str, &str) = ("TOCSIN_OIDC_CLIENT_ID", "tocsin");

    #[test]
    fn an_issuer_and_a_client_are_enough() {
        assert!(read_with(&[]).expect("no fault").is_none());
        let found = read_with(&[ISSUER, CLIENT])
            .expect("no fault")
            .expect("an issuer");
        assert_eq!(found.name, "single sign-on");
        assert_eq!(found.provider.scopes, ["email", "profile"]);
        assert_eq!(found.provider.verified_claim, "email_verified");
        assert_eq!(found.provider.groups_claim, None, "groups do not count");
        let groups = ("TOCSIN_OIDC_GROUPS", "ops=RESPONDER");
        let found = read_with(&[
            ISSUER,
            CLIENT,
            groups,
            ("TOCSIN_OIDC_CLIENT_SECRET", "s3cret-of-ours"),
        ]);
        let found = found.expect("no fault").expect("an issuer");
        assert_eq!(found.provider.groups_claim.as_deref(), Some("groups"));
        assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
    }

    #[test]
    fn what_can_t_be_meant_is_refused_at_the_start() {
        for (more, told) in [
            (&[ISSUER][..], "TOCSIN_OIDC_CLIENT_ID is not"),
            (&[CLIENT], "TOCSIN_OIDC_ISSUER is not"),
            (
                &[CLIENT, ("TOCSIN_OIDC_ISSUER", "http://login.example.com")],
                "is not an https address",
            ),
            (
                &[ISSUER, CLIENT, ("TOCSIN_OIDC_GROUPS", "ops=BOSS")],
                "gives ops a role that is none of",
            ),
            (
                &[ISSUER, CLIENT, ("TOCSIN_OIDC_ORGANIZATIONS", "a,,b")],
                "is no list of organisations",
            ),
            (
                &[ISSUER, CLIENT, ("TOCSIN_OIDC_SCOPES", "\"")],
                "is no list of scopes",
            ),
            (
                &[ISSUER, CLIENT, ("TOCSIN_DATABASE_URL", "postgres://db/tocsin")],
                "TOCSIN_SECRET_KEY is not",
            ),
        ] {
            let fault = read_with(more).expect_err("a fault");
            assert!(fault.contains(told), "{told}: {fault}");
        }
    }
}
