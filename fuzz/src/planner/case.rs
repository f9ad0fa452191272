//! A case: what there is, and what happens, in words that can be taken away one by one.

use super::super::model::{Act, Grain, Keeping, Luck, NAMES, Renames};
use s3_bsync::guard::{Limit, Side};
use s3_bsync::state::{Capabilities, ConflictPolicy};
use std::fmt;

/// One thing that happens; machines are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Somebody at a machine, or an accident there.
    Act(usize, Act),
    /// A machine's run begins, where none goes on.
    Begin(usize, Manner),
    /// A machine's run has a turn; of its steps under way this one goes on.
    Turn(usize, usize),
    /// A machine's run has a turn with bad luck.
    Mishap(usize, Luck),
    /// A machine's run is killed, and so many receipts are lost.
    Kill(usize, u8),
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The order of its steps.
    pub order: u8,
    /// Steps at a time.
    pub jobs: usize,
    /// The name at which its listing is interrupted, if at all.
    pub cut: Option<usize>,
    pub is_forced: bool,
}

/// All that is given.
#[derive(Debug, Clone)]
pub struct Case {
    /// Each machine's policy.
    pub policies: Vec<ConflictPolicy>,
    pub honours: Capabilities,
    /// What the machines believe that the server honours.
    pub found: Capabilities,
    pub limit: Limit,
    pub grain: Grain,
    pub keeping: Keeping,
    pub renames: Renames,
    /// Names of the files on which all machines and the bucket have agreed.
    pub agreed: Vec<usize>,
    pub deeds: Vec<Deed>,
}

impl Manner {
    pub const PLAIN: Self = Self {
        order: 0,
        jobs: 1,
        cut: None,
        is_forced: true,
    };
}

impl Deed {
    /// The machine at which it happens.
    #[must_use]
    pub fn who(self) -> usize {
        match self {
            Self::Act(who, _)
            | Self::Begin(who, _)
            | Self::Turn(who, _)
            | Self::Mishap(who, _)
            | Self::Kill(who, _) => who,
        }
    }

    /// The same with nothing particular about it.
    #[must_use]
    pub fn plainer(self) -> Option<Self> {
        let plain = match self {
            Self::Begin(who, _) => Self::Begin(who, Manner::PLAIN),
            Self::Turn(who, _) | Self::Mishap(who, _) => Self::Turn(who, 0),
            Self::Kill(who, _) => Self::Kill(who, 0),
            Self::Act(..) => return None,
        };
        (plain != self).then_some(plain)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "machines: {:?}", self.policies)?;
        let honours = self.honours;
        let ignored = [
            (honours.put_if_absent, "PUT If-None-Match"),
            (honours.put_if_match, "PUT If-Match"),
            (honours.copy_if_absent, "COPY If-None-Match"),
            (honours.copy_source_if_match, "COPY source If-Match"),
            (honours.delete_if_match, "DELETE If-Match"),
        ];
        for (_, name) in ignored.iter().filter(|(is_honoured, _)| !is_honoured) {
            writeln!(f, "the server ignores {name}")?;
        }
        let agreed: Vec<_> = self
            .agreed
            .iter()
            .map(|at| NAMES[*at].to_string())
            .collect();
        writeln!(f, "agreed on: {agreed:?}")?;
        self.deeds.iter().try_for_each(|deed| writeln!(f, "{deed}"))
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(who, act) => write!(f, "{}: {}", who + 1, Told(*act)),
            Self::Begin(who, manner) => write!(f, "{}: begins a run, {manner:?}", who + 1),
            Self::Turn(who, pick) => write!(f, "{}: goes on ({pick})", who + 1),
            Self::Mishap(who, luck) => write!(f, "{}: goes on with a mishap: {luck:?}", who + 1),
            Self::Kill(who, receipts) => {
                write!(f, "{}: is killed, {receipts} receipts are lost", who + 1)
            }
        }
    }
}

/// An act in words.
struct Told(Act);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: u8| match NAMES.get(usize::from(name) % 64) {
            Some(key) => format!("{key:?}"),
            None => format!("name {name} of those there"),
        };
        let place = |side| match side {
            Side::Local => "here",
            Side::Remote => "in the bucket",
        };
        match self.0 {
            Act::Write(side, key, manner) => {
                write!(f, "writes {} {} ({manner:?})", name(key), place(side))
            }
            Act::Empty(side, key, manner) => {
                write!(f, "empties {} {} ({manner:?})", name(key), place(side))
            }
            Act::Touch(side, key, manner) => {
                write!(f, "rewrites {} {} ({manner:?})", name(key), place(side))
            }
            Act::Echo(side, key) => write!(f, "copies {} by hand {}", name(key), place(side)),
            Act::Infect(side, key) => write!(f, "infects {} {}", name(key), place(side)),
            Act::Wipe(key) => write!(f, "an attacker removes object {}", name(key)),
            Act::Rollback(key) => write!(f, "an attacker puts back object {}", name(key)),
            Act::Remove(side, key) => write!(f, "removes {} {}", name(key), place(side)),
            Act::Rename(side, from, to) => {
                write!(f, "renames {} to {} {}", name(from), name(to), place(side))
            }
            other => write!(f, "{other:?}"),
        }
    }
}
