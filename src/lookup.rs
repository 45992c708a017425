//! Looking up: everything that an agent needs of a device, a number, a document or a batch, in one answer.
//!
//! For people, over the same reading and the very same decision as checks and explanations. What always holds: the
//! verdicts are those that the networks get; whoever sees the subscribers of one operator only sees no number, pairing
//! or list of another; numbers are whole here: whoever shows them masks them; nothing is written.

mod device;
mod notes;
mod number;
mod outlook;
mod paper;
mod sought;

pub use device::{Asking, DevicePage, OperatorAnswers, Typing};
pub use number::{NumberDevice, NumberPage};
pub use outlook::{Outlook, Turn};
pub use paper::{BatchPage, DocumentPage, DocumentUse};
pub use sought::{Sought, SoughtDevice};

use crate::{
    batch::BatchNumber,
    check::{AsOf, ExplainError, When},
    explain::{Explainer, Reading, stored},
    history::{Event, Said},
    identity::{Imsi, Msisdn, may_hold_nik},
    listing::TacBar,
    pairing::NumberKind,
    registration::{self, Held},
    revision::Revision,
    words::Deed,
};

/// What is looked up.
#[derive(Clone, Debug, Default)]
pub struct LookupOrder {
    /// What somebody typed or scanned: a device, a number, a SIM, a document or a batch, in any form.
    pub text: String,
    /// The subscriber's number, for the verdict of a device.
    pub msisdn: Option<Msisdn>,
    /// The subscriber's SIM, for the verdict of a device.
    pub imsi: Option<Imsi>,
    /// The operator whose answer comes first; none: the national one, or that of `only`.
    pub operator: Option<String>,
    /// The moment and the state of the register.
    pub when: When,
    /// The operator whose subscribers only may be seen; none: all may be.
    pub only: Option<String>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The state of the register.
    pub revision: Revision,
    /// The moment, in seconds since the Unix epoch.
    pub unix_seconds: i64,
    /// Whether another moment or state than now was asked.
    pub is_past: bool,
    /// What it is.
    pub found: Found,
    /// How the number of the page, or the one that was named, is registered, as far as it may be seen. No other state of
    /// the register than the newest has it.
    pub registration: Option<Held>,
    /// What was typed looks like a NIK or the number of a KK, and is nothing that the register knows.
    pub may_be_nik: bool,
}

/// A page about one thing.
#[derive(Clone, Debug)]
pub enum Found {
    /// A device, or a value that is none.
    Device(Box<DevicePage>),
    /// A number or a SIM.
    Number(Box<NumberPage>),
    /// A document.
    Document(Box<DocumentPage>),
    /// A batch.
    Batch(Box<BatchPage>),
}

/// Why nothing could be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The text is none of the things that can be looked up. It may be somebody's number: it is not repeated.
    #[error("this cannot be looked up: {rule}")]
    Unread {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// There is no such batch, or it is another operator's.
    #[error("there is no batch {number} that you may see")]
    NoBatch {
        /// Its number.
        number: BatchNumber,
    },
    /// Somebody who belongs to one operator asks for another.
    #[error("you ask for {own} and for nobody else")]
    OtherOperator {
        /// The operator that it belongs to.
        own: String,
    },
    /// The register could not be asked.
    #[error(transparent)]
    Explain(#[from] ExplainError),
}

/// Looks up. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Finder {
    explainer: Explainer,
}

impl Finder {
    /// A finder in the register that the explainer reads.
    pub const fn new(explainer: Explainer) -> Self {
        Self { explainer }
    }

