//! What an issuer does that is not one, or is too slow.

use std::time::Duration;

use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::{OidcConfig, OidcError, OidcProvider};

fn config(issuer: &str) -> OidcConfig {
    OidcConfig {
        issuer: issuer.to_owned(),
        client_id: "tocsin".to_owned(),
        client_secret: Some("s3cret".into()),
        scopes: vec!["email".to_owned()],
        verified_claim: "email_verified".to_owned(),
        groups_claim: None,
    }
}

#[tokio::test]
async fn an_issuer_that_never_answers_is_given_up() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    // It reads whatever is said, and says nothing.
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heard = Vec::new();
                connection.read_to_end(&mut heard).await
            });
        }
    });
    let issuer = format!("http://{address}");
    let provider =
        OidcProvider::with_patience(config(&issuer), Duration::from_millis(200)).expect("a provider");
    let error = provider.page("http://127.0.0.1/back", "state", "held").await;
    let error = error.expect_err("no page");
    assert_eq!(error.code(), "OIDC_UNREACHABLE");
    assert!(!error.detail().contains("127.0.0.1"), "{}", error.detail());
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_told_from_one_that_talks_nonsense() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let provider = OidcProvider::new(config("http://127.0.0.1:1")).expect("a provider");
    let error = provider.look().await.expect_err("nobody");
    assert!(matches!(error, OidcError::Unreachable(_)), "{error:?}");
    assert!(!format!("{provider:?}").contains("s3cret"));
}

#[test]
fn an_issuers_code_is_shown_where_it_looks_like_one() {
    for (code, told) in [
        ("access_denied", OidcError::Denied),
        ("login_required", OidcError::Ended("login_required".to_owned())),
        ("<script>", OidcError::Ended("unknown".to_owned())),
        ("", OidcError::Ended("unknown".to_owned())),
    ] {
        assert_eq!(OidcError::of_redirect(code), told);
    }
}
