//! What can be seen of the queue from outside.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Says what each metric means.
pub(crate) fn describe() {
    describe_counter!(
        "tocsin_queue_pushed_total",
        "Jobs stored, by name; a ring of a waiting job counts too."
    );
    describe_counter!(
        "tocsin_queue_dropped_total",
        "Jobs dropped: rung with no room to keep them, or unreadable."
    );
    describe_counter!(
        "tocsin_queue_run_total",
        "Runs by name and outcome: done, retry, failed, panic, exhausted."
    );
    describe_histogram!(
        "tocsin_queue_run_seconds",
        Unit::Seconds,
        "How long handlers ran, by name."
    );
    describe_gauge!(
        "tocsin_queue_depth",
        "Jobs waiting, by name, those not yet due included."
    );
    describe_gauge!("tocsin_queue_running", "Jobs running in this process, by name.");
    describe_gauge!("tocsin_queue_backend_up", "1 while the backend answers, else 0.");
    describe_counter!(
        "tocsin_queue_backend_errors_total",
        "Calls to the backend that failed."
    );
    describe_counter!(
        "tocsin_queue_orphans_total",
        "Jobs taken over from workers that died, by name."
    );
    describe_counter!(
        "tocsin_queue_restarts_total",
        "Background tasks of the queue that died and were started again."
    );
}
