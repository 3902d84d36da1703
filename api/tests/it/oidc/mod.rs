//! People sign in with an OpenID issuer.

mod issuer;
mod members;
mod tokens;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use tocsin_api::{IssuerPolicy, OidcConfig, OidcSettings};
use url::Url;

use self::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer, Person};
use crate::{
    sign_in::browser,
    world::{Caller, Replica, World, text},
};

/// A server whose people sign in with an issuer.
pub(crate) struct Place<'a> {
    pub(crate) world: &'a World,
    pub(crate) issuer: Issuer,
    pub(crate) replica: Replica,
}

/// A sign-in that has begun: the issuer's page, and what the browser holds.
pub(crate) struct Begun {
    pub(crate) page: Url,
    pub(crate) binding: String,
}

/// What came of coming back.
#[derive(Debug)]
pub(crate) struct Back {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Back {
    /// The code on the page that says why nobody is signed in.
    #[track_caller]
    pub(crate) fn refused(&self) -> String {
        assert_eq!(self.location, None);
        assert!(
            self.status.is_client_error() || self.status.is_server_error(),
            "{self:?}"
        );
        assert!(self.body.contains("You are not signed in"), "{self:?}");
        let (_, code) = self.body.split_once("<code id=\"code\">").expect("a code");
        code.split('<').next().expect("a code").to_owned()
    }

    /// The tokens of the links, one for each organisation.
    #[track_caller]
    pub(crate) fn tokens(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        let location = self.location.as_deref().expect("a way on");
        let tokens = location
            .strip_prefix("https://tocsin.example.com/sign-in#")
            .expect("the page");
        let tokens = tokens
            .split('&')
            .map(|token| token.strip_prefix("token=").expect("a token").to_owned());
        tokens.collect()
    }
}

pub(crate) fn settings(issuer: &str, policy: IssuerPolicy) -> OidcSettings {
    drop(rustls::crypto::ring::default_provider().install_default());
    OidcSettings {
        provider: OidcConfig {
            issuer: issuer.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Some(CLIENT_SECRET.into()),
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            verified_claim: "email_verified".to_owned(),
            groups_claim: policy.group_roles.is_some().then(|| "groups".to_owned()),
        },
        name: "Example login".to_owned(),
        policy,
    }
}

impl<'a> Place<'a> {
    pub(crate) async fn new(world: &'a World) -> Self {
        Self::with(world, IssuerPolicy::default()).await
    }

    pub(crate) async fn with(world: &'a World, policy: IssuerPolicy) -> Self {
        let issuer = Issuer::start().await;
        let replica = world.replica_with_issuer(settings(&issuer.url, policy)).await;
        Self {
            world,
            issuer,
            replica,
        }
    }

    /// Another server over the same database, which trusts the same issuer otherwise.
    pub(crate) async fn again_with(&self, policy: IssuerPolicy) -> Self {
        let replica = self
            .world
            .replica_with_issuer(settings(&self.issuer.url, policy))
            .await;
        Self {
            world: self.world,
            issuer: self.issuer.clone(),
            replica,
        }
    }

    pub(crate) fn browser(&self) -> Caller {
        Caller {
            replica: self.replica.clone(),
            ..browser(self.world)
        }
    }

    /// Asks as a browser that goes to an address, with a cookie.
    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> (Back, Option<String>) {
        let mut request = Request::get(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = self
            .browser()
            .send(request.body(Body::empty()).expect("a request"))
            .await;
        let header = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("text").to_owned())
        };
        let (location, cookie) = (header(header::LOCATION), header(header::SET_COOKIE));
        assert_eq!(header(header::CACHE_CONTROL).as_deref(), Some("no-store"));
        assert_eq!(header(header::REFERRER_POLICY).as_deref(), Some("no-referrer"));
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("text");
        (
            Back {
                status,
                location,
                body,
            },
            cookie,
        )
    }

    pub(crate) async fn begin(&self) -> Begun {
        let (went, cookie) = self.get("/sign-in/oidc", None).await;
        assert_eq!(went.status, StatusCode::SEE_OTHER, "{went:?}");
        let cookie = cookie.expect("a cookie");
        let (binding, attributes) = cookie.split_once("; ").expect("attributes");
        assert_eq!(attributes, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
        assert!(binding.starts_with("__Host-tocsin_begin="), "{binding}");
        Begun {
            page: went.location.expect("a page").parse().expect("a URL"),
            binding: binding.to_owned(),
        }
    }

    /// Begins, signs in at the issuer as somebody, and comes back.
    pub(crate) async fn come_back(&self, person: Person) -> (Back, String) {
        let begun = self.begin().await;
        let back = self.issuer.signs_in(&begun.page, person);
        (self.get(&back, Some(&begun.binding)).await.0, begun.binding)
    }

    /// The same, where nobody is signed in: the code that says why.
    pub(crate) async fn refused(&self, person: Person) -> String {
        self.come_back(person).await.0.refused()
    }

    /// Uses a link up, as the page does.
    pub(crate) async fn redeem(&self, token: &str, binding: &str) -> Result<Caller, String> {
        let browser = self.browser();
        let headers = [("user-agent", "Firefox"), ("cookie", binding)];
        let (status, cookie, answer) = browser
            .post("/sign-in/link", &headers, json!({ "token": token }))
            .await;
        if status != StatusCode::OK {
            return Err(text(&answer["errors"][0]["extensions"]["code"]));
        }
        let cookie = cookie.expect("a cookie");
        let secret = cookie
            .strip_prefix("__Host-tocsin_session=")
            .expect("the session");
        let secret = secret.split(';').next().expect("a secret").to_owned();
        Ok(Caller {
            session: Some(secret),
            ..browser
        })
    }

    /// Somebody who is a member of one organisation signs in.
    pub(crate) async fn sign_in(&self, person: Person) -> Caller {
        let (back, binding) = self.come_back(person).await;
        let tokens = back.tokens();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        self.redeem(&tokens[0], &binding).await.expect("signed in")
    }
}

/// Who a session is, and what it may do.
pub(crate) async fn viewer(caller: &Caller) -> Value {
    let read = "{ viewer { organization { name } user { name } role scopes session { method } } }";
    caller.read(read).await["viewer"].clone()
}
