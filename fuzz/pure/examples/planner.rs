#[allow(dead_code, unused)]
#[path = "../../src"]
mod modules {
    pub mod model;
    pub mod planner;
    pub mod reconcile;
}
use modules::planner;
use std::time::Instant;

fn main() {
    let args: Vec<u64> = std::env::args()
        .skip(1)
        .map(|a| a.parse().unwrap())
        .collect();
    let begun = Instant::now();
    if args[0] == 0 {
        let mut scope = planner::Scope::two_machines(args[1] as usize);
        scope.troubles = args[2] as usize;
        match planner::every(&scope, 0, 1) {
            Ok(tally) => println!("{tally:?} in {:?}", begun.elapsed()),
            Err(fault) => println!("{}", planner::shrunk(*fault)),
        }
        return;
    }
    let (first, count) = (args[0], args[1]);
    for seed in first..first + count {
        if let Err(fault) = planner::found(seed) {
            println!("seed {seed}: {}", fault.what);
            println!("{}", planner::shrunk(*fault));
            std::process::exit(1);
        }
    }
    println!("{count} cases in {:?}", begun.elapsed());
}
