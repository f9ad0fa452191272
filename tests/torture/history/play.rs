//! Plays a history and judges every step of it.

use super::book::Book;
use super::run::{Ended, both, run};
use super::stage::{MapKind, Stage, Way};
use super::words::{Act, Place, Size, Step, Time, Trouble};
use super::{person, stock};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::Run;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What must not be.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which check failed.
    pub check: &'static str,
    /// What it saw.
    pub detail: String,
    /// The steps up to there, and how the runs ended.
    pub told: Vec<String>,
}

/// What a history came to.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "counts of what they are named after")]
pub struct Tally {
    pub steps: usize,
    pub acts: usize,
    pub runs: usize,
    pub kills: usize,
    pub faults: usize,
    pub failed_runs: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.acts += other.acts;
        self.runs += other.runs;
        self.kills += other.kills;
        self.faults += other.faults;
        self.failed_runs += other.failed_runs;
    }
}

/// More than quiet rounds ever take, with all that a person clears away between them.
const MOST_ROUNDS: usize = 9;

pub(super) type Checked = Result<(), (&'static str, String)>;

/// Plays these steps.
///
/// # Errors
/// The first finding.
pub fn play(kind: MapKind, steps: &[Step]) -> Result<Tally, Box<Finding>> {
    let mut play = Play {
        stage: Arc::new(Stage::new(kind, steps)),
        book: Arc::default(),
        told: Vec::new(),
        tally: Tally::default(),
    };
    for step in steps.iter().map(Some).chain([None]) {
        let told = step.map_or_else(|| "the end".to_owned(), Step::to_string);
        play.told.push(told);
        let done = catch_unwind(AssertUnwindSafe(|| match step {
            Some(step) => play.step(step),
            None => play.end(),
        }));
        let checked = done.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err((
                "nothing fails in the tests themselves",
                text.unwrap_or_default(),
            ))
        });
        if let Err((check, detail)) = checked {
            return Err(Box::new(Finding {
                check,
                detail,
                told: play.told,
            }));
        }
    }
    Ok(play.tally)
}

/// A history under way.
pub(super) struct Play {
    pub(super) stage: Arc<Stage>,
    book: Arc<Mutex<Book>>,
    pub(super) told: Vec<String>,
    pub(super) tally: Tally,
}

impl Play {
    fn step(&mut self, step: &Step) -> Checked {
        self.tally.steps += 1;
        match step {
            Step::Act(number, place, act) => {
                self.tally.acts += 1;
                perform(&self.stage, &self.book, *number, *place, act);
                Ok(())
            }
            Step::Run(number, machine, args, trouble) => self.run(*number, *machine, args, trouble),
            Step::Two(one, other, kill) => self.two(*one, *other, *kill),
            Step::Undone(number, machine) => self.undone(*number, *machine),
            Step::Quiet(number) => self.quiet(*number),
        }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        held(&self.book)
    }

    fn run(&mut self, number: u64, at: usize, args: &[&str], trouble: &Trouble) -> Checked {
        // What a machine asks a liar once, it believes for ever.
        let trouble = match trouble {
            Trouble::Wire(_) if !self.stage.knows(at) => &Trouble::None,
            trouble => trouble,
        };
        let machine = &self.stage.machines[at];
        let before = self.stage.look();
        let mut args = args.to_vec();
        if let Trouble::Meanwhile(nth, place, act) = trouble {
            self.meanwhile(number, at, *nth, *place, act);
            args = vec!["--jobs", "1"];
        }
        let ended = run(machine, &args, trouble);
        machine.wire().heal();
        let after = self.stage.look();
        self.tell(&ended, trouble);
        Self::code(&ended)?;
        let is_alone = !matches!(trouble, Trouble::Meanwhile(..));
        if is_alone || matches!(trouble, Trouble::Meanwhile(_, _, Act::Sync)) {
            self.nothing_taken(&before, &after)?;
            self.nothing_displaced_is_lost(&before, &after)?;
        }
        if is_alone {
            if args.contains(&"--dryrun") {
                self.is_untouched(&before, &after)?;
            } else if let Some(run) = ended.filter(|run| run.code == 0) {
                self.is_honest(at, &run, &after)?;
            }
        }
        self.nothing_lost(&after)
    }

    fn meanwhile(&self, number: u64, at: usize, nth: usize, place: Place, act: &Act) {
        let (stage, book) = (Arc::clone(&self.stage), Arc::clone(&self.book));
        let act = act.clone();
        let happens = move || perform(&stage, &book, number, place, &act);
        let wire = self.stage.machines[at].wire();
        wire.fault(When::any().nth(nth), Fault::call(happens));
    }

    fn two(&mut self, one: usize, other: usize, kill: Option<u64>) -> Checked {
        let machines = &self.stage.machines;
        let before = self.stage.look();
        let ended = both(&machines[one], &machines[other], kill);
        let after = self.stage.look();
        for ended in &ended {
            self.tell(ended, &Trouble::None);
            Self::code(ended)?;
        }
        self.nothing_taken(&before, &after)?;
        self.nothing_displaced_is_lost(&before, &after)?;
        self.nothing_lost(&after)
    }

