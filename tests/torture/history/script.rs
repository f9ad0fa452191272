//! Histories made up from a seed: what is done does not depend on what came of it, so that steps
//! can be left out.

use super::dice::Dice;
use super::words::{Act, Matter, Mishap, Part, Place, Size, Step, Time, Trouble};
use crate::support::wire::Op;

const NAMES: [&str; 12] = [
    "a", "b", "c", "A", ".x", "x y", "é", "d/a", "d/b", "d/e/f", "d/e/g", "h/i",
];
const FOLDERS: [&str; 4] = ["d", "d/e", "h", "k"];

/// The steps of a seed's history.
pub fn script(seed: u64, machines: usize) -> Vec<Step> {
    let mut script = Script {
        dice: Dice::of(seed),
        machines,
        steps: Vec::new(),
        number: 0,
        large: 0,
        most_large: 0,
        recent: Vec::new(),
        is_unlucky: false,
    };
    script.is_unlucky = script.dice.once_in(3);
    script.most_large = script.dice.one(&[1, 1, 1, 6]);
    script.begin();
    let parts = 1 + script.dice.roll(3);
    for _ in 0..parts {
        script.part();
    }
    script.steps
}

/// A script that is being made up.
pub(super) struct Script {
    pub(super) dice: Dice,
    machines: usize,
    steps: Vec<Step>,
    number: u64,
    /// How many large files there were so far.
    large: u32,
    /// And how many there may be.
    most_large: u32,
    recent: Vec<String>,
    /// Whether machines are restored from backups, again and again.
    is_unlucky: bool,
}

impl Script {
    fn number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn act(&mut self, place: Place, act: Act) {
        let number = self.number();
        self.steps.push(Step::Act(number, place, act));
    }

    /// Each machine learns what the server honours: a liar is another story.
    fn begin(&mut self) {
        for machine in 0..self.machines {
            for _ in 0..=self.dice.roll(3) {
                let name = self.name();
                let size = self.size();
                self.act(Place::Machine(machine), Act::Write(name, size, Time::Now));
            }
        }
        if self.dice.once_in(2) {
            let name = self.name();
            self.act(Place::Bucket, Act::Write(name, Size::Line, Time::Now));
        }
        for machine in 0..self.machines {
            let own = format!("of-{machine}");
            self.act(
                Place::Machine(machine),
                Act::Write(own, Size::Line, Time::Now),
            );
            let number = self.number();
            self.steps
                .push(Step::Run(number, machine, &[], Trouble::None));
        }
    }

    fn part(&mut self) {
        for _ in 0..3 + self.dice.roll(8) {
            for _ in 0..self.dice.roll(4) {
                let place = self.place();
                let act = self.any_act(place);
                self.act(place, act);
            }
            self.run();
        }
        let number = self.number();
        self.steps.push(Step::Quiet(number));
    }

    /// Two change the same name, and meet.
    fn duel(&mut self) {
        let (machine, nth) = (self.machine(), self.dice.count(8));
        let name = self.name();
        let other = self.place();
        for place in [Place::Machine(machine), other] {
            let act = match self.dice.roll(4) {
                0 => Act::Remove(name.clone()),
                1 => Act::Rename(name.clone(), self.name()),
                _ => Act::Write(name.clone(), self.size(), self.time()),
            };
            if place == Place::Bucket {
                let number = self.number();
                let trouble = Trouble::Meanwhile(nth, place, act);
                self.steps.push(Step::Run(number, machine, &[], trouble));
            } else {
                self.act(place, act);
            }
        }
        if other != Place::Bucket {
            let number = self.number();
            let trouble = Trouble::Meanwhile(nth, other, Act::Sync);
            self.steps.push(Step::Run(number, machine, &[], trouble));
        }
    }

    fn run(&mut self) {
        if self.dice.once_in(8) {
            return self.duel();
        }
        let machine = self.machine();
        if self.dice.once_in(12) {
            let number = self.number();
            self.steps.push(Step::Undone(number, machine));
            return;
        }
        if self.dice.once_in(8) {
            let other = self.machine();
            let kill = self.dice.once_in(3).then(|| self.dice.roll(120));
            self.steps.push(Step::Two(machine, other, kill));
            return;
        }
        let args: &[&str] = match self.dice.roll(16) {
            0 => &["--dryrun"],
            1 | 2 => &["--force"],
            3 | 4 => &["--full"],
            5 | 6 => &["--jobs", "1"],
            _ => &[],
        };
        let number = self.number();
        let trouble = self.trouble();
        let lists = |mishap: &Mishap| mishap.op == Some(Op::List);
        let args = match &trouble {
            // Without the guard, which would hide much.
            Trouble::Wire(mishaps) if mishaps.iter().any(lists) => &["--force"],
            _ => args,
        };
        self.steps.push(Step::Run(number, machine, args, trouble));
    }

