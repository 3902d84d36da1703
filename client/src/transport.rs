//! GraphQL over HTTP: who speaks, about which organisation, and how often it is tried again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use graphql_client::{GraphQLQuery, Response};
use reqwest::{RequestBuilder, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tocsin_entity::id::{OrganizationId, UserId};
use url::Url;

use crate::error::ApiError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_CONNECTIONS: usize = 64;

/// About whom a request is, and for whom it is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct As<'a> {
    /// The organisation that the request is about.
    pub organization: Option<OrganizationId>,
    /// The member who acts; none for what the caller does by itself.
    pub on_behalf_of: Option<UserId>,
    /// The request that led to this one.
    pub request_id: Option<&'a str>,
}

impl<'a> As<'a> {
    /// The caller itself, about one organisation.
    pub fn bridge(organization: OrganizationId, request_id: Option<&'a str>) -> Self {
        Self {
            organization: Some(organization),
            on_behalf_of: None,
            request_id,
        }
    }
}

/// Who calls the API.
#[derive(Clone, Copy, Debug)]
pub struct ApiCaller {
    /// What it says it is: `tocsin-bridge/1.0.0`.
    pub user_agent: &'static str,
    /// What its token is called, for whoever reads that the API refuses it.
    pub credential: &'static str,
    /// The metric in which its requests are counted, by operation and outcome; none for a command, which serves no metrics.
    pub requests_metric: Option<&'static str>,
    /// Whether a proxy of the environment's stands between it and the API.
    pub uses_proxy: bool,
}

/// The way to the API. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    url: Url,
    token: SecretString,
    caller: ApiCaller,
}

impl Transport {
    pub(crate) fn new(base: &Url, token: SecretString, caller: ApiCaller) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder();
        let builder = if caller.uses_proxy {
            builder
        } else {
            builder.no_proxy()
        };
        let http = builder
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .user_agent(caller.user_agent)
            .build()?;
        let mut url = base.clone();
        url.set_path(&format!("{}/graphql", base.path().trim_end_matches('/')));
        Ok(Self {
            http,
            url,
            token,
            caller,
        })
    }

    /// Executes a document. Passing trouble is tried again at once, a few times within a second: reads are harmless, and every
    /// mutation carries its idempotency key.
    pub(crate) async fn execute<Q: GraphQLQuery>(
        &self,
        who: As<'_>,
        variables: Q::Variables,
    ) -> Result<Q::ResponseData, ApiError> {
        let document = Q::build_query(variables);
        let operation = document.operation_name;
        let attempt = || async { self.send::<Q>(who, &document).await };
        let back_off = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_millis(500))
            .with_max_times(3);
        let outcome = attempt
            .retry(back_off)
            .when(ApiError::is_passing)
            .notify(|error, pause| {
                tracing::warn!(
                    graphql.operation = operation,
                    ?pause,
                    "{operation} is tried again: {error}"
                );
            })
            .await;
        if let Some(metric) = self.caller.requests_metric {
            let told = if outcome.is_ok() { "ok" } else { "error" };
            metrics::counter!(metric, "operation" => operation, "outcome" => told).increment(1);
        }
        outcome
    }

    async fn send<Q: GraphQLQuery>(
        &self,
        who: As<'_>,
        document: &impl Serialize,
    ) -> Result<Q::ResponseData, ApiError> {
        let answer = self
            .request(who)
            .json(document)
            .send()
            .await
            .map_err(ApiError::Unreachable)?;
        let status = answer.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(ApiError::Unauthorized {
                credential: self.caller.credential,
                status: status.as_u16(),
            });
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = answer
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(ApiError::Unavailable {
                status: status.as_u16(),
                retry_after: seconds.map(Duration::from_secs),
            });
        }
        let body = answer.bytes().await.map_err(ApiError::Unreachable)?;
        let response: Response<Q::ResponseData> = serde_json::from_slice(&body)?;
        if let Some(error) = response.errors.and_then(|errors| errors.into_iter().next()) {
            let code = error
                .extensions
                .and_then(|mut extensions| extensions.remove("code"))
                .and_then(|code| code.as_str().map(ToOwned::to_owned));
            return Err(ApiError::Refused {
                code,
                message: error.message,
            });
        }
        response.data.ok_or_else(|| ApiError::Refused {
            code: None,
            message: "neither data nor errors".to_owned(),
        })
    }

    fn request(&self, who: As<'_>) -> RequestBuilder {
        let mut request = self
            .http
            .post(self.url.clone())
            .bearer_auth(self.token.expose_secret())
            .header(
                header::ACCEPT,
                "application/graphql-response+json, application/json;q=0.9",
            );
        if let Some(organization) = who.organization {
            request = request.header("Tocsin-Organization", organization.to_string());
        }
        if let Some(user) = who.on_behalf_of {
            request = request.header("Tocsin-On-Behalf-Of", user.to_string());
        }
        if let Some(request_id) = who.request_id {
            request = request.header("X-Request-Id", request_id);
        }
        request
    }
}
