//! A page as it lies in the hot sets: looked at without taking it apart.
//!
//! Most pages have nothing that a reader of the whole register asks for, and pairs by the thousand. So the sets of a page
//! are read where somebody wants them, pairs are seen as sets of devices first, and marks and pairs of one device are
//! borrowed. What always holds: a view tells the same as the page's content.

use super::{
    HotSets, chunk_of_page,
    details::{MarksChunk, PairsChunk},
    devices::{DeviceChunk, DeviceSet, Flags},
    shelf_of_page,
};
use crate::{
    listing::Mark,
    page::{PAGE_SERIALS, PageBits, PageContent, PageId},
    pairing::{Pair, Pairs, PlainForm, PlainPair},
};
use std::ops::Range;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct PageView<'a> {
    pub(super) id: PageId,
    pub(super) devices: Option<&'a DeviceChunk>,
    pub(super) marks: Option<&'a MarksChunk>,
    pub(super) pairs: Option<&'a PairsChunk>,
}

/// The devices of a page with pairs, by what these are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairedBits {
    /// With a plain allowance by MSISDN.
    pub msisdn: PageBits,
    /// With a plain allowance by IMSI alone.
    pub sim: PageBits,
    /// With a plain allowance by an IMSI that came together with an MSISDN.
    pub second: PageBits,
    /// With any other pair.
    pub other: PageBits,
}

impl PairedBits {
    /// Of the pairs of a page.
    pub fn of(pairs: &[(u16, Pair)]) -> Self {
        let mut paired = Self::default();
        for (place, pair) in pairs {
            match pair.to_plain() {
                Some(plain) => paired.insert(*place, plain.form()),
                None => _ = paired.other.insert(*place),
            }
        }
        paired
    }

    /// Devices whose pairs have to be looked at: other than plain ones, by IMSI alone beside an MSISDN, or by an IMSI
    /// that came with an MSISDN which is not there.
    pub fn meeting(&self) -> PageBits {
        let mut alone = self.second.clone();
        alone.subtract(&self.msisdn);
        let mut by_sim = self.msisdn.clone();
        by_sim.union(&self.second);
        by_sim.intersect(&self.sim);
        alone.union(&by_sim);
        alone.union(&self.other);
        alone
    }

    /// Puts a plain pair in, or what stands for others.
    pub const fn insert(&mut self, place: u16, form: PlainForm) {
        let set = match form {
            PlainForm::Msisdn => &mut self.msisdn,
            PlainForm::Sim => &mut self.sim,
            PlainForm::Second => &mut self.second,
            PlainForm::Others => &mut self.other,
        };
        set.insert(place);
    }
}

impl HotSets {
    /// A page. There is one of every page, whatever is known of its devices.
    pub fn view(&self, id: PageId) -> PageView<'_> {
        let (chunk, page) = chunk_of_page(id);
        let (shelf, _) = shelf_of_page(id);
        let devices = self.devices.get(chunk);
        let is_marked = devices.is_some_and(|chunk| chunk.page_has(DeviceSet::Marked, page));
        let marks = is_marked.then(|| self.marks.get(shelf)).flatten();
        PageView { id, devices, marks, pairs: self.pairs.get(shelf) }
    }
}

impl<'a> PageView<'a> {
    /// Which page.
    pub const fn id(&self) -> PageId {
        self.id
    }

    fn set(&self, set: DeviceSet) -> PageBits {
        let page = chunk_of_page(self.id).1;
        self.devices.map_or(PageBits::EMPTY, |chunk| chunk.page(set, page))
    }

    /// Registered, grandfathered and suspended devices.
    pub fn sets(&self) -> [PageBits; 3] {
        [DeviceSet::Registered, DeviceSet::Grandfathered, DeviceSet::Suspended].map(|set| self.set(set))
    }

    /// Whether a device is registered, grandfathered, suspended.
    pub fn flags(&self, place: u16) -> [bool; 3] {
        let first = chunk_of_page(self.id).1 * PAGE_SERIALS as usize;
        let flags = self.devices.map(|chunk| chunk.flags(first as u16 + place)).unwrap_or_default();
        let Flags { registered, grandfathered, suspended, marked: _ } = flags;
        [registered, grandfathered, suspended]
    }

    /// Devices with marks.
    pub fn marked(&self) -> PageBits {
        let mut marked = PageBits::EMPTY;
        if let Some(marks) = self.marks {
            let (places, first) = self.places();
            marks.within(places).for_each(|(place, _)| _ = marked.insert(place - first));
        }
        marked
    }

    /// Devices with pairs.
    pub fn paired(&self) -> PairedBits {
        let mut paired = PairedBits::default();
        if let Some(pairs) = self.pairs {
            let (places, first) = self.places();
            pairs.plain_within(places).for_each(|(at, plain)| paired.insert(at - first, plain.form()));
        }
        paired
    }

    /// How many plain pairs some devices have, those by a second number left out.
    pub fn plain_pairs_of(&self, devices: &PageBits) -> u64 {
        let Some(pairs) = self.pairs else { return 0 };
        let (places, first) = self.places();
        let is_counted = |plain: PlainPair| matches!(plain.form(), PlainForm::Msisdn | PlainForm::Sim);
        let plain = pairs.plain_within(places);
        let theirs = plain.filter(|(at, plain)| is_counted(*plain) && devices.contains(at - first));
        theirs.count() as u64
    }

    /// The marks of a device.
    pub fn marks(&self, place: u16) -> &'a [Mark] {
        self.marks.map_or(&[], |marks| marks.get(self.places().1 + place))
    }

    /// The pairs of a device.
    pub fn pairs(&self, place: u16) -> Pairs<'a> {
        self.pairs.map_or_else(Pairs::default, |pairs| pairs.get(self.places().1 + place))
    }

    /// The page in full.
    pub fn content(&self) -> PageContent {
        let [registered, grandfathered, suspended] = self.sets();
        let (places, first) = self.places();
        let mut marks: Vec<_> = self.marks.map(|marks| marks.within(places.clone()).collect()).unwrap_or_default();
        marks.sort_unstable();
        marks.iter_mut().for_each(|(at, _)| *at -= first);
        let mut pairs = self.pairs.map(|pairs| pairs.within(places)).unwrap_or_default();
        pairs.iter_mut().for_each(|(at, _)| *at -= first);
        PageContent { registered, grandfathered, suspended, marks, pairs }
    }

    /// The places of the page on its shelf, and the first of them.
    fn places(&self) -> (Range<u16>, u16) {
        let (_, first) = shelf_of_page(self.id);
        (first..first + PAGE_SERIALS as u16, first)
    }
}
