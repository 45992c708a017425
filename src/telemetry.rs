//! Diagnostics to standard error, as text or as JSON lines.
//!
//! A subscriber is always installed: tracing without one is slower than with one that filters. Standard output
//! belongs to what a command prints. Personal values reach a diagnostic masked only, since their `Debug` masks them.

use serde::{Deserialize, Serialize};
use std::{
    io::{self, IsTerminal},
    str::FromStr,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The form of diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text an event.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("{text:?} is no form of diagnostics: write text or json")),
        }
    }
}

/// Why diagnostics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("{filter:?} is no log filter: {error}; write a level (error, warn, info, debug) or target=level pairs")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        error: tracing_subscriber::filter::ParseError,
    },
    /// Another subscriber is there already.
    #[error("diagnostics are set up already")]
    Twice,
}

/// Installs diagnostics for the whole process. `filter`: a level, or `target=level` pairs.
///
/// # Errors
/// When the filter cannot be read, or when they are installed already.
pub fn install(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| TelemetryError::Filter { filter: filter.chars().take(80).collect(), error })?;
    // Colours are for a terminal; a file or a journal wants the bare words.
    let colours = io::stderr().is_terminal();
    let registry = tracing_subscriber::registry().with(parsed);
    let installed = match format {
        LogFormat::Text => {
            registry.with(fmt::layer().with_writer(io::stderr).with_ansi(colours).with_target(false)).try_init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(io::stderr)).try_init(),
    };
    installed.map_err(|_| TelemetryError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_is_named() {
        let Err(error) = install("saring=loud", LogFormat::Text) else { panic!("must be refused") };
        assert!(error.to_string().starts_with("\"saring=loud\" is no log filter"), "{error}");
    }
}
