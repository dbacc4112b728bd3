//! Work that many ask for at once, done for all of them together.
//!
//! Nobody waits for company: what is asked for while nothing is under way is begun at once, alone. What comes meanwhile is
//! the next batch.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Work<Job> = dyn Fn(Vec<Job>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// See the module. A job has with it whom to answer; one that is dropped has not been done, or nobody knows.
pub(super) struct Batches<Job>(Arc<Inner<Job>>);

struct Inner<Job> {
    work: Box<Work<Job>>,
    /// How many jobs one batch has at most.
    largest: usize,
    /// How many batches may be under way.
    at_once: usize,
    queue: Mutex<Queue<Job>>,
}

struct Queue<Job> {
    waiting: VecDeque<Job>,
    /// How many batches are under way.
    under_way: usize,
}

impl<Job> Inner<Job> {
    fn queue(&self) -> MutexGuard<'_, Queue<Job>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Job: Send + 'static> Batches<Job> {
    /// Up to `at_once` batches of up to `largest` jobs each; `work` does one.
    pub(super) fn new<F>(largest: usize, at_once: usize, work: impl Fn(Vec<Job>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), under_way: 0 });
        Self(Arc::new(Inner { work: Box::new(move |jobs| Box::pin(work(jobs))), largest, at_once, queue }))
    }

    /// Has `job` done, in a task of its own: whoever asked may go away.
    pub(super) fn push(&self, job: Job) {
        let mut queue = self.0.queue();
        queue.waiting.push_back(job);
        if queue.under_way < self.0.at_once {
            queue.under_way += 1;
            let mut turn = Turn { batches: Arc::clone(&self.0), over: false };
            tokio::spawn(async move {
                while let Some(jobs) = turn.next() {
                    (turn.batches.work)(jobs).await;
                }
            });
        }
    }
}

/// The right to do batches, one after the other.
struct Turn<Job> {
    batches: Arc<Inner<Job>>,
    over: bool,
}

impl<Job> Turn<Job> {
    /// What has gathered; at the end, nothing.
    fn next(&mut self) -> Option<Vec<Job>> {
        let mut queue = self.batches.queue();
        if queue.waiting.is_empty() {
            queue.under_way -= 1;
            self.over = true;
            return None;
        }
        let size = queue.waiting.len().min(self.batches.largest);
        Some(queue.waiting.drain(..size).collect())
    }
}

/// The work has panicked, or its runtime ends: whoever waits hears that nothing comes.
impl<Job> Drop for Turn<Job> {
    fn drop(&mut self) {
        if !self.over {
            let mut queue = self.batches.queue();
            queue.under_way -= 1;
            queue.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Semaphore, oneshot};

    use super::*;

    type Job = (u32, oneshot::Sender<Vec<u32>>);

    /// Answers each job with the numbers of its batch.
    fn batches(largest: usize, at_once: usize, turns: &Arc<Semaphore>) -> Batches<Job> {
        let turns = Arc::clone(turns);
        Batches::new(largest, at_once, move |jobs: Vec<Job>| {
            let turns = Arc::clone(&turns);
            async move {
                turns.acquire().await.unwrap().forget();
                let numbers: Vec<u32> = jobs.iter().map(|(number, _)| *number).collect();
                assert!(!numbers.contains(&666), "a job that panics");
                for (_, answer) in jobs {
                    answer.send(numbers.clone()).ok();
                }
            }
        })
    }

    fn push(batches: &Batches<Job>, number: u32) -> oneshot::Receiver<Vec<u32>> {
        let (answer, answered) = oneshot::channel();
        batches.push((number, answer));
        answered
    }

    #[tokio::test]
    async fn the_first_waits_for_nobody_and_those_that_come_meanwhile_are_done_together() {
        let turns = Arc::new(Semaphore::new(0));
        let batches = batches(3, 1, &turns);
        let first = push(&batches, 1);
        tokio::task::yield_now().await;
        let others: Vec<_> = (2..=6).map(|number| push(&batches, number)).collect();
        turns.add_permits(3);
        assert_eq!(first.await.unwrap(), [1]);
        let mut sizes = Vec::new();
        for other in others {
            sizes.push(other.await.unwrap());
        }
        assert_eq!(sizes, [vec![2, 3, 4], vec![2, 3, 4], vec![2, 3, 4], vec![5, 6], vec![5, 6]]);
    }

    #[tokio::test]
    async fn after_a_panic_those_that_waited_are_told_and_the_next_is_done() {
        let turns = Arc::new(Semaphore::new(10));
        let batches = batches(1, 1, &turns);
        let (panics, waits) = (push(&batches, 666), push(&batches, 1));
        assert!(panics.await.is_err() && waits.await.is_err());
        assert_eq!(push(&batches, 2).await.unwrap(), [2]);
    }
}
