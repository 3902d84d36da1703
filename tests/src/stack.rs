//! What a test runs on.

/// What a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// One process, `tocsin up`, on a SQLite file with the embedded queue.
    Embedded,
    /// `tocsin api` and `tocsin bridge`, as many as asked for, on PostgreSQL and Redis.
    Servers,
}

/// Makes two tests of each function that takes a [`Stack`]: `name::on_sqlite` and `name::on_postgres`.
#[macro_export]
macro_rules! on_each_stack {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() -> anyhow::Result<()> {
                $crate::shown(super::$name($crate::Stack::Embedded).await)
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() -> anyhow::Result<()> {
                $crate::shown(super::$name($crate::Stack::Servers).await)
            }
        }
    )+ };
}
