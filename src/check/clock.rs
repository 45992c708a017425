//! A clock that costs one memory read.
//!
//! Reading the system's clock costs about as much as a whole lookup. A verdict needs the day and the second from
//! which settings hold, so one thread reads the clock ten times a second for everyone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How far the clock may lag behind the system's.
const STEP: Duration = Duration::from_millis(100);

/// Seconds since the Unix epoch, at most a tenth of a second old. Cloning copies a reference.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that follows the system's until the last clone of it is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn system() -> std::io::Result<Self> {
        let clock = Self::fixed(system_seconds());
        let seconds = Arc::downgrade(&clock.0);
        thread::Builder::new().name("clock".into()).spawn(move || {
            while let Some(seconds) = seconds.upgrade() {
                seconds.store(system_seconds(), Ordering::Relaxed);
                drop(seconds);
                thread::sleep(STEP);
            }
        })?;
        Ok(clock)
    }

    /// A clock that stands still, for questions about another time.
    pub fn fixed(unix_seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(unix_seconds)))
    }

    /// Seconds since the Unix epoch.
    pub fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The system's clock. One before 1970 counts as 1970: no verdict depends on such a time.
fn system_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
