//! What a service manager hears: that the watch is ready, works, and ends (`sd_notify(3)`).

use std::env;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The manager's socket, where there is a manager.
pub(super) struct Supervisor(Option<(UnixDatagram, SocketAddr)>);

impl Supervisor {
    /// Finds it by `NOTIFY_SOCKET`; a name that begins with `@` is an abstract one.
    pub(super) fn find() -> Self {
        let Some(name) = env::var("NOTIFY_SOCKET")
            .ok()
            .filter(|name| !name.is_empty())
        else {
            return Self(None);
        };
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        let socket = UnixDatagram::unbound();
        Self(socket.ok().zip(address.ok()))
    }

    /// Tells it. That nobody listens harms nobody.
    pub(super) fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.0 {
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }

    /// How often it wants to hear that all is well: twice in the time after which it would act.
    pub(super) fn pulse(&self) -> Option<Duration> {
        let micros = env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
        let pulse = Duration::from_micros(micros) / 2;
        (self.0.is_some() && !pulse.is_zero()).then_some(pulse)
    }
}
