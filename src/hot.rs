//! Hot sets: the register as checks see it, exact and in memory.

use crate::{
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    listing::TacRule,
    page::{PageContent, PageId},
    policy::{Evidence, Settings},
    revision::Revision,
};
use std::sync::Arc;

/// What the subscriber map says of an IMSI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriberEntry {
    /// Its number.
    pub msisdn: Msisdn,
}

/// One immutable state of all hot sets. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct HotSets {}

impl HotSets {
    /// All evidence of a device.
    pub fn evidence(&self, _key: EquipmentKey) -> Evidence<'_> {
        todo!()
    }
    /// The subscriber map's entry of an IMSI.
    pub fn subscriber(&self, _imsi: Imsi) -> Option<SubscriberEntry> {
        todo!()
    }
    /// Revision of the data.
    pub fn revision(&self) -> Revision {
        todo!()
    }
    /// Settings document in force.
    pub fn settings(&self) -> &Arc<Settings> {
        todo!()
    }
}

/// Builds hot sets from pages in ascending order.
pub struct Builder {}

/// One change of the hot sets: the new content of every page that it touches (empty: the page goes).
pub struct Update {
    pub revision: Revision,
    pub pages: Vec<(PageId, PageContent)>,
    pub subscribers: Vec<(Imsi, Option<SubscriberEntry>)>,
    pub tac_rules: Vec<(Tac, TacRule)>,
    pub settings: Option<Arc<Settings>>,
}
