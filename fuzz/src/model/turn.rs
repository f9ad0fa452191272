//! Turns: a run gives the others a turn before whatever they could notice, or it could of them.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// What comes next in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A step of a plan.
    Step,
    /// A request.
    Request,
    /// A look at the directory, or a change of it.
    Local,
}

/// Between what the others have their turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Steps,
    /// Requests only, where nobody touches a directory while its run goes on.
    Requests,
    /// Requests, looks and changes.
    Moments,
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Good,
    /// It never arrives.
    Fails,
    /// It arrives, the answer does not, and the same is sent again.
    Unheard,
}

/// What a run and whoever gives it its turns tell each other.
#[derive(Debug)]
pub struct Pace {
    grain: Grain,
    /// How the next request ends.
    pub luck: Cell<Luck>,
    /// Which of the steps under way goes on.
    pub pick: Cell<usize>,
}

impl Pace {
    pub fn new(grain: Grain) -> Self {
        Self {
            grain,
            luck: Cell::new(Luck::Good),
            pick: Cell::new(0),
        }
    }

    /// Gives the others a turn.
    pub async fn turn(&self, due: Due) -> Luck {
        let is_given = match self.grain {
            Grain::Steps => due == Due::Step,
            Grain::Requests => due == Due::Request,
            Grain::Moments => due != Due::Step,
        };
        let mut has_waited = !is_given;
        poll_fn(|_| {
            if std::mem::replace(&mut has_waited, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        self.luck.replace(Luck::Good)
    }
}

/// Lets a run have its turn: what is due happens, and it goes on to what comes next.
pub fn go<F: Future + ?Sized>(run: Pin<&mut F>) -> Poll<F::Output> {
    run.poll(&mut Context::from_waker(Waker::noop()))
}
