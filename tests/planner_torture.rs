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

use parts::model::{Grain, HONOURS_ALL};
use parts::planner::{Fault, Scope, Tally, every, found, shrunk};
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

/// The smallest case in which such a server loses an update.
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
    let mut faults = faults.inspect(|fault| assert!(fault.what.starts_with("lost"), "{fault}"));
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
fn a_server_that_ignores_conditions_loses_updates_though_it_is_asked_before() {
    let fault = lost(HONOURS_NONE, HONOURS_NONE).expect("it would be safe");
    assert!(fault.case.deeds.len() <= 12, "{fault}");
}

#[test]
fn a_server_that_is_believed_wrongly_loses_updates() {
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
