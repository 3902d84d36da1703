//! What operators look at: `/healthz`, `/readyz` and `/metrics`, on every role's port.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{public_path::serve_below, readiness::Readiness};

/// How often histograms are folded, so that they don't grow between scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Bounds of the histograms of time, in seconds: from an in-memory read to a stalled Slack.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];

/// Bounds of all other histograms, which count things done together.
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Writes figures that come and go, in the form that Prometheus reads.
type Figures = Box<dyn Fn(&mut String) -> fmt::Result + Send + Sync>;

/// The process, as its operator sees it.
pub(crate) struct OperationsEndpoints {
    metrics: PrometheusHandle,
    readiness: Readiness,
    figures: Vec<Figures>,
}

impl OperationsEndpoints {
    /// Begins to record metrics; call it once, before the parts are made.
    pub(crate) fn start(stop: CancellationToken) -> anyhow::Result<Self> {
        let metrics = PrometheusBuilder::new()
            .set_buckets(COUNTS)?
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .install_recorder()?;
        metrics::describe_gauge!("tocsin_build_info", "1, labelled with the version that runs");
        metrics::gauge!("tocsin_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        tocsin_listener::describe_metrics();
        let handle = metrics.clone();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(UPKEEP_EVERY);
            while stopped.run_until_cancelled(tick.tick()).await.is_some() {
                handle.run_upkeep();
            }
        });
        Ok(Self {
            metrics,
            readiness: Readiness::new(stop),
            figures: Vec::new(),
        })
    }

    /// Adds a part that must be ready.
    pub(crate) fn part<F, R>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.readiness.part(name, check);
        self
    }

    /// Adds what is told beside the parts, and makes none of them less ready.
    pub(crate) fn note<F>(mut self, name: &'static str, look: F) -> Self
    where
        F: Fn() -> Option<String> + Send + Sync + 'static,
    {
        self.readiness.note(name, false, look);
        self
    }

    /// The same of what makes the process work less well.
    pub(crate) fn degraded<F>(mut self, name: &'static str, look: F) -> Self
    where
        F: Fn() -> Option<String> + Send + Sync + 'static,
    {
        self.readiness.note(name, true, look);
        self
    }

    /// Adds figures that come and go: what is written here at one moment is not there at the next unless it is written again.
    pub(crate) fn figures<F>(mut self, write: F) -> Self
    where
        F: Fn(&mut String) -> fmt::Result + Send + Sync + 'static,
    {
        self.figures.push(Box::new(write));
        self
    }

    /// The routes beside those of `served`, of which all but the figures are there below the path of the public URL as well.
    pub(crate) fn router(self, public: &Url, served: Router) -> Router {
        let state = Arc::new(self);
        let health = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .with_state(Arc::clone(&state));
        let figures = Router::new().route("/metrics", get(metrics)).with_state(state);
        serve_below(public, served.merge(health)).merge(figures)
    }
}

/// Which parts are ready, and why the others are not.
async fn ready(State(ops): State<Arc<OperationsEndpoints>>) -> Response {
    let report = ops.readiness.report().await;
    let status = if report.is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report.body)).into_response()
}

async fn metrics(State(ops): State<Arc<OperationsEndpoints>>) -> Result<impl IntoResponse, StatusCode> {
    let mut text = ops.metrics.render();
    let mut write = || {
        process(&mut text)?;
        ops.figures.iter().try_for_each(|write| write(&mut text))
    };
    write().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text))
}

/// The process's own figures, under the names that Prometheus' client libraries give them; Linux only.
fn process(text: &mut String) -> fmt::Result {
    let mut add = |name: &str, kind: &str, help: &str, value: f64| {
        writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
        )
    };
    if let Some(bytes) = resident_memory() {
        add(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory in bytes.",
            bytes,
        )?;
    }
    if let Some(seconds) = processor_time() {
        add(
            "process_cpu_seconds_total",
            "counter",
            "Processor time spent, in seconds.",
            seconds,
        )?;
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        let open = u32::try_from(files.count()).unwrap_or(u32::MAX);
        add(
            "process_open_fds",
            "gauge",
            "Open file descriptors.",
            f64::from(open),
        )?;
    }
    Ok(())
}

fn resident_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

/// Fields 14 and 15 of `/proc/self/stat`, in hundredths of a second (`USER_HZ` is 100 on every platform of Linux that
/// Rust runs on). The name before them may hold spaces, so they are counted from its closing bracket.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(')')?.1;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}
