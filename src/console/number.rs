//! The page of a number or a SIM: its devices with the answers that they get together, and its story.

use super::{
    device::{DeedView, deeds, model_of},
    verdict::{Badge, imei},
};
use crate::{lookup::NumberPage, pairing::NumberKind, words::Language};

/// See the module.
pub(super) struct NumberView {
    /// Masked.
    pub(super) number: String,
    /// A SIM and no number.
    pub(super) is_sim: bool,
    /// The number of a SIM and the SIMs of a number, masked.
    pub(super) others: Vec<String>,
    pub(super) devices: Vec<DeviceOf>,
    pub(super) devices_left: usize,
    pub(super) history: Vec<DeedView>,
    pub(super) history_left: usize,
}

/// A device of a number.
pub(super) struct DeviceOf {
    pub(super) imei: String,
    pub(super) model: String,
    pub(super) badge: Badge,
    /// The operator whose network is asked; empty: any.
    pub(super) operator: String,
    pub(super) in_force: bool,
    /// The SIM by which it was found, masked; empty: by the number itself.
    pub(super) by_sim: String,
}

impl NumberView {
    pub(super) fn of(page: &NumberPage, language: Language) -> Self {
        let sims = page.sims.iter().map(|sim| sim.masked());
        let devices = page.devices.iter().map(|device| DeviceOf {
            imei: imei(device.key),
            model: device.model.as_ref().map(|model| model_of(model, language)).unwrap_or_default(),
            badge: Badge::of_answer(language, &device.answer),
            operator: device.operator.clone().unwrap_or_default(),
            in_force: device.in_force,
            by_sim: device.by_sim.map(|sim| sim.masked()).unwrap_or_default(),
        });
        let history = deeds(&page.history, language, true);
        Self {
            number: page.number.masked(),
            is_sim: matches!(page.number.kind(), NumberKind::Imsi(_)),
            others: page.msisdn.map(|msisdn| msisdn.masked()).into_iter().chain(sims).collect(),
            devices: devices.collect(),
            devices_left: page.devices_left,
            history_left: page.history.len().saturating_sub(history.len()),
            history,
        }
    }
}
