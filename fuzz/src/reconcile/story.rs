//! A story from bytes: what people and accidents do to a directory, a bucket and a base, and the
//! runs in between. Any bytes are a story.

use s3_bsync::guard::{Limit, Side};
use s3_bsync::state::ConflictPolicy;

/// Acts of one story; more would only make it slow.
const MOST_ACTS: usize = 96;

/// Files and objects by position in [`super::world::names`], or, past their end, among the keys
/// that are there, so that conflict copies have a life too.
pub type Name = u8;

/// One story.
#[derive(Debug, Clone)]
pub struct Story {
    pub policy: ConflictPolicy,
    pub limit: Limit,
    /// Whether no run has come to its end before: a key without a record has no ground.
    pub is_first: bool,
    pub acts: Vec<Act>,
}

/// Whatever else a write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A time later than all before.
    Now,
    /// A time long past, as `cp -p` leaves it.
    Past,
    /// The recorded time.
    AsRecorded,
    /// A time far ahead; in the bucket, a change token that is no digest.
    Odd,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// New bytes under a name.
    Write(Side, Name, Manner),
    /// No bytes under a name.
    Empty(Side, Name, Manner),
    /// The bytes that are there, written once more.
    Touch(Side, Name, Manner),
    /// The other side's bytes, brought here by hand.
    Echo(Side, Name),
    Remove(Side, Name),
    Rename(Side, Name, Name),
    /// A power cut leaves the file without its bytes.
    Damage(Name),
    /// The object goes to an archive class, or comes back.
    Archive(Name),
    /// What is at and below the name cannot be read, or can again.
    Fog(Name),
    /// The record's file was read in the tick in which it was written.
    Racy(Name),
    /// The record comes from version 1.
    Version1(Name),
    /// The state file is lost.
    LoseBase,
    /// The state file as it was at the last such act comes back.
    OldBase,
    /// A run.
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
        let mut acts = Vec::new();
        while acts.len() < MOST_ACTS
            && let Some(act) = act(&mut next)
        {
            acts.push(act);
        }
        Self {
            policy,
            limit,
            is_first: head >= 0x80,
            acts,
        }
    }

    /// The same story with the sides exchanged, where the law is the same for both: not where only
    /// one of them can be damaged, archived or hard to tell.
    pub fn mirrored(&self) -> Option<Self> {
        let acts = self.acts.iter().map(|act| act.mirrored());
        Some(Self {
            policy: match self.policy {
                ConflictPolicy::Local => ConflictPolicy::Remote,
                ConflictPolicy::Remote => ConflictPolicy::Local,
                same => same,
            },
            acts: acts.collect::<Option<_>>()?,
            ..self.clone()
        })
    }

    /// Whether nothing happens in the midst of a run.
    pub fn is_undisturbed(&self) -> bool {
        self.acts
            .iter()
            .all(|act| !matches!(act, Act::Run(run) if run.fault != Fault::None))
    }
}

impl Act {
    /// Whether somebody does it to the directory or the bucket, whom no run can keep waiting.
    pub fn is_a_users(self) -> bool {
        !matches!(
            self,
            Self::Racy(_) | Self::Version1(_) | Self::LoseBase | Self::OldBase | Self::Fog(_)
        )
    }

    fn mirrored(self) -> Option<Self> {
        match self {
            Self::Write(_, _, Manner::Odd) | Self::Touch(_, _, Manner::Odd) => None,
            Self::Write(side, name, manner) => Some(Self::Write(other(side), name, manner)),
            Self::Touch(side, name, manner) => Some(Self::Touch(other(side), name, manner)),
            Self::Echo(side, name) => Some(Self::Echo(other(side), name)),
            Self::Remove(side, name) => Some(Self::Remove(other(side), name)),
            Self::Rename(side, from, to) => Some(Self::Rename(other(side), from, to)),
            Self::Version1(_) | Self::Racy(_) | Self::LoseBase | Self::OldBase => Some(self),
            Self::Run(run) if run.fault == Fault::None => Some(self),
            _ => None,
        }
    }
}

/// The side across.
pub fn other(side: Side) -> Side {
    match side {
        Side::Local => Side::Remote,
        Side::Remote => Side::Local,
    }
}

/// An act: what in five bits, how in two, where in one; then names.
fn act(next: &mut impl FnMut() -> Option<u8>) -> Option<Act> {
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
        what => Act::Run(Run {
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
        }),
    };
    Some(act)
}
