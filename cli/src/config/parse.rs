//! From text to a setting's value. A refusal says what is wrong and how to write it; never the value itself, which
//! whoever reports the refusal adds where it is no secret.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use secrecy::SecretString;
use tocsin_api::{Introspection, bootstrap::CHOSEN_KEY_MIN};
use tocsin_bridge::Pace;
use tocsin_seal::Sealer;
use tocsin_slack_app::channel::read_channel;
use url::Url;

use super::SimulatorSettings;

pub(crate) type ParseResult<T> = Result<T, String>;

/// An address to listen on.
pub(super) fn listen(text: &str) -> ParseResult<SocketAddr> {
    text.replace("localhost:", "127.0.0.1:").parse().map_err(|_| {
        "is not an address to listen on; write an IP address and a port, such as 127.0.0.1:8080 or 0.0.0.0:8080"
            .to_owned()
    })
}

/// The base of web addresses: without query or fragment.
pub(crate) fn web(text: &str) -> ParseResult<Url> {
    let refusal =
        || "is not a web address; write it with its scheme, such as https://tocsin.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| refusal())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refusal());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment; leave out everything from ? or #".to_owned());
    }
    Ok(url)
}

/// The database.
pub(super) fn database(text: &str) -> ParseResult<String> {
    let refusal = "is not a database address; write sqlite://tocsin.db for a file here, sqlite:///var/lib/tocsin/tocsin.db \
                   for one elsewhere, or postgres://user:password@host/database";
    let (scheme, rest) = text.split_once(':').ok_or(refusal)?;
    match scheme {
        "sqlite" if rest.contains(":memory:") || rest.contains("mode=memory") => Err(
            "is in memory: it would forget every incident; name a file, such as sqlite://tocsin.db"
                .to_owned(),
        ),
        "sqlite" if !rest.trim_start_matches("//").is_empty() => Ok(text.to_owned()),
        "postgres" | "postgresql" => match Url::parse(text) {
            Ok(url) if url.host().is_some() || url.query().is_some() => Ok(text.to_owned()),
            Ok(_) | Err(_) => Err(refusal.to_owned()),
        },
        _ => Err(refusal.to_owned()),
    }
}

/// Redis.
pub(super) fn redis(text: &str) -> ParseResult<SecretString> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "redis" && url.host().is_some() => Ok(text.into()),
        Ok(url) if url.scheme() == "rediss" => Err(
            "asks for TLS, which this build has not; reach Redis over a private network or a tunnel"
                .to_owned(),
        ),
        Ok(_) | Err(_) => {
            Err("is not a Redis address; write redis://[user:password@]host[:port][/database]".to_owned())
        }
    }
}

/// How many connections to the database are kept.
pub(super) fn connections(text: &str) -> ParseResult<u32> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        Ok(_) | Err(_) => Err("is not a number from 1 to 1000".to_owned()),
    }
}

/// How many HTTP connections may be open at a time.
pub(super) fn http_connections(text: &str) -> ParseResult<usize> {
    match text.parse() {
        Ok(number @ 16..=1_000_000) => Ok(number),
        Ok(_) | Err(_) => Err("is not a number from 16 to 1000000".to_owned()),
    }
}

/// Who may ask about the schema. `true` and `false` are the values of before, when `true` meant everybody.
pub(super) fn introspection(text: &str) -> ParseResult<Introspection> {
    match text {
        "public" => Ok(Introspection::Public),
        "authenticated" | "true" => Ok(Introspection::Authenticated),
        "off" | "false" => Ok(Introspection::Off),
        _ => Err(
            "says nothing about introspection; write public (everybody), authenticated (whoever shows a key) or off"
                .to_owned(),
        ),
    }
}

/// Whether `tocsin up` brings a simulated Slack workspace.
pub(super) fn simulator(text: &str) -> ParseResult<SimulatorSettings> {
    match text {
        "auto" => Ok(SimulatorSettings::Auto),
        "on" => Ok(SimulatorSettings::On),
        "off" => Ok(SimulatorSettings::Off),
        _ => Err("is none of auto, on and off".to_owned()),
    }
}

/// How fast Slack may be called.
pub(super) fn pace(text: &str) -> ParseResult<Pace> {
    match text {
        "documented" => Ok(Pace::Documented),
        "unlimited" => Ok(Pace::Unlimited),
        number => match number.parse() {
            Ok(posts) if (0.01..=10_000.0).contains(&posts) => Ok(Pace::PostsPerSecond(posts)),
            Ok(_) | Err(_) => Err(
                "is no pace; write documented, unlimited, or posts a second from 0.01 to 10000".to_owned(),
            ),
        },
    }
}

/// Keys of 32 bytes in base64, with commas between: the first seals, all open.
pub(super) fn secret_keys(text: &str) -> ParseResult<Sealer> {
    let keys: Vec<_> = text
        .split(',')
        .map(|key| SecretString::from(key.trim()))
        .collect();
    Sealer::new(&keys).map_err(|error| format!("{error}; make one with: openssl rand -base64 32"))
}

