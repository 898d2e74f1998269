//! Work on a stream, over all cores, with the stream's order kept and a fixed number of pieces under way.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crossbeam_channel::bounded;

use crate::error::Result;

/// Takes pieces from `produce` until it has no more, has them worked on by `n_threads` workers, and hands the results to `consume` in order.
///
/// `worker` makes the function that one thread works with, and which may keep what it needs. Whoever fails first, in the order
/// of the pieces, decides the error; nothing behind it is consumed. At most `2 n_threads + 2` pieces are held at any time.
pub(crate) fn in_order<I: Send, O: Send, W: FnMut(I) -> Result<O>>(
    n_threads: usize,
    mut produce: impl FnMut() -> Result<Option<I>> + Send,
    worker: impl Fn() -> W + Sync,
    mut consume: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    let n_pieces = 2 * n_threads + 2;
    thread::scope(|scope| {
        // Channels live inside the scope: when this side returns early they close, and every thread ends.
        let (token_sender, tokens) = bounded::<()>(n_pieces);
        let (work_sender, work) = bounded::<(u64, I)>(n_pieces);
        let (done_sender, done) = bounded::<(u64, thread::Result<Result<O>>)>(n_pieces);
        for _ in 0..n_pieces {
            token_sender.send(()).expect("the channel has room for every token");
        }
        let failed = done_sender.clone();
        scope.spawn(move || {
            for sequence in 0.. {
                // A closed channel means that the other side has failed, and said so itself.
                let Ok(()) = tokens.recv() else { return };
                let sent = match produce() {
                    Ok(None) => return,
                    Ok(Some(piece)) => work_sender.send((sequence, piece)).is_ok(),
                    Err(error) => return drop(failed.send((sequence, Ok(Err(error))))),
                };
                if !sent {
                    return;
                }
            }
        });
        for _ in 0..n_threads {
            let (work, done) = (work.clone(), done_sender.clone());
            let worker = &worker;
            scope.spawn(move || {
                let mut worker = worker();
                for (sequence, piece) in work {
                    // A panic travels as a result: the others would wait for ever for a piece that never comes.
                    let result = catch_unwind(AssertUnwindSafe(|| worker(piece)));
                    if done.send((sequence, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop((work, done_sender));

        // Results come back in any order, and leave in order.
        let mut waiting: BTreeMap<u64, thread::Result<Result<O>>> = BTreeMap::new();
        let mut next = 0;
        for (sequence, result) in done {
            waiting.insert(sequence, result);
            while let Some(result) = waiting.remove(&next) {
                consume(result.unwrap_or_else(|panic| resume_unwind(panic))?)?;
                next += 1;
                // The producer is gone once it has nothing more.
                let _ = token_sender.send(());
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn squares(n_threads: usize, n: u64, fails: Option<u64>) -> (Vec<u64>, Result<()>) {
        let mut numbers = 0..n;
        let mut out = Vec::new();
        let work = || move |x: u64| if Some(x) == fails { Err(Error::parameter("x", x, "another")) } else { Ok(x * x) };
        let result = in_order(
            n_threads,
            || Ok(numbers.next()),
            work,
            |x| {
                out.push(x);
                Ok(())
            },
        );
        (out, result)
    }

    #[test]
    fn order_is_kept_on_any_number_of_threads() {
        let expected: Vec<u64> = (0..1000).map(|x| x * x).collect();
        for n_threads in [1, 2, 7] {
            let (out, result) = squares(n_threads, 1000, None);
            assert!(result.is_ok());
            assert_eq!(out, expected);
        }
    }

    #[test]
    #[should_panic(expected = "no such number")]
    fn a_panic_ends_the_walk() {
        let mut numbers = 0..100;
        let work = || |x: u64| if x == 50 { panic!("no such number") } else { Ok(x) };
        let _ = in_order(2, || Ok(numbers.next()), work, |_| Ok(()));
    }

    #[test]
    fn what_stands_before_a_failure_is_consumed_and_nothing_after() {
        let (out, result) = squares(3, 1000, Some(500));
        assert!(result.is_err());
        assert_eq!(out.len(), 500);
    }
}
