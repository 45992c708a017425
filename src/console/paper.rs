//! What is found of a document or a batch: state, quantities, counts.

use super::{device::until, page::grouped};
use crate::{
    lookup::{BatchPage, DocumentPage, DocumentUse},
    words::Language,
};

/// A document.
pub(super) struct DocumentView {
    pub(super) name: String,
    pub(super) uses: Vec<UseView>,
    pub(super) batches: Vec<BatchView>,
    pub(super) batches_left: usize,
}

/// A registered document with what is drawn from it.
pub(super) struct UseView {
    pub(super) door: String,
    pub(super) holder: String,
    pub(super) goods: String,
    pub(super) quantity: String,
    pub(super) drawn: String,
    pub(super) left: String,
    pub(super) until: String,
}

/// A batch.
pub(super) struct BatchView {
    pub(super) number: u64,
    pub(super) kind: String,
    pub(super) door: String,
    pub(super) document: String,
    pub(super) operator: String,
    pub(super) state: String,
    pub(super) added: String,
    pub(super) declared: String,
    pub(super) goods: String,
    pub(super) until: String,
    /// Its states and when each began.
    pub(super) steps: Vec<(String, String)>,
}

fn goods(brand: &str, model: &str) -> String {
    format!("{brand} {model}").trim().to_owned()
}

impl DocumentView {
    pub(super) fn of(page: &DocumentPage, language: Language) -> Self {
        let used = |used: &DocumentUse| {
            let document = &used.document;
            let drawn = used.drawn + used.planned;
            UseView {
                door: language.door(document.door),
                holder: document.holder.clone(),
                goods: goods(&document.brand, &document.model),
                quantity: grouped(language, document.quantity),
                drawn: grouped(language, drawn),
                left: grouped(language, document.quantity.saturating_sub(drawn)),
                until: until(language, document.valid_until),
            }
        };
        Self {
            name: page.name.clone(),
            uses: page.uses.iter().map(used).collect(),
            batches: page.batches.iter().map(|batch| BatchView::of(batch, language)).collect(),
            batches_left: page.batches_left,
        }
    }
}

impl BatchView {
    pub(super) fn of(page: &BatchPage, language: Language) -> Self {
        let header = &page.header;
        let step = |(at, state): &(i64, _)| (language.moment(*at), language.batch_state(*state));
        let declared = header.declared.quantity;
        Self {
            number: page.number,
            kind: language.evidence_class(&header.kind),
            door: language.door(header.door),
            document: header.document.clone(),
            operator: header.operator.clone(),
            state: language.batch_state(page.state),
            added: grouped(language, page.added),
            declared: if declared == 0 { String::new() } else { grouped(language, declared) },
            goods: goods(&header.declared.brand, &header.declared.model),
            until: until(language, header.valid_until),
            steps: page.steps.iter().map(step).collect(),
        }
    }
}