    /// Looks up.
    ///
    /// # Errors
    /// When the text is nothing that can be looked up, or the register cannot be read.
    pub fn find(&self, order: &LookupOrder) -> Result<Lookup, LookupError> {
        if let (Some(own), Some(asked)) = (&order.only, &order.operator)
            && !own.eq_ignore_ascii_case(asked)
        {
            return Err(LookupError::OtherOperator { own: own.clone() });
        }
        let reading = self.explainer.reading(order.when)?;
        let desk = Desk { reading: &reading, order };
        let sought = Sought::read(&order.text, &|name| desk.knows_document(name))?;
        let found = match sought {
            Sought::Device(device) => Found::Device(Box::new(desk.device(&device).map_err(stored)?)),
            Sought::Number(number) => Found::Number(Box::new(desk.number(number).map_err(stored)?)),
            Sought::Document(name) => Found::Document(Box::new(desk.document(&name))),
            Sought::Batch(number) => {
                Found::Batch(Box::new(desk.batch(number).map_err(stored)?.ok_or(LookupError::NoBatch { number })?))
            }
        };
        let is_past = order.when != When::default();
        let number = match &found {
            Found::Number(page) => match page.number.kind() {
                NumberKind::Msisdn(msisdn) => Some(msisdn),
                NumberKind::Imsi(_) => page.msisdn,
            },
            Found::Device(_) => order.msisdn,
            Found::Document(_) | Found::Batch(_) => None,
        };
        let number = number.filter(|_| order.when.as_of == AsOf::Now);
        let held = |msisdn| registration::held(reading.store, msisdn, reading.today(), order.only.as_deref());
        let registration = number.map(held).transpose().map_err(stored)?.flatten();
        let is_known =
            |page: &DevicePage| page.model.is_some() || !page.evidence.is_empty() || !page.history.is_empty();
        let may_be_nik = may_hold_nik(&order.text) && !matches!(&found, Found::Device(page) if is_known(page));
        Ok(Lookup { revision: reading.revision, unix_seconds: reading.now, is_past, found, registration, may_be_nik })
    }
}

/// One order over one reading.
struct Desk<'a> {
    reading: &'a Reading<'a>,
    order: &'a LookupOrder,
}

impl Desk<'_> {
    /// The operator whose answer comes first.
    fn operator(&self) -> Option<&str> {
        self.order.operator.as_deref().or(self.order.only.as_deref())
    }

    /// Whether the subscribers that a batch names may be seen.
    fn sees_numbers_of(&self, batch: BatchNumber) -> bool {
        let Some(only) = &self.order.only else { return true };
        let header = self.reading.batches.get(batch).map(|batch| &batch.header);
        header.is_some_and(|header| header.operator.eq_ignore_ascii_case(only))
    }

    /// Whether a batch may be seen: one of no operator in particular, or of the own.
    fn sees(&self, batch: BatchNumber) -> bool {
        let national = self.reading.batches.get(batch).is_some_and(|batch| batch.header.operator.is_empty());
        national || self.sees_numbers_of(batch)
    }

    /// A story without what names subscribers that may not be seen.
    fn seen(&self, story: Vec<Event>) -> Vec<Event> {
        let names_number = |said: &Said| {
            matches!(said, Said::Listed(Some(_)) | Said::Paired(..) | Said::Released(..) | Said::Subscriber(..))
        };
        let batch = |event: &Event| match event.said {
            Said::Released(_, target) => target,
            _ => event.batch,
        };
        story.into_iter().filter(|event| !names_number(&event.said) || self.sees_numbers_of(batch(event))).collect()
    }
}

/// A deed as the catalogue of words names it, and what else it is about; `show` writes a number.
pub fn deed(said: &Said, show: &dyn Fn(crate::pairing::Number) -> String) -> (Deed, String) {
    use crate::{batch::TacClass, identity::Imei};
    let imei = |key| Imei::from_key(key).to_string();
    match said {
        Said::Listed(None) => (Deed::Listed, String::new()),
        Said::Listed(Some(number)) => (Deed::ListedWith, show(*number)),
        Said::CorrectedFrom(wrong) => (Deed::CorrectedFrom, imei(*wrong)),
        Said::CorrectedTo(right) => (Deed::CorrectedTo, imei(*right)),
        Said::TakenOff(batch) => (Deed::TakenOff, batch.to_string()),
        Said::Paired(number, _) => (Deed::Paired, show(*number)),
        Said::Released(number, _) => (Deed::Released, show(*number)),
        Said::Linked(others) => (Deed::Linked, others.iter().map(|key| imei(*key)).collect::<Vec<_>>().join(", ")),
        Said::Model(TacClass::ExemptType, 0) => (Deed::ModelInside, String::new()),
        Said::Model(TacClass::ExemptType, _) => (Deed::ModelExempt, String::new()),
        Said::Model(TacClass::Bar, level) if *level == TacBar::None as u8 => (Deed::ModelFree, String::new()),
        Said::Model(TacClass::Bar, _) => (Deed::ModelBarred, String::new()),
        Said::Subscriber(_, Some(msisdn)) => (Deed::SimHas, show((*msisdn).into())),
        Said::Subscriber(_, None) => (Deed::SimLeaves, String::new()),
    }
}

#[cfg(test)]
mod tests;
