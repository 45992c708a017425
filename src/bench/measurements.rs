//! What was measured on one machine: the file between `saring bench all`, `saring bench report` and `saring plan`.

use super::{Mode, Profile, sweep::Sweep};
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};

/// The form of the file. Another one is refused.
pub const FORMAT: u32 = 1;

/// Where it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Its cores.
    pub cores: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// System and kernel.
    pub system: String,
    /// Release of Saring.
    pub version: String,
    /// Whether the build was an optimised one; the figures of another mean nothing.
    pub optimised: bool,
}

/// What a register costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// IMEIs that it holds.
    pub imeis: u64,
    /// Pairings and subscribers.
    pub pairs: u64,
    /// Hot sets.
    pub memory_bytes: u64,
    /// Most that the server's process ever had (VmHWM).
    pub resident_bytes: u64,
    /// The directory, as `du` counts it.
    pub disk_bytes: u64,
    /// To make it, on the clock.
    pub made_seconds: f64,
    /// CPU of that.
    pub made_cpu_seconds: f64,
    /// From start to ready.
    pub ready_seconds: f64,
    /// From start to ready after `kill -9`.
    pub ready_after_kill_seconds: f64,
}

/// A sweep of one mix and way of asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swept {
    /// The mix.
    #[serde(with = "super::order::by_name")]
    pub profile: Profile,
    /// How questions travelled.
    pub mode: Mode,
    /// What was found.
    pub sweep: Sweep,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// [`FORMAT`].
    pub format: u32,
    /// When, as `2026-11-22T04:10+07:00`.
    pub made: String,
    /// How to make it again.
    pub command: String,
    /// Where.
    pub machine: Machine,
    /// Check runtimes of the server.
    pub server_threads: usize,
    /// The same number of IMEIs without and with pairings, so that both can be told apart.
    pub costs: Vec<Cost>,
    /// The checks, on the last of the registers.
    pub sweeps: Vec<Swept>,
}

/// Why there are no measurements.
#[derive(Debug, thiserror::Error)]
pub enum MeasurementsError {
    /// The file is not there or cannot be read.
    #[error(
        "cannot read the measurements in {path}: {error}; make them on this machine with: saring bench all --out {path}"
    )]
    File {
        /// Its path.
        path: String,
        /// The system's word.
        error: io::Error,
    },
    /// It holds something else.
    #[error("{path} holds no measurements of this release: {why}; make them with: saring bench all --out {path}")]
    Form {
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
}

impl Measurements {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self, MeasurementsError> {
        let name = || path.display().to_string();
        let form = |why: String| MeasurementsError::Form { path: name(), why };
        let text = fs::read_to_string(path).map_err(|error| MeasurementsError::File { path: name(), error })?;
        let measurements: Self = serde_json::from_str(&text).map_err(|error| form(error.to_string()))?;
        if measurements.format != FORMAT {
            return Err(form(format!("it is of form {}, not {FORMAT}", measurements.format)));
        }
        Ok(measurements)
    }

    /// The sweep of a mix and way of asking; else one of another mix asked the same way.
    pub fn sweep(&self, profile: Profile, mode: Mode) -> Option<&Swept> {
        let of_mode = || self.sweeps.iter().filter(|swept| swept.mode == mode);
        of_mode().find(|swept| swept.profile == profile).or_else(|| of_mode().next())
    }
}
