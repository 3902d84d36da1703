//! Batches: keys for which resolvers ask at about the same time are read together.
//!
//! GraphQL libraries have the same behind a feature that brings an unsound crate for a cache that is not wanted here: one request must never see
//! what another has read.

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    fmt,
    future::Future,
    hash::Hash,
    panic,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::channel::oneshot;
use futures_timer::Delay;

/// Most keys of a batch. One that has as many does not wait for more.
const BATCH_MAX: usize = 1_000;

/// What something is asked for by.
pub trait Key: Send + Sync + Hash + Eq + Clone + 'static {}

impl<T: Send + Sync + Hash + Eq + Clone + 'static> Key for T {}

/// Reads by keys of one kind.
pub trait Loader<K: Key>: Send + Sync + 'static {
    /// What is read.
    type Value: Send + Sync + Clone + 'static;
    /// Why it could not be read.
    type Error: Send + Clone + 'static;

    /// Reads what the keys stand for. A key that stands for nothing is left out.
    fn load(&self, keys: &[K]) -> impl Future<Output = Result<HashMap<K, Self::Value>, Self::Error>> + Send;
}

type Found<K, T> = Result<HashMap<K, <T as Loader<K>>::Value>, <T as Loader<K>>::Error>;

/// Keys that somebody waits for, and where the answer goes.
type Waiting<K, T> = (HashSet<K>, oneshot::Sender<Found<K, T>>);

/// Keys of one kind that wait to be read, and who waits for them.
struct Batch<K: Key, T: Loader<K>> {
    keys: HashSet<K>,
    waiting: Vec<Waiting<K, T>>,
}

impl<K: Key, T: Loader<K>> Default for Batch<K, T> {
    fn default() -> Self {
        Self {
            keys: HashSet::new(),
            waiting: Vec::new(),
        }
    }
}

/// Gathers keys for a short while, and reads them together. Nothing is cached.
pub struct DataLoader<T> {
    inner: Arc<Inner<T>>,
}

impl<T> fmt::Debug for DataLoader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataLoader").finish_non_exhaustive()
    }
}

struct Inner<T> {
    loader: T,
    delay: Duration,
    batches: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

impl<T> DataLoader<T> {
    /// Gathers keys for `delay` after the first one.
    pub fn new(loader: T, delay: Duration) -> Self {
        Self {
            inner: Arc::new(Inner {
                loader,
                delay,
                batches: Mutex::default(),
            }),
        }
    }

    /// What one key stands for.
    pub async fn load_one<K: Key>(&self, key: K) -> Result<Option<T::Value>, T::Error>
    where
        T: Loader<K>,
    {
        let mut found = self.load_many([key.clone()]).await?;
        Ok(found.remove(&key))
    }

    /// What the keys stand for.
    pub async fn load_many<K: Key>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<HashMap<K, T::Value>, T::Error>
    where
        T: Loader<K>,
    {
        let keys: HashSet<K> = keys.into_iter().collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let answer = self.inner.join(keys);
        match answer.await {
            Ok(found) => found,
            // The reading has panicked: so does who waits for it, and the transport answers.
            Err(oneshot::Canceled) => panic::resume_unwind(Box::new("a batch of reads panicked")),
        }
    }
}

impl<T: Send + Sync + 'static> Inner<T> {
    /// Adds keys to the batch that is being gathered; the first of one has it read soon, and the last at once.
    fn join<K: Key>(self: &Arc<Self>, keys: HashSet<K>) -> oneshot::Receiver<Found<K, T>>
    where
        T: Loader<K>,
    {
        let (sender, receiver) = oneshot::channel();
        let mut batches = self.lock();
        let entry = batches
            .entry(TypeId::of::<K>())
            .or_insert_with(|| Box::new(Batch::<K, T>::default()));
        let Some(batch) = entry.downcast_mut::<Batch<K, T>>() else {
            // Each type of key has batches of its own type alone.
            return receiver;
        };
        let is_first = batch.keys.is_empty();
        batch.keys.extend(keys.iter().cloned());
        batch.waiting.push((keys, sender));
        let full = (batch.keys.len() >= BATCH_MAX).then(|| std::mem::take(batch));
        drop(batches);
        let inner = Arc::clone(self);
        if let Some(batch) = full {
            tokio::spawn(async move { inner.read(batch).await });
        } else if is_first {
            tokio::spawn(async move {
                Delay::new(inner.delay).await;
                let batch = inner.take::<K>();
                inner.read(batch).await;
            });
        }
        receiver
    }

