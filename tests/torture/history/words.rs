//! The words of a history: what people do, what goes wrong, and what is run.

use crate::support::wire::Op;
use std::fmt;

/// Where somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the root of this machine.
    Machine(usize),
    /// In the bucket, with stock tools.
    Bucket,
}

/// How large a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A line.
    Line,
    /// So many bytes, which get no smaller, or do.
    Small(usize, Matter),
    /// So many bytes, in parts.
    Large(usize),
}

/// What a file is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Bytes that no compressor makes smaller.
    Noise,
    /// Bytes that any compressor makes smaller.
    Text,
}

/// The modification time that a person gives a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// That of the moment.
    Now,
    /// So many seconds before the moment (after it where negative).
    Ago(i64),
}

/// What a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Writes a new content.
    Write(String, Size, Time),
    /// Adds to the end.
    Append(String),
    /// Cuts the second half off.
    Truncate(String),
    /// Changes bytes in the middle, and leaves size and time as they were.
    Patch(String),
    /// Gives a file or folder another name.
    Rename(String, String),
    /// Lets two files change places.
    Swap(String, String),
    /// Makes a second file of the same content.
    Copy(String, String),
    /// Removes a file, or a folder with all that is in it.
    Remove(String),
    /// Makes an empty folder.
    Mkdir(String),
    /// Changes the mode.
    Chmod(String, u32),
    /// Changes the modification time.
    Touch(String, Time),
    /// Puts a symlink where a file was, or nothing.
    Symlink(String),
    /// Puts a folder with one file where a file was.
    Folder(String),
    /// Puts a file where a folder was.
    File(String),
    /// An infected machine overwrites what is there with garbage.
    Infect(String),
    /// Leaves a file of ignore rules that cannot be parsed.
    BreakRules(String),
    /// Removes all files of ignore rules.
    RemoveRules,
    /// Removes all symlinks.
    Unlink,
    /// Puts back what the last run displaced.
    Undo,
    /// Lets the machine sync, while another does.
    Sync,
    /// Copies root and state away.
    Backup,
    /// Puts back what was copied away.
    Restore(Part),
    /// Loses the state file, and adds the map again.
    LoseState,
    /// Loses the marker.
    LoseMarker,
}

impl Act {
    /// Whether a machine loses its memory, or gets an older one.
    pub fn forgets(&self) -> bool {
        matches!(self, Self::Restore(_) | Self::LoseState | Self::LoseMarker)
    }
}

/// What is put back from a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The root, as it was in place.
    Root,
    /// The state file and all that stands beside it.
    State,
    /// The state file alone.
    StateAlone,
    /// Root and state.
    Both,
}

/// What goes wrong on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mishap {
    /// Which requests.
    pub op: Option<Op>,
    /// The how manieth of them.
    pub nth: usize,
    /// How many in a row.
    pub times: usize,
    /// What.
    pub kind: Kind,
}

/// A fault that can be told in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the wire's faults are named")]
pub enum Kind {
    Status(u16, &'static str),
    Hidden(&'static str),
    Reset,
    Lose,
    Cut(usize),
    FlipBit,
    Delay(u64),
    TruncateList,
    LoopList,
    ShuffleList,
    RepeatKey,
    /// No answer, instead of the effect.
    Silence,
    /// No answer after the effect.
    SilenceAfter,
}

/// How a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the signals are named")]
pub enum Halt {
    Interrupt,
    Terminate,
    HangUp,
}

/// What goes wrong during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Faults on the wire.
    Wire(Vec<Mishap>),
    /// It is killed at the nth request, before or after its effect.
    KillAtRequest(usize, bool),
    /// It is killed at the nth of these system calls.
    KillAtCall(&'static str, usize),
    /// From the nth request on there is no answer, and the run is stopped by a signal.
    Stop(usize, Halt),
    /// It is killed after so many milliseconds.
    KillAfter(u64),
    /// The nth of these system calls, and so many after it, fail.
    Refuse(&'static str, &'static str, usize, usize),
    /// No file can become larger than this, in blocks of 1024 bytes.
    FileLimit(usize),
    /// The machine's clock is off by so many seconds.
    Clock(i64),
    /// A person does something right before the nth request takes effect.
    Meanwhile(usize, Place, Act),
}

/// A step of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody does something. The number tells its contents from all others.
    Act(u64, Place, Act),
    /// A machine syncs.
    Run(u64, usize, &'static [&'static str], Trouble),
    /// Two runs at once; the second is killed after so many milliseconds where it says so.
    Two(usize, usize, Option<u64>),
    /// A machine syncs, the run is undone, and it syncs again.
    Undone(u64, usize),
    /// All is quiet: no faults, nobody acts, and all must become equal.
    Quiet(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(n) => write!(f, "machine {n}"),
            Self::Bucket => f.write_str("bucket"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(n, place, act) => write!(f, "[{n}] {place}: {act:?}"),
            Self::Run(n, machine, args, Trouble::None) => {
                write!(f, "[{n}] run of machine {machine} {args:?}")
            }
            Self::Run(n, machine, args, trouble) => {
                write!(
                    f,
                    "[{n}] run of machine {machine} {args:?} with {trouble:?}"
                )
            }
            Self::Two(one, other, kill) => {
                write!(f, "runs of machines {one} and {other} at once")?;
                match kill {
                    Some(ms) => write!(f, ", the second killed after {ms} ms"),
                    None => Ok(()),
                }
            }
            Self::Undone(n, machine) => write!(f, "[{n}] undo of a run of machine {machine}"),
            Self::Quiet(n) => write!(f, "[{n}] quiet rounds"),
        }
    }
}
