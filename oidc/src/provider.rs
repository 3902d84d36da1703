//! The issuer: what it says of itself, kept for a while, and whom it says somebody is.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl,
    JsonWebKeySet, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use crate::{
    claims::{FurtherClaims, ReadClaims, VerifiedIdentity, identity},
    config::OidcConfig,
    error::OidcError,
    failure::{of_discovery, of_exchange, of_page, of_token},
    http::{ANSWER_TIMEOUT, IssuerHttp},
};

/// For how long what the issuer says of itself is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(3_600);
/// For how long it is not asked again that did not answer: those who wait are told at once.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(3);
/// How often its keys are fetched anew where a token is signed by one that is not known.
const KEYS_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// By how much the issuer's clock may differ from the database's, in seconds.
const SKEW_SECONDS: i64 = 60;
/// How old a token may be that was made for a sign-in, in seconds.
const TOKEN_AGE_SECONDS: i64 = 900;

/// How many codes are exchanged at a time: an issuer that hangs does not hold more.
const EXCHANGES_MAX: usize = 64;

/// How the tokens may be signed: by a key of the issuer's that others know the public half of, and in no other way.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type TokenFields = IdTokenFields<
    FurtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type TokenAnswer = StandardTokenResponse<TokenFields, CoreTokenType>;
type OidcClient = openidconnect::Client<
    FurtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Claims = openidconnect::IdTokenClaims<FurtherClaims, CoreGenderClaim>;

/// What an issuer says of itself, for the doctor.
#[derive(Debug, Clone)]
pub struct ProviderSummary {
    /// How many keys it signs with.
    pub keys: usize,
}

/// What is kept of the issuer.
#[derive(Debug, Default)]
struct ProviderCache {
    metadata: Option<(CoreProviderMetadata, Instant)>,
    failed: Option<(OidcError, Instant)>,
    keys_renewed: Option<Instant>,
}

/// An issuer that is asked who somebody is.
#[derive(Debug)]
pub struct OidcProvider {
    config: OidcConfig,
    http: IssuerHttp,
    known: Mutex<ProviderCache>,
    exchanges: Semaphore,
}

/// What only this server and the one browser can tell: `held` is the browser's, and neither can be found from the other.
fn derived(purpose: &str, held: &str) -> String {
    let digest = Sha256::new()
        .chain_update(purpose.as_bytes())
        .chain_update([0])
        .chain_update(held.as_bytes())
        .finalize();
    BASE64_URL_SAFE_NO_PAD.encode(digest)
}

fn nonce(held: &str) -> Nonce {
    Nonce::new(derived("tocsin oidc nonce", held))
}

fn verifier(held: &str) -> PkceCodeVerifier {
    PkceCodeVerifier::new(derived("tocsin oidc verifier", held))
}

impl OidcProvider {
    /// It is not asked yet: that it is down keeps nothing from starting.
    ///
    /// # Errors
    /// Where there is no HTTP client.
    pub fn new(config: OidcConfig) -> Result<Self, OidcError> {
        Self::with_patience(config, ANSWER_TIMEOUT)
    }

