//! Threads for long computations, beside those that answer requests.
//!
//! The runtime has as many threads as the machine has processors, and each of them serves many connections. A
//! computation on one of them would hold all of these up. Here it is put on a thread of its own with a lower
//! priority, so that the operating system lets the server's threads go first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Threads for each processor: a few more than can run, so that one long step does not make all others wait.
const THREADS_PER_PROCESSOR: usize = 2;
/// Threads at least.
const THREADS_MIN: usize = 4;
/// How much lower the priority is, in steps of Unix (0 to 19).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads. Jobs begin in the order they came. Clones share the threads, which end with the last clone.
#[derive(Clone)]
pub struct WorkPool(Arc<Owner>);

/// Ends the threads when it is dropped.
struct Owner(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Threads that were started.
    threads: usize,
    /// Threads that wait for a job.
    idle: usize,
    threads_max: usize,
    closed: bool,
}

impl Default for WorkPool {
    fn default() -> WorkPool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        WorkPool::with_threads((processors * THREADS_PER_PROCESSOR).max(THREADS_MIN))
    }
}

impl WorkPool {
    /// A pool of at most so many threads. They are started as they are needed.
    pub fn with_threads(threads_max: usize) -> WorkPool {
        let state = State { jobs: VecDeque::new(), threads: 0, idle: 0, threads_max, closed: false };
        WorkPool(Arc::new(Owner(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))))
    }

    /// Carries out `work` on a thread of the pool; `None` if it panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, done) = oneshot::channel();
        self.submit(Box::new(move || {
            // Its panic must not end the thread. What it owned is dropped, and its caller sees no result.
            if let Ok(result) = catch_unwind(AssertUnwindSafe(work)) {
                let _ = reply.send(result);
            }
        }));
        done.await.ok()
    }

    fn submit(&self, job: Job) {
        let shared = &self.0.0;
        let mut state = shared.lock();
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() || state.threads >= state.threads_max {
            drop(state);
            shared.changed.notify_one();
            return;
        }
        state.threads += 1;
        drop(state);
        let theirs = Arc::clone(shared);
        let started =
            std::thread::Builder::new().name("haversack-work".to_owned()).spawn(move || theirs.work());
        if let Err(error) = started {
            tracing::warn!(%error, "cannot start a thread for long work");
            let mut state = shared.lock();
            state.threads -= 1;
            // Others will come to it; without any it is done here.
            let job = if state.threads == 0 { state.jobs.pop_front() } else { None };
            drop(state);
            if let Some(job) = job {
                job();
            }
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread of the pool does until the pool is gone.
    fn work(&self) {
        lower_priority();
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

/// Lets other threads of this process go before the calling one, where a thread can be given a priority of its own.
#[cfg(target_os = "linux")]
pub fn lower_priority() {
    // On Linux this concerns the calling thread, not the process.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

/// Lets other threads of this process go before the calling one, where a thread can be given a priority of its own.
#[cfg(not(target_os = "linux"))]
pub fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread::ThreadId;

    fn here() -> ThreadId {
        std::thread::current().id()
    }

    #[tokio::test]
    async fn work_is_done_on_another_thread() {
        let pool = WorkPool::with_threads(1);
        let there = pool.run(here).await;
        assert!(there.is_some_and(|there| there != here()));
        assert_eq!(pool.run(here).await, there, "the thread is kept");
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_and_no_thread() {
        let pool = WorkPool::with_threads(1);
        let before = pool.run(here).await;
        assert_eq!(pool.run(|| panic!("a bug in this job")).await, None::<()>);
        assert_eq!(pool.run(here).await, before);
    }

    #[tokio::test]
    async fn jobs_run_side_by_side_up_to_the_number_of_threads() {
        let pool = WorkPool::with_threads(2);
        let both = Arc::new(Barrier::new(2));
        let meet = || {
            let both = Arc::clone(&both);
            pool.run(move || both.wait().is_leader())
        };
        // Neither ends before the other has begun.
        let (one, other) = tokio::join!(meet(), meet());
        assert_eq!(one.map(u8::from).zip(other.map(u8::from)).map(|(one, other)| one + other), Some(1));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn its_threads_have_a_lower_priority_and_others_keep_theirs() {
        let priority = || rustix::process::getpriority_process(None).unwrap_or_default();
        let (ours, theirs) = (priority(), WorkPool::with_threads(1).run(priority).await);
        assert_eq!(theirs, Some((ours + NICENESS).min(19)));
        assert_eq!(priority(), ours);
    }
}
