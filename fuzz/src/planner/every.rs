//! All small cases: every tree of a few names, everything that people can do to it in a few acts,
//! and every order in which the runs' turns can come, with and without trouble at any of them.

use super::super::model::{
    Act, Grain, HONOURS_ALL, Keeping, Luck, Manner as Writing, Renames, World,
};
use super::case::{Case, Deed, Manner};
use super::fleet::{Fleet, world_of};
use super::shrink::{Fault, tried};
use s3_bsync::guard::{Limit, Side};
use s3_bsync::state::{Capabilities, ConflictPolicy};
use std::cell::RefCell;

/// What is small.
#[derive(Debug, Clone)]
pub struct Scope {
    pub machines: usize,
    /// Names that there are, by position in the list of nasty ones.
    pub names: Vec<usize>,
    /// Acts at each machine before the runs begin, at most.
    pub before: usize,
    /// Acts at the first machine, or in the bucket, while the runs go on.
    pub amid: usize,
    /// Times that a request fails, or a run is killed.
    pub troubles: usize,
    /// Whether a machine can be infected, before and while the runs go on.
    pub has_attacks: bool,
    pub keeping: Keeping,
    pub grain: Grain,
    pub policies: Vec<ConflictPolicy>,
    pub honours: Capabilities,
    pub found: Capabilities,
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Trees and acts.
    pub worlds: u64,
    /// Orders of turns.
    pub orders: u64,
}

impl Scope {
    /// Two machines that have done so many things each before their runs meet.
    #[must_use]
    pub fn two_machines(before: usize) -> Self {
        Self {
            machines: 2,
            names: vec![0, 3],
            before,
            amid: 0,
            troubles: 0,
            has_attacks: false,
            keeping: Keeping::All,
            grain: Grain::Requests,
            policies: vec![
                ConflictPolicy::Newer,
                ConflictPolicy::KeepBoth,
                ConflictPolicy::Local,
                ConflictPolicy::Remote,
            ],
            honours: HONOURS_ALL,
            found: HONOURS_ALL,
        }
    }

    /// All cases, each with what happens while its runs go on.
    fn cases(&self) -> impl Iterator<Item = (Case, Vec<Deed>)> + '_ {
        let both = [Side::Local, Side::Remote];
        // Where there is one machine only, nobody else changes the bucket.
        let sides = if self.machines == 1 {
            &both[..]
        } else {
            &both[..1]
        };
        let acts_on = |sides: &[Side]| {
            let mut acts = acts(&self.names, sides);
            if self.has_attacks {
                acts.extend(attacks(&self.names));
            }
            acts
        };
        let before = sequences(&acts_on(sides), self.before);
        let amid = sequences(&acts_on(&both), self.amid);
        let chosen = before
            .len()
            .pow(u32::try_from(self.machines).expect("a few"));
        let agreed = 0..=self.names.len();
        let all = self.policies.iter().flat_map(move |policy| {
            let agreed = agreed.clone();
            agreed.flat_map(move |agreed| (0..chosen).map(move |chosen| (policy, agreed, chosen)))
        });
        all.flat_map(move |(policy, agreed, chosen)| {
            let mut deeds = Vec::new();
            let mut rest = chosen;
            for who in 0..self.machines {
                let acts = &before[rest % before.len()];
                deeds.extend(acts.iter().map(|act| Deed::Act(who, *act)));
                rest /= before.len();
            }
            deeds.extend((0..self.machines).map(|who| Deed::Begin(who, Manner::PLAIN)));
            let case = Case {
                policies: vec![*policy; self.machines],
                honours: self.honours,
                found: self.found,
                limit: Limit::Percent(100),
                grain: self.grain,
                keeping: self.keeping,
                renames: Renames::Paired,
                agreed: self.names[..agreed].to_vec(),
                deeds,
            };
            let scripts = amid.clone().into_iter();
            scripts.map(move |script| {
                let script = script.into_iter().map(|act| Deed::Act(0, act));
                (case.clone(), script.collect())
            })
        })
    }
}

