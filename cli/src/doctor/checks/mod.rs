//! The checks. Each is a file of its own, looks at one thing, and leaves everything as it was.

mod bridge;
mod channels;
mod clock;
mod connectors;
mod database;
mod features;
mod files;
mod oidc;
mod ports;
mod public_url;
mod queue;
mod reach;
mod reception;
mod secret_key;
mod signing;
mod slack;
mod workspaces;

use std::{net::IpAddr, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use sea_orm::DbErr;
use tocsin_database::{Database, DatabaseFault};
use url::Url;

use self::{
    slack::{CheckedWorkspace, SlackFindings},
    workspaces::Connected,
};
use super::{DoctorPage, Finding};
use crate::config::Settings;

/// How long another system has to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What the checks look at.
struct CheckContext<'a> {
    settings: &'a Settings,
    /// The database, where it answers and has this version's schema.
    database: Option<Database>,
    /// The workspace of the configured token, where Slack takes it.
    own: Option<CheckedWorkspace>,
    /// The workspaces that administrators have connected, and what Slack says of each.
    connected: Result<Vec<Connected>, DbErr>,
}

/// A check.
type Check = for<'a> fn(&'a CheckContext<'a>) -> BoxFuture<'a, Vec<Finding>>;

/// All of them but the two that open the database and ask Slack, in the order in which people are told.
const CHECKS: &[Check] = &[
    |context| async { features::check(context) }.boxed(),
    |context| channels::check(context).boxed(),
    |context| clock::check(context).boxed(),
    |context| async { signing::check(context) }.boxed(),
    |context| public_url::check(context).boxed(),
    |context| oidc::check(context).boxed(),
    |context| secret_key::check(context).boxed(),
    |context| async { files::check(context) }.boxed(),
    |context| async { workspaces::check(context) }.boxed(),
    |context| reach::check(context).boxed(),
    |context| reception::check(context).boxed(),
    |context| connectors::check(context).boxed(),
    |context| async { bridge::check(context) }.boxed(),
    |context| ports::check(context).boxed(),
    |context| queue::check(context).boxed(),
];

/// What the settings lead to.
pub(super) async fn settings(settings: &Settings) -> Vec<Finding> {
    let (database_found, database) = database::open(settings).await;
    let SlackFindings {
        http,
        own,
        mut findings,
    } = slack::ask(settings).await;
    findings.insert(0, database_found);
    let connected = workspaces::ask(settings, database.as_ref(), http.as_ref()).await;
    let context = CheckContext {
        settings,
        database,
        own,
        connected,
    };
    for check in CHECKS {
        findings.extend(check(&context).await);
    }
    findings
}

/// Whether an address leads to this machine alone.
fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

/// Whether there is an app, and the Slack that it is for is not on this machine.
fn is_real(settings: &Settings) -> bool {
    let slack = &settings.slack;
    (slack.bot_token.is_some() || slack.client_id.is_some()) && !is_local(&slack.api_url)
}

/// What is wrong with the database while it is read, told once for each who reads.
fn unread(subject: &'static str, error: &sea_orm::DbErr) -> Vec<Finding> {
    vec![Finding::bad(
        subject,
        DoctorPage::DatabaseUnread,
        DatabaseFault::explain("the database could not be read: it", error),
    )]
}
