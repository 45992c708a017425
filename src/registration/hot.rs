//! What checks read: a byte or two a number, in memory.
//!
//! Pages as on the disk, each with a palette of what its numbers are (operator, state, stage) and one byte a number; few
//! numbers stand in a short list. What always holds: a reader sees all of a list or calendar or nothing; the stages are
//! those of the day that stands beside them.

use super::{
    Page, RegistrationError, Registrations, Stage, State, cells::ByNumber, cells::Cells, counts::Stager, names::Names,
    page,
};
use crate::{day::Day, identity::Msisdn};
use arc_swap::ArcSwapOption;
use std::sync::{Arc, TryLockError};

/// Classes that a byte can name; 0 is no number.
const PALETTE_MAX: usize = 254;
/// Bytes of a number in a short list: its place and its class.
const LISTED_BYTES: usize = 3;

/// Operator (8 bits), state (3), stage (3).
type Class = u16;

/// The numbers of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum HotPage {
    /// One byte a place: the class in the palette, from 1.
    Dense { palette: Box<[Class]>, classes: Box<[u8]> },
    /// Places that ascend, with their classes in the palette.
    Listed { palette: Box<[Class]>, places: Box<[u16]>, classes: Box<[u8]> },
    /// More classes than a byte can name.
    Wide(Box<[(u16, Class)]>),
}

impl HotPage {
    fn of(numbers: &[(u16, Class)]) -> Self {
        let mut palette: Vec<Class> = numbers.iter().map(|(_, class)| *class).collect();
        palette.sort_unstable();
        palette.dedup();
        if palette.len() > PALETTE_MAX {
            return Self::Wide(numbers.into());
        }
        let class = |class: &Class| palette.binary_search(class).map_or(0, |at| at as u8 + 1);
        if numbers.len() * LISTED_BYTES < page::PAGE_NUMBERS {
            let places = numbers.iter().map(|(place, _)| *place).collect();
            let classes = numbers.iter().map(|(_, of)| class(of)).collect();
            return Self::Listed { palette: palette.into(), places, classes };
        }
        let mut classes = vec![0; page::PAGE_NUMBERS];
        for (place, of) in numbers {
            classes[usize::from(*place)] = class(of);
        }
        Self::Dense { palette: palette.into(), classes: classes.into() }
    }

    fn at(&self, place: u16) -> Option<Class> {
        let of = |palette: &[Class], nth: u8| palette.get(usize::from(nth).checked_sub(1)?).copied();
        match self {
            Self::Dense { palette, classes } => of(palette, *classes.get(usize::from(place))?),
            Self::Listed { palette, places, classes } => of(palette, classes[places.binary_search(&place).ok()?]),
            Self::Wide(numbers) => {
                numbers.binary_search_by_key(&place, |(place, _)| *place).ok().map(|at| numbers[at].1)
            }
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Dense { palette, classes } => 2 * palette.len() + classes.len(),
                Self::Listed { palette, places, classes } => 2 * palette.len() + 3 * places.len().max(classes.len()),
                Self::Wide(numbers) => 4 * numbers.len(),
            }
    }
}

/// All numbers, as checks read them.
#[derive(Clone, Debug)]
pub struct Hot {
    day: Day,
    calendar: u64,
    names: Arc<Names>,
    pages: ByNumber<Arc<HotPage>>,
}

/// What a check tells of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotAnswer {
    /// The operator.
    pub operator: String,
    /// How it stands.
    pub state: State,
    /// What is blocked.
    pub stage: Stage,
}

impl Hot {
    /// The day of the stages.
    pub const fn day(&self) -> Day {
        self.day
    }

    /// The number of the calendar of the stages; 0: none.
    pub const fn calendar(&self) -> u64 {
        self.calendar
    }

