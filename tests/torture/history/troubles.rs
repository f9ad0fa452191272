//! What goes wrong, made up from a seed.

use super::script::Script;
use super::words::{Act, Halt, Kind, Mishap, Place, Trouble};
use crate::support::wire::Op;
use crate::support::world::CALLS;

/// What writes to the journal and to files in parts.
const WRITES: &str = "pwrite64,fallocate";
/// What only looks.
const LOOKS: [&str; 3] = ["getdents64", "statx,newfstatat,fstat", "pread64"];
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EACCES"];
const OPS: [Option<Op>; 14] = [
    None,
    None,
    None,
    Some(Op::List),
    Some(Op::Get),
    Some(Op::Head),
    Some(Op::Put),
    Some(Op::Put),
    Some(Op::Delete),
    Some(Op::Copy),
    Some(Op::UploadPart),
    Some(Op::CompleteMpu),
    Some(Op::CreateMpu),
    Some(Op::BatchDelete),
];

impl Script {
    /// A kind of system call that changes something.
    fn call(&mut self) -> &'static str {
        let calls: Vec<_> = CALLS.into_iter().chain([WRITES]).collect();
        self.dice.one(&calls)
    }

    /// What goes wrong during a run; often nothing.
    pub(super) fn trouble(&mut self) -> Trouble {
        match self.dice.roll(22) {
            20 => Trouble::Wire(vec![self.outage()]),
            21 => {
                let halts = [Halt::Interrupt, Halt::Terminate, Halt::HangUp];
                Trouble::Stop(self.dice.count(12), self.dice.one(&halts))
            }
            0..7 => Trouble::None,
            7..11 => Trouble::Wire((0..=self.dice.roll(3)).map(|_| self.mishap()).collect()),
            11..13 => {
                let most = self.dice.one(&[3, 5, 16]);
                Trouble::KillAtRequest(self.dice.count(most), self.dice.once_in(2))
            }
            13 => Trouble::KillAtCall(self.call(), self.dice.count(8)),
            14 => Trouble::KillAfter(self.dice.roll(150)),
            15 => self.refusal(),
            16 => {
                if self.dice.once_in(2) {
                    Trouble::FileLimit(self.dice.count(4))
                } else {
                    Trouble::FileLimit(8000)
                }
            }
            17 => Trouble::Clock(
                self.dice
                    .one(&[-86_400 * 400, -890, -60, 60, 890, 86_400 * 400]),
            ),
            _ => self.meanwhile(),
        }
    }

    /// Another machine syncs between two requests, or a person does something.
    fn meanwhile(&mut self) -> Trouble {
        let nth = self.dice.count(8);
        if self.dice.once_in(2) {
            return Trouble::Meanwhile(nth, Place::Machine(self.machine()), Act::Sync);
        }
        let place = self.place();
        loop {
            let act = self.any_act(place);
            if act != Act::Backup && !act.forgets() {
                return Trouble::Meanwhile(nth, place, act);
            }
        }
    }

    /// Answers that do not come, or that ask to slow down: one, or all from there on.
    fn outage(&mut self) -> Mishap {
        let op = self.dice.one(&OPS);
        Mishap {
            op,
            nth: self.dice.count(if op.is_some() { 4 } else { 15 }),
            times: self.dice.one(&[1, 1, 2, 100_000]),
            kind: self.dice.one(&[
                Kind::Silence,
                Kind::SilenceAfter,
                Kind::Status(503, "SlowDown"),
            ]),
        }
    }

    fn refusal(&mut self) -> Trouble {
        let times = self.dice.count(3);
        match self.dice.roll(3) {
            0 => Trouble::Refuse(self.dice.one(&LOOKS), "EIO", self.dice.count(30) + 5, times),
            _ => Trouble::Refuse(
                self.call(),
                self.dice.one(&ERRORS),
                self.dice.count(8),
                times,
            ),
        }
    }

    fn mishap(&mut self) -> Mishap {
        let op = self.dice.one(&OPS);
        let most = if self.dice.once_in(5) { 8 } else { 2 };
        let times = self.dice.count(most);
        let kind = match op {
            Some(Op::List) => self.dice.one(&[
                Kind::TruncateList,
                Kind::LoopList,
                Kind::ShuffleList,
                Kind::RepeatKey,
                Kind::Cut(200),
                Kind::Status(403, "AccessDenied"),
                Kind::Status(404, "NoSuchBucket"),
                Kind::Status(500, "InternalError"),
                Kind::Reset,
            ]),
            Some(Op::Get) => self.dice.one(&[
                Kind::Cut(50),
                Kind::Cut(0),
                Kind::FlipBit,
                Kind::Status(403, "AccessDenied"),
                Kind::Status(503, "SlowDown"),
                Kind::Status(403, "InvalidObjectState"),
                Kind::Status(412, "PreconditionFailed"),
            ]),
            Some(Op::Copy | Op::CompleteMpu) => self.dice.one(&[
                Kind::Hidden("InternalError"),
                Kind::Hidden("SlowDown"),
                Kind::Lose,
                Kind::Status(409, "ConditionalRequestConflict"),
                Kind::Status(412, "PreconditionFailed"),
                Kind::Status(501, "NotImplemented"),
            ]),
            // That an object is not there is a server's word for its being deleted, and none that may
            // be said of one that is.
            Some(Op::Put | Op::UploadPart | Op::CreateMpu) if self.dice.once_in(6) => {
                Kind::Status(404, "NoSuchUpload")
            }
            _ => self.dice.one(&[
                Kind::Status(500, "InternalError"),
                Kind::Status(503, "SlowDown"),
                Kind::Status(403, "AccessDenied"),
                Kind::Status(412, "PreconditionFailed"),
                Kind::Status(409, "ConditionalRequestConflict"),
                Kind::Status(405, "MethodNotAllowed"),
                Kind::Status(400, "ExpiredToken"),
                Kind::Reset,
                Kind::Lose,
                Kind::Lose,
                Kind::Cut(20),
                Kind::Delay(40),
            ]),
        };
        Mishap {
            op,
            nth: self.dice.count(if op.is_some() { 4 } else { 15 }),
            times,
            kind,
        }
    }
}
