//! A story from bytes: what people and accidents do to a directory, a bucket and a base, and the
//! runs in between. Any bytes are a story.

use super::super::model::{Act, Manner, other};
use s3_bsync::guard::{Limit, Side};
use s3_bsync::state::ConflictPolicy;

/// Events of one story; more would only make it slow.
const MOST_EVENTS: usize = 96;

/// One story.
#[derive(Debug, Clone)]
pub struct Story {
    pub policy: ConflictPolicy,
    pub limit: Limit,
    /// Whether no run has come to its end before: a key without a record has no ground.
    pub is_first: bool,
    pub events: Vec<Event>,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Act(Act),
    Run(Run),
}

/// One run: the order of its steps within their phases, and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub order: u8,
    pub fault: Fault,
    pub is_forced: bool,
}

/// What happens to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It is killed after some steps, and the last receipts are lost.
    Cut {
        steps: u8,
        receipts: u8,
    },
    /// The following act of the story happens after some steps.
    Disturbed {
        steps: u8,
    },
}

impl Run {
    /// A run that nothing holds up.
    pub const WHOLE: Self = Self {
        order: 0,
        fault: Fault::None,
        is_forced: true,
    };
}

impl Story {
    /// Reads a story.
    pub fn read(data: &[u8]) -> Self {
        let mut bytes = data.iter().copied();
        let mut next = || bytes.next();
        let head = next().unwrap_or(0);
        let policy = match head % 5 {
            0 => ConflictPolicy::Newer,
            1 => ConflictPolicy::KeepBoth,
            2 => ConflictPolicy::Local,
            3 => ConflictPolicy::Remote,
            _ => ConflictPolicy::Ask,
        };
        let limit = match next().unwrap_or(0) {
            share @ 0..=100 => Limit::Percent(share),
            count => Limit::Count(u64::from(count - 101)),
        };
        let mut events = Vec::new();
        while events.len() < MOST_EVENTS
            && let Some(event) = event(&mut next)
        {
            events.push(event);
        }
        Self {
            policy,
            limit,
            is_first: head >= 0x80,
            events,
        }
    }

    /// The same story with the sides exchanged, where the law is the same for both: not where only
    /// one of them can be damaged, archived or hard to tell.
    pub fn mirrored(&self) -> Option<Self> {
        let events = self.events.iter().copied().map(mirrored);
        Some(Self {
            policy: match self.policy {
                ConflictPolicy::Local => ConflictPolicy::Remote,
                ConflictPolicy::Remote => ConflictPolicy::Local,
                same => same,
            },
            events: events.collect::<Option<_>>()?,
            ..self.clone()
        })
    }

    /// Whether the guard lets every run pass.
    pub fn is_forced(&self) -> bool {
        self.events
            .iter()
            .all(|event| !matches!(event, Event::Run(run) if !run.is_forced))
    }

    /// Whether nothing happens in the midst of a run.
    pub fn is_undisturbed(&self) -> bool {
        self.events
            .iter()
            .all(|event| !matches!(event, Event::Run(run) if run.fault != Fault::None))
    }
}

fn mirrored(event: Event) -> Option<Event> {
    let act = match event {
        Event::Run(run) => return (run.fault == Fault::None).then_some(event),
        Event::Act(act) => act,
    };
    let act = match act {
        Act::Write(_, _, Manner::Odd)
        | Act::Touch(_, _, Manner::Odd)
        | Act::Empty(..)
        | Act::Damage(_)
        | Act::Archive(_)
        | Act::Fog(_)
        | Act::Infect(..)
        | Act::Wipe(_)
        | Act::Rollback(_)
        | Act::DropOldest
        | Act::Undo(_) => return None,
        Act::Write(side, name, manner) => Act::Write(other(side), name, manner),
        Act::Touch(side, name, manner) => Act::Touch(other(side), name, manner),
        Act::Echo(side, name) => Act::Echo(other(side), name),
        Act::Remove(side, name) => Act::Remove(other(side), name),
        Act::Rename(side, from, to) => Act::Rename(other(side), from, to),
        Act::Version1(_) | Act::Unproven(_) | Act::Racy(_) | Act::LoseBase | Act::OldBase => act,
    };
    Some(Event::Act(act))
}

/// An event: what in five bits, how in two, where in one; then names.
fn event(next: &mut impl FnMut() -> Option<u8>) -> Option<Event> {
    let first = next()?;
    let side = match first >> 7 {
        0 => Side::Local,
        _ => Side::Remote,
    };
    let manner = match first >> 5 & 3 {
        0 => Manner::Now,
        1 => Manner::Past,
        2 => Manner::AsRecorded,
        _ => Manner::Odd,
    };
    let act = match first & 31 {
        0..=7 => Act::Write(side, next()?, manner),
        8 => Act::Empty(side, next()?, manner),
        9 | 10 => Act::Touch(side, next()?, manner),
        11 | 12 => Act::Echo(side, next()?),
        13..=15 => Act::Remove(side, next()?),
        16..=18 => Act::Rename(side, next()?, next()?),
        19 => Act::Damage(next()?),
        20 => Act::Archive(next()?),
        21 => Act::Fog(next()?),
        22 => Act::Racy(next()?),
        23 => Act::Version1(next()?),
        24 => Act::LoseBase,
        25 => Act::OldBase,
        what => {
            return Some(Event::Run(Run {
                order: next()?,
                is_forced: first >> 7 == 1,
                fault: match what {
                    26..=29 => Fault::None,
                    30 => Fault::Cut {
                        steps: next()? % 16,
                        receipts: first >> 5 & 3,
                    },
                    _ => Fault::Disturbed {
                        steps: next()? % 16,
                    },
                },
            }));
        }
    };
    Some(Event::Act(act))
}
