//! `watch`: syncs maps whenever something happens in them, and all of them each interval, until it
//! is told to stop.
//!
//! Each time it makes a run as `sync` does, with all its checks. Between runs it holds no lock and
//! remembers nothing of the maps but where they are, so that other commands work meanwhile and what
//! they change is heeded.

mod events;
mod schedule;
mod supervisor;

use super::named::missing;
use super::runtime::now_ms;
use super::sync;
use crate::cli::{Maps, Run, Watch};
use crate::exit::Exit;
use crate::key::Shown;
use crate::local::RecoveryRun;
use crate::report::{Memory, Reporter};
use crate::stop::Stop;
use crate::store::{self, Mode, Store};
use events::{Events, Watched};
pub(super) use schedule::Ended;
use schedule::{Due, Schedule};
use std::sync::Arc;
use std::time::Duration;
use supervisor::Supervisor;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Watches until the wish to stop; gives the exit code.
pub(super) async fn watch(asked: &Watch, reporter: &Arc<Reporter>, stop: Stop) -> Exit {
    let supervisor = Arc::new(Supervisor::find());
    let mut beating = JoinSet::new();
    if let Some(pulse) = supervisor.pulse() {
        let supervisor = Arc::clone(&supervisor);
        beating.spawn(async move {
            loop {
                supervisor.tell("WATCHDOG=1");
                sleep(pulse).await;
            }
        });
    }
    let exit = match Vigil::begin(asked, reporter, stop) {
        Ok(mut vigil) => vigil.keep(&supervisor).await,
        Err(error) => {
            reporter.stop(&error, error.exit());
            error.exit()
        }
    };
    supervisor.tell("STOPPING=1");
    exit
}

struct Vigil<'a> {
    asked: &'a Watch,
    reporter: &'a Arc<Reporter>,
    memory: Arc<Memory>,
    stop: Stop,
    begun: Instant,
    schedule: Schedule,
    events: Option<Events>,
    signals: Option<[Signal; 3]>,
}

impl<'a> Vigil<'a> {
    /// Finds the maps. Where there is no state file, or no such map, there is nothing to wait for.
    fn begin(
        asked: &'a Watch,
        reporter: &'a Arc<Reporter>,
        stop: Stop,
    ) -> Result<Self, sync::Error> {
        let run = RecoveryRun::at(now_ms());
        let store = Store::open(&asked.run.file, Mode::ReadOnly, run.name())?;
        if let Maps::Named(names) = &asked.run.maps
            && let Some(name) = missing(store.state(), names)
        {
            return Err(sync::Error::NoName(name.to_owned()));
        }
        let memory = Arc::new(Memory::default());
        let events = Events::begin(&asked.run.file);
        let events = events.map_err(|error| {
            reporter.mention(&format!(
                "note: nothing can be watched, maps are synced each interval only: {error}"
            ));
        });
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let signals = kinds.map(signal);
        let signals = match signals {
            [Ok(interrupt), Ok(terminate), Ok(hangup)] => Some([interrupt, terminate, hangup]),
            _ => None,
        };
        Ok(Self {
            asked,
            reporter,
            memory,
            stop,
            begun: Instant::now(),
            schedule: Schedule::new(millis(asked.interval)),
            events: events.ok(),
            signals,
        })
    }

    async fn keep(&mut self, supervisor: &Supervisor) -> Exit {
        let mut is_ready = false;
        while !self.stop.is_wished() {
            let now = self.now();
            if let Some(due) = self.schedule.take_due(now) {
                supervisor.tell("STATUS=syncing");
                let ended = Box::pin(self.run(&due)).await;
                self.schedule.ended(&due, ended, now, self.now());
                supervisor.tell(if ended == Ended::Badly {
                    "STATUS=watching, with trouble"
                } else {
                    "STATUS=watching"
                });
                if !is_ready {
                    is_ready = true;
                    supervisor.tell("READY=1");
                }
                continue;
            }
            let wake = self.begun + Duration::from_millis(self.schedule.wake_ms());
            tokio::select! {
                () = sleep_until(wake) => {}
                () = happens(self.events.as_ref()) => self.hear(),
                told = told(self.signals.as_mut()) => match told {
                    Told::Hurry => self.schedule.hurry(self.now()),
                    // The wish itself is made where all commands heed signals: made twice it
                    // means to end at once.
                    Told::Stop => break,
                }
            }
        }
        Exit::Interrupted
    }

