//! What operators see.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde::{Deserialize, Serialize};
use tocsin_queue::{Job, JobContext, JobError, Queue, QueueConfig, Worker};

use crate::crew::{Crew, Log};

/// A job that no other test of this process counts.
#[derive(Deserialize, Serialize)]
struct Counted;

impl Job for Counted {
    const NAME: &'static str = "counted";

    fn key(&self) -> String {
        "one".to_owned()
    }
}

#[tokio::test]
async fn pushes_and_runs_are_counted_by_name_and_outcome() {
    // The recorder of this thread, which runs all of this test: what other tests break is counted elsewhere.
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let queue = Queue::connect(&QueueConfig::default()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |_: Counted, context: JobContext| {
            runs.add(());
            async move {
                match context.attempt {
                    1 => Err(JobError::retry("not yet")),
                    2 => panic!("a panic that the test wants"),
                    _ => Ok(()),
                }
            }
        }
    }));
    queue.enqueue_durably(&Counted).await.unwrap();
    runs.len_is(3).await;
    crew.stop().await;

    let shown = metrics.render();
    for line in [
        r#"tocsin_queue_pushed_total{job="counted"} 1"#,
        r#"tocsin_queue_run_total{job="counted",outcome="retry"} 1"#,
        r#"tocsin_queue_run_total{job="counted",outcome="panic"} 1"#,
        r#"tocsin_queue_run_total{job="counted",outcome="done"} 1"#,
        r#"tocsin_queue_run_seconds_count{job="counted"} 3"#,
        r#"tocsin_queue_running{job="counted"} 0"#,
        "tocsin_queue_backend_up 1",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line} is not in\n{shown}"
        );
    }
}
