//! The planner under torture, as far as it takes seconds: random cases of machines that share a
//! bucket, and all small ones. `fuzz/pure/examples/planner.rs` goes on for as long as one likes.

#[path = "../fuzz/src"]
mod parts {
    #[allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "the fuzz target has its part of it"
    )]
    pub(super) mod model;
    #[allow(dead_code, unreachable_pub, reason = "a library in its own crate")]
    pub(super) mod planner;
}

use parts::model::{Act, Grain, HONOURS_ALL, Keeping};
use parts::planner::{Fault, Scope, Tally, every, found, shrunk, undone};
use s3_bsync::guard::Side;
use s3_bsync::state::Capabilities;

/// What a server that ignores all conditions honours.
const HONOURS_NONE: Capabilities = Capabilities {
    put_if_absent: false,
    put_if_match: false,
    complete_if_absent: false,
    complete_if_match: false,
    copy_if_absent: false,
    copy_source_if_match: false,
    delete_if_match: false,
    batch_delete_if_match: false,
    ..HONOURS_ALL
};

/// Random cases of one run of this test.
const CASES: u64 = 4_000;

fn whole(scope: &Scope) -> Tally {
    every(scope, 0, 1).unwrap_or_else(|fault| panic!("{}", shrunk(*fault)))
}

/// One machine, and what people do there and in the bucket while its run goes on.
fn amid() -> Scope {
    Scope {
        machines: 1,
        amid: 1,
        grain: Grain::Moments,
        ..Scope::two_machines(1)
    }
}

/// Two machines, either of which can be infected.
fn infected() -> Scope {
    Scope {
        names: vec![0],
        has_attacks: true,
        ..Scope::two_machines(1)
    }
}

/// The smallest case in which such a server loses an update, or lets a record be untrue.
fn lost(honours: Capabilities, found: Capabilities) -> Option<Fault> {
    let scopes = [Scope::two_machines(1), amid()];
    let faults = scopes.into_iter().filter_map(|scope| {
        let scope = Scope {
            honours,
            found,
            ..scope
        };
        every(&scope, 0, 1).err()
    });
    let is_known = |what: &str| what.starts_with("lost") || what.contains("untrue record");
    let mut faults = faults.inspect(|fault| assert!(is_known(&fault.what), "{fault}"));
    faults.next().map(|fault| shrunk(*fault))
}

#[test]
fn random_cases_lose_nothing_and_end_equal() {
    for seed in 0..CASES {
        if let Err(fault) = found(seed) {
            panic!("seed {seed}: {}", shrunk(*fault));
        }
    }
}

#[test]
fn no_order_of_two_machines_requests_loses_an_update() {
    let tally = whole(&Scope::two_machines(1));
    assert!(tally.orders > 5_000, "{tally:?}");
}

#[test]
fn no_death_and_no_mishap_in_any_order_loses_an_update() {
    let tally = whole(&Scope {
        names: vec![0],
        troubles: 1,
        ..Scope::two_machines(1)
    });
    assert!(tally.orders > 1_000, "{tally:?}");
}

#[test]
fn nothing_that_users_do_amid_a_run_is_lost() {
    let tally = whole(&amid());
    assert!(tally.orders > 1_000, "{tally:?}");
}

#[test]
fn nothing_that_an_infected_machine_replaces_is_lost_on_another() {
    let tally = whole(&infected());
    assert!(tally.orders > 1_000, "{tally:?}");
}

#[test]
fn a_program_that_keeps_no_replaced_file_loses_what_an_infected_machine_replaces() {
    let scope = Scope {
        keeping: Keeping::NoReplaced,
        ..infected()
    };
    let fault = every(&scope, 0, 1).expect_err("it would be safe");
    assert!(fault.what.starts_with("lost"), "{fault}");
}

#[test]
fn undo_once_on_each_machine_ends_an_infection() {
    let attacks: [fn(u8) -> Act; 2] = [|name| Act::Infect(Side::Remote, name), Act::Wipe];
    for attack in attacks {
        for machines in 1..=4 {
            let [before, amid, after] = undone(machines, &[0, 3, 6, 12], attack);
            assert_ne!(before, amid, "nothing was attacked");
            assert_eq!(before, after, "{machines} machines");
        }
    }
}

#[test]
fn a_server_that_ignores_conditions_loses_updates_though_it_is_asked_before() {
    let fault = lost(HONOURS_NONE, HONOURS_NONE).expect("it would be safe");
    assert!(fault.case.deeds.len() <= 12, "{fault}");
}

#[test]
fn a_server_that_is_believed_wrongly_loses_updates_or_makes_records_untrue() {
    let fault = lost(HONOURS_NONE, HONOURS_ALL).expect("it would be safe");
    println!("{fault}");
}

#[test]
fn each_condition_is_needed() {
    let all = HONOURS_ALL;
    for (name, honours) in [
        (
            "PUT If-None-Match",
            Capabilities {
                put_if_absent: false,
                ..all
            },
        ),
        (
            "PUT If-Match",
            Capabilities {
                put_if_match: false,
                ..all
            },
        ),
        (
            "COPY If-None-Match",
            Capabilities {
                copy_if_absent: false,
                ..all
            },
        ),
        (
            "DELETE If-Match",
            Capabilities {
                delete_if_match: false,
                ..all
            },
        ),
    ] {
        assert!(lost(honours, honours).is_some(), "{name} is not needed");
    }
    // A copy of the wrong source is found out by a second look, and taken away.
    let honours = Capabilities {
        copy_source_if_match: false,
        ..all
    };
    assert!(lost(honours, honours).is_none());
}