    fn take<K: Key>(&self) -> Batch<K, T>
    where
        T: Loader<K>,
    {
        self.lock()
            .get_mut(&TypeId::of::<K>())
            .and_then(|entry| entry.downcast_mut::<Batch<K, T>>())
            .map(std::mem::take)
            .unwrap_or_default()
    }

    async fn read<K: Key>(&self, batch: Batch<K, T>)
    where
        T: Loader<K>,
    {
        // One that became full was read already.
        if batch.keys.is_empty() {
            return;
        }
        let keys: Vec<K> = batch.keys.into_iter().collect();
        let found = self.loader.load(&keys).await;
        for (wanted, sender) in batch.waiting {
            let answer = found.as_ref().map_err(Clone::clone).map(|found| {
                wanted
                    .into_iter()
                    .filter_map(|key| found.get(&key).cloned().map(|value| (key, value)))
                    .collect()
            });
            // Who has gone meanwhile needs no answer.
            drop(sender.send(answer));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Box<dyn Any + Send>>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Reads even numbers.
    #[derive(Default)]
    struct Even {
        reads: AtomicUsize,
    }

    impl Loader<u32> for Even {
        type Value = String;
        type Error = String;

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, String>, String> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            if keys.contains(&13) {
                return Err("unlucky".to_owned());
            }
            assert!(!keys.contains(&99), "on demand");
            Ok(keys
                .iter()
                .filter(|key| *key % 2 == 0)
                .map(|key| (*key, format!("n{key}")))
                .collect())
        }
    }

    fn loader() -> DataLoader<Even> {
        DataLoader::new(Even::default(), Duration::from_millis(5))
    }

    #[tokio::test]
    async fn keys_that_are_asked_for_together_are_read_together() {
        let loader = loader();
        let (one, two, many) = futures::join!(
            loader.load_one(2),
            loader.load_one(3),
            loader.load_many([2, 4, 5])
        );
        assert_eq!(one, Ok(Some("n2".to_owned())));
        assert_eq!(two, Ok(None));
        assert_eq!(many.map(|found| found.len()), Ok(2));
        assert_eq!(loader.inner.loader.reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_was_read_is_read_again_by_the_next() {
        let loader = loader();
        for _ in 0..2 {
            assert_eq!(loader.load_one(2).await, Ok(Some("n2".to_owned())));
        }
        assert_eq!(loader.inner.loader.reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_batch_that_is_full_is_read_at_once_and_no_key_is_lost() {
        let loader = loader();
        let all = futures::future::join_all((0..2_500_u32).map(|key| loader.load_one(key * 2))).await;
        assert!(all.iter().all(|found| matches!(found, Ok(Some(_)))));
        assert_eq!(loader.inner.loader.reads.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_failure_and_a_panic_are_told_to_all_who_wait() {
        let loader = Arc::new(loader());
        let (one, other) = futures::join!(loader.load_one(13), loader.load_one(2));
        assert_eq!(
            (one, other),
            (Err("unlucky".to_owned()), Err("unlucky".to_owned()))
        );
        let asking = Arc::clone(&loader);
        let panicked = tokio::spawn(async move { asking.load_one(99).await }).await;
        assert!(panicked.is_err_and(|error| error.is_panic()));
        assert_eq!(loader.load_one(2).await, Ok(Some("n2".to_owned())));
    }
}
