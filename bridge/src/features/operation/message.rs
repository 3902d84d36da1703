//! A test message through a connector: at most one, whatever happens in between.
//!
//! It is a row of `slack_post` like every other message, under the operation's own id, which the message carries. Who makes the row sends; who
//! finds one whose end is not known looks in Slack first, and takes it over by counting its attempts up.

use std::time::{Duration, Instant};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use tocsin_client::{OperationOutcome, SlackOperation, TestedConnector};
use tocsin_database::Database;
use tocsin_entity::{
    id::PostId,
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_slack::{error::SlackError, message::Message, metadata::Metadata};
use tocsin_slack_app::channel::ChannelError;
use tocsin_slack_client::pacer::PaceSlot;

use super::{AGAIN, Operations, Stop, bot};
use crate::{
    connector::Lead,
    mirror::content,
    pace::Purpose,
    texts::operations as texts,
    workspace::{
        Bot,
        channels::ResolvedChannel,
        lookup::{BEGINS_WITHIN, LookupError, SETTLED},
    },
};

/// How long a place among the channel's posts is waited for.
const PLACE_WAIT: Duration = Duration::from_secs(5);

/// What it takes to send one.
struct Sending<'a> {
    operations: &'a Operations,
    operation: &'a SlackOperation,
    connector: &'a TestedConnector,
    bot: Bot,
}

/// Sends it, unless it is there.
pub(super) async fn send(
    operations: &Operations,
    operation: &SlackOperation,
) -> Result<OperationOutcome, Stop> {
    let Some(connector) = &operation.connector else {
        return Err(Stop::failed("no_such_connector", texts::NO_CONNECTOR));
    };
    let sending = Sending {
        operations,
        operation,
        connector,
        bot: bot(operations, operation).await?,
    };
    let known = post::Entity::find_by_id(PostId(operation.id.0))
        .one(operations.delivery.database.read())
        .await?;
    let posted = match known {
        None => sending.begin().await?,
        Some(post) if post.ts.is_some() => post,
        Some(post) if post.state == PostState::Sending => sending.look_up(post).await?,
        Some(post) => sending.take_over(post).await?,
    };
    sending.found(posted).await
}

