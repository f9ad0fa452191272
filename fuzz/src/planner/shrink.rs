//! Tries a case, and makes one that fails as small as it can.

use super::super::model::World;
use super::case::{Case, Deed};
use super::fleet::{Fleet, paces_of, world_of};
use super::random::case_of;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A case that fails.
#[derive(Debug, Clone)]
pub struct Fault {
    pub case: Case,
    /// What does not hold.
    pub what: String,
    /// What happened, request by request.
    pub tale: Vec<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.what, self.case)?;
        self.tale
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Tries the case of a seed.
///
/// # Errors
/// The fault, as it was found.
pub fn found(seed: u64) -> Result<(), Box<Fault>> {
    told(&case_of(seed))
}

fn told(case: &Case) -> Result<(), Box<Fault>> {
    tried(case, world_of(case), |fleet, case| {
        for deed in &case.deeds {
            fleet.does(*deed);
        }
    })
}

/// Tries a case in its world, with what happens there before all comes to rest.
pub(super) fn tried(
    case: &Case,
    world: RefCell<World>,
    happen: impl FnOnce(&mut Fleet<'_>, &Case),
) -> Result<(), Box<Fault>> {
    silence();
    world.borrow_mut().tale = Some(Vec::new()).filter(|_| IS_ALOUD.get());
    let paces = paces_of(case);
    IS_TRIED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut fleet = Fleet::new(case, &world, &paces);
        happen(&mut fleet, case);
        fleet.rest();
    }));
    IS_TRIED.set(false);
    let tale = world.into_inner().tale.unwrap_or_default();
    ended.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Box::new(Fault {
            case: case.clone(),
            what: text.unwrap_or_default(),
            tale,
        })
    })
}

/// The smallest case that still fails, with its tale.
#[must_use]
pub fn shrunk(fault: Fault) -> Fault {
    let mut least = fault;
    loop {
        let before = least.case.deeds.len() + least.case.agreed.len();
        for shrink in [fewer_deeds, fewer_agreed, plainer] {
            shrink(&mut least);
        }
        if least.case.deeds.len() + least.case.agreed.len() == before {
            break;
        }
    }
    IS_ALOUD.set(true);
    let aloud = told(&least.case);
    IS_ALOUD.set(false);
    aloud.err().map_or(least, |fault| *fault)
}

fn keep_if_faulty(least: &mut Fault, case: &Case) -> bool {
    let fault = told(case).err();
    let is_faulty = fault.is_some();
    if let Some(fault) = fault {
        *least = *fault;
    }
    is_faulty
}

fn fewer_deeds(least: &mut Fault) {
    let mut length = least.case.deeds.len();
    while length > 0 {
        let mut at = 0;
        while at < least.case.deeds.len() {
            let mut case = least.case.clone();
            case.deeds.drain(at..case.deeds.len().min(at + length));
            if !keep_if_faulty(least, &case) {
                at += length;
            }
        }
        length /= 2;
    }
}

fn fewer_agreed(least: &mut Fault) {
    for at in (0..least.case.agreed.len()).rev() {
        let mut case = least.case.clone();
        case.agreed.remove(at);
        keep_if_faulty(least, &case);
    }
}

/// Fewer machines and plainer runs.
fn plainer(least: &mut Fault) {
    let youngest = least.case.policies.len() - 1;
    let is_anothers = |deed: &Deed| deed.who() != youngest;
    if youngest > 0 {
        let mut case = least.case.clone();
        case.policies.pop();
        case.deeds.retain(is_anothers);
        keep_if_faulty(least, &case);
    }
    for at in 0..least.case.deeds.len() {
        if let Some(plain) = least.case.deeds[at].plainer() {
            let mut case = least.case.clone();
            case.deeds[at] = plain;
            keep_if_faulty(least, &case);
        }
    }
}

thread_local! {
    static IS_TRIED: Cell<bool> = const { Cell::new(false) };
    static IS_ALOUD: Cell<bool> = const { Cell::new(false) };
}

/// A fault is told once, when it is small; not at every try.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_TRIED.get() {
                told(panic);
            }
        }));
    });
}