    pub(super) fn machine(&mut self) -> usize {
        usize::try_from(self.dice.roll(self.machines as u64)).expect("few")
    }

    pub(super) fn place(&mut self) -> Place {
        match self.dice.roll(4) {
            0 => Place::Bucket,
            _ => Place::Machine(self.machine()),
        }
    }

    /// A name, often one that was spoken of just now.
    fn name(&mut self) -> String {
        if !self.recent.is_empty() && self.dice.once_in(3) {
            let last = self.recent.len();
            let back = self.dice.count(last.min(4) as u64);
            return self.recent[last - back].clone();
        }
        let name = self.any_name();
        self.recent.push(name.clone());
        name
    }

    fn any_name(&mut self) -> String {
        match self.dice.roll(30) {
            0 => "a/b".to_owned(),
            1 => self.dice.one(&FOLDERS).to_owned(),
            2 => "n".repeat(190),
            _ => self.dice.one(&NAMES).to_owned(),
        }
    }

    fn size(&mut self) -> Size {
        let matter = self.dice.one(&[Matter::Noise, Matter::Text]);
        let is_heavy = self.most_large > 1;
        match self.dice.roll(40) {
            most if self.large < self.most_large && (most == 0 || (is_heavy && most < 6)) => {
                self.large += 1;
                Size::Large((9 << 20) + self.dice.count(11 << 20))
            }
            ..20 => Size::Line,
            _ => Size::Small(self.dice.count(9000), matter),
        }
    }

    fn time(&mut self) -> Time {
        const YEAR: i64 = 31_536_000;
        match self.dice.roll(6) {
            0 => Time::Ago(YEAR * 20),
            1 => Time::Ago(-YEAR * 50),
            2 => Time::Ago(3600),
            3 => Time::Ago(-3600),
            _ => Time::Now,
        }
    }

    pub(super) fn any_act(&mut self, place: Place) -> Act {
        let (name, other) = (self.name(), self.name());
        let folder = self.dice.one(&FOLDERS).to_owned();
        let is_machine = place != Place::Bucket;
        if is_machine && self.is_unlucky && self.dice.once_in(7) {
            self.is_unlucky = !self.dice.once_in(6);
            return match self.dice.roll(3) {
                0 => Act::Backup,
                _ => self.misfortune(),
            };
        }
        if !is_machine && self.dice.once_in(6) {
            return Act::Infect(name);
        }
        match self.dice.roll(49) {
            0..14 => Act::Write(name, self.size(), self.time()),
            14..17 => Act::Append(name),
            17 => Act::Truncate(name),
            18..20 => Act::Patch(name),
            20..25 => Act::Rename(name, other),
            25..28 => Act::Rename(folder, "k".to_owned()),
            28 => Act::Rename("k".to_owned(), folder),
            29 => Act::Swap(name, other),
            30 => Act::Copy(name, other),
            37 => Act::Remove(folder),
            38..41 => Act::Touch(name, self.time()),
            41 if is_machine => Act::Chmod(name, 0o640),
            42 if is_machine => Act::Symlink(name),
            43 if is_machine => Act::Folder(name),
            44 if is_machine => Act::File(folder),
            45 if is_machine => Act::Backup,
            46 if is_machine => self.misfortune(),
            47 if is_machine => Act::Mkdir(folder),
            48 if is_machine => Act::BreakRules(self.dice.one(&["d", "d/e", "h", ""]).to_owned()),
            _ => Act::Remove(name),
        }
    }

    fn misfortune(&mut self) -> Act {
        match self.dice.roll(6) {
            0 => Act::Restore(Part::Root),
            1 => Act::Restore(Part::State),
            2 => Act::Restore(Part::StateAlone),
            3 => Act::Restore(Part::Both),
            4 => Act::LoseState,
            _ => Act::LoseMarker,
        }
    }
}
