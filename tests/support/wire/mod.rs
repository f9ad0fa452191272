//! The wire: an HTTP server on loopback that writes down every request, lets told faults strike,
//! and hands the rest to the embedded server, or to another server with the client's own `Host`
//! header, so that its signature still verifies.

mod fault;
mod request;
mod serve;
mod spoil;

pub use fault::{Fault, When};
pub use request::{Exchange, Op};
pub use serve::Backend;

use super::server::Store;
use fault::Rule;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running wire; ends when dropped.
pub struct Wire {
    shared: Arc<Shared>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

/// What the connections share.
struct Shared {
    backend: Backend,
    log: Mutex<Vec<Exchange>>,
    rules: Mutex<Vec<Rule>>,
    judge: Mutex<Option<Judge>>,
    findings: Mutex<Vec<String>>,
    gate: Mutex<Option<Gate>>,
}

/// What is wrong with a request and its body, if anything is.
type Judge = Box<dyn Fn(&Exchange, &[u8]) -> Option<String> + Send>;

/// Whether a request with this body may pass.
type Gate = Box<dyn Fn(&Exchange, &[u8]) -> bool + Send>;

impl Wire {
    /// A wire in front of `backend`, on a free port.
    pub fn start(backend: Backend) -> Self {
        Self::start_on(backend, 0)
    }

    /// A wire on this port.
    pub fn start_on(backend: Backend, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
            .unwrap_or_else(|e| panic!("port {port} on loopback: {e}"));
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            backend,
            log: Mutex::default(),
            rules: Mutex::default(),
            judge: Mutex::default(),
            findings: Mutex::default(),
            gate: Mutex::default(),
        });
        runtime.spawn(serve::accept(listener, Arc::clone(&shared)));
        Self {
            shared,
            address,
            runtime: Some(runtime),
        }
    }

    /// A wire in front of the embedded server.
    pub fn embedded(store: &Arc<Store>) -> Self {
        Self::start(Backend::Embedded(super::server::service(store)))
    }

    /// The endpoint's URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets a fault.
    pub fn fault(&self, when: When, fault: Fault) {
        held(&self.shared.rules).push(Rule::new(when, fault));
    }

    /// Lifts all faults; returns how many times they struck.
    pub fn heal(&self) -> usize {
        let rules = std::mem::take(&mut *held(&self.shared.rules));
        rules.iter().map(Rule::struck).sum()
    }

    /// Looks at every request from now on, before any fault strikes it.
    pub fn judge(&self, judge: impl Fn(&Exchange, &[u8]) -> Option<String> + Send + 'static) {
        *held(&self.shared.judge) = Some(Box::new(judge));
    }

    /// Refuses every request from now on that this does not let pass, as one without the right.
    pub fn gate(&self, gate: impl Fn(&Exchange, &[u8]) -> bool + Send + 'static) {
        *held(&self.shared.gate) = Some(Box::new(gate));
    }

    /// What was found wrong so far.
    pub fn findings(&self) -> Vec<String> {
        held(&self.shared.findings).clone()
    }

    /// All requests so far, in the order in which they came.
    pub fn log(&self) -> Vec<Exchange> {
        held(&self.shared.log).clone()
    }

    /// Begins a new log.
    pub fn forget(&self) {
        held(&self.shared.log).clear();
    }

    /// How many requests of an operation came.
    pub fn count(&self, op: Op) -> usize {
        held(&self.shared.log).iter().filter(|e| e.op == op).count()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