impl Sending<'_> {
    async fn begin(&self) -> Result<post::Model, Stop> {
        let to = self.resolve().await?;
        let record = self.record(&to);
        let made = post::Entity::insert(record.clone().into_active_model().reset_all())
            .on_conflict(OnConflict::column(post::Column::Id).do_nothing().to_owned())
            .exec_without_returning(self.operations.delivery.database.write())
            .await?;
        if made == 0 {
            return Err(Stop::later(AGAIN, "unknown", "Another worker sends the message."));
        }
        self.post(record).await
    }

    /// The channel; what was known to be wrong with it may be repaired by now.
    async fn resolve(&self) -> Result<ResolvedChannel, Stop> {
        if self.connector.is_taken {
            return Err(self.failed(ChannelError::taken(&self.connector.channel)));
        }
        let channels = &self.bot.workspace.channels;
        channels.forget_troubles();
        let answer = channels.resolve(&self.connector.channel, &self.bot).await?;
        answer.map_err(|trouble| self.failed(trouble))
    }

    /// Where the connector leads.
    fn lead(&self) -> Lead {
        Lead {
            workspace: self.operation.workspace,
            channel: self.connector.channel.clone(),
        }
    }

    /// Tells of a trouble of the channel, as a message of an incident's does.
    fn failed(&self, trouble: ChannelError) -> Stop {
        let ChannelError {
            code,
            message,
            retry_after,
        } = trouble;
        if let Some(pause) = retry_after {
            return Stop::later(pause, &code, message);
        }
        let seen = &self.operations.delivery.connectors;
        let organization = self.operation.organization;
        seen.fails(organization, self.connector.id, &self.lead(), &code, &message);
        Stop::failed(&code, message)
    }

    fn record(&self, to: &ResolvedChannel) -> post::Model {
        let now = self.operations.delivery.clock.now();
        post::Model {
            id: PostId(self.operation.id.0),
            organization_id: self.operation.organization,
            key: format!("test:{}", self.operation.id),
            kind: PostKind::Root,
            incident_id: None,
            digest_id: None,
            connector_id: Some(self.connector.id),
            connector_name: self.connector.name.clone(),
            workspace_id: self.operation.workspace,
            team_id: self.bot.installation.team_id.clone(),
            channel_id: to.id.clone(),
            channel_name: to.name.clone(),
            thread_ts: None,
            ts: None,
            address: None,
            content_hash: None,
            shown_version: 0,
            state: PostState::Sending,
            attempts: 1,
            last_error: None,
            not_before: None,
            sent_at: Some(now),
            queued_at: now,
            posted_at: None,
            updated_at: None,
            lag_milliseconds: None,
            is_open: None,
            looked_at: None,
        }
    }

    /// Posts it, for which the record has been made.
    async fn post(&self, mut record: post::Model) -> Result<post::Model, Stop> {
        let workspace = &self.bot.workspace;
        let limits = &workspace.limits;
        let place = limits
            .reserve_post(&record.channel_id, Purpose::Change, PLACE_WAIT)
            .await;
        match place {
            PaceSlot::At(wait) => tokio::time::sleep(wait).await,
            PaceSlot::WouldWait(wait) => return Err(self.wait(record, wait).await?),
        }
        self.announce(&mut record).await?;
        let metadata = Metadata::of_post(&record.id.to_string());
        let sent = workspace
            .slack
            .post_message(&record.channel_id, None, &self.message(), metadata)
            .await;
        match sent {
            Ok(posted) => {
                record.ts = Some(posted.ts);
                self.posted(record).await
            }
            Err(error) => Err(self.not_posted(record, &error).await?),
        }
    }

    /// Puts on record that it is not in Slack.
    async fn wait(&self, record: post::Model, pause: Duration) -> Result<Stop, Stop> {
        let record = post::Model {
            state: PostState::Retrying,
            ..record
        };
        self.settle(&record).await?;
        let message = texts::CHANNEL_FULL;
        Ok(Stop::later(pause, "rate_limited", message))
    }

    async fn not_posted(&self, record: post::Model, error: &SlackError) -> Result<Stop, Stop> {
        let workspace = &self.bot.workspace;
        match error {
            SlackError::RateLimited { retry_after, .. } => {
                let limits = &workspace.limits;
                limits.block_posts(&record.channel_id, *retry_after).await;
                self.wait(record, *retry_after).await
            }
            SlackError::Unknown { .. } => Ok(Stop::later(AGAIN, "unknown", uncertain(&record, error))),
            SlackError::NotSent { .. } | SlackError::Broken { .. } => {
                self.forget(&record).await?;
                Ok(Stop::of_call(error))
            }
            SlackError::Refused { .. } => {
                self.forget(&record).await?;
                let trouble = ChannelError::of(error, &record.channel_name, &self.bot.installation);
                for wanted in [&self.connector.channel, &record.channel_id] {
                    workspace
                        .channels
                        .distrust(wanted, &record.team_id, &trouble)
                        .await?;
                }
                Ok(self.failed(trouble))
            }
        }
    }

    /// It was sent, and no answer is on record.
    async fn look_up(&self, record: post::Model) -> Result<post::Model, Stop> {
        let now = self.operations.delivery.clock.now();
        // Whoever sends it may be waiting for the answer still. A time that has not come is a wrong clock's.
        let sent_at = record.sent_at.unwrap_or(record.queued_at);
        if sent_at > now {
            return Err(self.count_from_now(record).await?);
        }
        let settled = sent_at + SETTLED;
        let lookups = &self.bot.workspace.lookups;
        let found = match lookups.find(&record, settled, &self.bot.installation).await {
            Ok(found) => found,
            Err(LookupError::Database(error)) => return Err(error.into()),
            Err(LookupError::Slack(error @ SlackError::Refused { .. })) => {
                return Err(Stop::failed("unknown", uncertain(&record, &error)));
            }
            Err(LookupError::Slack(error)) => {
                let message = uncertain(&record, &error);
                return Err(Stop::later(AGAIN, "unknown", message));
            }
        };
        if let Some(ts) = found.into_iter().next() {
            return self
                .posted(post::Model {
                    ts: Some(ts),
                    ..record
                })
                .await;
        }
        if now < settled {
            let pause = (settled - now).unsigned_abs();
            let message = uncertain(&record, &texts::ANSWER_LOST);
            return Err(Stop::later(pause, "unknown", message));
        }
        self.take_over(record).await
    }

    /// Sends what is known not to be in Slack, unless somebody else does by now.
    async fn take_over(&self, record: post::Model) -> Result<post::Model, Stop> {
        let next = post::Model {
            state: PostState::Sending,
            attempts: record.attempts + 1,
            sent_at: Some(self.operations.delivery.clock.now()),
            ..record
        };
        if !take(&self.operations.delivery.database, &next, record.attempts).await? {
            return Err(Stop::later(AGAIN, "unknown", "Another worker sends the message."));
        }
        self.post(next).await
    }

    async fn posted(&self, record: post::Model) -> Result<post::Model, Stop> {
        let record = post::Model {
            state: PostState::Posted,
            posted_at: Some(self.operations.delivery.clock.now()),
            ..record
        };
        self.bot.workspace.channels.works(&record.channel_name);
        self.bot.workspace.delivered();
        let seen = &self.operations.delivery.connectors;
        seen.works(self.operation.organization, self.connector.id, &self.lead());
        if self.settle(&record).await? {
            return Ok(record);
        }
        // Another worker has taken it over while this one was away, and perhaps sent it as well.
        let ts = record.ts.as_deref().unwrap_or_default();
        self.operations.delivery.delete_if_double(&record, ts).await?;
        Err(Stop::later(AGAIN, "unknown", "Another worker sends the message."))
    }

    /// Puts on record that it is sent now, unless somebody else has taken it over: who finds it after a crash goes by this time.
    async fn announce(&self, record: &mut post::Model) -> Result<(), Stop> {
        loop {
            let began = Instant::now();
            record.sent_at = Some(self.operations.delivery.clock.now());
            if !self.settle(record).await? {
                return Err(Stop::later(AGAIN, "unknown", "Another worker sends the message."));
            }
            if began.elapsed() < BEGINS_WITHIN {
                return Ok(());
            }
        }
    }

    /// It was put on record by a wrong clock: how long ago that was is not known, and counts from now on.
    async fn count_from_now(&self, record: post::Model) -> Result<Stop, Stop> {
        let record = post::Model {
            sent_at: Some(self.operations.delivery.clock.now()),
            ..record
        };
        self.settle(&record).await?;
        let message = uncertain(&record, &texts::ANSWER_LOST);
        Ok(Stop::later(SETTLED, "unknown", message))
    }

    /// Writes down how far it has come, unless somebody else has taken it over.
    async fn settle(&self, record: &post::Model) -> Result<bool, sea_orm::DbErr> {
        let settled = post::Entity::update_many()
            .col_expr(post::Column::State, Expr::value(record.state))
            .col_expr(post::Column::SentAt, Expr::value(record.sent_at))
            .col_expr(post::Column::Ts, Expr::value(record.ts.clone()))
            .col_expr(post::Column::PostedAt, Expr::value(record.posted_at))
            .filter(post::Column::Id.eq(record.id))
            .filter(post::Column::Ts.is_null())
            .filter(post::Column::Attempts.eq(record.attempts))
            .exec(self.operations.delivery.database.write())
            .await?;
        Ok(settled.rows_affected == 1)
    }

    /// Forgets what is certainly not in Slack, unless somebody else has taken it over.
    async fn forget(&self, record: &post::Model) -> Result<(), sea_orm::DbErr> {
        post::Entity::delete_many()
            .filter(post::Column::Id.eq(record.id))
            .filter(post::Column::Ts.is_null())
            .filter(post::Column::Attempts.eq(record.attempts))
            .exec(self.operations.delivery.database.write())
            .await
            .map(|_| ())
    }

    async fn found(&self, posted: post::Model) -> Result<OperationOutcome, Stop> {
        let ts = posted.ts.unwrap_or_default();
        let slack = &self.bot.workspace.slack;
        let permalink = match slack.permalink(&posted.channel_id, &ts).await {
            Ok(permalink) => Some(permalink),
            Err(error) => {
                tracing::warn!("Slack does not say where the test message is: {error}");
                None
            }
        };
        Ok(OperationOutcome::Message {
            channel_id: posted.channel_id,
            channel: posted.channel_name,
            ts,
            permalink,
        })
    }

    fn message(&self) -> Message {
        let url = self.operations.public_url.as_str();
        let message = content::sample(&self.connector.name, url, self.operation.created_at);
        if self.bot.installation.may("chat:write.customize") {
            content::dress(&self.connector.appearance, message)
        } else {
            message
        }
    }
}

/// Takes over a record that nobody has touched since it had so many attempts.
async fn take(database: &Database, next: &post::Model, attempts: i32) -> Result<bool, sea_orm::DbErr> {
    let taken = post::Entity::update_many()
        .col_expr(post::Column::State, Expr::value(next.state))
        .col_expr(post::Column::Attempts, Expr::value(next.attempts))
        .col_expr(post::Column::SentAt, Expr::value(next.sent_at))
        .filter(post::Column::Id.eq(next.id))
        .filter(post::Column::Ts.is_null())
        .filter(post::Column::Attempts.eq(attempts))
        .exec(database.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

fn uncertain(record: &post::Model, cause: &impl std::fmt::Display) -> String {
    texts::message_unknown(&cause.to_string(), &record.channel_name)
}