/// A token that two processes share.
pub(super) fn shared_token(text: &str) -> ParseResult<SecretString> {
    if text.len() < 32 {
        return Err(
            "is too short to be safe; make one of 32 characters or more with: openssl rand -hex 32"
                .to_owned(),
        );
    }
    header_safe(text)
}

/// A key that someone chose for the first organisation.
pub(super) fn admin_key(text: &str) -> ParseResult<SecretString> {
    if text.len() < CHOSEN_KEY_MIN {
        return Err(format!(
            "is too short to be safe; make one of {CHOSEN_KEY_MIN} characters or more with: openssl rand -hex 32"
        ));
    }
    header_safe(text)
}

/// Networks, with commas between: addresses, or addresses with the length of their prefix.
pub(super) fn networks(text: &str) -> ParseResult<Vec<IpNet>> {
    let network = |text: &str| {
        let network = text.parse::<IpNet>();
        let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| {
            format!("names {text:?}, which is no address or network; write such as 10.0.0.0/8 or 127.0.0.1, with commas between")
        })
    };
    text.split(',').map(|part| network(part.trim())).collect()
}

/// Slack's bot token.
pub(super) fn bot_token(text: &str) -> ParseResult<SecretString> {
    of_slack(
        text,
        "xoxb-",
        "a bot token; copy the one from the Slack app's page OAuth & Permissions",
    )
}

/// Slack's app-level token.
pub(super) fn app_token(text: &str) -> ParseResult<SecretString> {
    of_slack(
        text,
        "xapp-",
        "an app-level token; copy the one from the Slack app's page Basic Information",
    )
}

/// The id of a Slack app, for OAuth.
pub(super) fn client_id(text: &str) -> ParseResult<String> {
    if is_of_slack(text).is_some() || text.contains(char::is_whitespace) {
        return Err(
            "is no client id; copy it from the Slack app's page Basic Information: two numbers with a dot between"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

/// Connections that a process keeps in Socket Mode.
pub(super) fn sockets(text: &str) -> ParseResult<u8> {
    match text.parse() {
        Ok(sockets @ 1..=10) => Ok(sockets),
        Ok(_) | Err(_) => {
            Err("is not a number from 1 to 10, which is as many connections as Slack allows".to_owned())
        }
    }
}

/// Slack's signing secrets: one, or two with a comma between while the secret is being changed.
pub(super) fn signing_secrets(text: &str) -> ParseResult<Vec<SecretString>> {
    let secrets: Vec<_> = text.split(',').map(str::trim).collect();
    let is_none = |secret: &&str| secret.len() < 16 || is_of_slack(secret).is_some();
    if secrets.len() > 2 || secrets.iter().any(is_none) {
        return Err(
            "is not one signing secret, or two with a comma between while it is being changed; copy it from the \
                    Slack app's page Basic Information"
                .to_owned(),
        );
    }
    Ok(secrets.into_iter().map(SecretString::from).collect())
}

/// A channel: `#name` or an id.
pub(crate) fn channel(text: &str) -> ParseResult<String> {
    read_channel(text).ok_or_else(|| {
        "is not a channel; write its name with the hash, such as #incidents, or its id, such as C0123456789"
            .to_owned()
    })
}

/// The client secret of a Slack app: there is nothing to hold it against but that no header could carry it.
pub(super) fn client_secret(text: &str) -> ParseResult<SecretString> {
    header_safe(text)
}

/// Slack's tokens by how they begin, with what each is and where it belongs.
///
/// Source: Slack, "Tokens", "Using token rotation".
const OF_SLACK: [(&str, &str); 6] = [
    ("xoxb-", "a bot token, which belongs in SLACK_BOT_TOKEN"),
    ("xapp-", "an app-level token, which belongs in SLACK_APP_TOKEN"),
    ("xoxp-", "a person's token, which is not needed anywhere"),
    ("xwfp-", "a workflow's token, which is not needed anywhere"),
    (
        "xoxe.",
        "a token that expires: those are renewed only where the app was installed by OAuth",
    ),
    ("xoxe-", "a refresh token, by which an expiring one is renewed"),
];

/// What a token of Slack's is; none where it is no such token.
fn is_of_slack(text: &str) -> Option<&'static str> {
    let known = OF_SLACK.iter().find(|(prefix, _)| text.starts_with(prefix));
    known.map(|(_, what)| *what)
}

fn of_slack(text: &str, prefix: &str, what: &str) -> ParseResult<SecretString> {
    if text.starts_with(prefix) && text.len() > prefix.len() {
        return header_safe(text);
    }
    let is = is_of_slack(text)
        .filter(|_| !text.starts_with(prefix))
        .map_or_else(String::new, |is| format!("; it is {is}"));
    Err(format!("does not start with {prefix}, so it is not {what}{is}"))
}

fn header_safe(text: &str) -> ParseResult<SecretString> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.into());
    }
    Err(
        "has characters that no HTTP header may carry; use letters, digits and punctuation without spaces"
            .to_owned(),
    )
}
