//! `ls`: every path of a map, and how it stands on each side. Reads both sides as a run does, takes
//! no lock and changes nothing.

mod row;

use super::restore::Error;
use super::survey::{Look, stand};
use crate::cli::{Form, Keys, Ls};
use crate::event::Event;
use crate::exit::Exit;
use crate::report::{Output, Reporter};
use crate::state::Direction;
use crate::stop::Stop;
use crate::sync::each;
use row::Row;
use std::io::{BufWriter, Write};
use std::sync::Arc;

/// Lists a map, a line for each path, as they come.
///
/// # Errors
/// [`Error`] where the state file cannot be read, there is no such map, or a side of it cannot be
/// read to its end; what was listed before that says nothing of the rest.
pub(super) async fn ls(
    asked: &Ls,
    reporter: &Arc<Reporter>,
    now_ms: i64,
    stop: Stop,
) -> Result<Exit, Error> {
    let listener = Arc::clone(reporter);
    let look = Look {
        sink: Arc::new(move |event: Event<'_>| {
            if let Event::Notice(_) = event {
                listener.tell(&event);
            }
        }),
        ..Look::new(&asked.file, &asked.which, reporter, now_ms, &stop)
    };
    let mut survey = look.begin().map_err(Error::Open)?;
    for task in &mut survey.tasks {
        let stood = stand(task);
        // What a map that goes one way has on the other side is a part of it all the same.
        task.map.direction = Direction::Both;
        let halted = |halt| Error::Halt(task.map.name.clone(), Box::new(halt));
        let (root, standing) = stood.map_err(halted)?;
        let mut out = BufWriter::new(Output::new());
        if asked.voice.form == Form::Text {
            let _ = writeln!(out, "{}", row::HEAD);
        }
        let hidden = each(task, root, standing, &survey.store, |item| {
            if asked.which.keys.has(&item.key) {
                let row = Row::of(&item);
                let _ = match asked.voice.form {
                    Form::Text => writeln!(out, "{row}"),
                    Form::Json => writeln!(out, "{}", row.json()),
                };
            }
        });
        let hidden = hidden.await.map_err(halted)?;
        let _ = out.flush();
        drop(out);
        // Whether a name that is no key is meant by a pattern cannot be told.
        let shown = hidden.into_iter().filter(|_| asked.which.keys == Keys::All);
        for (name, why) in shown {
            reporter.tell(&Event::Hidden {
                name: &name,
                why: &why,
            });
        }
    }
    Ok(if stop.is_wished() {
        Exit::Interrupted
    } else {
        Exit::InSync
    })
}