    /// What is told of a number. `None`: nobody handed it in.
    pub fn at(&self, msisdn: Msisdn) -> Option<HotAnswer> {
        let (page, place) = page::place(msisdn.get());
        let class = self.pages.get(&page)?.at(place)?;
        Some(HotAnswer {
            operator: self.names.operator((class >> 6) as u8).to_owned(),
            state: State::from_code((class >> 3) as u8 & 7)?,
            stage: Stage::from_code(class as u8 & 7)?,
        })
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let slots = self.pages.capacity() * (size_of::<(u64, Arc<HotPage>)>() + 1);
        slots + self.pages.values().map(|page| page.bytes()).sum::<usize>()
    }
}

/// The newest hot pages; none before they are loaded.
#[derive(Debug, Default)]
pub struct Live(ArcSwapOption<Hot>);

impl Live {
    /// The newest. Never waits.
    pub fn load(&self) -> Option<Arc<Hot>> {
        self.0.load_full()
    }
}

/// The pages that a change touches.
pub(super) struct Touched {
    stager: Option<Stager>,
    pages: Vec<(u64, Arc<HotPage>)>,
}

impl Touched {
    pub(super) fn page(&mut self, number: u64, page: &Page) {
        if let Some(stager) = &mut self.stager {
            self.pages.push((number, Arc::new(hot_page(page, stager))));
        }
    }
}

fn hot_page(page: &Page, stager: &mut Stager) -> HotPage {
    let class = |(place, row): &(u16, super::Row)| {
        let stage = stager.stage(row.operator, row.city, row.state, row.since).code();
        let class = Class::from(row.operator) << 6 | Class::from(row.state.code()) << 3 | Class::from(stage);
        (*place, class)
    };
    HotPage::of(&page.rows.iter().map(class).collect::<Vec<_>>())
}

impl Registrations {
    /// Loads what checks read, with the stages of a day. Again: with those of another day.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn warm(&self, day: Day) -> Result<(), RegistrationError> {
        let _alone = self.alone();
        self.warm_alone(day)
    }

    pub(super) fn warm_alone(&self, day: Day) -> Result<(), RegistrationError> {
        let (number, calendar) = self.calendar_on(day)?;
        let names = self.names();
        let mut stager = Stager::new(&calendar, &names, day);
        let (mut cells, mut pages) = (Cells::default(), ByNumber::default());
        self.each_page(false, |number, page| {
            page.rows.iter().for_each(|(_, row)| cells.add(row));
            pages.insert(number, Arc::new(hot_page(page, &mut stager)));
        })?;
        self.keep_cells(Some(cells));
        self.0.live.0.store(Some(Arc::new(Hot { day, calendar: number, names, pages })));
        Ok(())
    }

    /// At the turn of the day: stages are told anew and the day's counts are kept. Where nothing was loaded, nothing is.
    ///
    /// # Errors
    /// When pages cannot be read, or counts not be written.
    pub fn turn(&self, today: Day) -> Result<(), RegistrationError> {
        let _alone = match self.0.changing.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            // Whoever changes something takes as long as it takes: the next turn comes soon.
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        if self.0.live.load().is_some_and(|hot| hot.day != today) {
            self.warm_alone(today)?;
        }
        self.keep_counts_alone(today)
    }

    /// What a change touches, where checks read it.
    pub(super) fn touched(&self) -> Touched {
        let hot = self.0.live.load();
        // The calendar was read when these pages were loaded: nobody changes it beside a list.
        let stager = hot.and_then(|hot| Some(Stager::new(&self.calendar_on(hot.day).ok()?.1, &self.names(), hot.day)));
        Touched { stager, pages: Vec::new() }
    }

    /// Shows checks what a change made.
    pub(super) fn publish(&self, touched: Touched) {
        let Some(hot) = self.0.live.load() else { return };
        let mut next = Hot { names: self.names(), ..Hot::clone(&hot) };
        next.pages.extend(touched.pages);
        self.0.live.0.store(Some(Arc::new(next)));
    }
}
