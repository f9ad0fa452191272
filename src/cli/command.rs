//! What can be asked for, valid by its types.

mod add;
mod archive;
mod dump;
mod named;
mod recover;
mod run;
mod settings;
mod voice;

use super::completions::Shell;
pub use add::Add;
pub use archive::{Consent, Ls, Restore, RestoreStatus, Verify, Which};
pub use dump::{Detail, Dump, StatePage, Targets};
pub use named::{Prune, Remove};
pub use recover::{Recover, Recovery};
pub use run::{Mapless, Maps, Run, Watch};
pub use settings::{Age, Edit, Init, NewMap, Settings, Start, Unmap};
pub use voice::{Form, Level, Voice};

/// What was asked for.
#[derive(Debug)]
pub enum Command {
    /// Print this and end well.
    Print(String),
    /// Keep every map's sides the same.
    Sync(Run),
    /// Keep them the same from now on.
    Watch(Watch),
    /// Tell what that would do.
    Status(Run),
    /// Change the state file's settings.
    Init(Init),
    /// Add a map, and ask for what is not said of it.
    Add(Add),
    /// Change a map's settings by its name.
    Edit(Edit),
    /// Drop a map by its name.
    Remove(Remove),
    /// Remove directories without files.
    Prune(Prune),
    /// List, show, put back or remove what the recovery folders hold.
    Recover(Recover),
    /// Tell which maps there are.
    Targets(Targets),
    /// Push or pull once, without a map.
    Mapless(Mapless),
    /// Print a script that lets a shell complete command lines.
    Completions(Shell),
    /// Ask for archived objects.
    Restore(Restore),
    /// Tell which objects are archived.
    RestoreStatus(RestoreStatus),
    /// List a map.
    Ls(Ls),
    /// Read both sides back and compare them.
    Verify(Verify),
    /// Print the state file.
    Dump(Dump),
    /// Write a page of the state file.
    StatePage(StatePage),
}