/// Everything that a person can do once.
fn acts(names: &[usize], sides: &[Side]) -> Vec<Act> {
    let names = names.iter().map(|name| u8::try_from(*name).expect("few"));
    let names: Vec<u8> = names.collect();
    let mut acts = Vec::new();
    for side in sides {
        for name in &names {
            acts.push(Act::Write(*side, *name, Writing::Now));
            acts.push(Act::Remove(*side, *name));
            let others = names.iter().filter(|other| *other != name);
            acts.extend(others.map(|other| Act::Rename(*side, *name, *other)));
        }
    }
    acts
}

/// Everything that an infected machine can do once.
fn attacks(names: &[usize]) -> impl Iterator<Item = Act> {
    names.iter().flat_map(|name| {
        let name = u8::try_from(*name).expect("few");
        [
            Act::Infect(Side::Local, name),
            Act::Infect(Side::Remote, name),
            Act::Wipe(name),
        ]
    })
}

/// All sequences of at most so many.
fn sequences(acts: &[Act], most: usize) -> Vec<Vec<Act>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..most {
        let longer = last.iter().flat_map(|sequence: &Vec<Act>| {
            acts.iter()
                .map(|act| [&sequence[..], &[*act]].concat())
                .collect::<Vec<_>>()
        });
        last = longer.collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Tries all cases of a scope, of so many parts the one.
///
/// # Errors
/// The first fault.
pub fn every(scope: &Scope, part: usize, parts: usize) -> Result<Tally, Box<Fault>> {
    let mut tally = Tally::default();
    for (at, (case, script)) in scope.cases().enumerate() {
        if at % parts == part {
            tally.worlds += 1;
            tally.orders += every_order(&case, &script, scope.troubles)?;
        }
    }
    Ok(tally)
}

/// Every order of a case's turns, and of what happens amid them.
fn every_order(case: &Case, script: &[Deed], troubles: usize) -> Result<u64, Box<Fault>> {
    let world = world_of(case).into_inner();
    let mut orders = 0;
    let mut path: Vec<(usize, usize)> = Vec::new();
    loop {
        let mut done = Vec::new();
        let ended = tried(case, begun(&world), |fleet, case| {
            for deed in &case.deeds {
                fleet.does(*deed);
            }
            let (mut script, mut troubles) = (script.iter(), troubles);
            loop {
                let may_be = possible(fleet, script.as_slice().first().copied(), troubles);
                if may_be.is_empty() {
                    break;
                }
                if path.len() == done.len() {
                    path.push((0, may_be.len()));
                }
                let deed = may_be[path[done.len()].0];
                done.push(deed);
                match deed {
                    Deed::Act(..) => {
                        script.next();
                    }
                    Deed::Kill(..) | Deed::Mishap(..) => troubles -= 1,
                    Deed::Turn(..) | Deed::Begin(..) => {}
                }
                fleet.does(deed);
            }
        });
        if let Err(mut fault) = ended {
            fault.case.deeds.extend(done);
            return Err(fault);
        }
        orders += 1;
        loop {
            match path.pop() {
                None => return Ok(orders),
                Some((chosen, of)) if chosen + 1 < of => {
                    path.push((chosen + 1, of));
                    break;
                }
                Some(_) => {}
            }
        }
    }
}

fn begun(world: &World) -> RefCell<World> {
    RefCell::new(world.clone())
}

/// What may happen next.
fn possible(fleet: &Fleet<'_>, act: Option<Deed>, troubles: usize) -> Vec<Deed> {
    let mut may_be = Vec::new();
    for who in fleet.running() {
        may_be.push(Deed::Turn(who, 0));
        if troubles > 0 {
            may_be.push(Deed::Kill(who, 0));
            may_be.push(Deed::Kill(who, 2));
            may_be.push(Deed::Mishap(who, Luck::Fails));
            may_be.push(Deed::Mishap(who, Luck::Unheard));
        }
    }
    may_be.extend(act.filter(|_| !may_be.is_empty()));
    may_be
}
