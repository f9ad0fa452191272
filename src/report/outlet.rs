//! Why a log or metrics cannot be written.

use crate::key::Shown;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What a run was to write of itself, and could not.
#[derive(Debug)]
pub enum Outlet {
    /// No log can be begun in this directory.
    NoLog(PathBuf, io::Error),
    /// No metrics can be written to this file.
    NoMetrics(PathBuf, io::Error),
    /// The log broke off.
    LogLost(PathBuf, io::Error),
    /// The metrics of this run are not in the file.
    MetricsLost(PathBuf, io::Error),
}

impl fmt::Display for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLog(path, _) => write!(f, "cannot begin a log in {}", Text(path)),
            Self::NoMetrics(path, _) => write!(f, "cannot write metrics to {}", Text(path)),
            Self::LogLost(path, _) => write!(f, "the log {} broke off", Text(path)),
            Self::MetricsLost(path, _) => {
                write!(f, "the metrics in {} are those of before", Text(path))
            }
        }
    }
}

impl std::error::Error for Outlet {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoLog(_, error)
            | Self::NoMetrics(_, error)
            | Self::LogLost(_, error)
            | Self::MetricsLost(_, error) => Some(error),
        }
    }
}

struct Text<'a>(&'a Path);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0.display().to_string()).fmt(f)
    }
}
