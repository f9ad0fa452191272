//! Faults, and which requests they strike.

use super::request::{Exchange, Op};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// An error answer instead of the effect.
    Status(u16, &'static str),
    /// A 200 whose body is an error, instead of the effect (copies and completions can do that).
    Hidden(&'static str),
    /// The connection ends before the effect.
    Reset,
    /// The effect happens, the connection ends without an answer.
    Lose,
    /// The answer's body ends after so many bytes, and the connection with it.
    Cut(usize),
    /// One bit of the answer's body is wrong.
    FlipBit,
    /// The answer takes so much longer.
    Delay(Duration),
    /// An answer that asks to come back after so many seconds, instead of the effect.
    SlowDown(u64),
    /// The answer's body stops after so many bytes, and the connection stays.
    Stall(usize),
    /// The answer's body comes byte by byte, with this pause before each.
    Trickle(Duration),
    /// A listing's XML ends in the middle, in an answer that is whole for HTTP.
    TruncateList,
    /// A listing's next page is always the same.
    LoopList,
    /// A listing's keys come in the wrong order.
    ShuffleList,
    /// A listing names its first key twice.
    RepeatKey,
    /// Something happens just before the request takes effect.
    Call(Arc<dyn Fn() + Send + Sync>),
    /// Something happens when the request had its effect, before it is answered.
    CallAfter(Arc<dyn Fn() + Send + Sync>),
    /// Tells that the request came, and never goes on with it.
    HoldBefore(Sender<()>),
    /// Lets it take effect, tells, and never answers.
    HoldAfter(Sender<()>),
}

impl Fault {
    /// Something that happens just before the request takes effect.
    pub fn call(happens: impl Fn() + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(happens))
    }

    /// Something that happens when the request had its effect, before it is answered.
    pub fn call_after(happens: impl Fn() + Send + Sync + 'static) -> Self {
        Self::CallAfter(Arc::new(happens))
    }
}

/// Which requests a fault strikes: by default the first of any kind, once.
#[derive(Debug, Clone)]
pub struct When {
    op: Option<Op>,
    key: Option<String>,
    from: usize,
    times: usize,
}

impl When {
    /// Any request.
    pub fn any() -> Self {
        Self {
            op: None,
            key: None,
            from: 1,
            times: 1,
        }
    }

    /// Requests of one operation.
    pub fn op(op: Op) -> Self {
        Self {
            op: Some(op),
            ..Self::any()
        }
    }

    /// Only those about this key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    /// The nth of them, counted from 1 at the moment the fault is set.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        Self { from: n, ..self }
    }

    /// So many in a row.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// All from there on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

/// A fault that is set.
pub(super) struct Rule {
    when: When,
    fault: Fault,
    seen: usize,
    struck: usize,
}

impl Rule {
    pub(super) fn new(when: When, fault: Fault) -> Self {
        Self {
            when,
            fault,
            seen: 0,
            struck: 0,
        }
    }

    /// The fault, if it strikes this request.
    pub(super) fn strike(&mut self, exchange: &Exchange) -> Option<Fault> {
        let is_meant = self.when.op.is_none_or(|op| op == exchange.op)
            && self
                .when
                .key
                .as_ref()
                .is_none_or(|key| *key == exchange.key);
        if !is_meant {
            return None;
        }
        self.seen += 1;
        if self.seen < self.when.from || self.struck >= self.when.times {
            return None;
        }
        self.struck += 1;
        Some(self.fault.clone())
    }

    pub(super) fn struck(&self) -> usize {
        self.struck
    }
}