    fn quiet(&mut self, number: u64) -> Checked {
        let machines = self.stage.machines.len();
        for at in 0..machines {
            let place = Place::Machine(at);
            for act in [Act::Unlink, Act::RemoveRules] {
                perform(&self.stage, &self.book, number, place, &act);
            }
        }
        let act = Act::RemoveRules;
        perform(&self.stage, &self.book, number, Place::Bucket, &act);
        let mut round = 1;
        for _ in 0..MOST_ROUNDS {
            for at in 0..machines {
                if self.clear_the_way(number) {
                    round = 1;
                }
                self.quiet_run(at, round)?;
            }
            round += 1;
            if round > 3 {
                break;
            }
        }
        let sight = self.stage.look();
        self.is_equal(&sight)?;
        let is_both_ways = self.stage.kind.way == Way::Both;
        if let Some(unheeded) = self.book().unheeded(&sight).filter(|_| is_both_ways) {
            return Err(("a change in one place reaches all", unheeded));
        }
        self.is_tidy(&sight)?;
        self.book().settle(&sight);
        Ok(())
    }

    /// In the bucket there can be a file and a folder of one name, and nowhere else. Such objects
    /// stay as they are and are named by every run until somebody removes one.
    fn clear_the_way(&self, number: u64) -> bool {
        let bucket = self.stage.tree(None);
        let mut has_cleared = false;
        for name in bucket.keys() {
            let below = format!("{name}/");
            if bucket.keys().any(|other| other.starts_with(&below)) {
                let act = Act::Remove(name.clone());
                perform(&self.stage, &self.book, number, Place::Bucket, &act);
                has_cleared = true;
            }
        }
        has_cleared
    }

    fn quiet_run(&mut self, at: usize, round: usize) -> Checked {
        let machine = &self.stage.machines[at];
        let before = self.stage.look();
        machine.wire().forget();
        let args: &[&str] = match round {
            3 => &[],
            _ => &["--force"],
        };
        let ended = run(machine, args, &Trouble::None);
        let log = machine.wire().log();
        let after = self.stage.look();
        self.told.push(format!("  quiet run of machine {at}"));
        self.tell(&ended, &Trouble::None);
        Self::code(&ended)?;
        self.nothing_taken(&before, &after)?;
        self.nothing_displaced_is_lost(&before, &after)?;
        self.nothing_lost(&after)?;
        let Some(run) = ended else {
            return Ok(());
        };
        if run.code == 0 {
            self.is_honest(at, &run, &after)?;
        }
        match round {
            1 => Ok(()),
            2 if run.code == 0 => Ok(()),
            2 => Err(("the second quiet round goes well", text(&run))),
            _ if run.code != 0 || !run.stdout.is_empty() || !run.stderr.is_empty() => {
                Err(("the third quiet round is silent", text(&run)))
            }
            _ if log.iter().any(|exchange| exchange.op != Op::List) => {
                Err(("the third quiet round costs LIST only", format!("{log:#?}")))
            }
            _ => Ok(()),
        }
    }

    /// Uploads that were begun and never ended go with a later large one, a day after.
    fn end(&mut self) -> Checked {
        if self.stage.hand.pending_uploads().is_empty() {
            return Ok(());
        }
        self.stage.hand.age_uploads(2 * 86_400_000);
        let act = Act::Write("last".to_owned(), Size::Large(9 << 20), Time::Now);
        perform(&self.stage, &self.book, u64::MAX, Place::Machine(0), &act);
        let ended = run(&self.stage.machines[0], &["--force"], &Trouble::None);
        self.tell(&ended, &Trouble::None);
        match self.stage.hand.pending_uploads() {
            none if none.is_empty() => Ok(()),
            some => Err(("no upload is left behind", format!("{some:?}"))),
        }
    }

    pub(super) fn tell(&mut self, ended: &Ended, trouble: &Trouble) {
        self.tally.runs += 1;
        self.tally.kills += usize::from(ended.is_none());
        self.tally.faults += usize::from(*trouble != Trouble::None);
        let is_clean = *trouble == Trouble::None && ended.as_ref().is_some_and(|r| r.code == 0);
        self.book().unclean += u64::from(!is_clean);
        match ended {
            None => self.told.push("  killed".to_owned()),
            Some(run) => {
                self.tally.failed_runs += usize::from(run.code != 0);
                self.told.push(format!("  code {}", run.code));
                let lines = run.stderr.lines().chain(run.stdout.lines()).take(12);
                self.told.extend(lines.map(|line| format!("    {line}")));
            }
        }
    }
}

/// A run's end in words.
pub(super) fn text(run: &Run) -> String {
    format!("code {}\n{}{}", run.code, run.stdout, run.stderr)
}

fn held(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets somebody do something, and writes down what came of it.
fn perform(stage: &Stage, book: &Mutex<Book>, number: u64, place: Place, act: &Act) {
    let machine = match place {
        Place::Machine(n) => Some(&stage.machines[n]),
        Place::Bucket => None,
    };
    if let (Act::Sync, Some(machine)) = (act, machine) {
        let run = machine.run(&[]);
        let sight = stage.look();
        let mut book = held(book);
        book.see(&sight);
        book.unclean += u64::from(run.code != 0);
        return;
    }
    let is_attack = matches!(act, Act::Infect(_));
    let sight = (act.forgets() || is_attack).then(|| stage.look());
    let before = stage.tree(machine);
    match machine {
        Some(machine) => person::act(stage, machine, number, act),
        None => stock::act(stage, number, act),
    }
    let after = stage.tree(machine);
    let mut book = held(book);
    book.note(number, place, act, &before, &after);
    match sight {
        Some(sight) if is_attack => book.write_off(&sight, &stage.look()),
        Some(sight) => book.forget(&sight, &stage.look()),
        None => {}
    }
}
