//! A small OpenID issuer on this machine: it signs what the test wants to be said, rightly or wrongly.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Form, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use url::Url;

/// This server's client at the issuer, with a secret that a header must escape.
pub(crate) const CLIENT_ID: &str = "tocsin-client";
pub(crate) const CLIENT_SECRET: &str = "s3cret of ours: %&+/";

/// A key that the issuer signs with.
struct Key {
    id: &'static str,
    pair: EcdsaKeyPair,
}

fn key(id: &'static str) -> Key {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
    Key {
        id,
        pair: pair.expect("a key"),
    }
}

impl Key {
    fn public(&self) -> Value {
        // An uncompressed point. Source: SEC 1, section 2.3.3.
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": encoded(&point[1..33]), "y": encoded(&point[33..65]),
        })
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// How the issuer signs the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// With its key of now.
    Rightly,
    /// By a key that it does not publish.
    BySomebody,
    /// Not at all (`alg: none`).
    Not,
    /// With the client's secret (`alg: HS256`), which others may know.
    WithTheSecret,
    /// With its key of now, and then changed.
    Changed,
}

/// What the issuer says of whoever signs in next.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Claims of the token. What is null is left out; `iss`, `aud`, `exp`, `iat` and `nonce` are right where they are not named.
    pub(crate) token: Value,
    /// What its userinfo endpoint says; none where the token's claims are all there is.
    pub(crate) page: Option<Value>,
    pub(crate) signed: Signed,
}

impl Person {
    /// Somebody with a verified address.
    pub(crate) fn new(subject: &str, email: &str) -> Self {
        Self {
            token: json!({ "sub": subject, "email": email, "email_verified": true }),
            page: None,
            signed: Signed::Rightly,
        }
    }

    pub(crate) fn with(mut self, claim: &str, value: Value) -> Self {
        self.token[claim] = value;
        self
    }

    pub(crate) fn signed(mut self, signed: Signed) -> Self {
        self.signed = signed;
        self
    }
}

/// What is wrong with an endpoint.
#[derive(Debug, Clone)]
pub(crate) enum Broken {
    Answers(u16, &'static str),
    /// It sends whoever asks elsewhere.
    SendsTo(String),
}

struct Given {
    challenge: String,
    nonce: String,
    redirect_uri: String,
    person: Person,
}

#[derive(Default)]
struct Books {
    keys: Vec<Key>,
    codes: HashMap<String, Given>,
    pages: HashMap<String, Value>,
    broken: HashMap<&'static str, Broken>,
    asked: HashMap<&'static str, usize>,
    further: HashMap<&'static str, Value>,
    made: usize,
}

/// The issuer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    books: Arc<Mutex<Books>>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/realms/ops", listener.local_addr().expect("an address"));
        let issuer = Self {
            url,
            books: Arc::default(),
        };
        issuer.rotate("first");
        let router = Router::new()
            .route("/realms/ops/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(issuer.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        issuer
    }

