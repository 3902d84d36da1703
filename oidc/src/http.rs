//! The way to the issuer: by TLS or on this machine alone, without redirects, within a time and a size.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use url::Url;

use crate::{config::is_safe, error::OidcError};

/// How long a connection to the issuer may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the issuer may take to answer, from the first byte sent to the last received.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// Longest answer that is read, in bytes.
const ANSWER_MAX: usize = 1_048_576;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerCallError {
    /// No connection, or not in time.
    #[error("{0}")]
    Unreachable(String),
    /// It is not asked, or what it says is too long.
    #[error("{0}")]
    Refused(String),
}

/// Calls the issuer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct IssuerHttp(reqwest::Client);

impl IssuerHttp {
    /// `patience` is how long the issuer may take to answer.
    pub(crate) fn new(patience: Duration) -> Result<Self, OidcError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OidcError::NoClient(told(error)))?;
        Ok(Self(client))
    }

    /// Sends a request of the library's.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, IssuerCallError> {
        let address = Url::parse(&request.uri().to_string());
        // What the discovery document names is asked as the issuer itself is.
        if !address.is_ok_and(|address| is_safe(&address)) {
            return Err(IssuerCallError::Refused(
                "it names an address that is not https".to_owned(),
            ));
        }
        let request =
            reqwest::Request::try_from(request).map_err(|error| IssuerCallError::Refused(told(error)))?;
        let mut answer = self.0.execute(request).await.map_err(unreachable)?;
        let status = answer.status();
        if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
            return Err(IssuerCallError::Unreachable(format!(
                "it answers with the status {status}"
            )));
        }
        if status.is_redirection() {
            return Err(IssuerCallError::Refused(format!(
                "it sends Tocsin elsewhere, with the status {status}"
            )));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(IssuerCallError::Refused(format!(
                    "its answer is longer than {ANSWER_MAX} bytes"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for IssuerHttp {
    type Error = IssuerCallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, IssuerCallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn unreachable(error: reqwest::Error) -> IssuerCallError {
    IssuerCallError::Unreachable(told(error))
}

/// An error with its causes, and without the address: that may hold a code.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