    /// The same, with another time for an answer.
    pub(crate) fn with_patience(config: OidcConfig, patience: Duration) -> Result<Self, OidcError> {
        Ok(Self {
            config,
            http: IssuerHttp::new(patience)?,
            known: Mutex::default(),
            exchanges: Semaphore::new(EXCHANGES_MAX),
        })
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Asks the issuer for what it says of itself, whatever is known.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn look(&self) -> Result<ProviderSummary, OidcError> {
        let metadata = self.discover().await?;
        Ok(ProviderSummary {
            keys: metadata.jwks().keys().len(),
        })
    }

    /// Where somebody is sent to sign in. `held` is what their browser holds, from which the nonce and the PKCE verifier are made: any replica can finish
    /// what another has begun.
    ///
    /// # Errors
    /// [`OidcError`], where the issuer does not say.
    pub async fn page(&self, redirect_uri: &str, state: &str, held: &str) -> Result<Url, OidcError> {
        let client = self.client(self.metadata().await?, redirect_uri)?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(held));
        let (state, nonce) = (state.to_owned(), nonce(held));
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || nonce,
            )
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        if crate::config::is_safe(&url) {
            Ok(url)
        } else {
            Err(OidcError::BadAnswer(
                "its page for signing in is not https".to_owned(),
            ))
        }
    }

    /// Who has come back with this code, in the browser that holds `held`.
    ///
    /// # Errors
    /// [`OidcError`], where what the issuer says is not to be believed.
    pub async fn identify(
        &self,
        code: &str,
        redirect_uri: &str,
        held: &str,
        now: OffsetDateTime,
    ) -> Result<VerifiedIdentity, OidcError> {
        let Ok(_turn) = self.exchanges.try_acquire() else {
            return Err(OidcError::Unreachable(format!(
                "{EXCHANGES_MAX} people wait for it already"
            )));
        };
        let client = self.client(self.metadata().await?, redirect_uri)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| OidcError::BadAnswer("it names no token endpoint".to_owned()))?
            .set_pkce_verifier(verifier(held))
            .request_async(&self.http)
            .await
            .map_err(|error| of_exchange(&error))?;
        let claims = match self.verified(&client, &answer, held, now) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let client = self.client(self.with_new_keys().await?, redirect_uri)?;
                self.verified(&client, &answer, held, now)
            }
            verified => verified,
        };
        let claims = claims.map_err(|error| of_token(&error))?;
        let subject = claims.subject().as_str().to_owned();
        let token = read_token(&claims);
        let page = if token.is_enough(&self.config) {
            None
        } else {
            self.ask_page(&client, &answer, &claims).await?
        };
        identity(&self.config, subject, &token, page.as_ref())
    }

    /// The claims of the answer's token, once it is sure that they are the issuer's, for this client and this sign-in, and of now.
    fn verified(
        &self,
        client: &OidcClient,
        answer: &TokenAnswer,
        held: &str,
        now: OffsetDateTime,
    ) -> Result<Claims, ClaimsVerificationError> {
        let token = answer
            .id_token()
            .ok_or_else(|| ClaimsVerificationError::Other("no ID token".to_owned()))?;
        let now = now.unix_timestamp();
        let moment =
            |seconds: i64| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let (oldest, newest) = (moment(now - TOKEN_AGE_SECONDS), moment(now + SKEW_SECONDS));
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || moment(now - SKEW_SECONDS))
            .set_issue_time_verifier_fn(move |made| {
                if (oldest..=newest).contains(&made) {
                    Ok(())
                } else {
                    Err("not of now".to_owned())
                }
            });
        let claims = token.claims(&verifier, &nonce(held))?;
        // A token for another client of the same issuer that lists this one too.
        let is_for_another = claims
            .authorized_party()
            .is_some_and(|party| party.as_str() != self.config.client_id);
        if is_for_another {
            return Err(ClaimsVerificationError::InvalidAudience(
                "it is for another client".to_owned(),
            ));
        }
        Ok(claims.clone())
    }

    /// What the issuer's page on somebody says, where the token does not say all: none where there is no such page.
    async fn ask_page(
        &self,
        client: &OidcClient,
        answer: &TokenAnswer,
        claims: &Claims,
    ) -> Result<Option<ReadClaims>, OidcError> {
        let asked = client.user_info(answer.access_token().clone(), Some(claims.subject().clone()));
        let Ok(asked) = asked else { return Ok(None) };
        let page: UserInfoClaims<FurtherClaims, CoreGenderClaim> = asked
            .require_issuer_match(false)
            .request_async(&self.http)
            .await
            .map_err(|error| of_page(&error))?;
        Ok(Some(ReadClaims {
            email: page.email().map(|email| email.as_str().to_owned()),
            email_verified: page.email_verified(),
            further: page.additional_claims().clone(),
        }))
    }

    fn client(&self, metadata: CoreProviderMetadata, redirect_uri: &str) -> Result<OidcClient, OidcError> {
        let methods = metadata.token_endpoint_auth_methods_supported().cloned();
        let secret = self
            .config
            .client_secret
            .as_ref()
            .map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|error| OidcError::NoClient(format!("the redirect URI: {error}")))?;
        let client = OidcClient::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            secret,
        );
        // Where the issuer does not say, it takes the secret in the header.
        let by_header =
            methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let auth_type = if by_header {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        Ok(client.set_auth_type(auth_type).set_redirect_uri(redirect))
    }

    /// What the issuer says of itself. Where it does not answer, what it said before still counts.
    async fn metadata(&self) -> Result<CoreProviderMetadata, OidcError> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < BELIEVED_FOR
        {
            return Ok(metadata.clone());
        }
        let failed_just_now = known
            .failed
            .as_ref()
            .filter(|(_, at)| at.elapsed() < ASKED_AGAIN_AFTER)
            .map(|(error, _)| error.clone());
        let found = match failed_just_now {
            Some(error) => Err(error),
            None => self.discover().await,
        };
        match found {
            Ok(metadata) => {
                known.metadata = Some((metadata.clone(), Instant::now()));
                known.failed = None;
                Ok(metadata)
            }
            Err(error) => {
                if known
                    .failed
                    .as_ref()
                    .is_none_or(|(_, at)| at.elapsed() >= ASKED_AGAIN_AFTER)
                {
                    tracing::warn!(
                        oidc.code = error.code(),
                        "the issuer does not say what it is: {}",
                        error.detail()
                    );
                    known.failed = Some((error.clone(), Instant::now()));
                }
                known
                    .metadata
                    .as_ref()
                    .map(|(metadata, _)| metadata.clone())
                    .ok_or(error)
            }
        }
    }

    /// The same with its keys of now, which are fetched no more often than twice a minute.
    async fn with_new_keys(&self) -> Result<CoreProviderMetadata, OidcError> {
        let mut known = self.known.lock().await;
        let Some((metadata, _)) = &known.metadata else {
            return Err(OidcError::TokenInvalid("signed with a key that is not known"));
        };
        let metadata = metadata.clone();
        if known
            .keys_renewed
            .is_some_and(|at| at.elapsed() < KEYS_AGAIN_AFTER)
        {
            return Ok(metadata);
        }
        known.keys_renewed = Some(Instant::now());
        let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.http)
            .await
            .map_err(|error| of_discovery(&error))?;
        let metadata = metadata.set_jwks(keys);
        tracing::info!("the issuer's keys were fetched anew: a token was signed with one that was not known");
        known.metadata = Some((metadata.clone(), Instant::now()));
        Ok(metadata)
    }

    async fn discover(&self) -> Result<CoreProviderMetadata, OidcError> {
        let issuer = IssuerUrl::new(self.config.issuer.clone())
            .map_err(|error| OidcError::NoClient(format!("the issuer: {error}")))?;
        CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| of_discovery(&error))
    }
}

fn read_token(claims: &Claims) -> ReadClaims {
    ReadClaims {
        email: claims.email().map(|email| email.as_str().to_owned()),
        email_verified: claims.email_verified(),
        further: claims.additional_claims().clone(),
    }
}