    fn books<T>(&self, with: impl FnOnce(&mut Books) -> T) -> T {
        with(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it signs with another key, and publishes that alone.
    pub(crate) fn rotate(&self, id: &'static str) {
        self.books(|books| books.keys = vec![key(id)]);
    }

    /// What is wrong with one of its endpoints: `discovery`, `keys`, `token` or `userinfo`.
    pub(crate) fn is_broken(&self, endpoint: &'static str, how: Broken) {
        self.books(|books| books.broken.insert(endpoint, how));
    }

    pub(crate) fn is_whole(&self) {
        self.books(|books| books.broken.clear());
    }

    /// Something else in its discovery document.
    pub(crate) fn says(&self, name: &'static str, value: Value) {
        self.books(|books| books.further.insert(name, value));
    }

    pub(crate) fn forgets(&self, name: &'static str) {
        self.books(|books| books.further.remove(name));
    }

    /// How often an endpoint was asked.
    pub(crate) fn asked(&self, endpoint: &'static str) -> usize {
        self.books(|books| books.asked.get(endpoint).copied().unwrap_or(0))
    }

    /// Somebody signs in at the page that a browser was sent to: the path and query with which they are sent back.
    pub(crate) fn signs_in(&self, page: &Url, person: Person) -> String {
        let said: HashMap<String, String> = page.query_pairs().into_owned().collect();
        let endpoint = format!("{}/authorize", self.base());
        assert!(page.as_str().starts_with(&endpoint), "{page}");
        assert_eq!(said["response_type"], "code");
        assert_eq!(said["client_id"], CLIENT_ID);
        assert_eq!(said["code_challenge_method"], "S256");
        let code = self.books(|books| {
            books.made += 1;
            let code = format!("code-{}", books.made);
            let given = Given {
                challenge: said["code_challenge"].clone(),
                nonce: said["nonce"].clone(),
                redirect_uri: said["redirect_uri"].clone(),
                person,
            };
            books.codes.insert(code.clone(), given);
            code
        });
        let back = Url::parse(&said["redirect_uri"]).expect("a URL");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &said["state"])
            .append_pair("iss", &self.url)
            .finish();
        format!("{}?{query}", back.path())
    }

    fn base(&self) -> &str {
        self.url.trim_end_matches("/realms/ops")
    }

    /// Counts a request, and answers it where the endpoint is broken.
    fn meet(&self, endpoint: &'static str) -> Option<Response> {
        self.books(|books| {
            *books.asked.entry(endpoint).or_default() += 1;
            books.broken.get(endpoint).map(|broken| match broken {
                Broken::Answers(status, body) => {
                    let status = StatusCode::from_u16(*status).expect("a status");
                    (status, [(header::CONTENT_TYPE, "application/json")], *body).into_response()
                }
                Broken::SendsTo(address) => {
                    (StatusCode::FOUND, [(header::LOCATION, address.clone())]).into_response()
                }
            })
        })
    }

    fn sign(&self, person: &Person, nonce: &str) -> String {
        let now = tocsin_clock::machine_now().unix_timestamp();
        let mut claims = json!({
            "iss": self.url, "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": nonce,
        });
        for (name, value) in person.token.as_object().expect("claims") {
            claims[name] = match (name.as_str(), value.as_i64()) {
                ("exp" | "iat", Some(from_now)) => json!(now + from_now),
                _ => value.clone(),
            };
        }
        claims
            .as_object_mut()
            .expect("claims")
            .retain(|_, value| !value.is_null());
        let random = SystemRandom::new();
        let by = |key: &Key, text: &str| encoded(key.pair.sign(&random, text.as_bytes()).expect("signed"));
        self.books(|books| {
            let own = books.keys.last().expect("a key");
            let (alg, kid) = match person.signed {
                Signed::Not => ("none", Value::Null),
                Signed::WithTheSecret => ("HS256", Value::Null),
                Signed::BySomebody => ("ES256", json!("nobody's")),
                Signed::Rightly | Signed::Changed => ("ES256", json!(own.id)),
            };
            let header = encoded(json!({ "alg": alg, "typ": "JWT", "kid": kid }).to_string());
            let text = format!("{header}.{}", encoded(claims.to_string()));
            let signature = match person.signed {
                Signed::Not => String::new(),
                Signed::WithTheSecret => {
                    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
                    encoded(ring::hmac::sign(&key, text.as_bytes()))
                }
                Signed::BySomebody => by(&key("nobody's"), &text),
                Signed::Rightly => by(own, &text),
                Signed::Changed => {
                    let signature = by(own, &text);
                    claims["email"] = json!("owner@example.com");
                    let changed = format!("{header}.{}", encoded(claims.to_string()));
                    return format!("{changed}.{signature}");
                }
            };
            format!("{text}.{signature}")
        })
    }
}

async fn discovery(State(issuer): State<Issuer>) -> Response {
    if let Some(broken) = issuer.meet("discovery") {
        return broken;
    }
    let base = issuer.base();
    let mut document = json!({
        "issuer": issuer.url, "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"), "jwks_uri": format!("{base}/keys"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "code_challenge_methods_supported": ["S256"],
    });
    issuer.books(|books| {
        for (name, value) in &books.further {
            document[name] = value.clone();
        }
    });
    Json(document).into_response()
}

async fn keys(State(issuer): State<Issuer>) -> Response {
    if let Some(broken) = issuer.meet("keys") {
        return broken;
    }
    let keys: Vec<Value> = issuer.books(|books| books.keys.iter().map(Key::public).collect());
    Json(json!({ "keys": keys })).into_response()
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

/// The client's id and secret, by the header. Source: RFC 6749, section 2.3.1.
fn client(headers: &HeaderMap) -> Option<(String, String)> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let shown = base64::prelude::BASE64_STANDARD
        .decode(shown.strip_prefix("Basic ")?)
        .ok()?;
    let shown = String::from_utf8(shown).ok()?;
    let (id, secret) = shown.split_once(':')?;
    let plain = |text: &str| {
        let pair = format!("x={text}");
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        decoded.map(|(_, value)| value.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}

async fn token(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if let Some(broken) = issuer.meet("token") {
        return broken;
    }
    if client(&headers) != Some((CLIENT_ID.to_owned(), CLIENT_SECRET.to_owned())) {
        return refused("invalid_client");
    }
    let given = issuer.books(|books| books.codes.remove(form.get("code").map_or("", String::as_str)));
    let Some(given) = given else {
        return refused("invalid_grant");
    };
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    let is_whole = verifier.len() >= 43
        && encoded(Sha256::digest(verifier.as_bytes())) == given.challenge
        && form.get("redirect_uri") == Some(&given.redirect_uri)
        && form
            .get("grant_type")
            .is_some_and(|kind| kind == "authorization_code");
    if !is_whole {
        return refused("invalid_grant");
    }
    let access = format!("access-{}", issuer.asked("token"));
    if let Some(page) = given.person.page.clone() {
        issuer.books(|books| books.pages.insert(access.clone(), page));
    }
    let id_token = issuer.sign(&given.person, &given.nonce);
    Json(json!({ "access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": id_token }))
        .into_response()
}

async fn userinfo(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    if let Some(broken) = issuer.meet("userinfo") {
        return broken;
    }
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let shown = shown
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    match issuer.books(|books| books.pages.get(shown).cloned()) {
        Some(page) => Json(page).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
