//! The API as the commands know it that play or prepare a scenario.

use anyhow::Context;
use secrecy::SecretString;
use tocsin_client::{ApiCaller, ApiClient};
use url::Url;

/// Who the commands are to the API, which runs in the same process.
const CALLER: ApiCaller = ApiCaller {
    user_agent: concat!("tocsin/", env!("CARGO_PKG_VERSION")),
    credential: "the admin key",
    requests_metric: None,
    uses_proxy: false,
};

/// A client of the API at `base` that holds a key.
pub(crate) fn client(base: &Url, key: SecretString) -> anyhow::Result<ApiClient> {
    ApiClient::new(base, key, CALLER).context("no client of the API could be made")
}