    fn now(&self) -> u64 {
        millis(self.begun.elapsed())
    }

    fn hear(&mut self) {
        let now = self.now();
        let touched = self.events.as_ref().map(Events::take).unwrap_or_default();
        for map in touched {
            self.schedule.touch(&map, now);
        }
    }

    /// Makes a run of what is due. What happens while it reads is an event for the next one.
    async fn run(&mut self, due: &Due) -> Ended {
        if *due == Due::All {
            self.memory.turn();
        }
        let Some(maps) = self.look(due) else {
            return Ended::Badly;
        };
        if maps == Maps::Named(Vec::new()) {
            return Ended::Well;
        }
        let run = Run {
            maps,
            file: self.asked.run.file.clone(),
            passphrase_command: self.asked.run.passphrase_command.clone(),
            log_dir: self.asked.run.log_dir.clone(),
            metrics: self.asked.run.metrics.clone(),
            page: None,
            ..self.asked.run
        };
        super::watched_run(&run, &self.memory, self.stop.clone()).await
    }

    /// Reads which maps there are now, and watches them; gives those that are due.
    fn look(&mut self, due: &Due) -> Option<Maps> {
        let run = RecoveryRun::at(now_ms());
        let store = match Store::open(&self.asked.run.file, Mode::ReadOnly, run.name()) {
            Ok(store) => store,
            // The run says what there is to say, unless it is kept away from it.
            Err(store::Error::Locked { .. }) => return Some(self.asked.run.maps.clone()),
            Err(error) => {
                let what = error.to_string();
                if self.memory.is_new(&what) {
                    self.reporter.complain(&what, &error);
                }
                return None;
            }
        };
        let state = store.state();
        let is_asked = |name: &String| match &self.asked.run.maps {
            Maps::Named(names) => names.contains(name),
            Maps::All | Maps::OneWay(..) => true,
        };
        if let Maps::Named(names) = &self.asked.run.maps
            && let Some(name) = missing(state, names)
        {
            self.say_once(&format!("note: there is no map called {} now", Shown(name)));
        }
        let asked = state.maps().filter(|(_, map)| is_asked(&map.name));
        let watched: Vec<_> = asked
            .map(|(_, map)| Watched {
                name: map.name.clone(),
                path: map.path.clone().into(),
                recursion: map.recursion,
            })
            .collect();
        let names = |is_due: &dyn Fn(&String) -> bool| {
            let names = watched.iter().map(|map| map.name.clone());
            Maps::Named(names.filter(|name| is_due(name)).collect())
        };
        let maps = match (due, &self.asked.run.maps) {
            (Due::All, Maps::Named(_)) => names(&|_| true),
            (Due::All, maps) => maps.clone(),
            (Due::Some(due), _) => names(&|name| due.contains(name)),
        };
        if let Some(events) = &mut self.events {
            for trouble in tokio::task::block_in_place(|| events.watch(&watched)) {
                self.say_once(&format!("note: {trouble}"));
            }
        }
        Some(maps)
    }

    fn say_once(&self, text: &str) {
        if self.memory.is_new(text) {
            self.reporter.mention(text);
        }
    }
}

/// What a signal means.
enum Told {
    Hurry,
    Stop,
}

async fn told(signals: Option<&mut [Signal; 3]>) -> Told {
    let Some([interrupt, terminate, hangup]) = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Told::Stop,
        _ = terminate.recv() => Told::Stop,
        _ = hangup.recv() => Told::Hurry,
    }
}

async fn happens(events: Option<&Events>) {
    match events {
        Some(events) => events.wait().await,
        None => std::future::pending().await,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
