//! Registrations against naive models: lists, counts, stages, limits, what checks read.
#![allow(clippy::unwrap_used)]

mod lists;
mod model;
mod pages;
mod refusals;

use super::*;
use crate::{desk::Agent, import::progress::Silent, registry::Registry};

/// A register in a directory of its own.
struct World {
    dir: tempfile::TempDir,
    open: Option<Registrations>,
}

impl World {
    fn new() -> Self {
        let mut world = Self { dir: tempfile::tempdir().unwrap(), open: None };
        world.reopen();
        world
    }

    /// Closes the register and opens it again.
    fn reopen(&mut self) {
        self.open = None;
        let (registry, _) = Registry::open(&self.dir.path().join("data"), true).unwrap();
        self.open = Some(Registrations::open(registry.store()).unwrap());
    }

    fn all(&self) -> &Registrations {
        self.open.as_ref().unwrap()
    }

    fn take_in(&self, order: &ListOrder, list: &str) -> Result<TakenIn, RegistrationError> {
        self.all().take_in(order, &mut list.as_bytes(), &Silent)
    }

    #[track_caller]
    fn full(&self, operator: &str, list: &str) -> Outcome {
        self.take_in(&order(operator, Mode::Full), list).unwrap().record.outcome.unwrap()
    }

    /// Proposes a calendar as one person and puts it in force as another.
    fn calendar(&self, document: &str) -> u64 {
        let number = self.all().propose(&person("rina", None), document, "").unwrap().number;
        self.all().decide(&person("dewi", None), number, None, true, "").unwrap();
        number
    }
}

fn person(name: &str, operator: Option<&str>) -> Agent {
    Agent { name: name.to_owned(), operator: operator.map(str::to_owned) }
}

/// An order that is refused nothing but bad rows.
fn order(operator: &str, mode: Mode) -> ListOrder {
    ListOrder {
        by: person("tina", Some(operator)),
        operator: operator.to_owned(),
        mode,
        all_or_nothing: false,
        max_drop_percent: 100,
        max_takeover_percent: 100,
        sha256: None,
        request: String::new(),
        today: today(),
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

const NIK: &str = "9912341501900001";
const OTHER_NIK: &str = "9912345501900002";
